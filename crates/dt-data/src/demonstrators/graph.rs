//! Every state a world can reach, explored once with the world's own rules.
//!
//! A memory world has a few thousand reachable states (the instruction can be carried about), so
//! an exact planner is a breadth-first search, and a rollout is a walk along the edges.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dt_env::{Action, Env, EnvSpec, Failure, Grid, Layout, Outcome, Pose, Tile};

use crate::errors::TooManyStates;

/// Most states that are explored; beyond it a world is too open for an exact planner.
pub const MAX_STATES: usize = 200_000;
/// Most states of all layouts of a world together; the largest built-in world has a tenth.
pub(crate) const MAX_ALL_STATES: usize = 300_000;
/// Most bytes that all states of a world take.
const MAX_BYTES: usize = 256 << 20;
/// Bytes of a state in the graph and the search, without what is seen in it.
const BYTES_BESIDE_OBSERVATION: usize = 200;

/// How entering a state ends the episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It does not.
    None,
    /// The task was done.
    Success,
    /// The task ended otherwise.
    Failure(Failure),
}

/// Steps to an ending that cannot be reached.
pub const UNREACHABLE: u16 = u16::MAX;

/// Reachable states of one layout, or of several that differ only in where the agent starts.
#[derive(Clone, Debug)]
pub struct StateGraph {
    starts: Vec<u32>,
    /// State after each action.
    next: Vec<[u32; Action::COUNT]>,
    ending: Vec<Ending>,
    /// Fewest steps to success, and to the target that is not asked for.
    distance: [Vec<u16>; 2],
    observation_len: usize,
    observations: Vec<u8>,
    /// View cell `x * view + y` in which the instruction object is seen.
    instruction_cell: Vec<Option<u16>>,
}

/// A state as what can differ between two of them; `changed` are the cells that are no longer as the
/// layout has them ([`Grid::differing`]), so that a large world costs no more than a small one.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    pose: Pose,
    carrying: Tile,
    changed: Vec<(u16, Tile)>,
}

/// A world that is put from state to state.
struct Explorer {
    env: Env,
    /// The cells as the layouts have them.
    laid: Grid,
}

impl Explorer {
    fn key(&self) -> Key {
        let world = self.env.world();
        Key {
            pose: world.agent(),
            carrying: world.carrying(),
            changed: world.grid().differing(&self.laid),
        }
    }

    /// Puts the world from the state `now` into another.
    fn restore(&mut self, now: &Key, key: &Key) {
        let width = self.laid.width();
        let grid = self.env.world_mut().grid_mut();
        for &(n, _) in &now.changed {
            let (x, y) = (n as usize % width, n as usize / width);
            grid.set(x, y, self.laid.get(x, y));
        }
        for &(n, tile) in &key.changed {
            grid.set(n as usize % width, n as usize / width, tile);
        }
        self.env.world_mut().set_state(key.pose, key.carrying);
    }
}

/// How much is explored at most, by one search or by several side by side.
#[derive(Debug)]
pub(crate) struct Budget {
    most: usize,
    left: AtomicUsize,
}

impl Budget {
    /// For all layouts of a world: [`MAX_ALL_STATES`], or as many as [`MAX_BYTES`] hold.
    pub(crate) fn new(spec: &EnvSpec) -> Self {
        let bytes = spec.observation_len() + BYTES_BESIDE_OBSERVATION;
        let most = MAX_ALL_STATES.min(MAX_BYTES / bytes);
        Self {
            most,
            left: AtomicUsize::new(most),
        }
    }

    fn take(&self, spec: &EnvSpec, of_graph: usize) -> Result<(), TooManyStates> {
        let taken = (self.left).fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            left.checked_sub(1)
        });
        let most = match taken {
            Ok(_) if of_graph < MAX_STATES => return Ok(()),
            Ok(_) => MAX_STATES,
            Err(_) => self.most,
        };
        Err(TooManyStates {
            env: spec.id.clone(),
            most,
        })
    }
}

