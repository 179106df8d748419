//! The card as text for a terminal.

use std::fmt::Write as _;

use crate::card::Card;
use crate::exposure::ExposureRow;

impl Card {
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
            self.mean_length,
            self.mean_return,
            self.action_entropy,
            self.conditional_action_entropy
        ));
        let share = |n: usize, of: usize| 100.0 * n as f64 / of.max(1) as f64;
        line(String::new());
        line(format!(
            "{:<14}{:>6}{:>10}{:>12}{:>9}{:>8}{:>10}{:>8}{:>7}",
            "demonstrator",
            "T",
            "episodes",
            "steps",
            "success",
            "wrong",
            "truncated",
            "length",
            "return"
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

