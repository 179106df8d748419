//! Moving balls, as in MiniGrid's `DynamicObstaclesEnv`.

use crate::core::action::Action;
use crate::core::grid::Grid;
use crate::core::rng::Pcg64;
use crate::core::tile::{Object, Tile};
use crate::core::world::{StepResult, World};
use crate::outcome::Failure;

/// Tries before an obstacle gives up moving, as `place_obj(max_tries=100)` counts them.
const MAX_TRIES: usize = 101;

/// One step of a world in which every obstacle first moves to a random free neighbour.
///
/// Only turns and forward exist there; other actions act as left. Walking into anything but the
/// goal ends the episode with reward −1. `obstacles` are the balls' cells, in order of moving.
pub fn step(
    world: &mut World,
    obstacles: &mut [(u8, u8)],
    rng: &mut Pcg64,
    action: Action,
) -> StepResult {
    let action = match action {
        Action::Right | Action::Forward => action,
        _ => Action::Left,
    };
    let front = world.grid().front(world.agent());
    let blocked = front != Tile::EMPTY && front.object() != Object::Goal;
    for obstacle in obstacles {
        if let Some((x, y)) = draw_free_neighbour(world, *obstacle, rng) {
            let (old_x, old_y) = (obstacle.0 as usize, obstacle.1 as usize);
            let ball = world.grid().get(old_x, old_y);
            world.grid_mut().set(x as usize, y as usize, ball);
            world.grid_mut().set(old_x, old_y, Tile::EMPTY);
            *obstacle = (x, y);
        }
    }
    let mut result = world.step(action);
    if action == Action::Forward && blocked {
        result.reward = -1.0;
        result.terminated = true;
        result.failure = Some(Failure::Collision);
    }
    result
}

fn draw_free_neighbour(world: &World, (x, y): (u8, u8), rng: &mut Pcg64) -> Option<(u8, u8)> {
    let grid: &Grid = world.grid();
    let range = |centre: u8, size: usize| {
        let low = u32::from(centre).saturating_sub(1);
        (low, (low + 3).min(size as u32))
    };
    let (x_low, x_high) = range(x, grid.width());
    let (y_low, y_high) = range(y, grid.height());
    for _ in 0..MAX_TRIES {
        let to = (
            rng.integers(x_low, x_high) as u8,
            rng.integers(y_low, y_high) as u8,
        );
        let agent = world.agent();
        if grid.get(to.0 as usize, to.1 as usize) == Tile::EMPTY && to != (agent.x, agent.y) {
            return Some(to);
        }
    }
    None
}
