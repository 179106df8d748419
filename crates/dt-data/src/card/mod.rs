//! The card of a dataset: what is in it, in numbers.

pub(crate) mod exposure;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use dt_env::{Action, EnvSpec};

use crate::card::exposure::ExposureRow;
use crate::dataset::{Dataset, NO_ACTION};
use crate::demonstrators::recipe::Recipe;
use crate::episode::Outcome;

/// Summary of a dataset; `card.json` is this.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// Version of the layout on disk.
    pub format: u32,
    /// The recipe, whole.
    pub recipe: Recipe,
    /// Environment, with the step limit that was used.
    pub env: EnvSpec,
    /// Number of episodes.
    pub episodes: usize,
    /// Number of actions.
    pub transitions: usize,
    /// Episodes that differ in layout or actions.
    pub distinct_episodes: usize,
    /// Episodes by outcome.
    pub outcomes: BTreeMap<String, usize>,
    /// Episodes by `instruction, left-right`.
    pub configurations: BTreeMap<String, usize>,
    /// Mean number of actions of an episode.
    pub mean_length: f64,
    /// Mean return of an episode.
    pub mean_return: f64,
    /// Actions, by name.
    pub actions: BTreeMap<String, usize>,
    /// Entropy of the actions, nats (7 equally frequent ones: 1.946).
    pub action_entropy: f64,
    /// Entropy of the action given the step and the episode's outcome and layout, nats: 0 for a
    /// demonstrator that always walks the same way.
    pub conditional_action_entropy: f64,
    /// Episodes by number of actions.
    pub length_histogram: BTreeMap<usize, usize>,
    /// Episodes by return, in bins of 0.05 named by their lower edge.
    pub return_histogram: BTreeMap<String, usize>,
    /// The same summary for each demonstrator.
    pub demonstrators: Vec<DemonstratorCard>,
    /// Timesteps of the windows in `exposure`.
    pub window: usize,
    /// Items of the view that the task tells apart: in a memory world, keys and balls.
    pub exposure: Vec<ExposureRow>,
    /// blake3 of `steps.arrow` followed by `episodes.arrow`, hexadecimal.
    pub content_blake3: String,
}

/// What one demonstrator did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DemonstratorCard {
    /// Name.
    pub policy: String,
    /// Temperature, where there is one.
    pub temperature: Option<f64>,
    /// Number of episodes.
    pub episodes: usize,
    /// Number of actions.
    pub transitions: usize,
    /// Episodes by outcome.
    pub outcomes: BTreeMap<String, usize>,
    /// Mean number of actions.
    pub mean_length: f64,
    /// Mean return.
    pub mean_return: f64,
}

impl Card {
    /// Sums up a dataset; `layouts` says of each episode what its reset laid out.
    pub(crate) fn new(
        recipe: &Recipe,
        env: &EnvSpec,
        data: &Dataset,
        layouts: &[(usize, u32)],
        exposure: Vec<ExposureRow>,
    ) -> Self {
        let counts = Counts::of(env, data);
        let mut distinct = BTreeSet::new();
        for (episode, layout) in data.episodes.iter().zip(layouts) {
            // Same layout, same actions: the world is deterministic, so the same episode.
            let rows = episode.first_row..episode.first_row + episode.length;
            distinct.insert((layout, &data.actions[rows]));
        }
        Self {
            format: 1,
            recipe: recipe.clone(),
            env: env.clone().with_max_steps(env.max_steps()),
            episodes: data.episodes.len(),
            transitions: data.transitions(),
            distinct_episodes: distinct.len(),
            outcomes: counts.outcomes,
            configurations: counts.configurations,
            mean_length: counts.mean_length,
            mean_return: counts.mean_return,
            actions: counts.actions,
            action_entropy: counts.action_entropy,
            conditional_action_entropy: conditional_entropy(data, layouts),
            length_histogram: counts.length_histogram,
            return_histogram: counts.return_histogram,
            demonstrators: counts.demonstrators,
            window: recipe.window,
            exposure,
            content_blake3: String::new(),
        }
    }

    /// The first of the fields that a dataset's files tell by themselves which does not agree with
    /// them.
    pub(crate) fn differs_from(&self, data: &Dataset) -> Option<&'static str> {
        let counts = Counts::of(&self.env, data);
        // Sums in JSON are read back to the last digit or nearly so.
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * b.abs().max(1.0);
        let same_demonstrators = self.demonstrators.len() == counts.demonstrators.len()
            && (self.demonstrators.iter().zip(&counts.demonstrators)).all(|(said, found)| {
                let numbers = |d: &DemonstratorCard| (d.episodes, d.transitions);
                said.policy == found.policy
                    && said.temperature == found.temperature
                    && numbers(said) == numbers(found)
                    && said.outcomes == found.outcomes
                    && near(said.mean_length, found.mean_length)
                    && near(said.mean_return, found.mean_return)
            });
        [
            ("outcomes", self.outcomes == counts.outcomes),
            (
                "configurations",
                self.configurations == counts.configurations,
            ),
            ("mean_length", near(self.mean_length, counts.mean_length)),
            ("mean_return", near(self.mean_return, counts.mean_return)),
            ("actions", self.actions == counts.actions),
            (
                "action_entropy",
                near(self.action_entropy, counts.action_entropy),
            ),
            (
                "length_histogram",
                self.length_histogram == counts.length_histogram,
            ),
            (
                "return_histogram",
                self.return_histogram == counts.return_histogram,
            ),
            ("demonstrators", same_demonstrators),
        ]
        .into_iter()
        .find_map(|(field, agrees)| (!agrees).then_some(field))
    }
}

