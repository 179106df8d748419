//! `dt-analysis plot`

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use dt_analysis::figures::plot;
use dt_analysis::files::{Output, Written};
use serde::Serialize;

use super::Outcome;

/// Draw datasets and runs: what is in the data, how training went, what agents do.
///
/// Of a dataset: lengths and returns of episodes, actions, where keys and balls are seen, and
/// where episodes come from. Of a run: training curves, the evaluation, and the calibration where
/// there is one. Runs of one agent share their figures, a line for each seed and the median.
///
/// Each figure is NAME.svg, NAME.png, NAME.csv (the numbers drawn) and NAME.json (title, caption,
/// sources and hashes).
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  dt-analysis plot runs/memory-dt/seed-* --out runs/memory-dt/figures"
)]
pub struct Args {
    /// Dataset directories and run directories
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Folder for the figures; made if it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Replace figures that are there [default: refuse, and write nothing]
    #[arg(long)]
    force: bool,
    /// Print one JSON object: `figures`, a list of objects with `name`, `title` and `files`
    /// [default: the path of each picture]
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Record {
    figures: Vec<Written>,
}

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    let output = Output::new(&args.out, "figures", args.force)?;
    let figures = plot::figures(&args.paths)?;
    let record = Record {
        figures: output.write(("", &figures), &[])?,
    };
    if args.json {
        super::write_json(out, &record)?;
    } else {
        for figure in &record.figures {
            writeln!(out, "{}", figure.files[0].display())?;
        }
    }
    Ok(Outcome::Done)
}
