//! `dt-analysis attribute`

use std::io::Write;

use anyhow::Result;
use dt_analysis::figures::attribution_figures;
use dt_analysis::questions::attribution::Attribution;
use dt_analysis::questions::walsh::WalshSite;
use serde::Serialize;

use super::Outcome;
use super::question::{self, Question};

/// What each component adds to the logit difference, and which of the task's bits are where.
///
/// Writes attribute.json (direct logit attribution, whose parts sum to the logit difference; the
/// Walsh decomposition of the residual stream at the decision) and their figures.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  dt-analysis attribute runs/memory-dt/seed-0 --out attribution")]
pub struct Args {
    #[command(flatten)]
    question: Question,
}

#[derive(Serialize)]
struct Record<'a> {
    attribution: &'a [Attribution],
    walsh: &'a [WalshSite],
}

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    args.question.check_free("attribute.json")?;
    let answers = args.question.ask()?;
    let value = answers.keyed(|r| Record {
        attribution: &r.attribution,
        walsh: &r.evidence.walsh,
    });
    question::write(
        &args.question,
        &answers,
        "attribute",
        &value,
        attribution_figures,
        out,
    )?;
    Ok(Outcome::Done)
}
