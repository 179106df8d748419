//! `dt-analysis study`

use dt_train::checkpoint::write_atomic;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::{Context, Result};
use dt_analysis::papers::memory_dt::dossier::agent_study::{AgentStudy, about, study_agent};
use dt_analysis::papers::memory_dt::figures::study_parts;
use dt_analysis::prompts::{PromptSet, Study};
use dt_analysis::questions::transfer::{TransferRecord, kinship, transfer};
use dt_analysis::subject::exposure::training_data;
use dt_analysis::subject::{Experiment, Subject};

use super::page::RulesArgs;
use super::question::{Answers, Question, progress, write_json_file};
use super::{Outcome, page};

/// Everything about many agents: claims, adversaries, transfer and steering, over seeds.
///
/// Each agent's numbers are kept in agents/ as soon as they are there; run again, only what is
/// missing or was made of other weights is computed. The claims are judged each time, so that other
/// thresholds measure nothing again. Writes what reproduce writes, and transfer.json (adversaries
/// chosen on each agent, tried on each other).
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  dt-analysis study runs/MemoryDT-GatedMLP runs/memory-dt-study/seed-* --out study --force"
)]
pub struct Args {
    #[command(flatten)]
    question: Question,
    #[command(flatten)]
    rules: RulesArgs,
}

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    let question = &args.question;
    question.check_free("report.html")?;
    question.check_free("results.json")?;
    let rules = args.rules.read_for(question)?;
    let claims = &rules.claims;
    let (study, subjects) = question.load()?;
    let kept = question.out.join("agents");
    fs::create_dir_all(&kept).with_context(|| kept.display().to_string())?;
    let transfer_file = question.out.join("transfer.json");
    let set = PromptSet::new(&study)?;
    let bar = progress(subjects.len());
    let mut studies = Vec::new();
    for subject in &subjects {
        bar.set_message(subject.name.clone());
        let path = kept.join(format!("{}.json", subject.name.replace('/', ".")));
        let experiment = Experiment::new(subject, &set);
        let random = claims.random_directions();
        let found = read(&path)
            .and_then(|text| AgentStudy::parse(&text, &about(&experiment)))
            .filter(|found| found.results.evidence.random_directions >= random);
        let found = match found {
            Some(found) => found,
            None => {
                // What was tried on this agent, and what was chosen on it, is no more.
                remove(&transfer_file)?;
                let data = training_data(&subject.agent);
                let made = study_agent(&experiment, random, data.as_ref())?;
                write_atomic(&path, made.to_json().as_bytes())?;
                made
            }
        };
        studies.push(found);
        bar.inc(1);
    }
    bar.finish_and_clear();

    let transfers = match kept_transfers(&transfer_file, &subjects, &studies) {
        Some(kept) => kept,
        None => {
            let made = transfers(&study, &subjects, &studies)?;
            write_json_file(&transfer_file, &made)?;
            made
        }
    };
    for studied in &mut studies {
        studied.results.judge(claims, Some(&transfers))?;
    }
    let names: Vec<&str> = subjects.iter().map(|s| s.name.as_str()).collect();
    let (parts, rows) = study_parts(&study, &names, &studies, &transfers)?;
    let parts = parts
        .into_iter()
        .map(|(heading, text, figures)| page::Part {
            heading,
            text,
            figures,
        });
    let answers = Answers {
        records: studies.iter().map(|s| s.results.clone()).collect(),
        set,
        subjects,
    };
    page::write(
        question,
        &answers,
        &rules,
        "study",
        parts.collect(),
        rows,
        out,
    )?;
    Ok(Outcome::Done)
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| path.display().to_string())
        }
        _ => Ok(()),
    }
}

/// What an earlier run tried from agent to agent, if it is of exactly these. It is removed before
/// any agent is measured anew, so that what is there fits the agents that are kept.
fn kept_transfers(
    path: &Path,
    subjects: &[Subject],
    studies: &[AgentStudy],
) -> Option<Vec<TransferRecord>> {
    let text = fs::read_to_string(path).ok()?;
    let kept: Vec<TransferRecord> = serde_json::from_str(&text).ok()?;
    let pairs = kept.iter().map(|r| (&r.chosen_on, &r.tried_on));
    let wanted = subjects.iter().flat_map(|tried| {
        let chosen = subjects.iter().zip(studies);
        let others = chosen.filter(|(s, of)| s.name != tried.name && of.chosen.is_some());
        others.map(|(other, _)| (&other.name, &tried.name))
    });
    pairs.eq(wanted).then_some(kept)
}

/// Tries what was chosen on each agent on every other.
fn transfers(
    study: &Study,
    subjects: &[Subject],
    studies: &[AgentStudy],
) -> Result<Vec<TransferRecord>> {
    let all = PromptSet::new(study)?;
    let mut records = Vec::new();
    for subject in subjects {
        let chosen: Vec<_> = subjects
            .iter()
            .zip(studies)
            .filter(|(other, _)| other.name != subject.name)
            .filter_map(|(other, studied)| {
                Some((studied.chosen.as_ref()?, kinship(other, subject)))
            })
            .collect();
        let mode = studies[0].adversaries[0].mode;
        records.extend(transfer(&Experiment::new(subject, &all), mode, &chosen)?);
    }
    Ok(records)
}

/// Text of a file that is there.
fn read(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok()
}
