//! What a sweep of one agent comes to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::concept::Concept;
use super::config::SweepConfig;
use super::reading::{ControlRecord, Reading};
use super::site::Token;
use super::swap::SwapRecord;
use crate::maths::probes::Quality;

/// Probes of one agent: what `probe.json` holds for each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbeSweepRecord {
    /// Name of the agent's kind.
    pub agent: String,
    /// Seed of its training; none for an imported agent.
    pub seed: Option<u64>,
    /// Steps of its training.
    pub step: u64,
    /// Name of the study whose world and prompts are used.
    pub study: String,
    /// What each concept is called.
    pub titles: BTreeMap<Concept, String>,
    /// How the sweep was made.
    pub config: SweepConfig,
    /// File that the directions were read from; none if they were fitted here.
    pub directions: Option<String>,
    /// The data.
    pub data: DataRecord,
    /// Raw observations as a baseline, by token and concept.
    pub observation: Vec<ObservationRecord>,
    /// Every concept at every site.
    pub probes: Vec<ProbeRecord>,
    /// Whether no product of several bits is read above chance where it cannot be, at the
    /// embeddings of one observation. `false` means that the probes are wrong, not that the agent
    /// is clever; none if no such probe was fitted.
    pub absent_by_construction_ok: Option<bool>,
    /// The probes that break this rule: `concept, hook point at token`.
    pub absent_by_construction_broken: Vec<String>,
}

/// What probes were fitted to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataRecord {
    /// Frames that were walked through on the way to the decision, repeated ones included.
    pub frames_walked: usize,
    /// Distinct walks that were kept.
    pub walks: usize,
    /// Layouts times returns-to-go, under all of which each walk is seen.
    pub combinations: usize,
    /// Returns-to-go that are asked for.
    pub returns_to_go: Vec<f64>,
    /// Distinct token prefixes, each one row, by token.
    pub prefixes: BTreeMap<Token, usize>,
    /// Of these, the prefixes of the test set.
    pub test_prefixes: BTreeMap<Token, usize>,
}

/// How well the raw observation tells a concept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObservationRecord {
    /// Whose frame it is.
    pub token: Token,
    /// Concept.
    pub concept: Concept,
    /// How well it is read from the one-hot observation; none if there is nothing to read.
    pub reading: Option<Reading>,
}

/// A concept at a site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbeRecord {
    /// Hook point.
    pub point: String,
    /// Token.
    pub token: Token,
    /// Concept.
    pub concept: Concept,
    /// Why there is no probe; the rest is empty then.
    pub missing: Option<String>,
    /// How well it is read.
    pub reading: Option<Reading>,
    /// Strength of the penalty that cross-validation chose.
    pub strength: Option<f64>,
    /// Plain test set with noise on all activations.
    pub noisy: Option<Quality>,
    /// Against random labels that can be learnt by heart.
    pub control: Option<ControlRecord>,
    /// The same site in an agent of the same shape with weights drawn anew.
    pub untrained: Option<Reading>,
    /// Swapping along the probe's direction.
    pub swap: Option<SwapRecord>,
    /// The component of the exact Walsh decomposition.
    pub walsh: Option<WalshShare>,
    /// What follows; none of numbers, and where there is no probe.
    pub verdict: Option<ProbeVerdict>,
}

/// A component of the prompts' exact Walsh decomposition at the same site.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WalshShare {
    /// Share of the variance over prompts.
    pub variance: f64,
    /// Prompts whose turn changes when the component alone is reversed.
    pub flips: usize,
    /// Prompts.
    pub of: usize,
}

/// What a probe and its swap say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeVerdict {
    /// Some condition is read no better than by guessing.
    NotRead,
    /// Every left-out condition is read, but a swap does not change the turn.
    NotUsed,
    /// Every left-out condition is read, and a swap changes the turn of at least three quarters
    /// of the prompts, as hardly any random direction does.
    Represented,
}

impl ProbeVerdict {
    /// The verdict.
    pub(super) fn of(reading: &Reading, swap: Option<&SwapRecord>) -> Option<Self> {
        Some(
            match (reading.above_chance?, swap.is_some_and(SwapRecord::is_used)) {
                (false, _) => Self::NotRead,
                (true, false) => Self::NotUsed,
                (true, true) => Self::Represented,
            },
        )
    }
}

impl ProbeRecord {
    /// Accuracy (of numbers: explained variance) on the left-out condition that is read worst.
    pub fn worst_case(&self) -> Option<f64> {
        self.reading.as_ref().and_then(Reading::worst_case)
    }

    /// Whether a swap changes the turn.
    pub fn is_used(&self) -> bool {
        self.swap.as_ref().is_some_and(SwapRecord::is_used)
    }
}

impl ProbeSweepRecord {
    /// `NAME` of an imported agent, `NAME, seed 3` of others.
    pub fn title(&self) -> String {
        Self::title_of(&self.agent, self.seed)
    }

    /// The same of an agent that is not asked yet.
    pub fn title_of(agent: &str, seed: Option<u64>) -> String {
        match seed {
            Some(seed) => format!("{agent}, seed {seed}"),
            None => agent.to_owned(),
        }
    }

    /// A probe.
    pub fn probe(&self, point: &str, token: Token, concept: Concept) -> Option<&ProbeRecord> {
        let here = |p: &&ProbeRecord| p.point == point && p.token == token && p.concept == concept;
        self.probes.iter().find(here)
    }

    /// Hook points in order.
    pub fn points(&self) -> Vec<&str> {
        let mut points: Vec<&str> = Vec::new();
        for probe in &self.probes {
            if !points.contains(&probe.point.as_str()) {
                points.push(&probe.point);
            }
        }
        points
    }
}
