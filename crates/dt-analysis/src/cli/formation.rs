//! `dt-analysis formation`

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;
use dt_analysis::draw::Figure;
use dt_analysis::figures::formation_figure;
use dt_analysis::files::write_all;
use dt_analysis::questions::formation::{FormationRecord, formation};

use super::Outcome;
use super::question::{Question, list, progress, write_json_file};

/// How the instruction feature forms during training, from the checkpoints that runs kept.
///
/// For each: what the agent does, what the double complement does to it, and how far each item has
/// moved along the final direction. Writes formation.json and a figure for each run. Runs keep
/// weights by `keep_every` or `keep_steps` in their definition.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  dt-analysis formation runs/memory-dt-study/seed-* --out formation"
)]
pub struct Args {
    #[command(flatten)]
    question: Question,
}

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    let question = &args.question;
    let path = question.check_free("formation.json")?;
    let (study, subjects) = question.load()?;
    let bar = progress(subjects.len());
    let mut records: BTreeMap<&str, FormationRecord> = BTreeMap::new();
    for (subject, run) in subjects.iter().zip(&question.runs) {
        bar.set_message(subject.name.clone());
        records.insert(&subject.name, formation(run, &study, question.device)?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let figures: Vec<Figure> = records
        .iter()
        .map(|(name, record)| formation_figure(name, record))
        .collect();
    let written = write_all(&figures, &question.out, question.force)?;
    write_json_file(&path, &records)?;
    if question.json {
        super::write_json(out, &records)?;
        return Ok(Outcome::Done);
    }
    for (name, record) in &records {
        writeln!(
            out,
            "{name}: {} checkpoints, {:?}{}",
            record.points.len(),
            record.verdict,
            record.spread.map_or(String::new(), |s| format!(
                ", midpoints spread over {s:.1} exits"
            ))
        )?;
        for (item, step) in &record.midpoints {
            writeln!(out, "  {item:<12} half aligned at step {step:.0}")?;
        }
    }
    list(out, &path, &written)?;
    Ok(Outcome::Done)
}