impl StateGraph {
    /// Explores `spec` from the given layouts.
    ///
    /// # Errors
    /// If more than [`MAX_STATES`] states can be reached, or more than fit into memory.
    ///
    /// # Panics
    /// If there is no layout, or the layouts differ in more than where the agent starts.
    pub fn explore(spec: &Arc<EnvSpec>, layouts: &[Layout]) -> Result<Self, TooManyStates> {
        Self::explore_within(spec, layouts, &Budget::new(spec))
    }

    /// The same, with a bound that several searches share.
    pub(crate) fn explore_within(
        spec: &Arc<EnvSpec>,
        layouts: &[Layout],
        budget: &Budget,
    ) -> Result<Self, TooManyStates> {
        assert!(!layouts.is_empty(), "nothing to explore from");
        assert!(layouts.iter().all(|l| l.stage() == layouts[0].stage()));
        let mut env = Env::new(spec.clone());
        let mut graph = Self {
            starts: Vec::new(),
            next: Vec::new(),
            ending: Vec::new(),
            distance: [Vec::new(), Vec::new()],
            observation_len: spec.observation_len(),
            observations: Vec::new(),
            instruction_cell: Vec::new(),
        };
        let mut ids = HashMap::new();
        let mut queue = VecDeque::new();
        env.reset_layout(&layouts[0]);
        let laid = env.world().grid().clone();
        let mut explorer = Explorer { env, laid };
        for layout in layouts {
            explorer.env.reset_layout(layout);
            let id = graph.next.len() as u32;
            let start = explorer.key();
            budget.take(spec, id as usize)?;
            graph.push(&explorer.env, Ending::None);
            graph.starts.push(id);
            ids.insert(start.clone(), id);
            queue.push_back((start, id as usize));
        }
        let mut now = explorer.key();
        while let Some((state, id)) = queue.pop_front() {
            for action in Action::ALL {
                explorer.restore(&now, &state);
                let ending = match explorer.env.step(action).outcome() {
                    None | Some(Outcome::Truncated) => Ending::None,
                    Some(Outcome::Success) => Ending::Success,
                    Some(Outcome::Failure(kind)) => Ending::Failure(kind),
                };
                now = explorer.key();
                let next = match ids.get(&now) {
                    Some(&known) => known,
                    None => {
                        let new = graph.next.len() as u32;
                        budget.take(spec, new as usize)?;
                        graph.push(&explorer.env, ending);
                        ids.insert(now.clone(), new);
                        if ending == Ending::None {
                            queue.push_back((now.clone(), new as usize));
                        }
                        new
                    }
                };
                graph.next[id][action as usize] = next;
            }
        }
        let wrong = Ending::Failure(Failure::WrongTarget);
        graph.distance = [Ending::Success, wrong].map(|end| graph.steps_to(end));
        Ok(graph)
    }

    fn push(&mut self, env: &Env, ending: Ending) {
        let id = self.next.len() as u32;
        self.next.push([id; Action::COUNT]);
        self.ending.push(ending);
        let at = self.observations.len();
        self.observations.resize(at + self.observation_len, 0);
        env.world().observe(&mut self.observations[at..]);
        let view = env.world().grid().view_size();
        let cue = env.cue(&self.observations[at..]);
        self.instruction_cell
            .push(cue.map(|cell| cell.index(view) as u16));
    }

    fn steps_to(&self, wanted: Ending) -> Vec<u16> {
        let mut into: Vec<Vec<u32>> = vec![Vec::new(); self.next.len()];
        for (id, next) in self.next.iter().enumerate() {
            if self.ending[id] == Ending::None {
                for &to in next {
                    into[to as usize].push(id as u32);
                }
            }
        }
        let mut distance = vec![UNREACHABLE; self.next.len()];
        let mut queue: VecDeque<usize> = (0..self.next.len())
            .filter(|&id| self.ending[id] == wanted)
            .collect();
        for &id in &queue {
            distance[id] = 0;
        }
        while let Some(id) = queue.pop_front() {
            for &from in &into[id] {
                let from = from as usize;
                if distance[from] == UNREACHABLE {
                    // No walk is longer than the step limit, which is smaller.
                    distance[from] = (distance[id] + 1).min(UNREACHABLE - 1);
                    queue.push_back(from);
                }
            }
        }
        distance
    }

