//! The card as text for a terminal.

use std::cmp::Reverse;
use std::fmt::{self, Write};

use dt_env::text::plain_lines;

use crate::card::Card;
use crate::card::exposure::ExposureRow;

/// Most rows of the exposure table; the card itself has all of them.
const EXPOSURE_ROWS: usize = 40;

impl Card {
    /// The card as text for a terminal.
    ///
    /// # Panics
    /// Never: a `String` takes all that is written to it.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        self.write_summary(&mut out)
            .and_then(|()| self.write_demonstrators(&mut out))
            .and_then(|()| self.write_counts(&mut out))
            .and_then(|()| self.write_exposure(&mut out))
            .expect("a string takes everything");
        if !self.content_blake3.is_empty() {
            out += &format!("\nblake3 {}\n", self.content_blake3);
        }
        // Names come from files: none of them may talk to the terminal.
        plain_lines(&out).into_owned()
    }

    fn write_summary(&self, out: &mut impl Write) -> fmt::Result {
        writeln!(
            out,
            "{}: {} episodes ({} distinct), {} transitions of {} (max_steps {}), seed {}",
            self.recipe.name,
            self.episodes,
            self.distinct_episodes,
            self.transitions,
            self.env.id,
            self.env.max_steps(),
            self.recipe.seed,
        )?;
        writeln!(
            out,
            "mean length {:.2}, mean return {:.3}, entropy of actions {:.3} nats ({:.3} given \
             layout, outcome and step)",
            self.mean_length,
            self.mean_return,
            unsigned(self.action_entropy),
            unsigned(self.conditional_action_entropy),
        )
    }

    fn write_demonstrators(&self, out: &mut impl Write) -> fmt::Result {
        writeln!(
            out,
            "\n{:<14}{:>6}{:>10}{:>12}{:>9}{:>8}{:>11}{:>7}{:>8}{:>8}",
            "demonstrator",
            "T",
            "episodes",
            "steps",
            "success",
            "wrong",
            "truncated",
            "cut",
            "length",
            "return",
        )?;
        for d in &self.demonstrators {
            let share = |outcome: &str| {
                let count = d.outcomes.get(outcome).copied().unwrap_or(0);
                percent(count, d.episodes)
            };
            writeln!(
                out,
                "{:<14}{:>6}{:>10}{:>12}{:>9}{:>8}{:>11}{:>7}{:>8.2}{:>8.3}",
                d.policy,
                d.temperature.map_or("-".to_owned(), temperature),
                d.episodes,
                d.transitions,
                share("success"),
                share("wrong_target"),
                share("truncated"),
                share("cut"),
                d.mean_length,
                d.mean_return,
            )?;
        }
        Ok(())
    }

    fn write_counts(&self, out: &mut impl Write) -> fmt::Result {
        writeln!(out)?;
        for (name, count) in &self.configurations {
            writeln!(out, "{name:<18}{count:>8} episodes")?;
        }
        let actions: Vec<String> = self
            .actions
            .iter()
            .map(|(name, count)| format!("{name} {}", percent(*count, self.transitions)))
            .collect();
        writeln!(out, "actions: {}", actions.join(", "))
    }

    fn write_exposure(&self, out: &mut impl Write) -> fmt::Result {
        let mut rows: Vec<&ExposureRow> = self.exposure.iter().filter(|r| r.frames > 0).collect();
        rows.sort_by_key(|r| Reverse((r.only_sight_windows, r.frames)));
        writeln!(
            out,
            "\nexposure: items of the view; as only sight: in windows of {} timesteps whose only \
             sight of the instruction it is",
            self.window
        )?;
        writeln!(
            out,
            "{:<14}{:>10}{:>10}{:>15}",
            "item", "frames", "episodes", "as only sight"
        )?;
        for row in rows.iter().take(EXPOSURE_ROWS) {
            writeln!(
                out,
                "{:<14}{:>10}{:>10}{:>15}",
                row.item, row.frames, row.episodes, row.only_sight_windows
            )?;
        }
        match rows.len().saturating_sub(EXPOSURE_ROWS) {
            0 => Ok(()),
            more => writeln!(out, "... and {more} more in card.json"),
        }
    }
}

/// Nothing, without the sign that a sum of negative zeros has.
fn unsigned(entropy: f64) -> f64 {
    if entropy <= 0.0 { 0.0 } else { entropy }
}

/// A temperature as it was written where that is short, in scientific notation where not.
fn temperature(t: f64) -> String {
    match t.to_string() {
        short if short.len() <= 6 => short,
        _ => format!("{t:e}"),
    }
}

fn percent(part: usize, whole: usize) -> String {
    format!("{:.1}%", 100.0 * part as f64 / whole.max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_nothing_has_no_sign() {
        assert_eq!(format!("{:.3}", unsigned(-0.0)), "0.000");
        assert_eq!(format!("{:.3}", unsigned(1.5)), "1.500");
        let shown = [0.5, 1.0, 1e-300, 1e300, 0.123_456_789].map(temperature);
        assert_eq!(shown, ["0.5", "1", "1e-300", "1e300", "1.23456789e-1"]);
    }
}
