//! `dt-analysis geometry`

use std::io::Write;

use anyhow::Result;
use dt_analysis::figures::geometry_figures;
use dt_analysis::questions::geometry::{EXPOSED_FRAMES, geometry};
use dt_analysis::subject::exposure::Exposure;

use super::Outcome;
use super::question::{self, Places, Question};

/// Lengths, angles and components of the vectors of what an agent sees.
///
/// Writes geometry.json (lengths of all items, cosines, principal components of the study's item
/// sets, maps of their scores on the view, items near the first anchor) and their figures.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  dt-analysis geometry runs/memory-dt/seed-0 --out geometry")]
pub struct Args {
    #[command(flatten)]
    question: Question,
}

const PLACES: Places = Places {
    command: "geometry",
    figures: &[
        "fig-05-", "fig-06-", "fig-07-", "fig-09-", "fig-10-", "fig-11-", "fig-12-", "fig-13",
    ],
};

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    let answers = args.question.ask(&PLACES, |experiment| {
        let study = &experiment.prompts.study;
        let exposure = Exposure::of(&experiment.subject.agent, study)?;
        let objects = study.direction_set()?.objects;
        let view = experiment.subject.view();
        let exposed = exposure.exposed_cells(view, objects, EXPOSED_FRAMES);
        geometry(experiment, &exposed)
    })?;
    question::write(&args.question, &answers, &PLACES, geometry_figures, out)?;
    Ok(Outcome::Done)
}
