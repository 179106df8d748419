//! Walking a recipe's demonstrators, in parallel and in the same order for any thread count.

use dt_env::streams::{Purpose, stream};
use std::collections::BTreeMap;
use std::sync::Arc;

use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use dt_env::config::ConfigError;
use dt_env::{Action, Env, EnvSpec, Layout};

use crate::demonstrators::graph::{Budget, MAX_STATES, StateGraph, UNREACHABLE};
use crate::demonstrators::policy::{Policy, PolicyTable};
use crate::demonstrators::recipe::{Amount, Recipe};
use crate::episode::Outcome;
use crate::errors::{DataError, TooManyStates};

/// Episodes per parallel task.
const CHUNK: u32 = 256;
/// Most rows of all action tables together, of 56 bytes each.
const MAX_TABLE_ROWS: usize = 8_000_000;

/// One episode as a path through a state graph.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    pub(crate) world: usize,
    pub(crate) part: usize,
    pub(crate) component: usize,
    pub(crate) env_seed: u64,
    pub(crate) outcome: Outcome,
    /// Whether the step limit, or the end of the collection, came with its last step.
    pub(crate) truncated: bool,
    pub(crate) states: Vec<u32>,
    pub(crate) actions: Vec<u8>,
    /// The world's own reward of each action.
    pub(crate) rewards: Vec<f64>,
}

impl Walk {
    /// What its reset laid out: the world, and the state in which the agent starts there.
    pub(crate) fn layout(&self) -> (usize, u32) {
        (self.world, self.states[0])
    }
}

