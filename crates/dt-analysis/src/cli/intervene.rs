//! `dt-analysis intervene`

use std::io::Write;

use anyhow::Result;
use dt_analysis::figures::{Group, intervention_figures};
use dt_analysis::papers::memory_dt::published::PostNumbers;
use dt_analysis::questions::edits::EffectsRecord;
use dt_analysis::questions::mediation::MediationRecord;
use dt_analysis::questions::steering::SteeringRecord;
use serde::Serialize;

use super::Outcome;
use super::question::{self, Question};

/// What edits of the observation do, and what the same edits of the representation do.
///
/// Writes intervene.json (all logits, restored logit differences, projections, direct
/// interventions, mediation of the double complement, closed-loop steering) and Figures 17 to 19.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  dt-analysis intervene runs/memory-dt/seed-* --out intervene")]
pub struct Args {
    #[command(flatten)]
    question: Question,
}

#[derive(Serialize)]
struct Record<'a> {
    effects: &'a EffectsRecord,
    mediation: &'a Option<MediationRecord>,
    steering: &'a Option<SteeringRecord>,
}

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    args.question.check_free("intervene.json")?;
    let answers = args.question.ask()?;
    let value = answers.keyed(|r| Record {
        effects: &r.effects,
        mediation: &r.evidence.mediation,
        steering: &r.evidence.steering,
    });
    let post = PostNumbers::read();
    let draw = |group: Group| intervention_figures(group, &post);
    question::write(&args.question, &answers, "intervene", &value, draw, out)?;
    Ok(Outcome::Done)
}
