//! A dataset in memory: steps side by side in flat arrays, and a row per episode.

use dt_env::EnvSpec;

use crate::card::Card;
use crate::card::exposure;
use crate::demonstrators::graph::TooManyStates;
use crate::demonstrators::recipe::Recipe;
use crate::demonstrators::rollout::{Demonstrators, Walk};
use crate::episode::Episode;
use crate::returns::returns_to_go;

/// Why a dataset could not be made, read or written.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A recipe or a world is wrong.
    #[error(transparent)]
    Config(#[from] dt_env::config::ConfigError),
    /// The world cannot be explored.
    #[error(transparent)]
    TooManyStates(#[from] TooManyStates),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{path}: {message}")]
    Corrupt {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A dataset is not of the world it is said to be of.
    #[error(
        "episode {episode}, step {step}: replayed in {env}, its frame is another; make the dataset \
         again with the recipe of this world"
    )]
    OtherWorld {
        /// The world.
        env: String,
        /// Index of the episode.
        episode: usize,
        /// Step within it.
        step: usize,
    },
    /// The place is taken.
    #[error("{0} exists already; use --force to replace it, or another --out")]
    Exists(std::path::PathBuf),
    /// The place is taken by something that is never replaced.
    #[error("{path} has no {marker}, so it is not replaced; remove it or give another --out")]
    NotOurs {
        /// The place.
        path: std::path::PathBuf,
        /// The file by which its kind is known.
        marker: String,
    },
    /// An export was asked for that cannot be.
    #[error("{0}")]
    Export(String),
}

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
    /// Makes a recipe's dataset and its card (whose content hash is filled in on writing).
    ///
    /// # Errors
    /// If the environment is unknown or too large to be explored.
    pub fn generate(recipe: &Recipe) -> Result<(Self, Card), DataError> {
        let spec = recipe.env_spec()?;
        let demonstrators = Demonstrators::new(recipe, &spec)?;
        let walks = demonstrators.walk_all();
        let dataset = Self::from_walks(&demonstrators, &walks, &spec);
        let exposure = exposure::table(&demonstrators, &walks, recipe.window, &spec);
        let layouts: Vec<_> = walks.iter().map(Walk::layout).collect();
        let card = Card::new(recipe, &spec, &dataset, &layouts, exposure);
        Ok((dataset, card))
    }

    fn from_walks(demonstrators: &Demonstrators<'_>, walks: &[Walk], spec: &EnvSpec) -> Self {
        let rows = walks.iter().map(|w| w.states.len()).sum();
        let observation_len = spec.observation_len();
        let mut data = Self {
            observation_len,
            observations: Vec::with_capacity(rows * observation_len),
            actions: Vec::with_capacity(rows),
            rewards: Vec::with_capacity(rows),
            terminated: Vec::with_capacity(rows),
            truncated: Vec::with_capacity(rows),
            returns_to_go: Vec::new(),
            episodes: Vec::with_capacity(walks.len()),
        };
        for walk in walks {
            let world = &demonstrators.worlds[walk.world];
            let length = walk.actions.len();
            let first_row = data.actions.len();
            for &state in &walk.states {
                let seen = world.graph.observation(state as usize);
                data.observations.extend_from_slice(seen);
            }
            data.actions.extend_from_slice(&walk.actions);
            data.actions.push(NO_ACTION);
            let last = first_row + length - 1;
            for flags in [&mut data.terminated, &mut data.truncated] {
                flags.resize(first_row + length + 1, false);
            }
            data.rewards.extend_from_slice(&walk.rewards);
            data.rewards.push(0.0);
            data.terminated[last] = walk.outcome.is_of_task();
            data.truncated[last] = walk.truncated;
            let policy = demonstrators.policy(walk);
            let configuration = world.configuration;
            data.episodes.push(Episode {
                first_row,
                length,
                policy: demonstrators.policy_name(walk),
                temperature: policy.temperature(),
                env_seed: walk.env_seed,
                instruction: configuration.map(|c| c.instruction.name().to_owned()),
                left_right: configuration.map(|c| c.order.name().to_owned()),
                target_side: configuration
                    .map(|c| format!("{:?}", c.success_side()).to_lowercase()),
                outcome: walk.outcome,
                total_return: walk.rewards.iter().sum(),
            });
        }
        data.fill_returns_to_go();
        data
    }

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