/// One explored world of a definition, and the layouts that start in it.
#[derive(Debug)]
pub(crate) struct ExploredWorld {
    pub(crate) graph: StateGraph,
    /// What episodes record of it, by column.
    columns: Vec<(&'static str, String)>,
    layouts: Vec<Layout>,
}

impl ExploredWorld {
    /// What episodes record in this column.
    pub(crate) fn column(&self, name: &str) -> Option<&str> {
        let found = self.columns.iter().find(|(column, _)| *column == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Everything that walking needs: worlds and, per part and component, action tables.
pub(crate) struct Demonstrators<'a> {
    recipe: &'a Recipe,
    spec: Arc<EnvSpec>,
    pub(crate) worlds: Vec<ExploredWorld>,
    /// `[part][component]`: weight, policy, table per world.
    tables: Vec<Vec<(f64, &'a Policy, Vec<PolicyTable>)>>,
    /// `[part]`: table per world of who walks first.
    wanderers: Vec<Option<Vec<PolicyTable>>>,
}

impl<'a> Demonstrators<'a> {
    /// Explores the world, and makes the tables of every demonstrator.
    ///
    /// # Errors
    /// If the world has too many states, or a demonstrator could not do there what it is for.
    pub(crate) fn new(recipe: &'a Recipe, spec: &Arc<EnvSpec>) -> Result<Self, DataError> {
        let refuse = |message: String| {
            DataError::Config(ConfigError::Invalid {
                file: recipe.name.clone(),
                message,
            })
        };
        // Recipes that were not read from a file come here unchecked.
        if let Some(message) = recipe.problem_in(spec) {
            return Err(refuse(message));
        }
        let mut groups: BTreeMap<Layout, Vec<Layout>> = BTreeMap::new();
        let listed = spec.layouts().ok_or_else(|| TooManyStates {
            env: spec.id.clone(),
            most: MAX_STATES,
        })?;
        for (layout, _) in listed {
            groups.entry(layout.stage()).or_default().push(layout);
        }
        let budget = Budget::new(spec);
        let worlds = groups
            .into_values()
            .collect::<Vec<_>>()
            .into_par_iter()
            .map(|layouts| {
                Ok(ExploredWorld {
                    graph: StateGraph::explore_within(spec, &layouts, &budget)?,
                    columns: {
                        let mut env = Env::new(spec.clone());
                        env.reset_layout(&layouts[0]);
                        env.columns()
                    },
                    layouts,
                })
            })
            .collect::<Result<Vec<_>, TooManyStates>>()?;
        let policies = recipe.policies();
        let states: usize = worlds.iter().map(|world| world.graph.len()).sum();
        if states.saturating_mul(policies.len()) > MAX_TABLE_ROWS {
            return Err(refuse(format!(
                "field `parts`: {} demonstrators in the {states} states of {} are more than memory \
                 should hold; take fewer of them, or a smaller world",
                policies.len(),
                spec.id
            )));
        }
        for (field, policy) in policies {
            if let Some(layout) = lost_start(&worlds, policy) {
                let facts = layout.facts().to_string();
                let start = match facts.as_str() {
                    "" => "the start".to_owned(),
                    facts => format!("the start with {facts}"),
                };
                return Err(refuse(format!(
                    "field `{field}`: {} has no way to its target from {start} of {}; let it be \
                     Uniform, or change the world",
                    policy.name(),
                    spec.id
                )));
            }
        }
        let table = |policy: &Policy| {
            worlds
                .par_iter()
                .map(|w| policy.probabilities(&w.graph, &recipe.planner))
                .collect()
        };
        let tables = recipe
            .parts
            .iter()
            .map(|part| {
                let components = part.policy.components().into_iter();
                components.map(|(w, p)| (w, p, table(p))).collect()
            })
            .collect();
        let wanderers = recipe
            .parts
            .iter()
            .map(|part| part.wander.as_ref().map(|w| table(&w.policy)))
            .collect();
        Ok(Self {
            wanderers,
            recipe,
            spec: spec.clone(),
            worlds,
            tables,
        })
    }

    pub(crate) fn policy(&self, walk: &Walk) -> &'a Policy {
        self.tables[walk.part][walk.component].1
    }

    /// Name in the provenance of an episode: `boltzmann`, `wandering_boltzmann`.
    pub(crate) fn policy_name(&self, walk: &Walk) -> String {
        let name = self.policy(walk).name();
        match &self.recipe.parts[walk.part].wander {
            Some(_) => format!("wandering_{name}"),
            None => name,
        }
    }

    /// Walks the whole recipe. The result does not depend on the number of threads.
    pub(crate) fn walk_all(&self) -> Vec<Walk> {
        let mut tasks = Vec::new();
        for (part, definition) in self.recipe.parts.iter().enumerate() {
            match definition.amount {
                Amount::Episodes(count) => {
                    let chunks = (0..count).step_by(CHUNK as usize);
                    tasks.extend(chunks.map(|first| Task::Episodes {
                        part,
                        first,
                        count: CHUNK.min(count - first),
                    }));
                }
                Amount::Steps {
                    per_environment,
                    environments,
                } => tasks.extend((0..environments).map(|environment| Task::Steps {
                    part,
                    environment,
                    steps: per_environment as usize,
                })),
            }
        }
        let walks: Vec<Vec<Walk>> = tasks.par_iter().map(|task| self.run(task)).collect();
        walks.into_iter().flatten().collect()
    }

    fn run(&self, task: &Task) -> Vec<Walk> {
        let mut env = Env::new(self.spec.clone());
        match *task {
            Task::Episodes { part, first, count } => (first..first + count)
                .map(|n| self.walk(&mut env, part, 0, n, usize::MAX))
                .collect(),
            Task::Steps {
                part,
                environment,
                steps,
            } => {
                let mut left = steps;
                let mut walks = Vec::new();
                while left > 0 {
                    // Streams of the second kind start at environment 1, so none is shared.
                    let n = walks.len() as u32;
                    let walk = self.walk(&mut env, part, environment + 1, n, left);
                    left -= walk.actions.len();
                    walks.push(walk);
                }
                walks
            }
        }
    }

    /// One episode with a random stream of its own, cut after `limit` steps.
    fn walk(
        &self,
        env: &mut Env,
        part: usize,
        environment: u32,
        episode: u32,
        limit: usize,
    ) -> Walk {
        // Disjoint bits: a recipe has fewer parts and environments than would overlap.
        let environment = u64::from(environment);
        let index = (part as u64) << 52 | environment << 32 | u64::from(episode);
        let mut rng = stream(self.recipe.seed, Purpose::Episode, index);
        // Evaluation draws larger seeds.
        let env_seed = u64::from(rng.next_u32());
        env.reset(env_seed);
        let layout = *env.layout();
        let (world, start) = self
            .worlds
            .iter()
            .enumerate()
            .find_map(|(w, world)| {
                let index = world.layouts.iter().position(|l| *l == layout)?;
                Some((w, world.graph.start(index)))
            })
            .expect("every reset is one of the enumerated layouts");
        let component = self.draw_component(part, &mut rng);
        let graph = &self.worlds[world].graph;
        let table = &self.tables[part][component].2[world];
        let mut state = start;
        let mut states = vec![state as u32];
        let mut actions = Vec::new();
        let mut rewards = Vec::new();
        let wander = self.recipe.parts[part].wander.as_ref();
        let wandering = wander.map_or(0, |w| rng.random_range(w.at_least..=w.at_most) as usize);
        let (outcome, truncated) = loop {
            let table = match &self.wanderers[part] {
                Some(wanderers) if actions.len() < wandering => &wanderers[world],
                _ => table,
            };
            let action = table.draw(state, &mut rng);
            // The graph knows what is seen, the world what it is worth.
            let result = env.step(Action::ALL[action]);
            state = graph.next(state, action);
            actions.push(action as u8);
            states.push(state as u32);
            rewards.push(result.reward);
            match result.outcome() {
                Some(outcome) => break (outcome.into(), result.truncated),
                None if actions.len() >= limit => break (Outcome::Cut, true),
                None => {}
            }
        };
        Walk {
            world,
            part,
            component,
            env_seed,
            outcome,
            truncated,
            states,
            actions,
            rewards,
        }
    }

    fn draw_component(&self, part: usize, rng: &mut ChaCha8Rng) -> usize {
        let components = &self.tables[part];
        if components.len() == 1 {
            return 0;
        }
        let total: f64 = components.iter().map(|c| c.0).sum();
        let mut u = rng.random::<f64>() * total;
        components
            .iter()
            .position(|c| {
                u -= c.0;
                u < 0.0
            })
            .unwrap_or(components.len() - 1)
    }
}

/// A layout from whose start this demonstrator cannot reach what it is after.
fn lost_start<'w>(worlds: &'w [ExploredWorld], policy: &Policy) -> Option<&'w Layout> {
    let target = policy.target()?;
    worlds.iter().find_map(|world| {
        let starts = world.layouts.iter().enumerate();
        starts
            .filter(|(n, _)| target.steps(&world.graph, world.graph.start(*n)) == UNREACHABLE)
            .map(|(_, layout)| layout)
            .next()
    })
}

enum Task {
    Episodes {
        part: usize,
        first: u32,
        count: u32,
    },
    Steps {
        part: usize,
        environment: u32,
        steps: usize,
    },
}
