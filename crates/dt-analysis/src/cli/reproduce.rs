//! `dt-analysis reproduce`

use std::io::Write;

use anyhow::Result;
use dt_analysis::papers::memory_dt::dossier::reproduce::reproduce;

use super::page::RulesArgs;
use super::question::{Question, ask, file_name};
use super::{Outcome, page};

/// All of the post on some agents: every figure, every claim with its verdict, one report.
///
/// Writes results.json (an object for each agent), claims.json (verdicts for each kind of agent),
/// claims.csv (every finding on every agent), results.csv and results.arrow (one long table of all
/// numbers), evidence/ (what the claims are judged by, for judge), figures/ and report.html, one
/// self-contained page. Agents of one name are seeds of one kind.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  dt-analysis reproduce runs/MemoryGatedMLP runs/memory-dt/seed-* --out report"
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
    let (study, subjects) = question.load()?;
    let evidence_file = |name: &str| format!("evidence/{}", file_name(name));
    output.check_free(subjects.iter().map(|s| evidence_file(&s.name)))?;
    let answers = ask(&study, subjects, |experiment| {
        reproduce(experiment, &rules.claims)
    })?;
    let mut evidence = Vec::new();
    for results in &answers.records {
        let of = &results.evidence;
        evidence.push((evidence_file(&of.agent.name), serde_json::to_vec(of)?));
    }
    let more = page::More {
        files: evidence,
        ..page::More::default()
    };
    page::write(
        (question, &output),
        &answers,
        &rules,
        "reproduce",
        more,
        out,
    )?;
    Ok(Outcome::Done)
}
