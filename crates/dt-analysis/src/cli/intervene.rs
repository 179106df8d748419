//! `dt-analysis intervene`

use std::io::Write;

use anyhow::Result;
use dt_analysis::figures::intervention_figures;
use dt_analysis::questions::adversary::double_complement;
use dt_analysis::questions::edits::{EffectsRecord, effects};
use dt_analysis::questions::mediation::{MediationRecord, clean_mediation};
use dt_analysis::questions::steering::{SteeringRecord, steering};
use serde::Serialize;

use super::Outcome;
use super::question::{self, Places, Question};

/// What edits of the observation do, and what the same edits of the representation do.
///
/// Writes intervene.json (all logits, restored logit differences, projections, direct
/// interventions, mediation of the study's edit that puts the other object into two cells,
/// closed-loop steering) and their figures.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  dt-analysis intervene runs/memory-dt/seed-* --out intervene")]
pub struct Args {
    #[command(flatten)]
    question: Question,
}

/// Random directions beside the study's in mediation.
const RANDOM: usize = 200;

#[derive(Serialize)]
struct Record {
    effects: EffectsRecord,
    mediation: Option<MediationRecord>,
    steering: Option<SteeringRecord>,
}

const PLACES: Places = Places {
    command: "intervene",
    figures: &["fig-17-", "fig-18-", "fig-19-", "fig-a1-"],
};

pub fn run(args: &Args, out: &mut impl Write) -> Result<Outcome> {
    let answers = args.question.ask(&PLACES, |experiment| {
        let study = &experiment.prompts.study;
        let mediation = match double_complement(study, &study.site) {
            Some(edit) => clean_mediation(experiment, edit, RANDOM)?,
            None => None,
        };
        Ok(Record {
            effects: effects(experiment)?,
            mediation,
            steering: match study.main_factor() {
                Ok(_) => steering(experiment)?,
                Err(_) => None, // several factors are flipped at once
            },
        })
    })?;
    question::write(
        &args.question,
        &answers,
        &PLACES,
        |group, about| intervention_figures(&group.part(|r| &r.effects), about),
        out,
    )?;
    Ok(Outcome::Done)
}
