//! `dt-analysis errata`

use dt_analysis::prompts::PromptSet;
use dt_analysis::subject::Experiment;
use std::io::Write;

use anyhow::Result;
use dt_analysis::papers::memory_dt::errata::errata;
use dt_analysis::papers::memory_dt::figures::errata_figure;
use dt_analysis::papers::memory_dt::published::PostNumbers;

use super::Outcome;
use super::question::{Places, Question, of_agent, write_figures};

/// How the post's Figure 20 came about, by committing its two defects on purpose.
///
/// For the authors' agent (imported with `dt-train import`). Writes errata.json, which has each
/// bar as published, as computed with each defect and with both, and as it should be, and the
/// figure.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  dt-analysis errata runs/MemoryGatedMLP --out errata")]
pub struct Args {
    #[command(flatten)]
    question: Question,
}

const PLACES: Places = Places {
    command: "errata",
    figures: &["fig-20-errata"],
};

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    let output = (args.question).output(PLACES.command, &[&PLACES.numbers()])?;
    output.check_none_begins("", PLACES.figures, &[])?;
    let (study, subjects) = args.question.load()?;
    let all = PromptSet::new(&study)?;
    let records = subjects
        .iter()
        .map(|subject| errata(&Experiment::new(subject, &all)).map_err(|e| of_agent(subject, e)))
        .collect::<Result<Vec<_>, _>>()?;
    let post = PostNumbers::read();
    let figures: Vec<_> = records
        .iter()
        .map(|record| errata_figure(record, &post))
        .collect();
    write_figures(&args.question, &PLACES, &figures, &records, out)?;
    Ok(Outcome::Done)
}
