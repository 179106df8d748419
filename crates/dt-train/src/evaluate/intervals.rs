//! 95 % intervals of what was counted or averaged.

/// 97.5 % point of the standard normal distribution.
const Z95: f64 = 1.959_963_984_540_054;

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

/// 97.5 % points of Student's t distribution of 1 to 30 degrees of freedom (Student, 1908; the
/// values are scipy's `t.ppf(0.975, n)`).
const T95: [f64; 30] = [
    12.706_205, 4.302_653, 3.182_446, 2.776_445, 2.570_582, 2.446_912, 2.364_624, 2.306_004,
    2.262_157, 2.228_139, 2.200_985, 2.178_813, 2.160_369, 2.144_787, 2.131_450, 2.119_905,
    2.109_816, 2.100_922, 2.093_024, 2.085_963, 2.079_614, 2.073_873, 2.068_658, 2.063_899,
    2.059_539, 2.055_529, 2.051_831, 2.048_407, 2.045_230, 2.042_272,
];

/// 97.5 % point of Student's t distribution.
fn t95(degrees: usize) -> f64 {
    match degrees {
        1..=30 => T95[degrees - 1],
        // Cornish and Fisher's expansion; its error is below 1e-5 from here on.
        _ => {
            let (z, n) = (Z95, degrees as f64);
            let [z3, z5, z7] = [3, 5, 7].map(|power| z.powi(power));
            z + (z3 + z) / (4.0 * n)
                + (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * n.powi(2))
                + (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / (384.0 * n.powi(3))
        }
    }
}

/// 95 % interval of a mean return; none of one episode alone, of which no spread is known.
///
/// Returns are mixtures: those of episodes that succeed and those of the others. Where few episodes
/// were seen, or all ended alike, their spread says too little, so Student's interval is widened to
/// what the outcomes allow: the share of successes is anywhere in Wilson's interval, and a kind of
/// episode that was not seen returns 1 if it succeeds and 0 if not.
pub(super) fn mean_interval(returns: &[f64], succeeded: &[bool]) -> Option<[f64; 2]> {
    let count = returns.len();
    if count < 2 {
        return None;
    }
    let n = count as f64;
    let mean = returns.iter().sum::<f64>() / n;
    let squares: f64 = returns.iter().map(|r| (r - mean).powi(2)).sum();
    let half = t95(count - 1) * (squares / (n - 1.0) / n).sqrt();
    let mean_of = |success: bool, unseen: f64| {
        let those = returns
            .iter()
            .zip(succeeded)
            .filter(|(_, s)| **s == success);
        let (sum, count) = those.fold((0.0, 0), |(sum, count), (r, _)| (sum + r, count + 1));
        match count {
            0 => unseen,
            count => sum / f64::from(count),
        }
    };
    let (success, failure) = (mean_of(true, 1.0), mean_of(false, 0.0));
    let successes = succeeded.iter().filter(|s| **s).count();
    let ends = wilson(successes, count).map(|p| p * success + (1.0 - p) * failure);
    let low = ends[0].min(ends[1]).min(mean - half);
    let high = ends[0].max(ends[1]).max(mean + half);
    Some([low, high])
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

    #[test]
    fn t_points_match_scipys() {
        // scipy.stats.t.ppf(0.975, n)
        for (n, t) in [
            (1, 12.706_205),
            (30, 2.042_272),
            (31, 2.039_513),
            (199, 1.971_957),
        ] {
            assert!((t95(n) - t).abs() < 1e-5, "{n}: {}", t95(n));
        }
    }

    #[test]
    fn few_or_equal_returns_are_not_certain() {
        assert_eq!(mean_interval(&[0.9], &[true]), None);
        // None of three succeeds: the mean can be up to Wilson's bound.
        let [low, high] = mean_interval(&[0.0; 3], &[false; 3]).unwrap();
        assert!(low.abs() < 1e-12 && (high - wilson(0, 3)[1]).abs() < 1e-12);
        let [low, high] = mean_interval(&[0.9; 3], &[true; 3]).unwrap();
        assert!((low - 0.9 * wilson(3, 3)[0]).abs() < 1e-12 && (high - 0.9).abs() < 1e-12);
        // Many: what the spread says.
        let returns: Vec<f64> = (0..400).map(|n| f64::from(n % 2)).collect();
        let succeeded: Vec<bool> = returns.iter().map(|r| *r > 0.5).collect();
        let [low, high] = mean_interval(&returns, &succeeded).unwrap();
        let half = t95(399) * (0.25_f64 / 399.0).sqrt();
        assert!((low - 0.5 + half).abs() < 1e-3 && (high - 0.5 - half).abs() < 1e-3);
    }
}
