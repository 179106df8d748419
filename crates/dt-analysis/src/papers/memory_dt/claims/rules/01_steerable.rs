//! Claim 1: the agent is steerable by return-to-go.
//!
//! Statistic: share of greedy episodes, over every outcome of a reset, that do as asked: succeed
//! at a high return-to-go, end at the other target at a low one. Rule: all of them. Source: the
//! post, § "Calibration"; exact evaluation in place of sampled returns.

use super::Judged;
use crate::papers::memory_dt::claims::Case;

/// Applies the rule; it has no thresholds.
pub fn judge(case: &Case) -> Judged {
    let middle = case.evidence.asked.middle_return;
    let (mut done, mut of, mut parts) = (0, 0, Vec::new());
    for record in &case.evidence.exact {
        let (count, what) = match record.rtg > middle {
            true => (record.success, "successes"),
            false => (record.wrong_target, "wrong targets"),
        };
        done += count;
        of += record.of;
        parts.push(format!("{count} of {} {what} at {}", record.of, record.rtg));
    }
    Judged::new(done as f64 / of as f64, done == of, parts.join(", "))
}
