//! Walking the episodes of a dataset once more, in the world that they are of.

use std::sync::Arc;

use dt_env::{Action, Env, EnvSpec};

use crate::dataset::Dataset;
use crate::errors::DataError;

/// Replays every episode; `visit` gets each row with the world as it was when the row was seen,
/// and what was seen.
///
/// # Errors
/// If the replay shows other frames: the dataset is of another world.
pub fn replay(
    data: &Dataset,
    spec: &Arc<EnvSpec>,
    mut visit: impl FnMut(usize, &Env, &[u8]),
) -> Result<(), DataError> {
    let mut env = Env::new(spec.clone());
    let mut seen = vec![0; spec.observation_len()];
    for (number, episode) in data.episodes.iter().enumerate() {
        env.reset(episode.env_seed);
        for (t, row) in (episode.first_row..=episode.first_row + episode.length).enumerate() {
            env.world().observe(&mut seen);
            if seen != data.observation(row) {
                return Err(DataError::OtherWorld {
                    env: spec.id.clone(),
                    episode: number,
                    step: t,
                });
            }
            visit(row, &env, &seen);
            if t < episode.length {
                env.step(Action::ALL[data.actions[row] as usize]);
            }
        }
    }
    Ok(())
}

/// View cell `x * view + y` in which the frame of each row shows the cue of the task (in a memory
/// world, the instruction), `None` where it is out of sight. The agent's own cell where it carries
/// it.
///
/// The frames alone do not always tell the cue from what looks like it, so the episodes are
/// replayed.
///
/// # Errors
/// If the replay shows other frames: the dataset is of another world.
pub fn instruction_sights(
    data: &Dataset,
    spec: &Arc<EnvSpec>,
) -> Result<Vec<Option<u16>>, DataError> {
    let view = spec.view_size as usize;
    let mut sights = vec![None; data.rows()];
    replay(data, spec, |row, env, seen| {
        sights[row] = env.cue(seen).map(|cell| cell.index(view) as u16);
    })?;
    Ok(sights)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Recipe;

    const RECIPE: &str = "(name: \"s\", env: \"MiniGrid-MemoryS7FixedStart-v0\", max_steps: 20, \
        parts: [(policy: Boltzmann(temperature: 3.0), amount: Episodes(40))])";

    #[test]
    fn replays_show_where_the_instruction_is() {
        let recipe = Recipe::parse("s.ron", RECIPE).unwrap();
        let (data, _) = Dataset::generate(&recipe).unwrap();
        let spec = recipe.env_spec().unwrap();
        let items = spec.items();
        let sights = instruction_sights(&data, &spec).unwrap();
        assert_eq!(sights.len(), data.rows());
        for episode in &data.episodes {
            assert_eq!(sights[episode.first_row], Some(2 * 7 + 6));
        }
        for (row, cell) in sights.iter().enumerate() {
            if let Some(cell) = cell {
                let object = data.observation(row)[usize::from(*cell) * 3];
                assert!(items.iter().any(|&item| item as u8 == object));
            }
        }
        assert!(sights.contains(&None));
    }

    #[test]
    fn another_world_is_an_error() {
        let recipe = Recipe::parse("s.ron", RECIPE).unwrap();
        let (mut data, _) = Dataset::generate(&recipe).unwrap();
        data.observations[5] ^= 1;
        let error = instruction_sights(&data, &recipe.env_spec().unwrap()).unwrap_err();
        assert!(error.to_string().contains("episode 0, step 0"), "{error}");
    }
}
