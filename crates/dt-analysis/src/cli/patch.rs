//! `dt-analysis patch`

use std::io::Write;

use anyhow::Result;
use dt_analysis::figures::{patching_figures, path_figures};
use dt_analysis::questions::patching::{
    PatchingRecord, PathRecord, all_sweeps, path_patching, sweep,
};
use serde::Serialize;

use super::Outcome;
use super::question::{self, Places, Question};

/// Which activations carry the main factor to the decision.
///
/// Copies activations of the original prompt into the run with the factor flipped, cell by cell,
/// and follows paths between components. Writes patch.json and maps of residual stream, attention
/// and MLP outputs, heads, and paths.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  dt-analysis patch runs/memory-dt/seed-0 --out patching")]
pub struct Args {
    #[command(flatten)]
    question: Question,
}

#[derive(Serialize)]
struct Record {
    patching: PatchingRecord,
    paths: PathRecord,
}

const PLACES: Places = Places {
    command: "patch",
    figures: &["fig-b1-", "fig-b2-", "fig-b3-", "fig-b4-", "fig-b5-"],
};

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    let answers = args.question.ask(&PLACES, |experiment| {
        Ok(Record {
            patching: sweep(experiment, &all_sweeps())?,
            paths: path_patching(experiment)?,
        })
    })?;
    question::write(
        &args.question,
        &answers,
        &PLACES,
        |group, about| {
            let mut figures = patching_figures(&group.part(|r| &r.patching), about);
            figures.extend(path_figures(&group.part(|r| &r.paths), about));
            figures
        },
        out,
    )?;
    Ok(Outcome::Done)
}
