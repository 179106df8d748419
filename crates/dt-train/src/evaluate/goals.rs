//! Whether an agent does as it is asked.

use dt_data::Outcome;

use super::record::{ExactRecord, HeldOutRecord};
use crate::definition::Goal;

/// Whether an episode ends as a goal says, and in time.
pub fn ends_as_asked(goal: &Goal, outcome: Outcome, steps: u32) -> bool {
    outcome == goal.outcome.outcome() && steps <= goal.within
}

/// Episodes at one return-to-go.
pub trait AtReturn {
    /// Return-to-go that was asked for.
    fn rtg(&self) -> f64;
    /// Whether every episode ends as asked, and in time.
    fn all_end_as_asked(&self, goal: &Goal) -> bool;
    /// Number of episodes, and how many of them end so.
    fn ending(&self, outcome: Outcome) -> (usize, usize);
}

impl AtReturn for ExactRecord {
    fn rtg(&self) -> f64 {
        self.rtg
    }

    fn all_end_as_asked(&self, goal: &Goal) -> bool {
        let mut episodes = self.episodes.iter();
        episodes.all(|e| ends_as_asked(goal, e.outcome, e.steps))
    }

    fn ending(&self, outcome: Outcome) -> (usize, usize) {
        let so = self.episodes.iter().filter(|e| e.outcome == outcome);
        (self.episodes.len(), so.count())
    }
}

impl AtReturn for HeldOutRecord {
    fn rtg(&self) -> f64 {
        self.rtg
    }

    fn all_end_as_asked(&self, goal: &Goal) -> bool {
        let outcome = goal.outcome.outcome();
        let (all, so) = self.ending(outcome);
        all == so && ends_as_asked(goal, outcome, self.most_steps)
    }

    fn ending(&self, outcome: Outcome) -> (usize, usize) {
        let so = match outcome {
            Outcome::Success => self.success,
            Outcome::Failure(kind) => self.failures.get(&kind).copied().unwrap_or(0),
            Outcome::Truncated => self.truncated,
            Outcome::Cut => 0,
        };
        (self.episodes, so)
    }
}

/// Whether every episode at each goal's return-to-go ends as asked; not where there are no goals.
pub fn meets(goals: &[Goal], records: &[impl AtReturn]) -> bool {
    let met = |goal: &Goal| {
        let record = records.iter().find(|r| r.rtg() == goal.return_to_go);
        record.is_some_and(|record| record.all_end_as_asked(goal))
    };
    !goals.is_empty() && goals.iter().all(met)
}

/// Whether a return-to-go asks for success: one above the middle of those that are asked for does,
/// and any other asks to fail.
pub fn asks_for_success(rtg: f64, returns_to_go: &[f64]) -> bool {
    let least = returns_to_go.iter().copied().fold(f64::INFINITY, f64::min);
    let most = returns_to_go.iter().copied();
    let most = most.fold(f64::NEG_INFINITY, f64::max);
    rtg > f64::midpoint(least, most)
}

/// Number of greedy episodes, and how many of them end as their return-to-go asks: with reward, or
/// by failing the task.
pub fn as_asked(records: &[ExactRecord]) -> (usize, usize) {
    let returns: Vec<f64> = records.iter().map(|r| r.rtg).collect();
    let so = |r: &ExactRecord| match asks_for_success(r.rtg, &returns) {
        true => r.success,
        false => r.wrong_target,
    };
    let all = records.iter().map(|r| r.of).sum();
    (all, records.iter().map(so).sum())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use dt_env::{Facts, Failure};

    use super::*;
    use crate::definition::GoalOutcome;
    use crate::evaluate::EpisodeRecord;

    fn exact(rtg: f64, ends: &[(Outcome, u32)]) -> ExactRecord {
        let episodes = ends.iter().map(|&(outcome, steps)| EpisodeRecord {
            facts: Facts::new(),
            probability: 1.0 / ends.len() as f64,
            outcome,
            steps,
            total_return: 0.0,
        });
        let count = |o| ends.iter().filter(|e| e.0 == o).count();
        ExactRecord {
            rtg,
            success: count(Outcome::Success),
            wrong_target: count(Outcome::Failure(Failure::WrongTarget)),
            truncated: count(Outcome::Truncated),
            of: ends.len(),
            mean_return: 0.0,
            episodes: episodes.collect(),
        }
    }

    fn held_out(rtg: f64, ends: &[(Outcome, u32)]) -> HeldOutRecord {
        let mut failures = BTreeMap::new();
        for (outcome, _) in ends {
            if let Outcome::Failure(kind) = outcome {
                *failures.entry(*kind).or_default() += 1;
            }
        }
        let count = |o| ends.iter().filter(|e| e.0 == o).count();
        HeldOutRecord {
            rtg,
            episodes: ends.len(),
            success: count(Outcome::Success),
            failures,
            truncated: count(Outcome::Truncated),
            most_steps: ends.iter().map(|e| e.1).max().unwrap_or(0),
            mean_return: 0.0,
            ci95: [0.0, 1.0],
        }
    }

    #[test]
    fn goals_are_met_by_all_episodes_or_not_at_all() {
        let wrong = Outcome::Failure(Failure::WrongTarget);
        let goal = |return_to_go, outcome| Goal {
            return_to_go,
            outcome,
            within: 6,
        };
        let goals = [
            goal(0.9, GoalOutcome::Success),
            goal(0.0, GoalOutcome::WrongTarget),
        ];
        let cases: [(&[(Outcome, u32)], &[(Outcome, u32)], bool); 5] = [
            (
                &[(Outcome::Success, 6), (Outcome::Success, 5)],
                &[(wrong, 5)],
                true,
            ),
            (&[(Outcome::Success, 7)], &[(wrong, 5)], false),
            (&[(Outcome::Success, 5), (wrong, 5)], &[(wrong, 5)], false),
            (&[(Outcome::Success, 5)], &[(Outcome::Truncated, 5)], false),
            (
                &[(Outcome::Success, 5)],
                &[(Outcome::Failure(Failure::Lava), 5)],
                false,
            ),
        ];
        for (high, low, expected) in cases {
            let every = [exact(0.9, high), exact(0.0, low)];
            assert_eq!(meets(&goals, &every), expected, "{every:?}");
            let some = [held_out(0.9, high), held_out(0.0, low)];
            assert_eq!(meets(&goals, &some), expected, "{some:?}");
            assert!(!meets(&goals, &some[..1]), "the other goal is not measured");
            assert!(!meets(&[], &every));
        }
    }

    #[test]
    fn the_upper_half_of_returns_asks_for_success() {
        let wrong = Outcome::Failure(Failure::WrongTarget);
        let of = [(Outcome::Success, 5), (wrong, 5), (wrong, 5)];
        let records = [exact(0.9, &of), exact(0.2, &of)];
        assert_eq!(as_asked(&records), (6, 1 + 2));
        assert!(!asks_for_success(0.5, &[0.5]));
    }
}
