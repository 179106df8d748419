//! `dt-analysis geometry`

use std::io::Write;

use anyhow::Result;
use dt_analysis::figures::{Group, geometry_figures};
use dt_analysis::papers::memory_dt::published::PostNumbers;

use super::Outcome;
use super::question::{self, Question};

/// Lengths, angles and components of the vectors of what an agent sees.
///
/// Writes geometry.json (lengths of all items, cosines, principal components of the study's item
/// sets, maps of their scores on the view, items near the cue) and Figures 5 to 7 and 9 to 13.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  dt-analysis geometry runs/memory-dt/seed-0 --out geometry")]
pub struct Args {
    #[command(flatten)]
    question: Question,
}

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    args.question.check_free("geometry.json")?;
    let answers = args.question.ask()?;
    let value = answers.keyed(|r| &r.geometry);
    let post = PostNumbers::read();
    let draw = |group: Group| geometry_figures(group, &post);
    question::write(&args.question, &answers, "geometry", &value, draw, out)?;
    Ok(Outcome::Done)
}