    /// State in which an episode from the `index`-th given layout starts.
    pub fn start(&self, index: usize) -> usize {
        self.starts[index] as usize
    }

    /// Number of states.
    pub fn len(&self) -> usize {
        self.next.len()
    }

    /// Whether there is no state; never so.
    pub fn is_empty(&self) -> bool {
        self.next.is_empty()
    }

    /// State after an action; an ended state stays as it is.
    #[inline]
    pub fn next(&self, state: usize, action: usize) -> usize {
        self.next[state][action] as usize
    }

    /// How entering the state ended the episode.
    #[inline]
    pub fn ending(&self, state: usize) -> Ending {
        self.ending[state]
    }

    /// Fewest steps from the state to success, or [`UNREACHABLE`].
    pub fn steps_to_success(&self, state: usize) -> u16 {
        self.distance[0][state]
    }

    /// Fewest steps from the state to the target that is not asked for, or [`UNREACHABLE`]. Other
    /// failures, as by lava, are no target.
    pub fn steps_to_wrong_target(&self, state: usize) -> u16 {
        self.distance[1][state]
    }

    /// What the agent sees in the state.
    #[inline]
    pub fn observation(&self, state: usize) -> &[u8] {
        &self.observations[state * self.observation_len..][..self.observation_len]
    }

    /// View cell `x * view + y` in which the instruction is seen, the agent's own cell where it
    /// carries it. `None` out of sight, and in worlds without an instruction.
    #[inline]
    pub fn instruction_cell(&self, state: usize) -> Option<u16> {
        self.instruction_cell[state]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dt_env::Configuration;

    fn fixed_start() -> Arc<EnvSpec> {
        Arc::new(EnvSpec::builtin("MiniGrid-MemoryS7FixedStart-v0").unwrap())
    }

    #[test]
    fn the_optimal_walk_has_six_steps() {
        let spec = fixed_start();
        for (layout, _) in spec.layouts().unwrap() {
            let graph = StateGraph::explore(&spec, &[layout]).unwrap();
            assert_eq!(graph.steps_to_success(0), 6);
            assert_eq!(graph.steps_to_wrong_target(0), 6);
        }
    }

    #[test]
    fn a_walk_on_the_graph_is_a_walk_in_the_world() {
        let spec = fixed_start();
        let layout = spec.layouts().unwrap()[2].0;
        let graph = StateGraph::explore(&spec, &[layout]).unwrap();
        let mut env = Env::new(spec);
        env.reset_layout(&layout);
        let mut state = 0;
        for t in 0..900_usize {
            let action = (t * t / 3 + t) % 7;
            let result = env.step(Action::ALL[action]);
            state = graph.next(state, action);
            assert_eq!(graph.observation(state), env.world().observation());
            assert_eq!(graph.ending(state) != Ending::None, result.terminated);
            if result.terminated {
                env.reset_layout(&layout);
                state = 0;
            }
        }
    }

    #[test]
    fn the_instruction_is_told_from_the_targets() {
        let spec = fixed_start();
        for (layout, _) in spec.layouts().unwrap() {
            let graph = StateGraph::explore(&spec, &[layout]).unwrap();
            // At the start it lies at view cell (2, 6); four steps ahead only targets are seen.
            assert_eq!(graph.instruction_cell(0), Some(2 * 7 + 6));
            let end = (0..4).fold(0, |s, _| graph.next(s, Action::Forward as usize));
            assert_eq!(graph.instruction_cell(end), None);
            // Picked up, it shows in the agent's own cell.
            let turned = graph.next(0, Action::Left as usize);
            let holding = graph.next(turned, Action::Pickup as usize);
            assert_eq!(graph.instruction_cell(holding), Some(3 * 7 + 6));
            assert_eq!(
                graph.observation(holding)[(3 * 7 + 6) * 3],
                layout.memory().unwrap().configuration.instruction as u8
            );
        }
        assert_eq!(Configuration::ALL.len(), 4);
    }
}
