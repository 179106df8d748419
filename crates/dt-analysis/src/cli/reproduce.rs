//! `dt-analysis reproduce`

use std::io::Write;

use anyhow::Result;
use dt_analysis::dossier::reproduce::reproduce;

use super::page::RulesArgs;
use super::question::Question;
use super::{Outcome, page};

/// All of the post on some agents: every figure, every claim with its verdict, one report.
///
/// Writes results.json (an object for each agent), claims.json (verdicts for each kind of agent),
/// claims.csv (every finding on every agent), results.csv and results.arrow (one long table of all
/// numbers), figures/ and report.html, one self-contained page. Agents of one name are seeds of
/// one kind.
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
