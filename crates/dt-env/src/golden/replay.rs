//! Replaying one recorded episode.

use std::fmt;

use super::trace::{RngState, Trace, unhex};
use crate::core::action::{Action, Direction, Pose};
use crate::core::grid::Grid;
use crate::core::rng::Pcg64;
use crate::core::tile::{Color, Object, Tile};
use crate::core::world::{Mark, PickupRule, Rules, StepResult, World};
use crate::env::Env;
use crate::outcome::Failure;
use crate::spec::EnvSpec;
use crate::tasks::obstacles;

/// What a replay covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// Whether the world was made from the seed.
    pub from_seed: bool,
    /// Whether reward and termination were compared.
    pub task_rule_exists: bool,
}

/// First difference between the record and this engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Step, from 1; 0 is the reset.
    pub step: usize,
    /// What differs.
    pub what: &'static str,
    /// Value here and value recorded.
    pub detail: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}: {}: {}", self.step, self.what, self.detail)
    }
}

/// How an episode is driven.
enum Driver {
    /// Made from its seed.
    Env(Box<Env>),
    /// Made from recorded cells.
    World(Box<World>),
    /// Made from recorded cells, with moving balls and the recorded generator.
    Obstacles(Box<World>, Vec<(u8, u8)>, Pcg64),
}

impl Driver {
    fn world(&self) -> &World {
        match self {
            Self::Env(env) => env.world(),
            Self::World(world) | Self::Obstacles(world, ..) => world,
        }
    }

    fn step(&mut self, action: Action) -> StepResult {
        match self {
            Self::Env(env) => env.step(action),
            Self::World(world) => world.step(action),
            Self::Obstacles(world, cells, rng) => obstacles::step(world, cells, rng, action),
        }
    }

    fn rng(&self) -> Option<&Pcg64> {
        match self {
            Self::Env(env) => Some(env.rng()),
            Self::World(_) => None,
            Self::Obstacles(_, _, rng) => Some(rng),
        }
    }
}

/// Replays a trace that passed [`Trace::check`].
///
/// # Errors
/// The outer error: the trace is malformed. The inner one: this engine gives something else.
pub fn replay_episode(trace: &Trace) -> Result<Result<Replayed, Mismatch>, String> {
    let (mut driver, task_rule_exists) = driver(trace)?;
    let from_seed = matches!(driver, Driver::Env(_));
    let compared = compare(trace, &mut driver, task_rule_exists)?;
    Ok(compared.map(|()| Replayed {
        from_seed,
        task_rule_exists,
    }))
}

fn driver(trace: &Trace) -> Result<(Driver, bool), String> {
    if let Some(mut spec) = EnvSpec::builtin(&trace.env) {
        if let Some(view) = trace.kwargs.agent_view_size {
            spec.view_size = view;
        }
        spec.max_steps = trace.kwargs.max_steps.or(spec.max_steps);
        if let Some(see) = trace.kwargs.see_through_walls {
            spec.see_through_walls = see;
        }
        if usize::from(spec.view_size) != trace.view {
            return Err("field `view`: does not follow from env and kwargs".to_owned());
        }
        if let Some(problem) = spec.problem() {
            return Err(format!("field `kwargs`: {problem}"));
        }
        let mut env = Env::new(spec.into());
        env.reset_with(Pcg64::from_seed_words(&trace.seed_words()?));
        for _ in 1..trace.resets {
            env.reset_next();
        }
        return Ok((Driver::Env(Box::new(env)), true));
    }
    let bytes = unhex("grid", &trace.grid)?;
    let mut grid = Grid::new(trace.w, trace.h, trace.view);
    for (n, cell) in bytes.as_chunks::<3>().0.iter().enumerate() {
        let tile = Tile::from_encoding(*cell).ok_or("field `grid`: unknown cell")?;
        grid.set(n / trace.h, n % trace.h, tile);
    }
    for &(x, y, inside) in &trace.task.boxes {
        let (x, y) = (x as usize, y as usize);
        let inside = inside
            .map(|cell| Tile::from_encoding(cell).ok_or("field `task.boxes`: unknown cell"))
            .transpose()?;
        grid.set(x, y, grid.get(x, y).with_contents(inside));
    }
    let (wanted, task_rule_exists) = task_rule(trace)?;
    let rules = Rules {
        max_steps: trace.max_steps,
        see_through_walls: trace.see_through_walls,
        pickup: PickupRule::Take,
        wanted,
    };
    let pose = Pose {
        x: trace.agent_pos[0],
        y: trace.agent_pos[1],
        dir: Direction::from_index(trace.agent_dir),
    };
    let world = Box::new(World::new(grid, pose, rules));
    let driver = match &trace.task.obstacles {
        Some(cells) => {
            let cells = cells.iter().map(|&[x, y]| (x, y)).collect();
            Driver::Obstacles(world, cells, trace.rng.to_rng()?)
        }
        None => Driver::World(world),
    };
    Ok((driver, task_rule_exists))
}

/// Object to pick up, and whether this engine knows the task of the recorded environment.
///
/// Reaching a goal, lava, moving balls and picking up one object are known; Fetch, GoToDoor,
/// GoToObject, PutNear, Unlock and RedBlueDoors are not.
fn task_rule(trace: &Trace) -> Result<(Option<Tile>, bool), String> {
    if let Some(parts) = &trace.task.obj {
        return wanted(parts)
            .map(|tile| (Some(tile), true))
            .ok_or_else(|| "field `task.obj`: not an object".to_owned());
    }
    let name = trace.env.trim_start_matches("MiniGrid-");
    let unknown = [
        "Fetch",
        "GoToDoor",
        "GoToObject",
        "PutNear",
        "Unlock-",
        "RedBlueDoors",
    ];
    Ok((None, !unknown.iter().any(|family| name.starts_with(family))))
}

