//! One world: explicit state, and MiniGrid's step on it.

use crate::core::action::{Action, Direction, Pose};
use crate::core::grid::Grid;
use crate::core::tile::{Object, Tile};
use crate::core::view;
use crate::outcome::{Failure, Outcome};

/// What the pickup action does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum PickupRule {
    /// It takes the object in front.
    #[default]
    Take,
    /// It acts as a toggle, as in MiniGrid's own memory worlds.
    Toggle,
}

/// What standing on a cell means, apart from the tile that lies there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// Nothing.
    #[default]
    None,
    /// The task is done: reward, and the episode terminates.
    Success,
    /// The task has failed in this way: no reward, and the episode terminates.
    Failure(Failure),
}

/// Rules that hold for a whole episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Step at which the episode is truncated.
    pub max_steps: u32,
    /// Whether the agent sees the whole window.
    pub see_through_walls: bool,
    /// What the pickup action does.
    pub pickup: PickupRule,
    /// Object and colour to pick up for success, if that is the task.
    pub wanted: Option<Tile>,
}

/// What a step gave.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StepResult {
    /// Reward of this step.
    pub reward: f64,
    /// Ended by the task. Both flags can be set on the last step.
    pub terminated: bool,
    /// Ended by `max_steps`.
    pub truncated: bool,
    /// How the task failed, where it ended the episode and was not done.
    pub failure: Option<Failure>,
}

impl StepResult {
    /// Whether the episode is over, for either reason.
    #[inline]
    pub fn is_last(&self) -> bool {
        self.terminated || self.truncated
    }

    /// How the episode ended, if it did: what the task says comes before the step limit.
    #[inline]
    pub fn outcome(&self) -> Option<Outcome> {
        match (self.terminated, self.failure) {
            (true, None) => Some(Outcome::Success),
            (true, Some(kind)) => Some(Outcome::Failure(kind)),
            (false, _) => self.truncated.then_some(Outcome::Truncated),
        }
    }
}

/// State of one world.
///
/// ```
/// use dt_env::{Action, Direction, Grid, Pose, PickupRule, Rules, World};
///
/// let rules = Rules {
///     max_steps: 10,
///     see_through_walls: false,
///     pickup: PickupRule::Take,
///     wanted: None,
/// };
/// let pose = Pose { x: 0, y: 2, dir: Direction::Right };
/// let mut world = World::new(Grid::new(5, 5, 3), pose, rules);
/// world.step(Action::Forward);
/// assert_eq!(world.agent().x, 1);
/// ```
#[derive(Clone, Debug)]
pub struct World {
    grid: Grid,
    agent: Pose,
    carrying: Tile,
    step_count: u32,
    rules: Rules,
    /// One mark per cell, row by row.
    marks: Vec<Mark>,
}

impl World {
    /// A world at its start: nothing carried, no cell marked.
    ///
    /// # Panics
    /// If the agent stands outside the grid.
    pub fn new(grid: Grid, agent: Pose, rules: Rules) -> Self {
        let cells = grid.width() * grid.height();
        let mut world = Self {
            grid,
            agent,
            carrying: Tile::EMPTY,
            step_count: 0,
            rules,
            marks: vec![Mark::None; cells],
        };
        world.place_agent(agent);
        world
    }

    /// The cells.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The cells, to be changed by the rules of a task (moving obstacles) or an experiment.
    pub fn grid_mut(&mut self) -> &mut Grid {
        &mut self.grid
    }

    /// Where the agent is.
    #[inline]
    pub fn agent(&self) -> Pose {
        self.agent
    }

    /// What the agent carries; [`Tile::EMPTY`] for nothing.
    #[inline]
    pub fn carrying(&self) -> Tile {
        self.carrying
    }

    /// Steps taken in this episode.
    pub fn step_count(&self) -> u32 {
        self.step_count
    }

    /// Rules of the episode.
    pub fn rules(&self) -> Rules {
        self.rules
    }

    /// Puts the agent elsewhere.
    ///
    /// # Panics
    /// If the place lies outside the grid.
    pub fn place_agent(&mut self, pose: Pose) {
        assert!(
            (pose.x as usize) < self.grid.width() && (pose.y as usize) < self.grid.height(),
            "agent outside the grid: {pose:?}"
        );
        self.agent = pose;
    }

    /// Sets pose and hands at step 0, as a search over states needs; cells are set through the
    /// grid.
    ///
    /// # Panics
    /// If the place lies outside the grid.
    pub fn set_state(&mut self, agent: Pose, carrying: Tile) {
        self.place_agent(agent);
        self.carrying = carrying;
        self.step_count = 0;
    }

