//! `dt-analysis attribute`

use std::io::Write;

use anyhow::Result;
use dt_analysis::figures::{attribution_figures, walsh_figures};
use dt_analysis::maths::walsh::is_factorial;
use dt_analysis::questions::attribution::{Attribution, attribution};
use dt_analysis::questions::walsh::{WalshSite, residual_points, walsh};
use serde::Serialize;

use super::Outcome;
use super::question::{self, Places, Question};

/// What each component adds to the logit difference, and which of the study's factors are where.
///
/// Writes attribute.json (direct logit attribution, whose parts sum to the logit difference; the
/// Walsh decomposition of the residual stream at the decision, where the prompts are every
/// combination of the study's factors once) and their figures.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  dt-analysis attribute runs/memory-dt/seed-0 --out attribution")]
pub struct Args {
    #[command(flatten)]
    question: Question,
}

#[derive(Serialize)]
struct Record {
    attribution: Vec<Attribution>,
    walsh: Vec<WalshSite>,
}

const PLACES: Places = Places {
    command: "attribute",
    figures: &["fig-b6-", "fig-b7-"],
};

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    let answers = args.question.ask(&PLACES, |experiment| {
        let points = residual_points(experiment.subject.n_layers());
        Ok(Record {
            attribution: attribution(experiment)?,
            walsh: match is_factorial(&experiment.prompts.signs()) {
                true => walsh(experiment, &points, "decision")?,
                false => Vec::new(),
            },
        })
    })?;
    question::write(
        &args.question,
        &answers,
        &PLACES,
        |group, about| {
            let mut figures = attribution_figures(&group.part(|r| &r.attribution), about);
            figures.extend(walsh_figures(&group.part(|r| &r.walsh), about));
            figures
        },
        out,
    )?;
    Ok(Outcome::Done)
}