/// An object given as numbers (MiniGrid's bytes) or as names.
fn wanted(parts: &[serde_json::Value]) -> Option<Tile> {
    let [object, color, ..] = parts else {
        return None;
    };
    let object = match object.as_str() {
        Some(name) => Object::ALL.into_iter().find(|o| o.name() == name)?,
        None => Object::from_index(u8::try_from(object.as_u64()?).ok()?)?,
    };
    let color = match color.as_str() {
        Some(name) => Color::ALL.into_iter().find(|c| c.name() == name)?,
        None => Color::from_index(u8::try_from(color.as_u64()?).ok()?)?,
    };
    Some(Tile::new(object, color, 0))
}

/// Compares one value; builds the mismatch only where there is one.
fn same<T: PartialEq + fmt::Debug>(
    step: usize,
    what: &'static str,
    here: &T,
    recorded: &T,
) -> Result<(), Mismatch> {
    if here == recorded {
        return Ok(());
    }
    let detail = match format!("{here:?} here, {recorded:?} recorded") {
        long if long.len() > 400 => "see the trace".to_owned(),
        detail => detail,
    };
    Err(Mismatch { step, what, detail })
}

fn same_rng(step: usize, rng: &Pcg64, recorded: &RngState) -> Result<Result<(), Mismatch>, String> {
    Ok(same(
        step,
        "generator state",
        &rng.state(),
        &recorded.to_rng()?.state(),
    ))
}

/// Unwraps the inner result or returns it.
macro_rules! check {
    ($result:expr) => {
        if let Err(mismatch) = $result {
            return Ok(Err(mismatch));
        }
    };
}

fn compare(
    trace: &Trace,
    driver: &mut Driver,
    task_rule_exists: bool,
) -> Result<Result<(), Mismatch>, String> {
    let world = driver.world();
    check!(same(
        0,
        "size",
        &(world.grid().width(), world.grid().height()),
        &(trace.w, trace.h)
    ));
    check!(same(
        0,
        "max_steps",
        &world.rules().max_steps,
        &trace.max_steps
    ));
    check!(same(
        0,
        "grid",
        &world.grid().encode(),
        &unhex("grid", &trace.grid)?
    ));
    let pose = |w: &World| [w.agent().x, w.agent().y, w.agent().dir as u8];
    let [x, y] = trace.agent_pos;
    check!(same(0, "pose", &pose(world), &[x, y, trace.agent_dir]));
    check!(same(
        0,
        "observation",
        &world.observation(),
        &unhex("obs0", &trace.obs0)?
    ));
    let wrong = Mark::Failure(Failure::WrongTarget);
    for (what, cell, mark) in [
        ("success cell", trace.task.success_pos, Mark::Success),
        ("failure cell", trace.task.failure_pos, wrong),
    ] {
        if let Some([x, y]) = cell {
            let inside = (x as usize) < trace.w && (y as usize) < trace.h;
            let here = inside.then(|| world.mark(x as usize, y as usize));
            check!(same(0, what, &here, &Some(mark)));
        }
    }
    if let Some(rng) = driver.rng() {
        check!(same_rng(0, rng, &trace.rng)?);
    }

    let observations = unhex("obs", &trace.obs)?;
    let observation_len = trace.view * trace.view * 3;
    let mut cells = driver.world().grid().encode();
    for (t, &action) in trace.actions.iter().enumerate() {
        let action = Action::from_index(action).ok_or_else(|| format!("actions[{t}]: {action}"))?;
        let result = driver.step(action);
        let world = driver.world();
        let step = t + 1;
        if task_rule_exists {
            // Bits, not values: the record is a promise about f64.
            let bits = |r: f64| (r.to_bits(), r);
            check!(same(
                step,
                "reward",
                &bits(result.reward),
                &bits(trace.reward[t])
            ));
            check!(same(
                step,
                "terminated",
                &u8::from(result.terminated),
                &trace.term[t]
            ));
        }
        check!(same(
            step,
            "truncated",
            &u8::from(result.truncated),
            &trace.trunc[t]
        ));
        check!(same(step, "pose", &pose(world), &trace.pose[t]));
        let carrying = (world.carrying() != Tile::EMPTY).then(|| world.carrying().encode());
        check!(same(step, "carrying", &carrying, &trace.carry[t]));
        let recorded = &observations[t * observation_len..][..observation_len];
        check!(same(
            step,
            "observation",
            &world.observation().as_slice(),
            &recorded
        ));
        for &[x, y, object, color, state] in &trace.delta[t] {
            let at = (x as usize * trace.h + y as usize) * 3;
            let cell = cells
                .get_mut(at..at + 3)
                .ok_or_else(|| format!("delta[{t}]: ({x}, {y}) is outside"))?;
            cell.copy_from_slice(&[object, color, state]);
        }
        check!(same(step, "grid", &world.grid().encode(), &cells));
    }
    check!(same(
        trace.actions.len(),
        "last grid",
        &cells,
        &unhex("grid_end", &trace.grid_end)?
    ));
    if let Some(rng) = driver.rng() {
        check!(same_rng(trace.actions.len(), rng, &trace.rng_end)?);
    }
    if let (Driver::Obstacles(_, cells, _), Some(end)) = (&*driver, &trace.obstacles_end) {
        let end: Vec<(u8, u8)> = end.iter().map(|&[x, y]| (x, y)).collect();
        check!(same(trace.actions.len(), "obstacles", cells, &end));
    }
    Ok(Ok(()))
}
