//! Demonstrators: who walks, and how well.
//!
//! The planner's action values are costs in steps: how many steps an action loses against the
//! best one. A Boltzmann demonstrator draws actions with probability proportional to
//! `exp(-sharpness * lost_steps / temperature)`. What ends the episode elsewhere, or closes the way
//! for good, is no way to the target, however long that way is: it never counts as the best action.

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use dt_env::{Action, Failure};

use crate::demonstrators::graph::{Ending, StateGraph, UNREACHABLE};

/// Which demonstrator walks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Policy {
    /// Shortest way to the matching target; ties are drawn.
    Planner,
    /// Draws actions by their value for reaching the matching target.
    Boltzmann {
        /// 1 is the demonstrator's own noise; above, noisier; below, sharper.
        temperature: f64,
    },
    /// The same for the other target, in worlds that have one.
    WrongTarget {
        /// As for `Boltzmann`.
        temperature: f64,
    },
    /// The `k` most likely actions of `Boltzmann(temperature: 1)`, renormalised.
    TopK {
        /// From 1 to 7.
        k: usize,
    },
    /// The `k` least likely actions of `Boltzmann(temperature: 1)`, renormalised.
    BottomK {
        /// From 1 to 7.
        k: usize,
    },
    /// All seven actions alike.
    Uniform,
    /// One of several, drawn anew for each episode.
    Mixture(Vec<(f64, Policy)>),
}

/// What the values of a planner weigh.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlannerConfig {
    /// Nats that one lost step costs at temperature 1.
    pub sharpness: f64,
    /// Steps that ending at the target not sought counts as, though it always loses two or more. A
    /// negative number is a pull instead: who faces that target walks onto it rather than turn away,
    /// unless it is the exact planner.
    pub wrong_target_cost: f64,
}

impl Default for PlannerConfig {
    fn default() -> Self {
        Self {
            sharpness: 2.0,
            wrong_target_cost: 4.0,
        }
    }
}

/// Steps that an action loses after which the target cannot be reached any more: it has closed the
/// way, or ended the episode at no target (in lava).
const DEAD_END_COST: f64 = 50.0;
/// Fewest steps that ending at the target not sought loses: as many as turning away from the one that
/// is sought.
const OTHER_TARGET_COST: f64 = 2.0;
/// Most demonstrators in a mixture.
const MAX_COMPONENTS: usize = 256;

impl Policy {
    /// Checks parameters.
    ///
    /// # Errors
    /// A sentence that names what is out of range.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::Boltzmann { temperature } | Self::WrongTarget { temperature }
                if !(temperature.is_finite() && *temperature > 0.0) =>
            {
                Err(format!(
                    "temperature is {temperature}, must be positive and finite"
                ))
            }
            Self::TopK { k } | Self::BottomK { k } if *k == 0 || *k > Action::COUNT => {
                Err(format!("k is {k}, must be from 1 to {}", Action::COUNT))
            }
            Self::Mixture(parts) if parts.len() > MAX_COMPONENTS => Err(format!(
                "Mixture: {} demonstrators, more than {MAX_COMPONENTS}",
                parts.len()
            )),
            Self::Mixture(parts) => {
                let total: f64 = parts.iter().map(|p| p.0).sum();
                if parts.iter().any(|p| p.0 < 0.0) || !(total.is_finite() && total > 0.0) {
                    return Err("Mixture: weights must not be negative, nor all 0".to_owned());
                }
                if parts.iter().any(|p| matches!(p.1, Self::Mixture(_))) {
                    return Err("Mixture: cannot hold another Mixture".to_owned());
                }
                parts.iter().try_for_each(|p| p.1.check())
            }
            _ => Ok(()),
        }
    }

    /// Demonstrators that this one stands for, with their weights.
    pub fn components(&self) -> Vec<(f64, &Self)> {
        match self {
            Self::Mixture(parts) => parts.iter().map(|(w, p)| (*w, p)).collect(),
            single => vec![(1.0, single)],
        }
    }

    /// Where it wants to go, if it wants to go anywhere.
    pub(crate) fn target(&self) -> Option<Target> {
        match self {
            Self::Uniform | Self::Mixture(_) => None,
            Self::WrongTarget { .. } => Some(Target::Wrong),
            Self::Planner | Self::Boltzmann { .. } | Self::TopK { .. } | Self::BottomK { .. } => {
                Some(Target::Success)
            }
        }
    }

    /// Name in the provenance of an episode: `boltzmann`, `top_2`.
    pub fn name(&self) -> String {
        match self {
            Self::Planner => "planner".to_owned(),
            Self::Boltzmann { .. } => "boltzmann".to_owned(),
            Self::WrongTarget { .. } => "wrong_target".to_owned(),
            Self::TopK { k } => format!("top_{k}"),
            Self::BottomK { k } => format!("bottom_{k}"),
            Self::Uniform => "uniform".to_owned(),
            Self::Mixture(_) => "mixture".to_owned(),
        }
    }

    /// Temperature in the provenance of an episode, where there is one.
    pub fn temperature(&self) -> Option<f64> {
        match self {
            Self::Boltzmann { temperature } | Self::WrongTarget { temperature } => {
                Some(*temperature)
            }
            _ => None,
        }
    }

    /// Probabilities of the seven actions in every state of a graph.
    ///
    /// # Panics
    /// For a mixture, which has no one table: take its [`Self::components`].
    pub fn probabilities(&self, graph: &StateGraph, planner: &PlannerConfig) -> PolicyTable {
        let of = |state| match self {
            Self::Planner => boltzmann(graph, state, Target::Success, planner, 0.0),
            Self::Boltzmann { temperature } => {
                boltzmann(graph, state, Target::Success, planner, *temperature)
            }
            Self::WrongTarget { temperature } => {
                boltzmann(graph, state, Target::Wrong, planner, *temperature)
            }
            Self::TopK { k } => {
                most_likely(boltzmann(graph, state, Target::Success, planner, 1.0), *k)
            }
            Self::BottomK { k } => {
                let p = boltzmann(graph, state, Target::Success, planner, 1.0);
                least_likely(p, *k)
            }
            Self::Uniform => [1.0 / Action::COUNT as f64; Action::COUNT],
            Self::Mixture(_) => panic!("a mixture has no table of its own"),
        };
        PolicyTable {
            rows: (0..graph.len()).map(|s| cumulate(of(s))).collect(),
        }
    }
}