/// What a dataset's files tell by themselves.
struct Counts {
    outcomes: BTreeMap<String, usize>,
    configurations: BTreeMap<String, usize>,
    mean_length: f64,
    mean_return: f64,
    actions: BTreeMap<String, usize>,
    action_entropy: f64,
    length_histogram: BTreeMap<usize, usize>,
    return_histogram: BTreeMap<String, usize>,
    demonstrators: Vec<DemonstratorCard>,
}

impl Counts {
    fn of(env: &EnvSpec, data: &Dataset) -> Self {
        let count = data.episodes.len().max(1) as f64;
        let mut outcomes: BTreeMap<_, _> = Outcome::possible(env.failures())
            .map(|outcome| (outcome.name().to_owned(), 0))
            .collect();
        let mut configurations = BTreeMap::new();
        let mut length_histogram = BTreeMap::new();
        let mut return_histogram = BTreeMap::new();
        let mut by_policy: BTreeMap<(String, Option<u64>), Vec<usize>> = BTreeMap::new();
        for (n, episode) in data.episodes.iter().enumerate() {
            let outcome = episode.outcome.name().to_owned();
            *outcomes.entry(outcome).or_default() += 1;
            if let (Some(instruction), Some(order)) = (&episode.instruction, &episode.left_right) {
                let key = format!("{instruction}, {order}");
                *configurations.entry(key).or_default() += 1;
            }
            *length_histogram.entry(episode.length).or_default() += 1;
            let bin = return_bin(episode.total_return);
            *return_histogram.entry(bin).or_default() += 1;
            let key = (
                episode.policy.clone(),
                episode.temperature.map(f64::to_bits),
            );
            by_policy.entry(key).or_default().push(n);
        }
        let mut action_counts = [0_usize; Action::COUNT];
        for &action in data.actions.iter().filter(|&&a| a != NO_ACTION) {
            action_counts[action as usize] += 1;
        }
        Self {
            outcomes,
            configurations,
            mean_length: data.transitions() as f64 / count,
            mean_return: data.episodes.iter().map(|e| e.total_return).sum::<f64>() / count,
            actions: Action::ALL
                .iter()
                .map(|a| (a.name().to_owned(), action_counts[*a as usize]))
                .collect(),
            action_entropy: entropy(&action_counts),
            length_histogram,
            return_histogram,
            demonstrators: by_policy
                .into_iter()
                .map(|((policy, temperature), members)| {
                    demonstrator(data, policy, temperature.map(f64::from_bits), &members)
                })
                .collect(),
        }
    }
}

fn demonstrator(
    data: &Dataset,
    policy: String,
    temperature: Option<f64>,
    members: &[usize],
) -> DemonstratorCard {
    let mut outcomes = BTreeMap::new();
    let (mut transitions, mut total) = (0, 0.0);
    for &n in members {
        let episode = &data.episodes[n];
        *outcomes
            .entry(episode.outcome.name().to_owned())
            .or_default() += 1;
        transitions += episode.length;
        total += episode.total_return;
    }
    DemonstratorCard {
        policy,
        temperature,
        episodes: members.len(),
        transitions,
        outcomes,
        mean_length: transitions as f64 / members.len() as f64,
        mean_return: total / members.len() as f64,
    }
}

/// Lower edge of the bin of width 0.05 that a return falls into.
fn return_bin(total: f64) -> String {
    // An edge that was missed by rounding (0.3 / 0.05 is just below 6) still counts as reached.
    let bin = (total / 0.05 + 1e-9).floor();
    format!("{:.2}", bin * 0.05)
}

/// Entropy of a distribution given by counts, nats.
fn entropy(counts: &[usize]) -> f64 {
    let total: usize = counts.iter().sum();
    counts
        .iter()
        .filter(|&&n| n > 0)
        .map(|&n| {
            let p = n as f64 / total as f64;
            -p * p.ln()
        })
        .sum()
}

fn conditional_entropy(data: &Dataset, layouts: &[(usize, u32)]) -> f64 {
    let mut groups: BTreeMap<_, [usize; Action::COUNT]> = BTreeMap::new();
    for (episode, layout) in data.episodes.iter().zip(layouts) {
        let rows = episode.first_row..episode.first_row + episode.length;
        for (t, &action) in data.actions[rows].iter().enumerate() {
            groups.entry((layout, episode.outcome, t)).or_default()[action as usize] += 1;
        }
    }
    let total = data.transitions().max(1) as f64;
    groups
        .values()
        .map(|counts| entropy(counts) * counts.iter().sum::<usize>() as f64 / total)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_on_an_edge_are_in_the_bin_above() {
        let bins = [0.0, 0.1, 0.3, 1.0 - 0.9, 0.15, 0.149, 0.892, 1.0].map(return_bin);
        let expected = [
            "0.00", "0.10", "0.30", "0.10", "0.15", "0.10", "0.85", "1.00",
        ];
        assert_eq!(bins, expected);
    }

    #[test]
    fn entropy_of_known_distributions() {
        assert_eq!(entropy(&[5, 0, 0]), 0.0);
        assert!((entropy(&[3, 3]) - 2.0_f64.ln()).abs() < 1e-12);
        assert!((entropy(&[1; 7]) - 7.0_f64.ln()).abs() < 1e-12);
    }
}
