//! `dt-env conform`

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use dt_env::golden::{self, FileReport, Verdict};
use serde::Serialize;

use super::Outcome;
use super::table::{Align, write_table};

/// Replay episodes recorded with Python's MiniGrid and compare every byte.
///
/// A file passes if all is equal. It is partial if all is equal but reward and termination, whose
/// rule does not exist here (the task of Fetch, say). Only a mismatch makes the exit code 1; a
/// file that cannot be read makes it 2.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  dt-env conform crates/dt-env/tests/data")]
pub struct Args {
    /// Folder of trace files (*.jsonl.gz, and memory_seeds.json if there is one)
    dir: PathBuf,
    /// Print one JSON object: `files`, a list of objects with `file`, `episodes`, `steps`,
    /// `worlds` ("seed" or "cells"), `verdict` ("pass", "partial" or "mismatch") and `detail`;
    /// and their counts as `pass`, `partial` and `mismatch` [default: a table]
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Record {
    files: Vec<Row>,
    pass: usize,
    partial: usize,
    mismatch: usize,
}

#[derive(Serialize)]
struct Row {
    file: String,
    episodes: usize,
    steps: usize,
    worlds: &'static str,
    verdict: &'static str,
    detail: Option<String>,
}

impl Row {
    fn new(report: FileReport) -> Self {
        let (verdict, detail) = match report.verdict {
            Verdict::Pass => ("pass", None),
            Verdict::Partial => ("partial", None),
            Verdict::Mismatch(detail) => ("mismatch", Some(detail)),
        };
        Self {
            file: report.file,
            episodes: report.episodes,
            steps: report.steps,
            worlds: if report.from_seed { "seed" } else { "cells" },
            verdict,
            detail,
        }
    }

    /// The row of the table; a mismatch stands out.
    fn cells(&self) -> [String; 5] {
        let verdict = match (self.verdict, &self.detail) {
            ("mismatch", detail) => {
                let detail = detail.as_deref().unwrap_or_default();
                format!("MISMATCH: {detail}")
            }
            ("partial", _) => "partial (no rule for this task: reward, termination)".to_owned(),
            (verdict, _) => verdict.to_owned(),
        };
        [
            self.file.clone(),
            self.episodes.to_string(),
            self.steps.to_string(),
            format!("from {}", self.worlds),
            verdict,
        ]
    }
}

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    let files: Vec<Row> = golden::conform(&args.dir)?
        .into_iter()
        .map(Row::new)
        .collect();
    let count = |verdict| files.iter().filter(|row| row.verdict == verdict).count();
    let [pass, partial, mismatch] = ["pass", "partial", "mismatch"].map(count);
    let steps: usize = files.iter().map(|row| row.steps).sum();
    let record = Record {
        files,
        pass,
        partial,
        mismatch,
    };
    if args.json {
        super::write_json(out, &record)?;
    } else {
        let columns = [
            ("FILE", Align::Left),
            ("EPISODES", Align::Right),
            ("STEPS", Align::Right),
            ("WORLDS", Align::Left),
            ("VERDICT", Align::Left),
        ];
        let rows: Vec<[String; 5]> = record.files.iter().map(Row::cells).collect();
        write_table(out, columns, &rows)?;
        writeln!(
            out,
            "{} files, {steps} steps: {pass} pass, {partial} partial, {mismatch} mismatch",
            record.files.len()
        )?;
    }
    Ok(if mismatch == 0 {
        Outcome::Done
    } else {
        Outcome::CheckFailed
    })
}
