//! `dt-analysis reproduce`

use std::io::Write;

use anyhow::{Context, Result};
use dt_analysis::papers::memory_dt::dossier::reproduce::reproduce;
use dt_train::checkpoint::write_atomic;

use super::page::RulesArgs;
use super::question::Question;
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
    question.check_free("report.html")?;
    question.check_free("results.json")?;
    let rules = args.rules.read_for(question)?;
    let answers = question.ask(|experiment| reproduce(experiment, &rules.claims))?;
    let dir = question.out.join("evidence");
    std::fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
    for results in &answers.records {
        let evidence = &results.evidence;
        let name = evidence.agent.name.replace('/', ".");
        let text = serde_json::to_string(evidence)?;
        write_atomic(&dir.join(format!("{name}.json")), text.as_bytes())?;
    }
    let command = "reproduce";
    page::write(
        question,
        &answers,
        &rules,
        command,
        Vec::new(),
        Vec::new(),
        out,
    )?;
    Ok(Outcome::Done)
}
