//! How a sweep is made.

use std::collections::BTreeSet;

use dt_data::Policy;
use serde::{Deserialize, Serialize};

use super::concept::Concept;
use super::site::Token;
use crate::maths::probes::{Choice, RidgeConfig};
use crate::prompts::Study;

/// Most episodes of a walker, all of which are held in memory.
const MAX_EPISODES: u32 = 10_000;
/// Most walks that are kept.
const MAX_WALKS: usize = 1_000_000;

/// What a sweep of probes looks for, where, and in which data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SweepConfig {
    /// Concepts; none for all that the study has.
    pub concepts: Vec<Concept>,
    /// Tokens.
    pub tokens: Vec<Token>,
    /// Hook points by pattern (see
    /// [`matching_points`](crate::subject::activations::matching_points)); none for the state's embedding
    /// and the residual stream.
    pub hooks: Vec<String>,
    /// Root of every random stream.
    pub seed: u64,
    /// Episodes of each walker.
    pub episodes: u32,
    /// Most distinct walks to a frame that are kept; each is seen under every combination of the
    /// study's layouts and returns-to-go.
    pub walks: usize,
    /// Folds of the cross-validation that chooses a strength.
    pub folds: usize,
    /// Whether probes are logistic regressions, started from the ridge probes.
    pub logistic: bool,
    /// Share of token prefixes that the plain test set has.
    pub share_test: f64,
    /// Noise of the noisy baseline, in standard deviations of each feature.
    pub noise: f64,
    /// Random directions that a swap is compared with.
    pub random_directions: usize,
    /// Fewest distinct walks of a pose or a time that is left out on its own.
    pub least_walks: usize,
}

impl Default for SweepConfig {
    fn default() -> Self {
        Self {
            concepts: Vec::new(),
            tokens: Token::ALL.to_vec(),
            hooks: Vec::new(),
            seed: 0,
            episodes: 300,
            walks: 500,
            folds: 5,
            logistic: false,
            share_test: 0.25,
            noise: 0.5,
            random_directions: 100,
            least_walks: 5,
        }
    }
}

impl SweepConfig {
    /// How ridge probes are fitted where there are so many groups of rows.
    pub(super) fn ridge(&self, groups: usize) -> RidgeConfig {
        RidgeConfig {
            // What is left without a condition has fewer groups than the whole.
            folds: self.folds.min(groups).max(2),
            // Features of a residual stream have one unit. Standardised, a probe prefers those
            // that hardly vary, which nothing reads.
            standardise: false,
            // Errors get smaller and smaller along directions that hardly vary; what is read as
            // well along the difference of means needs none of these.
            choice: Choice::Strongest,
            ..RidgeConfig::default()
        }
    }

    /// Whether a concept is asked for by name and not as one of all.
    pub(super) fn insists(&self, study: &Study) -> bool {
        self.concepts.len() < Concept::all(study).len()
    }

    /// The same with every concept of a study where none is asked for.
    pub(super) fn of_study(&self, study: &Study) -> Self {
        let mut config = self.clone();
        if config.concepts.is_empty() {
            config.concepts = Concept::all(study);
        }
        config
    }

    /// What makes this sweep impossible, if anything does.
    pub(super) fn problem(&self, study: &Study) -> Option<String> {
        if self.concepts.is_empty() || self.tokens.is_empty() {
            return Some("a sweep needs at least one concept and one token".to_owned());
        }
        if let Some(problem) = self.concepts.iter().find_map(|c| c.problem(study)) {
            return Some(problem);
        }
        if self.episodes == 0 || self.walks == 0 || self.folds < 2 {
            return Some(format!(
                "a sweep needs episodes, walks and at least 2 folds, got {}, {} and {}",
                self.episodes, self.walks, self.folds
            ));
        }
        if self.episodes > MAX_EPISODES || self.walks > MAX_WALKS {
            return Some(format!(
                "a sweep has at most {MAX_EPISODES} episodes of each walker and {MAX_WALKS} walks, \
                 got {} and {}",
                self.episodes, self.walks
            ));
        }
        let concepts: BTreeSet<Concept> = self.concepts.iter().copied().collect();
        let tokens: BTreeSet<Token> = self.tokens.iter().copied().collect();
        if concepts.len() < self.concepts.len() || tokens.len() < self.tokens.len() {
            return Some("a concept or a token is given twice; give each once".to_owned());
        }
        let share = self.share_test;
        if !(share > 0.0 && share < 1.0) {
            return Some(format!(
                "the test set's share is {share}, must be within 0 to 1"
            ));
        }
        None
    }
}

/// Someone who walks, and the share of their actions that is replaced by random ones.
pub(super) struct Walker {
    pub(super) policy: Policy,
    pub(super) perturbed: f64,
}

/// Demonstrators, the same disturbed, those that head for success or, where the task can fail, for
/// a failure, and one who drifts.
pub(super) fn walkers(can_fail: bool) -> Vec<Walker> {
    let boltzmann = |temperature| Policy::Boltzmann { temperature };
    let mut either = vec![(1.0, boltzmann(1.0))];
    if can_fail {
        either.push((1.0, Policy::WrongTarget { temperature: 1.0 }));
    }
    [
        (boltzmann(1.0), 0.0),
        (boltzmann(3.0), 0.0),
        (boltzmann(1.0), 0.25),
        (Policy::Mixture(either), 0.0),
        (Policy::Uniform, 0.0),
    ]
    .map(|(policy, perturbed)| Walker { policy, perturbed })
    .into()
}
