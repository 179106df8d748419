//! `dt-analysis studies`

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use dt_analysis::prompts::{PromptSet, Study};

use super::Outcome;

/// List the built-in studies, with their world and their number of prompts.
///
/// `--study NAME` asks one of them from any folder; a study of your own is given by its path.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  dt-analysis studies")]
pub struct Args {}

pub fn run(_: &Args, out: &mut impl Write) -> Result<Outcome> {
    for name in Study::builtin_names() {
        let study = Study::find(Path::new(name))?;
        let prompts = PromptSet::new(&study)?.scenarios.len();
        writeln!(out, "{name:<14}{}, {prompts} prompts", study.env)?;
    }
    Ok(Outcome::Done)
}
