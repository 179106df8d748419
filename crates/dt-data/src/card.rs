//! The card of a dataset: what is in it, in numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use dt_env::{Action, EnvSpec};

use crate::dataset::{Dataset, NO_ACTION};
use crate::episode::Outcome;
use crate::exposure::ExposureRow;
use crate::recipe::Recipe;

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
    /// Key and ball items of the view.
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
    pub(crate) fn new(
        recipe: &Recipe,
        env: &EnvSpec,
        data: &Dataset,
        exposure: Vec<ExposureRow>,
    ) -> Self {
        let count = data.episodes.len().max(1) as f64;
        let mut outcomes = BTreeMap::new();
        let mut configurations = BTreeMap::new();
        let mut length_histogram = BTreeMap::new();
        let mut return_histogram = BTreeMap::new();
        let mut distinct = BTreeSet::new();
        let mut by_policy: BTreeMap<(String, Option<u64>), Vec<usize>> = BTreeMap::new();
        for outcome in Outcome::ALL {
            outcomes.insert(outcome.name().to_owned(), 0);
        }
        for (n, episode) in data.episodes.iter().enumerate() {
            *outcomes.entry(episode.outcome.name().to_owned()).or_default() += 1;
            if let (Some(instruction), Some(order)) = (&episode.instruction, &episode.left_right) {
                let key = format!("{instruction}, {order}");
                *configurations.entry(key).or_default() += 1;
            }
            *length_histogram.entry(episode.length).or_default() += 1;
            let bin = (episode.total_return / 0.05).floor() * 0.05;
            *return_histogram.entry(format!("{bin:.2}")).or_default() += 1;
            // Same start, same actions: the world is deterministic, so the same episode.
            let rows = episode.first_row..episode.first_row + episode.length;
            let start = data.observation(episode.first_row);
            let mut hasher = blake3::Hasher::new();
            hasher.update(start);
            for text in [&episode.instruction, &episode.left_right].into_iter().flatten() {
                hasher.update(text.as_bytes());
            }
            hasher.update(&data.actions[rows]);
            distinct.insert(*hasher.finalize().as_bytes());
            let key = (episode.policy.clone(), episode.temperature.map(f64::to_bits));
            by_policy.entry(key).or_default().push(n);
        }
        let mut action_counts = [0_usize; Action::COUNT];
        for &action in data.actions.iter().filter(|&&a| a != NO_ACTION) {
            action_counts[action as usize] += 1;
        }
        Self {
            format: 1,
            recipe: recipe.clone(),
            env: env.clone(),
            episodes: data.episodes.len(),
            transitions: data.transitions(),
            distinct_episodes: distinct.len(),
            outcomes,
            configurations,
            mean_length: data.transitions() as f64 / count,
            mean_return: data.episodes.iter().map(|e| e.total_return).sum::<f64>() / count,
            actions: Action::ALL
                .iter()
                .map(|a| (a.name().to_owned(), action_counts[*a as usize]))
                .collect(),
            action_entropy: entropy(&action_counts),
            conditional_action_entropy: conditional_entropy(data),
            length_histogram,
            return_histogram,
            demonstrators: by_policy
                .into_iter()
                .map(|((policy, temperature), members)| {
                    demonstrator(data, policy, temperature.map(f64::from_bits), &members)
                })
                .collect(),
            window: recipe.window,
            exposure,
            content_blake3: String::new(),
        }
    }

    /// The card as text for a terminal.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        let mut line = |text: String| {
            out.push_str(&text);
            out.push('\n');
        };
        line(format!(
            "{}: {} episodes ({} distinct), {} transitions of {} (max_steps {})",
            self.recipe.name,
            self.episodes,
            self.distinct_episodes,
            self.transitions,
            self.env.id,
            self.env.max_steps()
        ));
        line(format!(
            "mean length {:.2}, mean return {:.3}, entropy of actions {:.3} nats ({:.3} given layout, outcome and step)",
            self.mean_length, self.mean_return, self.action_entropy, self.conditional_action_entropy
        ));
        let share = |n: usize, of: usize| 100.0 * n as f64 / of.max(1) as f64;
        line(String::new());
        line(format!(
            "{:<14}{:>6}{:>10}{:>12}{:>9}{:>8}{:>10}{:>8}{:>7}",
            "demonstrator", "T", "episodes", "steps", "success", "wrong", "truncated", "length", "return"
        ));
        for d in &self.demonstrators {
            let of = |name: &str| share(d.outcomes.get(name).copied().unwrap_or(0), d.episodes);
            line(format!(
                "{:<14}{:>6}{:>10}{:>12}{:>8.1}%{:>7.1}%{:>9.1}%{:>8.2}{:>7.3}",
                d.policy,
                d.temperature.map_or("-".to_owned(), |t| t.to_string()),
                d.episodes,
                d.transitions,
                of("success"),
                of("wrong_target"),
                of("truncated"),
                d.mean_length,
                d.mean_return
            ));
        }
        line(String::new());
        for (name, count) in &self.configurations {
            line(format!("{name:<18}{count:>8} episodes"));
        }
        let actions: Vec<String> = self
            .actions
            .iter()
            .map(|(name, n)| format!("{name} {:.1}%", share(*n, self.transitions)))
            .collect();
        line(format!("actions: {}", actions.join(", ")));
        line(String::new());
        line(format!(
            "exposure (windows of {} timesteps; items with the instruction first, then the most frequent)",
            self.window
        ));
        line(format!(
            "{:<14}{:>10}{:>10}{:>20}",
            "item", "frames", "episodes", "only sight in windows"
        ));
        let mut rows: Vec<&ExposureRow> = self.exposure.iter().filter(|r| r.frames > 0).collect();
        rows.sort_by_key(|r| std::cmp::Reverse((r.only_sight_windows, r.frames)));
        for row in rows.iter().take(40) {
            line(format!(
                "{:<14}{:>10}{:>10}{:>20}",
                row.item, row.frames, row.episodes, row.only_sight_windows
            ));
        }
        if rows.len() > 40 {
            let _ = writeln!(out, "... and {} more in card.json", rows.len() - 40);
        }
        if !self.content_blake3.is_empty() {
            let _ = writeln!(out, "\nblake3 {}", self.content_blake3);
        }
        out
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
        *outcomes.entry(episode.outcome.name().to_owned()).or_default() += 1;
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

fn conditional_entropy(data: &Dataset) -> f64 {
    let mut groups: BTreeMap<(&str, &str, Outcome, usize), [usize; Action::COUNT]> =
        BTreeMap::new();
    for episode in &data.episodes {
        let instruction = episode.instruction.as_deref().unwrap_or("");
        let order = episode.left_right.as_deref().unwrap_or("");
        for t in 0..episode.length {
            let action = data.actions[episode.first_row + t] as usize;
            groups
                .entry((instruction, order, episode.outcome, t))
                .or_default()[action] += 1;
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
    fn entropy_of_known_distributions() {
        assert_eq!(entropy(&[5, 0, 0]), 0.0);
        assert!((entropy(&[3, 3]) - 2.0_f64.ln()).abs() < 1e-12);
        assert!((entropy(&[1; 7]) - 7.0_f64.ln()).abs() < 1e-12);
    }
}