/// Action probabilities of every state, ready to be drawn from.
#[derive(Clone, Debug)]
pub struct PolicyTable {
    /// Cumulative probabilities; the last is above 1 so that a draw always ends.
    rows: Vec<[f64; Action::COUNT]>,
}

impl PolicyTable {
    /// Draws an action index.
    #[inline]
    pub fn draw(&self, state: usize, rng: &mut impl Rng) -> usize {
        let u: f64 = rng.random();
        self.rows[state].iter().take_while(|&&c| c <= u).count()
    }

    /// Probability of an action.
    pub fn probability(&self, state: usize, action: usize) -> f64 {
        let row = &self.rows[state];
        let below = if action == 0 { 0.0 } else { row[action - 1] };
        row[action].min(1.0) - below.min(1.0)
    }
}

fn cumulate(p: [f64; Action::COUNT]) -> [f64; Action::COUNT] {
    let mut total = 0.0;
    let mut out = p.map(|p| {
        total += p;
        total
    });
    // Everything from the last possible action on ends the draw, whatever rounding left.
    let last = p.iter().rposition(|&p| p > 0.0).unwrap_or(0);
    out[last..].fill(2.0);
    out
}

/// An end that is sought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The task is done.
    Success,
    /// The task ends at the target that is not asked for.
    Wrong,
}

impl Target {
    /// Fewest steps from a state, or [`UNREACHABLE`].
    pub(crate) fn steps(self, graph: &StateGraph, state: usize) -> u16 {
        match self {
            Self::Success => graph.steps_to_success(state),
            Self::Wrong => graph.steps_to_wrong_target(state),
        }
    }
}

/// Steps that each action loses against the best way to the target; at least one loses none.
fn lost_steps(
    graph: &StateGraph,
    state: usize,
    target: Target,
    wrong_target_cost: f64,
) -> [f64; Action::COUNT] {
    let steps: [u16; Action::COUNT] =
        std::array::from_fn(|action| target.steps(graph, graph.next(state, action)));
    let best = steps.iter().copied().min().unwrap_or(UNREACHABLE);
    if best == UNREACHABLE {
        // There is nothing to lose but the episode itself, which wandering about goes on with.
        return std::array::from_fn(|action| match graph.ending(graph.next(state, action)) {
            Ending::None => 0.0,
            Ending::Success | Ending::Failure(_) => DEAD_END_COST,
        });
    }
    let best = f64::from(best);
    let other_target = match wrong_target_cost < 0.0 {
        true => wrong_target_cost,
        false => wrong_target_cost.max(best + OTHER_TARGET_COST),
    };
    let cost: [f64; Action::COUNT] = std::array::from_fn(|action| {
        match (graph.ending(graph.next(state, action)), steps[action]) {
            (_, steps) if steps != UNREACHABLE => f64::from(steps),
            (Ending::Success | Ending::Failure(Failure::WrongTarget), _) => other_target,
            _ => best + DEAD_END_COST,
        }
    });
    let least = cost.iter().copied().fold(f64::INFINITY, f64::min);
    cost.map(|c| c - least)
}

