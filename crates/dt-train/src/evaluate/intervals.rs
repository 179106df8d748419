//! 95 % intervals of what was counted or averaged.

/// 97.5 % point of the standard normal distribution.
pub(super) const Z95: f64 = 1.959_963_984_540_054;

/// Wilson's 95 % score interval of a share (Wilson, 1927): all `q` with
/// `|p - q| <= z sqrt(q (1 - q) / n)`, `p` being the share that was found among `n`.
pub fn wilson(successes: usize, of: usize) -> [f64; 2] {
    let (n, p) = (of as f64, successes as f64 / of as f64);
    let centre = p + Z95 * Z95 / (2.0 * n);
    let half = Z95 * (p * (1.0 - p) / n + Z95 * Z95 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z95 * Z95 / n;
    [
        ((centre - half) / scale).max(0.0),
        ((centre + half) / scale).min(1.0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_matches_known_values() {
        // statsmodels.stats.proportion.proportion_confint(97, 100, method="wilson")
        let [low, high] = wilson(97, 100);
        assert!(
            (low - 0.915_480_6).abs() < 1e-6 && (high - 0.989_745_5).abs() < 1e-6,
            "{low} {high}"
        );
        assert!(wilson(0, 10)[0].abs() < 1e-12);
        assert!((wilson(10, 10)[1] - 1.0).abs() < 1e-12);
    }
}
