//! `dt-analysis formation`

use dt_analysis::prompts::PromptSet;
use dt_analysis::subject::{Experiment, Subject};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use dt_analysis::draw::Figure;
use dt_analysis::figures::formation_figure;
use dt_analysis::files::write_all;
use dt_analysis::questions::formation::{FormationPoint, FormationRecord, formation, last_point};

use super::Outcome;
use super::question::{Question, list, progress, write_json_file};

/// How the study's direction forms during training, from the checkpoints that runs kept.
///
/// For each: what the agent does, how far the direction is one over cells, what the study's edit of
/// two cells does, and how far each item has moved along the final direction. Prints a line for each
/// checkpoint: share of episodes that do as asked, share of variance of the direction set's first
/// component, pooled restored logit difference of the edit of two cells and how many prompts it
/// turns, and cosines of each cell's difference of the two objects with that at the cell where the
/// start frame shows them. Writes formation.json and a figure for each run. Runs keep weights by
/// `keep_every` or `keep_steps` in their definition.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  dt-analysis formation runs/memory-dt-study/seed-* --out formation
  dt-analysis formation runs/memory-dt-study/seed-* --out formation --last")]
pub struct Args {
    #[command(flatten)]
    question: Question,
    /// Only of each run's newest weights, which need no earlier ones: writes formation-last.json
    /// and no figure
    #[arg(long)]
    last: bool,
}

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    let question = &args.question;
    if args.last {
        return run_last(question, out);
    }
    let path = question.check_free("formation.json")?;
    let (study, subjects) = question.load()?;
    let set = PromptSet::new(&study)?;
    let bar = progress(subjects.len());
    let mut records: BTreeMap<&str, FormationRecord> = BTreeMap::new();
    for (subject, run) in subjects.iter().zip(&question.runs) {
        bar.set_message(subject.name.clone());
        let states: Vec<Subject> = checkpoints(run, subject.agent.record.step)
            .iter()
            .map(|path| Subject::load(path, &study, question.device))
            .collect::<Result<_, _>>()?;
        let experiment = Experiment::new(subject, &set);
        records.insert(&subject.name, formation(&experiment, &states)?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let figures: Vec<Figure> = records
        .iter()
        .map(|(name, record)| formation_figure(name, record, &study))
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
        table(out, &record.points)?;
    }
    list(out, &path, &written)?;
    Ok(Outcome::Done)
}

/// Asks of the newest weights alone.
fn run_last(question: &Question, out: &mut impl Write) -> Result<Outcome> {
    let path = question.check_free("formation-last.json")?;
    let answers = question.ask(last_point)?;
    write_json_file(&path, &answers.keyed())?;
    if question.json {
        super::write_json(out, &answers.keyed())?;
        return Ok(Outcome::Done);
    }
    for (name, point) in answers.keyed() {
        writeln!(out, "{name}")?;
        table(out, std::slice::from_ref(point))?;
    }
    list(out, &path, &[])?;
    Ok(Outcome::Done)
}

/// A line for each checkpoint.
fn table(out: &mut impl Write, points: &[FormationPoint]) -> Result<()> {
    let Some(first) = points.first() else {
        return Ok(());
    };
    write!(
        out,
        "  {:>7} {:>5} {:>5} {:>6} {:>6}",
        "step", "asked", "PC1", "edit", "turned"
    )?;
    for (cell, _) in &first.cosines {
        write!(out, " {:>6}", cell.to_string())?;
    }
    writeln!(out)?;
    for point in points {
        let edit = point.double_complement;
        let edit = edit.map_or("-".to_owned(), |share| format!("{share:.2}"));
        write!(
            out,
            "  {:>7} {:>5.2} {:>5.2} {edit:>6} {:>6}",
            point.step, point.as_asked, point.component, point.turned
        )?;
        for (_, cosine) in &point.cosines {
            write!(out, " {cosine:>6.2}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Folders of kept weights, by step; the run itself stands for its last step.
fn checkpoints(run: &Path, last: u64) -> Vec<PathBuf> {
    let mut found: BTreeMap<u64, PathBuf> = BTreeMap::new();
    let entries = std::fs::read_dir(run.join("checkpoints"))
        .into_iter()
        .flatten();
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let step = name.strip_prefix("step-").and_then(|s| s.parse().ok());
        if let Some(step) = step.filter(|_| entry.path().join("agent.safetensors").exists()) {
            found.insert(step, entry.path());
        }
    }
    found.entry(last).or_insert_with(|| run.to_owned());
    found.into_values().collect()
}