    /// Starts a new episode on the current grid: empty hands, no steps, no marks.
    pub fn restart(&mut self, agent: Pose) {
        self.place_agent(agent);
        self.carrying = Tile::EMPTY;
        self.step_count = 0;
        self.marks.fill(Mark::None);
    }

    /// Says what standing on a cell means.
    ///
    /// # Panics
    /// If the cell lies outside the grid.
    pub fn set_mark(&mut self, x: usize, y: usize, mark: Mark) {
        assert!(x < self.grid.width() && y < self.grid.height());
        self.marks[y * self.grid.width() + x] = mark;
    }

    /// What standing on a cell means.
    pub fn mark(&self, x: usize, y: usize) -> Mark {
        self.marks[y * self.grid.width() + x]
    }

    /// MiniGrid's reward for success at the current step: `1 - 0.9 * step_count / max_steps`.
    pub fn success_reward(&self) -> f64 {
        1.0 - 0.9 * (f64::from(self.step_count) / f64::from(self.rules.max_steps))
    }

    /// Takes one step, in MiniGrid's order: move or act, then truncation, then the task's rule.
    #[inline]
    pub fn step(&mut self, action: Action) -> StepResult {
        self.step_count += 1;
        let mut result = StepResult::default();
        // Turning and walking are free of branches: random actions would mispredict them.
        let turn = [3, 1, 0, 0, 0, 0, 0][action as usize];
        let front = self.grid.front(self.agent);
        let (fx, fy) = Grid::front_of(self.agent);
        self.agent.dir = Direction::from_index(self.agent.dir as u8 + turn);
        let walks = action == Action::Forward && front.can_overlap();
        self.agent.x = if walks { fx as u8 } else { self.agent.x };
        self.agent.y = if walks { fy as u8 } else { self.agent.y };
        if walks && matches!(front.object(), Object::Goal | Object::Lava) {
            result.terminated = true;
            if front.object() == Object::Goal {
                result.reward = self.success_reward();
            } else {
                result.failure = Some(Failure::Lava);
            }
        }
        // One test that is nearly always false, and so well predicted.
        if action as u8 >= Action::Pickup as u8 && front.may_change(self.carrying) {
            self.act(action, front, fx as usize, fy as usize, &mut result);
        }
        result.truncated = self.step_count >= self.rules.max_steps;
        match self.marks[self.agent.y as usize * self.grid.width() + self.agent.x as usize] {
            Mark::None => {}
            Mark::Success => {
                result.reward = self.success_reward();
                result.terminated = true;
                result.failure = None;
            }
            Mark::Failure(kind) => {
                result.reward = 0.0;
                result.terminated = true;
                result.failure = Some(kind);
            }
        }
        result
    }

    /// Pickup, drop and toggle on the cell in front.
    fn act(&mut self, action: Action, front: Tile, x: usize, y: usize, result: &mut StepResult) {
        let action = match (action, self.rules.pickup) {
            (Action::Pickup, PickupRule::Toggle) => Action::Toggle,
            _ => action,
        };
        match action {
            Action::Pickup if front.can_pick_up() && self.carrying == Tile::EMPTY => {
                self.carrying = front;
                self.grid.set(x, y, Tile::EMPTY);
                if let Some(wanted) = self.rules.wanted
                    && (wanted.object(), wanted.color()) == (front.object(), front.color())
                {
                    result.reward = self.success_reward();
                    result.terminated = true;
                }
            }
            Action::Drop if front == Tile::EMPTY && self.carrying != Tile::EMPTY => {
                self.grid.set(x, y, self.carrying);
                self.carrying = Tile::EMPTY;
            }
            Action::Toggle if front.can_toggle() => {
                self.grid.set(x, y, front.toggled(self.carrying));
            }
            _ => {}
        }
    }

    /// Writes what the agent sees now; layout and length as in [`view::observe`].
    #[inline]
    pub fn observe(&self, out: &mut [u8]) {
        view::observe(
            &self.grid,
            self.agent,
            self.carrying,
            self.rules.see_through_walls,
            out,
        );
    }

    /// What the agent sees now, in a buffer of its own.
    pub fn observation(&self) -> Vec<u8> {
        let view = self.grid.view_size();
        let mut out = vec![0; view * view * 3];
        self.observe(&mut out);
        out
    }
}
