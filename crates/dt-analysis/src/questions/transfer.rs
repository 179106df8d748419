//! Whether an adversary that was chosen on one agent turns another.

use crate::subject::Experiment;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::prompts::PromptSet;
use crate::questions::adversary::{
    AdversaryRecord, Exhaustive, Mode, Placement, answers_to, eligible,
};
use crate::subject::Subject;
use crate::subject::exposure::Exposure;

/// How alike two agents are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kinship {
    /// Same architecture, same data, another seed.
    SameData,
    /// Same architecture, other data.
    OtherData,
    /// Another architecture.
    OtherArchitecture,
}

/// An edit chosen on one agent and tried on another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransferRecord {
    /// Agent that the edit was chosen on.
    pub chosen_on: String,
    /// Agent that it was tried on.
    pub tried_on: String,
    /// How alike they are.
    pub kinship: Kinship,
    /// The edit.
    pub edit: String,
    /// Share of all facets whose answer it turns decidedly.
    pub turned: f64,
    /// Mean of that share over random pairs of as much exposed items.
    pub random: f64,
}

impl TransferRecord {
    /// What makes a kept record impossible, if anything does: field and reason.
    pub fn problem(&self) -> Option<String> {
        let shares = [("turned", self.turned), ("random", self.random)];
        let wrong = shares.into_iter().find(|(_, x)| !(0.0..=1.0).contains(x));
        wrong.map(|(field, value)| format!("field `{field}`: {value:e} is no share"))
    }
}

/// What is taken from one agent to others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chosen {
    /// The agent.
    pub name: String,
    /// The best pair.
    pub edit: Vec<Placement>,
    /// Random pairs as much exposed.
    pub random: Vec<Vec<Placement>>,
}

/// Random pairs that are tried on each agent.
const RANDOM: usize = 40;

impl Chosen {
    /// The best pair of a search, and random ones; `None` if no pair is eligible.
    ///
    /// # Errors
    /// If a prompt cannot be made.
    pub fn of(
        name: &str,
        record: &AdversaryRecord,
        table: &Exhaustive,
        set: &PromptSet,
        exposure: &Exposure,
    ) -> Result<Option<Self>, Error> {
        let Some(best) = record.best.iter().find(|e| e.placements.len() == 2) else {
            return Ok(None);
        };
        let eligible = eligible(table, set)?;
        let mut random = table.random_pairs(&best.placements, &eligible, exposure, 1);
        random.truncate(RANDOM);
        Ok(Some(Self {
            name: name.to_owned(),
            edit: best.placements.clone(),
            random: random.iter().map(|&n| table.edits[n].clone()).collect(),
        }))
    }
}

/// Tries what was chosen on other agents on one.
///
/// # Errors
/// If a prompt cannot be made.
pub fn transfer(
    experiment: &Experiment,
    mode: Mode,
    chosen: &[(&Chosen, Kinship)],
) -> Result<Vec<TransferRecord>, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let start = study.site_step();
    let mut edits: Vec<Vec<Placement>> = Vec::new();
    for (from, _) in chosen {
        edits.push(from.edit.clone());
        edits.extend(from.random.iter().cloned());
    }
    let facets = answers_to(experiment, start, mode, &edits)?;
    let share = |edit: usize| {
        let turned = facets
            .iter()
            .filter(|f| f.is_flipped(edit, subject.contrast()));
        turned.count() as f64 / facets.len() as f64
    };
    let mut at = 0;
    let mut records = Vec::new();
    for (from, kinship) in chosen {
        let random: Vec<f64> = (1..=from.random.len()).map(|k| share(at + k)).collect();
        records.push(TransferRecord {
            chosen_on: from.name.clone(),
            tried_on: subject.name.clone(),
            kinship: *kinship,
            edit: crate::questions::adversary::name(&from.edit),
            turned: share(at),
            random: random.iter().sum::<f64>() / random.len().max(1) as f64,
        });
        at += 1 + from.random.len();
    }
    Ok(records)
}

/// How alike two agents are.
pub fn kinship(a: &Subject, b: &Subject) -> Kinship {
    let shape = |s: &Subject| {
        let mut config = s.model().config().clone();
        config.initial_std = 0.0; // how it began is no part of what it is
        config
    };
    if shape(a) != shape(b) {
        return Kinship::OtherArchitecture;
    }
    match (
        &a.agent.record.dataset_blake3,
        &b.agent.record.dataset_blake3,
    ) {
        (Some(x), Some(y)) if x == y => Kinship::SameData,
        _ => Kinship::OtherData,
    }
}
