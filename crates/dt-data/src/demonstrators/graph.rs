//! Every state a world can reach, explored once with the world's own rules.
//!
//! A memory world has a few thousand reachable states (the instruction can be carried about), so
//! an exact planner is a breadth-first search, and a rollout is a walk along the edges.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::Arc;

use dt_env::{Action, Env, EnvSpec, Failure, Layout, Outcome, Pose, Tile};

use crate::errors::TooManyStates;

/// Most states that are explored; beyond it a world is too open for an exact planner.
pub const MAX_STATES: usize = 200_000;

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
    /// Fewest steps to success, and to failure.
    distance: [Vec<u16>; 2],
    observation_len: usize,
    observations: Vec<u8>,
    /// View cell `x * view + y` in which the instruction object is seen.
    instruction_cell: Vec<Option<u16>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    pose: Pose,
    carrying: Tile,
    cells: Vec<Tile>,
}

fn key(env: &Env) -> Key {
    let grid = env.world().grid();
    let cells = (0..grid.height())
        .flat_map(|y| (0..grid.width()).map(move |x| grid.get(x, y)))
        .collect();
    Key {
        pose: env.world().agent(),
        carrying: env.world().carrying(),
        cells,
    }
}

fn restore(env: &mut Env, key: &Key) {
    let width = env.world().grid().width();
    let grid = env.world_mut().grid_mut();
    for (n, &tile) in key.cells.iter().enumerate() {
        grid.set(n % width, n / width, tile);
    }
    env.world_mut().set_state(key.pose, key.carrying);
}

impl StateGraph {
    /// Explores `spec` from the given layouts.
    ///
    /// # Errors
    /// If more than [`MAX_STATES`] states can be reached.
    ///
    /// # Panics
    /// If there is no layout, or the layouts differ in more than where the agent starts.
    pub fn explore(spec: &Arc<EnvSpec>, layouts: &[Layout]) -> Result<Self, TooManyStates> {
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
        for layout in layouts {
            env.reset_layout(layout);
            let id = graph.next.len() as u32;
            let start = key(&env);
            graph.push(&env, Ending::None);
            graph.starts.push(id);
            ids.insert(start.clone(), id);
            queue.push_back((start, id as usize));
        }
        while let Some((state, id)) = queue.pop_front() {
            for action in Action::ALL {
                restore(&mut env, &state);
                let ending = match env.step(action).outcome() {
                    None | Some(Outcome::Truncated) => Ending::None,
                    Some(Outcome::Success) => Ending::Success,
                    Some(Outcome::Failure(kind)) => Ending::Failure(kind),
                };
                let after = key(&env);
                let next = match ids.get(&after) {
                    Some(&known) => known,
                    None => {
                        let new = graph.next.len() as u32;
                        if new as usize >= MAX_STATES {
                            return Err(TooManyStates {
                                env: spec.id.clone(),
                                most: MAX_STATES,
                            });
                        }
                        graph.push(&env, ending);
                        ids.insert(after.clone(), new);
                        if ending == Ending::None {
                            queue.push_back((after, new as usize));
                        }
                        new
                    }
                };
                graph.next[id][action as usize] = next;
            }
        }
        graph.distance = [
            graph.steps_to(|end| end == Ending::Success),
            graph.steps_to(|end| matches!(end, Ending::Failure(_))),
        ];
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

    fn steps_to(&self, wanted: impl Fn(Ending) -> bool) -> Vec<u16> {
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
            .filter(|&id| wanted(self.ending[id]))
            .collect();
        for &id in &queue {
            distance[id] = 0;
        }
        while let Some(id) = queue.pop_front() {
            for &from in &into[id] {
                let from = from as usize;
                if distance[from] == UNREACHABLE {
                    distance[from] = distance[id] + 1;
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

    /// Fewest steps from the state to failure, or [`UNREACHABLE`].
    pub fn steps_to_failure(&self, state: usize) -> u16 {
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
            assert_eq!(graph.steps_to_failure(0), 6);
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
