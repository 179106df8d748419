//! From values to positions along an axis, and the ticks of it.

/// A range of values along an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// Equal differences are equally long.
    Linear {
        /// Value at the start.
        low: f64,
        /// Value at the end.
        high: f64,
    },
    /// Equal ratios are equally long; zero and below have no place.
    Log {
        /// Value at the start, positive.
        low: f64,
        /// Value at the end.
        high: f64,
    },
}

/// A labelled place on an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Value.
    pub value: f64,
    /// How it is written.
    pub label: String,
}

impl Scale {
    /// A linear scale over some values, widened to at least `span`.
    pub fn linear_over(values: impl IntoIterator<Item = f64>) -> Self {
        match range(values.into_iter()) {
            None => Self::Linear {
                low: 0.0,
                high: 1.0,
            },
            Some((low, high)) if low == high => {
                let half = if low == 0.0 { 0.5 } else { low.abs() * 0.1 };
                Self::Linear {
                    low: low - half,
                    high: high + half,
                }
            }
            Some((low, high)) => Self::Linear { low, high },
        }
    }

    /// A logarithmic scale over the positive ones of some values.
    pub fn log_over(values: impl IntoIterator<Item = f64>) -> Self {
        match range(values.into_iter().filter(|&v| v > 0.0)) {
            None => Self::Log {
                low: 1.0,
                high: 10.0,
            },
            Some((low, high)) if low == high => Self::Log {
                low: low / 2.0,
                high: high * 2.0,
            },
            Some((low, high)) => Self::Log { low, high },
        }
    }

    /// The scale with a share of its length added at both ends.
    #[must_use]
    pub fn padded(self, share: f64) -> Self {
        let wider = |low: f64, high: f64| {
            let pad = (high - low) * share;
            (low - pad, high + pad)
        };
        match self {
            Self::Linear { low, high } => {
                let (low, high) = wider(low, high);
                Self::Linear { low, high }
            }
            Self::Log { low, high } => {
                let (low, high) = wider(low.ln(), high.ln());
                Self::Log {
                    low: low.exp(),
                    high: high.exp(),
                }
            }
        }
    }

    /// Values at both ends.
    pub fn ends(self) -> (f64, f64) {
        match self {
            Self::Linear { low, high } | Self::Log { low, high } => (low, high),
        }
    }

    /// Where a value lies: 0 at the start, 1 at the end, beyond them outside. None if the scale
    /// has no place for it.
    pub fn position(self, value: f64) -> Option<f64> {
        let share = match self {
            Self::Linear { low, high } => (value - low) / (high - low),
            Self::Log { .. } if value <= 0.0 => return None,
            Self::Log { low, high } => (value / low).ln() / (high / low).ln(),
        };
        share.is_finite().then_some(share)
    }

    /// Round values within the scale, about `count` of them.
    pub fn ticks(self, count: usize) -> Vec<Tick> {
        match self {
            Self::Linear { low, high } => linear_ticks(low, high, count),
            Self::Log { low, high } => log_ticks(low, high, count),
        }
    }
}

fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|v| v.is_finite()).fold(None, |range, v| {
        let (low, high) = range.unwrap_or((v, v));
        Some((low.min(v), high.max(v)))
    })
}

fn linear_ticks(low: f64, high: f64, count: usize) -> Vec<Tick> {
    let rough = (high - low) / count.max(1) as f64;
    if !(rough.is_finite() && rough > 0.0) {
        return Vec::new();
    }
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|m| m * power)
        .into_iter()
        // The nearest one, by ratio.
        .find(|&step| step >= rough * 0.64)
        .unwrap_or(10.0 * power);
    let slack = 1e-9 * (high - low);
    let first = ((low - slack) / step).ceil() as i64;
    let last = ((high + slack) / step).floor() as i64;
    let largest = (first.abs().max(last.abs())) as f64 * step;
    (first..=last)
        .map(|n| {
            let value = n as f64 * step;
            Tick {
                value,
                label: label(value, step, largest),
            }
        })
        .collect()
}

/// Decades where there are enough of them, else their fifths and halves, else round values.
fn log_ticks(low: f64, high: f64, count: usize) -> Vec<Tick> {
    if !(low > 0.0 && high > low) {
        return Vec::new();
    }
    let decades = (low.log10().floor() as i32)..=(high.log10().ceil() as i32);
    let with = |multiples: &[f64], stride: i32| -> Vec<Tick> {
        decades
            .clone()
            .filter(|d| d.rem_euclid(stride) == 0)
            .flat_map(|d| multiples.iter().map(move |m| m * 10_f64.powi(d)))
            .filter(|&v| v >= low * (1.0 - 1e-9) && v <= high * (1.0 + 1e-9))
            .map(|value| Tick {
                value,
                label: label(value, value, value),
            })
            .collect()
    };
    let choices = [
        with(&[1.0, 2.0, 5.0], 1),
        with(&[1.0, 3.0], 1),
        with(&[1.0], 1),
        with(&[1.0], 2),
        with(&[1.0], 3),
    ];
    choices
        .into_iter()
        .find(|ticks| ticks.len() <= count.max(2) + 1)
        .filter(|ticks| ticks.len() >= 2)
        .unwrap_or_else(|| linear_ticks(low, high, count.min(4)))
}

