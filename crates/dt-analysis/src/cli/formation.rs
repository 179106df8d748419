//! `dt-analysis formation`

use dt_analysis::prompts::PromptSet;
use dt_analysis::subject::{Experiment, Subject};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use dt_analysis::draw::Figure;
use dt_analysis::figures::{formation_figure, slug};
use dt_analysis::questions::formation::{FormationPoint, FormationRecord, formation, last_point};

use super::Outcome;
use super::question::{Places, Question, list, of_agent, progress, write_files};

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

const PLACES: Places = Places {
    command: "formation",
    figures: &["formation."],
};
/// Of the newest weights alone.
const LAST: Places = Places {
    command: "formation-last",
    figures: &[],
};

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    let question = &args.question;
    if args.last {
        return run_last(question, out);
    }
    let output = question.output(PLACES.command, &[&PLACES.numbers()])?;
    let (study, subjects) = question.load()?;
    study.main_factor()?;
    let names: Vec<String> = (subjects.iter())
        .map(|s| format!(".{}.", slug(&s.name)))
        .collect();
    output.check_none_begins("", PLACES.figures, &names)?;
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
        is_one_run(subject, &states)?;
        let record = formation(&experiment, &states).map_err(|e| of_agent(subject, e))?;
        records.insert(&subject.name, record);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let figures: Vec<Figure> = records
        .iter()
        .map(|(name, record)| formation_figure(name, record, &study))
        .collect();
    let written = write_files(question, &PLACES, &figures, &records)?;
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
    list(out, &question.out.join(PLACES.numbers()), &written)?;
    Ok(Outcome::Done)
}

/// Asks of the newest weights alone.
fn run_last(question: &Question, out: &mut impl Write) -> Result<Outcome> {
    let answers = question.ask(&LAST, last_point)?;
    write_files(question, &LAST, &[], &answers.keyed())?;
    if question.json {
        super::write_json(out, &answers.keyed())?;
        return Ok(Outcome::Done);
    }
    for (name, point) in answers.keyed() {
        writeln!(out, "{name}")?;
        table(out, std::slice::from_ref(point))?;
    }
    list(out, &question.out.join(LAST.numbers()), &[])?;
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

/// Refuses checkpoints that are not of the run in whose folder they lie: theirs would be another
/// agent's steps.
fn is_one_run(subject: &Subject, states: &[Subject]) -> Result<()> {
    let of = |s: &Subject| {
        let record = &s.agent.record;
        let data = record.dataset_blake3.clone();
        (
            record.name.clone(),
            record.seed,
            data,
            record.model.clone(),
            record.sizes,
        )
    };
    match states.iter().find(|state| of(state) != of(subject)) {
        Some(other) => bail!(
            "{} is a checkpoint of another agent than {} ({} and {}): name, seed, data, model and \
             sizes must be the same; remove it",
            other.agent.dir.display(),
            subject.agent.dir.display(),
            other.name,
            subject.name
        ),
        None => Ok(()),
    }
}

/// Folders of kept weights, by step; the run itself stands for its last step.
fn checkpoints(run: &Path, last: u64) -> Vec<PathBuf> {
    let mut found: BTreeMap<u64, PathBuf> = BTreeMap::new();
    // An imported agent has none.
    for path in dt_env::files::list(&run.join("checkpoints")).unwrap_or_default() {
        let name = path.file_name().and_then(|name| name.to_str());
        let step = name.and_then(|name| name.strip_prefix("step-"));
        if let Some(step) = step.and_then(|step| step.parse().ok())
            && path.join("agent.safetensors").exists()
        {
            found.insert(step, path);
        }
    }
    found.entry(last).or_insert_with(|| run.to_owned());
    found.into_values().collect()
}
