//! `dt-analysis patch`

use std::io::Write;

use anyhow::Result;
use dt_analysis::figures::patching_figures;
use dt_analysis::questions::patching::{PatchingRecord, PathRecord};
use serde::Serialize;

use super::Outcome;
use super::question::{self, Question};

/// Which activations carry the instruction to the decision.
///
/// Copies activations of the original prompt into the run with the flipped instruction, cell by
/// cell, and follows paths between components. Writes patch.json and maps of residual stream,
/// attention and MLP outputs, heads, and paths.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  dt-analysis patch runs/memory-dt/seed-0 --out patching")]
pub struct Args {
    #[command(flatten)]
    question: Question,
}

#[derive(Serialize)]
struct Record<'a> {
    patching: &'a PatchingRecord,
    paths: &'a PathRecord,
}

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    args.question.check_free("patch.json")?;
    let answers = args.question.ask()?;
    let value = answers.keyed(|r| Record {
        patching: &r.patching,
        paths: &r.paths,
    });
    question::write(
        &args.question,
        &answers,
        "patch",
        &value,
        patching_figures,
        out,
    )?;
    Ok(Outcome::Done)
}
