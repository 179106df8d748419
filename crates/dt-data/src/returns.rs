//! Returns-to-go.

/// Undiscounted sum of the rewards from each step to the end: `out[t] = rewards[t] + out[t + 1]`.
///
/// ```
/// assert_eq!(dt_data::returns_to_go(&[0.0, 0.0, 1.0]), [1.0, 1.0, 1.0]);
/// ```
pub fn returns_to_go(rewards: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; rewards.len()];
    let mut sum = 0.0;
    for (slot, reward) in out.iter_mut().zip(rewards).rev() {
        sum += reward;
        *slot = sum;
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_differs_from_the_next_by_its_reward(
            rewards in prop::collection::vec(-8_i32..8, 1..40)
        ) {
            // Quarters add without rounding, so that equality is exact.
            let rewards: Vec<f64> = rewards.iter().map(|&r| f64::from(r) / 4.0).collect();
            let rtg = returns_to_go(&rewards);
            for t in 0..rewards.len() {
                let next = rtg.get(t + 1).copied().unwrap_or(0.0);
                prop_assert_eq!(rtg[t] - rewards[t], next);
            }
        }
    }
}
