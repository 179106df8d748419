//! The choice that is looked at: one action against another, or some against others.

use dt_env::Action;
use serde::{Deserialize, Serialize};

/// Two actions, or two sets of actions, whose logits are compared.
///
/// The logit difference is the mean logit of the first less that of the second, a linear function
/// of the logits, so that parts of it add up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contrast {
    /// Actions of the first side.
    pub first: Vec<Action>,
    /// Actions of the second side.
    pub second: Vec<Action>,
}

/// Side of a contrast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The first: a positive logit difference.
    First,
    /// The second.
    Second,
}

impl Side {
    /// The opposite side.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }
}

impl Contrast {
    /// One action against another.
    pub fn of(first: Action, second: Action) -> Self {
        Self {
            first: vec![first],
            second: vec![second],
        }
    }

    /// Names of both sides: `left` and `right`.
    pub fn names(&self) -> [String; 2] {
        [&self.first, &self.second].map(|actions| {
            let names: Vec<String> = actions.iter().map(Action::to_string).collect();
            names.join(" or ")
        })
    }

    /// The logit difference in symbols: `logit(left) − logit(right)`; the mean of several logits is
    /// `mean logit(forward, left)`.
    pub fn formula(&self) -> String {
        let side = |actions: &[Action]| {
            let names: Vec<String> = actions.iter().map(Action::to_string).collect();
            let mean = if actions.len() > 1 { "mean " } else { "" };
            format!("{mean}logit({})", names.join(", "))
        };
        format!("{} − {}", side(&self.first), side(&self.second))
    }

    /// Weight of every action's logit in the logit difference, `[n_actions]`.
    pub fn weights(&self, n_actions: usize) -> Vec<f64> {
        let mut weights = vec![0.0; n_actions];
        for (actions, sign) in [(&self.first, 1.0), (&self.second, -1.0)] {
            for &action in actions {
                weights[action as usize] += sign / actions.len() as f64;
            }
        }
        weights
    }

    /// Mean logit of the first side less that of the second.
    pub fn difference(&self, logits: &[f32]) -> f64 {
        let mean = |actions: &[Action]| {
            let sum: f64 = actions.iter().map(|&a| f64::from(logits[a as usize])).sum();
            sum / actions.len() as f64
        };
        mean(&self.first) - mean(&self.second)
    }

    /// The side that an action is on, if it is on one.
    pub fn side(&self, action: usize) -> Option<Side> {
        let is_of = |actions: &[Action]| actions.iter().any(|&a| a as usize == action);
        if is_of(&self.first) {
            Some(Side::First)
        } else if is_of(&self.second) {
            Some(Side::Second)
        } else {
            None
        }
    }

    /// Probability of either side under the softmax of all logits.
    pub fn probability(&self, logits: &[f32]) -> f64 {
        let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let weight = |x: f32| f64::from(x - most).exp();
        let all: f64 = logits.iter().copied().map(weight).sum();
        let actions = self.first.iter().chain(&self.second);
        actions.map(|&a| weight(logits[a as usize])).sum::<f64>() / all
    }

    /// What makes it no contrast, if anything does.
    pub(super) fn problem(&self) -> Option<String> {
        let [first, second] = [&self.first, &self.second];
        if first.is_empty() || second.is_empty() {
            return Some(
                "field `contrast`: each side needs an action, as in (first: [Left], second: \
                 [Right, Forward])"
                    .to_owned(),
            );
        }
        if let Some(a) = first.iter().find(|a| second.contains(a)) {
            return Some(format!("field `contrast`: {a} is on both sides"));
        }
        // It would count more than the others.
        let again = [first, second].into_iter().find_map(|side| {
            let repeats = |n: &usize| side[..*n].contains(&side[*n]);
            (0..side.len()).find(repeats).map(|n| side[n])
        });
        again.map(|a| format!("field `contrast`: {a} is there twice; name it once"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_actions_are_means() {
        let contrast: Contrast =
            ron::from_str("(first: [Left, Right], second: [Forward])").unwrap();
        let logits = [1.0, 3.0, 5.0, 0.0, 0.0, 0.0, 0.0];
        assert_eq!(contrast.difference(&logits), -3.0);
        let read: f64 = (contrast.weights(7).iter().zip(logits))
            .map(|(w, x)| w * f64::from(x))
            .sum();
        assert_eq!(read, -3.0);
        assert_eq!(contrast.side(1), Some(Side::First));
        assert_eq!(contrast.side(2), Some(Side::Second));
        assert_eq!(contrast.side(6), None);
        assert_eq!(contrast.names()[0], "left or right");
        let formula = contrast.formula();
        assert_eq!(formula, "mean logit(left, right) − logit(forward)");
        assert_eq!(contrast.problem(), None);
        let same: Contrast = ron::from_str("(first: [Left], second: [Right, Left])").unwrap();
        assert!(same.problem().unwrap().contains("left"));
    }

    #[test]
    fn probabilities_of_all_actions_add_up_to_one() {
        let all: Contrast =
            ron::from_str("(first: [Left, Right, Forward], second: [Pickup, Drop, Toggle, Done])")
                .unwrap();
        let logits = [0.3, -2.0, 8.0, 1.0, 0.0, 2.0, 4.0];
        assert!((all.probability(&logits) - 1.0).abs() < 1e-12);
    }
}
