//! The logit difference and how much of a change brings it back.
//!
//! LD = logit(first answer) − logit(second answer); restored = (LD − LD_corrupted) /
//! (LD_clean − LD_corrupted) (Zhang and Nanda, Towards Best Practices of Activation Patching,
//! 2023, § 2.2; Wang and others, Interpretability in the Wild, 2022).

use serde::{Deserialize, Serialize};

/// Activation patching: share of the way from the corrupted to the clean run.
///
/// `None` where clean and corrupted runs do not differ.
pub fn restored(patched: f64, clean: f64, corrupted: f64) -> Option<f64> {
    share(patched - corrupted, clean - corrupted)
}

/// Observation edits: share of the way from the original prompt to the one with the flipped
/// instruction. `None` where these do not differ.
pub fn restored_logit_diff(edit: f64, original: f64, flipped: f64) -> Option<f64> {
    share(edit - original, flipped - original)
}

/// The same over several prompts at once: sum of changes over sum of full changes, each counted
/// in the direction of its own full change (a flip goes up in half of the prompts and down in the
/// other half, so that plain sums would cancel).
pub fn pooled_restored(changes: &[LogitDiffs]) -> Option<f64> {
    let (mut part, mut whole) = (0.0, 0.0);
    for change in changes {
        let full = change.flipped - change.original;
        part += (change.edit - change.original) * full.signum();
        whole += full.abs();
    }
    share(part, whole)
}

/// Logit differences of one prompt: as edited, as it is, and with the instruction flipped.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogitDiffs {
    /// Edited.
    pub edit: f64,
    /// As it is.
    pub original: f64,
    /// With the instruction flipped.
    pub flipped: f64,
}

/// Share of a whole; none where the whole is zero or not finite.
pub fn share(part: f64, whole: f64) -> Option<f64> {
    let share = part / whole;
    (whole != 0.0 && share.is_finite()).then_some(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_known_ends() {
        assert_eq!(restored(1.0, 1.0, 0.0), Some(1.0));
        assert_eq!(restored(0.0, 1.0, 0.0), Some(0.0));
        assert_eq!(restored_logit_diff(-2.0, 2.0, -6.0), Some(0.5));
        assert_eq!(
            restored_logit_diff(1.0, 3.0, 3.0),
            None,
            "missing, not infinite"
        );
        assert_eq!(restored(f64::NAN, 1.0, 0.0), None);
    }

    #[test]
    fn pooling_weighs_prompts_by_their_range() {
        let prompt = |edit, original, flipped| LogitDiffs {
            edit,
            original,
            flipped,
        };
        let pooled = pooled_restored(&[prompt(0.0, 4.0, -4.0), prompt(1.0, 0.0, 1.0)]);
        assert_eq!(pooled, Some((4.0 + 1.0) / (8.0 + 1.0)));
        assert_eq!(pooled_restored(&[]), None);
    }
}
