//! A dataset in memory: steps side by side in flat arrays, and a row per episode.

use crate::episode::Episode;
use crate::returns::returns_to_go;

/// Action of a row that holds an episode's final observation.
pub const NO_ACTION: u8 = u8::MAX;

/// Episodes with observations, actions and rewards.
///
/// Row `first_row + t` of an episode is its step `t`: the observation before the action, the
/// action, its reward and flags. One more row holds the final observation.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// Bytes of one observation.
    pub observation_len: usize,
    /// Observations of all rows.
    pub observations: Vec<u8>,
    /// Actions of all rows; [`NO_ACTION`] on final rows.
    pub actions: Vec<u8>,
    /// Rewards of all rows; 0 on final rows.
    pub rewards: Vec<f64>,
    /// Whether the task ended the episode with this step.
    pub terminated: Vec<bool>,
    /// Whether the step limit (or the end of the collection) ended it with this step.
    pub truncated: Vec<bool>,
    /// Return-to-go of all rows, computed from the rewards; 0 on final rows.
    pub returns_to_go: Vec<f64>,
    /// Provenance.
    pub episodes: Vec<Episode>,
}

impl Dataset {
    /// Computes the returns-to-go from the rewards.
    pub(crate) fn fill_returns_to_go(&mut self) {
        self.returns_to_go = vec![0.0; self.rewards.len()];
        for episode in &self.episodes {
            let rows = episode.first_row..episode.first_row + episode.length;
            let values = returns_to_go(&self.rewards[rows.clone()]);
            self.returns_to_go[rows].copy_from_slice(&values);
        }
    }

    /// Number of rows, final observations included.
    pub fn rows(&self) -> usize {
        self.actions.len()
    }

    /// Number of actions.
    pub fn transitions(&self) -> usize {
        self.rows() - self.episodes.len()
    }

    /// Observation of a row.
    #[inline]
    pub fn observation(&self, row: usize) -> &[u8] {
        &self.observations[row * self.observation_len..][..self.observation_len]
    }
}
