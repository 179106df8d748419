//! `dt-analysis study`

use dt_analysis::prompts::PromptSet;
use dt_analysis::subject::Experiment;
use std::io::Write;

use anyhow::{Context, Result};
use dt_analysis::dossier::agent_study::{AgentStudy, about, study_agent, transfer_finding};
use dt_analysis::papers::memory_dt::claims::Rule;
use dt_analysis::papers::memory_dt::figures::study_parts;
use dt_analysis::prompts::Study;
use dt_analysis::questions::transfer::{TransferRecord, kinship, transfer};
use dt_analysis::subject::Subject;
use dt_analysis::subject::exposure::training_data;

use super::page::RulesArgs;
use super::question::{Answers, Question, progress, write_json_file};
use super::{Outcome, page};

/// Everything about many agents: claims, adversaries, transfer and steering, over seeds.
///
/// Each agent's numbers are kept in agents/ as soon as they are there; run again, only what is
/// missing or was made of other weights is computed. Writes what reproduce writes, and
/// transfer.json (adversaries chosen on each agent, tried on each other).
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
    std::fs::create_dir_all(&kept).with_context(|| kept.display().to_string())?;
    let set = PromptSet::new(&study)?;
    let bar = progress(subjects.len());
    let mut studies = Vec::new();
    for subject in &subjects {
        bar.set_message(subject.name.clone());
        let path = kept.join(format!("{}.json", subject.name.replace('/', ".")));
        let experiment = Experiment::new(subject, &set);
        let about = about(&experiment, claims)?;
        let found = match AgentStudy::read(&path, &about) {
            Some(found) => found,
            None => {
                let data = training_data(&subject.agent);
                let made = study_agent(&experiment, claims, data.as_ref())?;
                made.write(&path)?;
                made
            }
        };
        studies.push(found);
        bar.inc(1);
    }
    bar.finish_and_clear();

    let transfers = transfers(&study, &subjects, &studies)?;
    for claim in &claims.claims {
        if let Rule::Transfers { least, margin } = claim.rule {
            for (subject, studied) in subjects.iter().zip(&mut studies) {
                let rule = (least, margin);
                let finding = transfer_finding(claim.id, &subject.name, &transfers, rule);
                studied.set_finding(finding);
            }
        }
    }
    write_json_file(&question.out.join("transfer.json"), &transfers)?;
    let (parts, rows) = study_parts(&study, &subjects, &studies, &transfers)?;
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