/// A value written with the decimals that `step` needs; thousands and millions as k and M where
/// the largest value is long.
fn label(value: f64, step: f64, largest: f64) -> String {
    let (unit, suffix) = match largest {
        l if l >= 1e6 => (1e6, "M"),
        l if l >= 1e4 => (1e3, "k"),
        _ => (1.0, ""),
    };
    if value == 0.0 && !(1e-3..1e10).contains(&largest) {
        return "0".to_owned();
    }
    if largest < 1e-3 && step < 9e-5 || largest >= 1e10 {
        // As many digits as tell neighbours apart.
        let digits = value.abs().log10().floor() - step.log10().floor();
        let digits = digits.clamp(0.0, 15.0) as usize;
        return minus(&format!("{value:.digits$e}"));
    }
    let step = step / unit;
    let mut decimals = (-(step * (1.0 + 1e-9)).log10()).ceil().max(0.0) as usize;
    // 0.25 needs one more than 0.2.
    let rest = step * 10_f64.powi(decimals as i32);
    if (rest - rest.round()).abs() > 1e-6 {
        decimals += 1;
    }
    let text = format!("{:.decimals$}", value / unit);
    let suffix = if value == 0.0 { "" } else { suffix };
    minus(&(text + suffix))
}

/// A count in few characters: 87, 5.2k, 31k, 1.4M.
pub fn compact(value: f64) -> String {
    let (unit, suffix) = match value.abs() {
        v if v >= 999_500.0 => (1e6, "M"),
        v if v >= 999.5 => (1e3, "k"),
        _ => (1.0, ""),
    };
    let scaled = value / unit;
    let decimals = match (suffix, scaled.abs()) {
        ("", v) if v.fract() == 0.0 || v >= 99.5 => 0,
        ("", v) if v < 1.0 => 2,
        (_, v) if v < 9.95 => 1,
        _ => 0,
    };
    minus(&format!("{scaled:.decimals$}{suffix}"))
}

/// Typographic minus signs.
pub fn minus(text: &str) -> String {
    text.replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: Scale, count: usize) -> Vec<String> {
        scale.ticks(count).into_iter().map(|t| t.label).collect()
    }

    fn linear(low: f64, high: f64) -> Scale {
        Scale::Linear { low, high }
    }

    fn log(low: f64, high: f64) -> Scale {
        Scale::Log { low, high }
    }

    #[test]
    fn linear_ticks_are_round_and_few() {
        assert_eq!(
            labels(linear(0.0, 1.0), 5),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(labels(linear(0.0, 300.0), 3), ["0", "100", "200", "300"]);
        assert_eq!(labels(linear(-1.3, 1.2), 3), ["−1", "0", "1"]);
        assert_eq!(labels(linear(0.0, 120_000.0), 3), ["0", "50k", "100k"]);
        assert_eq!(
            labels(linear(0.0, 1.6e-9), 3),
            ["0", "5e−10", "1.0e−9", "1.5e−9"]
        );
        assert_eq!(labels(linear(0.0, 2e12), 2), ["0", "1e12", "2e12"]);
        assert_eq!(
            labels(linear(7.0, 7.000_02), 2),
            ["7.00000", "7.00001", "7.00002"]
        );
        assert_eq!(
            labels(linear(0.0, 0.001), 2),
            ["0.0000", "0.0005", "0.0010"]
        );
        for (low, high) in [(0.0, 7.3), (-3.0, 1e6), (0.12, 0.13), (5.0, 5.1)] {
            for count in 2..8 {
                let n = linear(low, high).ticks(count).len();
                assert!(
                    (1..=2 * count + 1).contains(&n),
                    "{low} {high} {count}: {n}"
                );
            }
        }
    }

    #[test]
    fn ticks_of_nothing_do_not_hang() {
        assert!(linear(1.0, 1.0).ticks(5).is_empty());
        assert!(linear(f64::NAN, 1.0).ticks(5).is_empty());
        assert!(log(0.0, 1.0).ticks(5).is_empty());
    }

    #[test]
    fn log_ticks_are_decades_or_finer() {
        assert_eq!(labels(log(1.0, 1e4), 5), ["1", "10", "100", "1000", "10k"]);
        assert_eq!(labels(log(0.001, 2.0), 5), ["0.001", "0.01", "0.1", "1"]);
        assert_eq!(labels(log(0.9, 21.0), 5), ["1", "2", "5", "10", "20"]);
        assert_eq!(labels(log(1.69, 2.03), 4), ["1.7", "1.8", "1.9", "2.0"]);
        assert_eq!(labels(log(1e-9, 1.0), 4)[..2], ["1e−8", "1e−6"]);
    }

    #[test]
    fn zero_has_no_place_on_a_log_scale() {
        let scale = Scale::log_over([0.0, 10.0, 1000.0, f64::NAN, -4.0]);
        assert_eq!(scale, log(10.0, 1000.0));
        assert_eq!(scale.position(0.0), None);
        assert_eq!(scale.position(-1.0), None);
        assert!((scale.position(100.0).unwrap() - 0.5).abs() < 1e-12);
        assert_eq!(Scale::log_over([0.0]), log(1.0, 10.0));
    }

    #[test]
    fn scales_always_have_length() {
        for values in [vec![], vec![0.0], vec![3.0], vec![-2.0, f64::NAN]] {
            for scale in [
                Scale::linear_over(values.clone()),
                Scale::log_over(values.clone()),
            ] {
                let (low, high) = scale.ends();
                assert!(low < high, "{values:?}");
            }
        }
        assert_eq!(linear(0.0, 2.0).position(f64::NAN), None);
        assert_eq!(linear(0.0, 2.0).padded(0.5), linear(-1.0, 3.0));
    }

    #[test]
    fn counts_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (87.0, "87"),
            (999.0, "999"),
            (5234.0, "5.2k"),
            (9999.0, "10k"),
            (31_400.0, "31k"),
            (1_400_000.0, "1.4M"),
            (-0.25, "−0.25"),
            (3.25, "3.2"),
        ] {
            assert_eq!(compact(value), text);
        }
    }
}
