//! Whether an agent does as it is asked.

use dt_data::Outcome;

use super::record::ExactRecord;
use crate::definition::Goal;

/// Whether an episode ends as a goal says, and in time.
pub fn ends_as_asked(goal: &Goal, outcome: Outcome, steps: u32) -> bool {
    outcome == goal.outcome.outcome() && steps <= goal.within
}

/// Whether every episode at each goal's return-to-go ends as asked; not where there are no goals.
pub fn meets(goals: &[Goal], exact: &[ExactRecord]) -> bool {
    let met = |goal: &Goal| {
        exact
            .iter()
            .find(|record| record.rtg == goal.return_to_go)
            .is_some_and(|record| {
                let mut episodes = record.episodes.iter();
                episodes.all(|e| ends_as_asked(goal, e.outcome, e.steps))
            })
    };
    !goals.is_empty() && goals.iter().all(met)
}

/// How an episode should end that is asked for a return: with reward if the return is above the
/// middle of those that are asked for, else at the other target.
pub fn asked_outcome(rtg: f64, returns_to_go: &[f64]) -> Outcome {
    let least = returns_to_go.iter().copied().fold(f64::INFINITY, f64::min);
    let most = returns_to_go
        .iter()
        .copied()
        .fold(f64::NEG_INFINITY, f64::max);
    match rtg > f64::midpoint(least, most) {
        true => Outcome::Success,
        false => Outcome::WrongTarget,
    }
}
