//! `dt-analysis study`

use dt_env::files::{read_text, write_file};
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::{Context, Result};
use dt_analysis::files::{MAX_RECORD, json_bytes, read_json};
use dt_analysis::papers::memory_dt::dossier::agent_study::{AgentStudy, about, study_agent};
use dt_analysis::papers::memory_dt::figures::study_parts;
use dt_analysis::prompts::{PromptSet, Study};
use dt_analysis::questions::adversary::name;
use dt_analysis::questions::transfer::{TransferRecord, kinship, transfer};
use dt_analysis::subject::exposure::training_data;
use dt_analysis::subject::{Experiment, Subject};

use super::page::RulesArgs;
use super::question::{Answers, Question, file_name, of_agent, progress};
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
    let output = page::output(question)?;
    let rules = args.rules.read_for(question)?;
    let claims = &rules.claims;
    let (study, subjects) = question.load()?;
    let kept = question.out.join("agents");
    let transfer_file = question.out.join("transfer.json");
    // One that no study has left is what the command of this name wrote.
    if !kept.exists() {
        output.check_free(["transfer.json"])?;
    }
    fs::create_dir_all(&kept).with_context(|| kept.display().to_string())?;
    let set = PromptSet::new(&study)?;
    let bar = progress(subjects.len());
    let mut studies = Vec::new();
    for subject in &subjects {
        bar.set_message(subject.name.clone());
        let path = kept.join(file_name(&subject.name));
        let experiment = Experiment::new(subject, &set);
        let random = claims.random_directions();
        let found = read(&path)?
            .and_then(|text| AgentStudy::parse(&text, &about(&experiment)))
            .filter(|found| found.results.evidence.random_directions >= random);
        let found = match found {
            Some(found) => found,
            None => {
                // What was tried on this agent, and what was chosen on it, is no more.
                remove(&transfer_file)?;
                let data = training_data(&subject.agent);
                let made = study_agent(&experiment, random, data.as_ref());
                let made = made.map_err(|error| of_agent(subject, error))?;
                write_file(&path, made.to_json().as_bytes())?;
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
            write_file(&transfer_file, &json_bytes(&made)?)?;
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
    let more = page::More {
        parts: parts.collect(),
        rows,
        files: Vec::new(),
    };
    page::write((question, &output), &answers, &rules, "study", more, out)?;
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
    let kept: Vec<TransferRecord> = read_json(path).ok()?;
    if kept.iter().any(|record| record.problem().is_some()) {
        return None;
    }
    let found = kept.iter().map(|r| {
        let names = (r.chosen_on.as_str(), r.tried_on.as_str());
        (names, r.kinship, r.edit.clone())
    });
    let wanted = subjects.iter().flat_map(|tried| {
        let chosen = subjects.iter().zip(studies);
        let others = chosen.filter(|(s, _)| s.name != tried.name);
        others.filter_map(|(other, of)| {
            let edit = name(&of.chosen.as_ref()?.edit);
            let names = (other.name.as_str(), tried.name.as_str());
            Some((names, kinship(other, tried), edit))
        })
    });
    found.eq(wanted).then_some(kept)
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

/// Text of what an earlier run kept, if it is there.
fn read(path: &Path) -> Result<Option<String>> {
    match path.symlink_metadata() {
        Ok(_) => Ok(Some(read_text(path, MAX_RECORD)?)),
        Err(_) => Ok(None),
    }
}
