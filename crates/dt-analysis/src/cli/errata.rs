//! `dt-analysis errata`

use dt_analysis::prompts::PromptSet;
use dt_analysis::subject::Experiment;
use std::io::Write;

use anyhow::Result;
use dt_analysis::figures::errata_figure;
use dt_analysis::files::write_all;
use dt_analysis::papers::memory_dt::errata::errata;
use dt_analysis::papers::memory_dt::published::PostNumbers;

use super::Outcome;
use super::question::{Question, list, write_json_file};

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

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    let path = args.question.check_free("errata.json")?;
    let (study, subjects) = args.question.load()?;
    let all = PromptSet::new(&study)?;
    let records = subjects
        .iter()
        .map(|subject| Ok(errata(&Experiment::new(subject, &all))?))
        .collect::<Result<Vec<_>>>()?;
    let post = PostNumbers::read();
    let figures: Vec<_> = records
        .iter()
        .map(|record| errata_figure(record, &post))
        .collect();
    let written = write_all(&figures, &args.question.out, args.question.force)?;
    write_json_file(&path, &records)?;
    if args.question.json {
        super::write_json(out, &records)?;
    } else {
        list(out, &path, &written)?;
    }
    Ok(Outcome::Done)
}
