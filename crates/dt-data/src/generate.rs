//! From a recipe to a dataset and its card.

use dt_env::EnvSpec;

use crate::card::{Card, exposure};
use crate::dataset::{Dataset, NO_ACTION};
use crate::demonstrators::recipe::Recipe;
use crate::demonstrators::rollout::{Demonstrators, Walk};
use crate::episode::Episode;
use crate::errors::DataError;

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
            let column = |name: &str| world.column(name).map(str::to_owned);
            data.episodes.push(Episode {
                first_row,
                length,
                policy: demonstrators.policy_name(walk),
                temperature: policy.temperature(),
                env_seed: walk.env_seed,
                instruction: column("instruction"),
                left_right: column("left_right"),
                target_side: column("target_side"),
                outcome: walk.outcome,
                total_return: walk.rewards.iter().sum(),
            });
        }
        data.fill_returns_to_go();
        data
    }
}