/// Boltzmann distribution over lost steps; temperature 0 means the best actions alone.
fn boltzmann(
    graph: &StateGraph,
    state: usize,
    target: Target,
    planner: &PlannerConfig,
    temperature: f64,
) -> [f64; Action::COUNT] {
    let wrong_target_cost = match temperature == 0.0 {
        true => planner.wrong_target_cost.max(0.0),
        false => planner.wrong_target_cost,
    };
    let weights = lost_steps(graph, state, target, wrong_target_cost).map(|lost| {
        if temperature == 0.0 {
            f64::from(u8::from(lost == 0.0))
        } else {
            (-planner.sharpness * lost / temperature).exp()
        }
    });
    normalise(weights)
}

fn normalise(weights: [f64; Action::COUNT]) -> [f64; Action::COUNT] {
    let total: f64 = weights.iter().sum();
    weights.map(|w| w / total)
}

/// Keeps the `k` most likely actions; among equals the lower index comes first.
fn most_likely(p: [f64; Action::COUNT], k: usize) -> [f64; Action::COUNT] {
    let mut order: [usize; Action::COUNT] = std::array::from_fn(|i| i);
    order.sort_by(|&a, &b| p[b].total_cmp(&p[a]));
    keep(p, &order[..k])
}

/// Keeps the `k` least likely actions; among equals the lower index comes first.
fn least_likely(p: [f64; Action::COUNT], k: usize) -> [f64; Action::COUNT] {
    let mut order: [usize; Action::COUNT] = std::array::from_fn(|i| i);
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    keep(p, &order[..k])
}

fn keep(p: [f64; Action::COUNT], kept: &[usize]) -> [f64; Action::COUNT] {
    // A floor keeps the distribution defined where all kept actions underflowed to 0.
    normalise(std::array::from_fn(|i| {
        if kept.contains(&i) {
            p[i].max(f64::MIN_POSITIVE)
        } else {
            0.0
        }
    }))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use dt_env::EnvSpec;

    use super::*;

    fn graph() -> StateGraph {
        let spec = Arc::new(EnvSpec::builtin("MiniGrid-MemoryS7FixedStart-v0").unwrap());
        let layout = spec.layouts().unwrap()[0].0;
        StateGraph::explore(&spec, &[layout]).unwrap()
    }

    fn row(policy: &Policy, graph: &StateGraph, state: usize) -> [f64; 7] {
        let table = policy.probabilities(graph, &PlannerConfig::default());
        std::array::from_fn(|a| table.probability(state, a))
    }

    #[test]
    fn the_planner_walks_straight_to_the_target() {
        let graph = graph();
        let mut state = 0;
        for _ in 0..6 {
            let p = row(&Policy::Planner, &graph, state);
            let best = (0..7).find(|&a| p[a] == 1.0).unwrap();
            state = graph.next(state, best);
        }
        assert_eq!(graph.ending(state), Ending::Success);
    }

    #[test]
    fn boltzmann_follows_its_formula() {
        let graph = graph();
        let p = row(&Policy::Boltzmann { temperature: 2.0 }, &graph, 0);
        // Doing nothing loses one step: sharpness 2 / temperature 2 = 1 nat.
        let ratio = p[Action::Done as usize] / p[Action::Forward as usize];
        assert!((ratio - (-1.0_f64).exp()).abs() < 1e-12);
        // Turning loses two.
        let ratio = p[Action::Left as usize] / p[Action::Forward as usize];
        assert!((ratio - (-2.0_f64).exp()).abs() < 1e-12);
        assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn k_keeps_k_actions() {
        let graph = graph();
        let top = row(&Policy::TopK { k: 1 }, &graph, 0);
        assert_eq!(top[Action::Forward as usize], 1.0);
        let bottom = row(&Policy::BottomK { k: 2 }, &graph, 0);
        assert_eq!(bottom.iter().filter(|&&p| p > 0.0).count(), 2);
        assert_eq!(bottom[Action::Forward as usize], 0.0);
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(Policy::Boltzmann { temperature: 0.0 }.check().is_err());
        assert!(Policy::TopK { k: 8 }.check().is_err());
        assert!(Policy::Mixture(vec![]).check().is_err());
        assert!(
            Policy::Mixture(vec![(-1.0, Policy::Uniform)])
                .check()
                .is_err()
        );
    }
}
