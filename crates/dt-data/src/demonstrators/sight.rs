//! Where an agent sees the instruction.

use std::sync::Arc;

use dt_env::{Action, Env, EnvSpec, Layout, Object, WorldConfig};

use crate::dataset::{DataError, Dataset};

/// View cell `x * view + y` in which the frame of each row shows the instruction, `None` where it
/// is out of sight. The agent's own cell where it carries it.
///
/// The frames alone do not tell the instruction from the targets, so the episodes are replayed.
///
/// # Errors
/// If the replay shows other frames: the dataset is of another world.
pub fn instruction_sights(
    data: &Dataset,
    spec: &Arc<EnvSpec>,
) -> Result<Vec<Option<u16>>, DataError> {
    let mut env = Env::new(spec.clone());
    let mut sights = vec![None; data.rows()];
    let mut seen = vec![0; spec.observation_len()];
    for (number, episode) in data.episodes.iter().enumerate() {
        env.reset(episode.env_seed);
        let targets = target_cells(spec, env.layout());
        for (t, row) in (episode.first_row..=episode.first_row + episode.length).enumerate() {
            env.world().observe(&mut seen);
            if seen != data.observation(row) {
                return Err(DataError::OtherWorld {
                    env: spec.id.clone(),
                    episode: number,
                    step: t,
                });
            }
            sights[row] = instruction_cell(&env, &seen, &targets);
            if t < episode.length {
                env.step(Action::ALL[data.actions[row] as usize]);
            }
        }
    }
    Ok(sights)
}

/// Cells of the two targets, so that they are not taken for the instruction.
pub(crate) fn target_cells(spec: &EnvSpec, layout: &Layout) -> Vec<(usize, usize)> {
    match (&spec.world, layout.memory()) {
        (WorldConfig::Memory(memory), Some(layout)) => {
            let (x, mid) = (layout.hallway_end as usize + 1, memory.size as usize / 2);
            vec![(x, mid - 2), (x, mid + 2)]
        }
        _ => Vec::new(),
    }
}

/// View cell `x * view + y` in which the instruction is seen.
pub(crate) fn instruction_cell(
    env: &Env,
    observation: &[u8],
    targets: &[(usize, usize)],
) -> Option<u16> {
    if targets.is_empty() {
        return None;
    }
    let view = env.world().grid().view_size();
    let pose = env.world().agent();
    let (fx, fy) = pose.dir.vector();
    let (rx, ry) = (-fy, fx);
    (0..view * view).find_map(|cell| {
        let kind = observation[cell * 3];
        if kind != Object::Key as u8 && kind != Object::Ball as u8 {
            return None;
        }
        let side = (cell / view) as i32 - view as i32 / 2;
        let ahead = view as i32 - 1 - (cell % view) as i32;
        let x = i32::from(pose.x) + side * rx + ahead * fx;
        let y = i32::from(pose.y) + side * ry + ahead * fy;
        let is_target = targets.contains(&(x as usize, y as usize));
        (!is_target).then_some(cell as u16)
    })
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
        let sights = instruction_sights(&data, &recipe.env_spec().unwrap()).unwrap();
        assert_eq!(sights.len(), data.rows());
        for episode in &data.episodes {
            assert_eq!(sights[episode.first_row], Some(2 * 7 + 6));
        }
        for (row, cell) in sights.iter().enumerate() {
            if let Some(cell) = cell {
                let object = data.observation(row)[usize::from(*cell) * 3];
                assert!(object == Object::Key as u8 || object == Object::Ball as u8);
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
