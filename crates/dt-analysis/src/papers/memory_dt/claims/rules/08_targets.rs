//! Claim 8: targets are read at the corridor's end.
//!
//! Statistic: restored logit difference, pooled over usable facets, of the target complement at
//! the decision frame, relative to the flip of both. Rule: high there, near 0 at the start frame.
//! Source: the post, on target complements.

use serde::Deserialize;

use super::Judged;
use crate::papers::memory_dt::claims::Case;
use crate::papers::memory_dt::evidence::TARGETS;

/// When it passes.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Least at the decision frame.
    pub least_decision: f64,
    /// Most, in absolute value, at the start frame.
    pub most_start: f64,
}

/// Applies the rule.
pub fn judge(case: &Case, rule: &Thresholds) -> Judged {
    let effects = &case.evidence.effects;
    let pooled = |edit: &Option<String>| {
        let group = effects.groups.iter().find(|g| g.name == TARGETS)?;
        case.pooled_of(&group.diffs(&effects.facets, edit.as_ref()?))
    };
    let edits = &case.evidence.asked.target_edits;
    let (decision, start) = (pooled(&edits.decision), pooled(&edits.start));
    Judged {
        value: decision,
        passes: decision
            .zip(start)
            .map(|(d, s)| d >= rule.least_decision && s.abs() <= rule.most_start),
        details: format!("at the start frame {:.2}", start.unwrap_or(f64::NAN)),
    }
}
