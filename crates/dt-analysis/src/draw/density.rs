//! How dense a sample is, and how to lay its points side by side.

use std::f64::consts::TAU;

/// Places at which a density is known.
const PLACES: usize = 129;

/// Gaussian kernel density of a sample, from its smallest to its largest value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Density {
    /// Value and density, in order.
    pub curve: Vec<(f64, f64)>,
}

impl Density {
    /// None if there are no two different values.
    pub fn of(values: &[f64]) -> Option<Self> {
        let sorted = sorted(values);
        let (low, high) = (*sorted.first()?, *sorted.last()?);
        if low == high {
            return None;
        }
        let width = bandwidth(&sorted);
        let step = (high - low) / (PLACES - 1) as f64;
        let at = |n: usize| low + step * n as f64;
        let curve = (0..PLACES).map(|n| (at(n), density_at(&sorted, width, at(n))));
        Some(Self {
            curve: curve.collect(),
        })
    }

    /// Largest density.
    pub fn peak(&self) -> f64 {
        self.curve.iter().map(|p| p.1).fold(0.0, f64::max)
    }
}

/// Middle value; the mean of the middle two of an even number.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    let sorted = sorted(values);
    (!sorted.is_empty()).then(|| quantile(&sorted, 0.5))
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// Interpolated between neighbours, as numpy does it.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = share * (sorted.len() - 1) as f64;
    let below = at.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (at - below as f64)
}

/// Silverman's rule of thumb (Density Estimation, 1986, eq. 3.31).
fn bandwidth(sorted: &[f64]) -> f64 {
    let n = sorted.len() as f64;
    let mean = sorted.iter().sum::<f64>() / n;
    let squares: f64 = sorted.iter().map(|v| (v - mean) * (v - mean)).sum();
    let deviation = (squares / (n - 1.0).max(1.0)).sqrt();
    let quartiles = (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 1.34;
    let spread = if quartiles > 0.0 {
        deviation.min(quartiles)
    } else {
        deviation
    };
    0.9 * spread * n.powf(-0.2)
}

fn density_at(values: &[f64], width: f64, at: f64) -> f64 {
    let kernel = |v: &f64| {
        let z = (at - v) / width;
        (-0.5 * z * z).exp()
    };
    values.iter().map(kernel).sum::<f64>() / (values.len() as f64 * width * TAU.sqrt())
}

/// How far each value moves aside, from -1 to 1: evenly spread, and as far as the sample is dense
/// there. The same values always move alike.
pub(super) fn spread(values: &[f64]) -> Vec<f64> {
    let by_size = sorted(values);
    let distinct = by_size.first() != by_size.last();
    let width = if distinct { bandwidth(&by_size) } else { 1.0 };
    let densities: Vec<f64> = (values.iter())
        .map(|&v| density_at(&by_size, width, v))
        .collect();
    let peak = densities.iter().copied().fold(0.0, f64::max);
    // Neighbours in value move apart, whatever order they were given in.
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]).then(a.cmp(&b)));
    let mut aside = vec![0.0; values.len()];
    for (rank, &n) in order.iter().enumerate() {
        let share = if peak > 0.0 { densities[n] / peak } else { 0.0 };
        // Lone values stay in line.
        let few = if values.len() < 2 {
            0.0
        } else {
            share.min(1.0)
        };
        aside[n] = (2.0 * halves(rank) - 1.0) * few;
    }
    aside
}

/// The van der Corput sequence: 1/2, 1/4, 3/4, 1/8 …, evenly spread over any stretch of it.
fn halves(n: usize) -> f64 {
    let (mut n, mut value, mut half) = (n + 1, 0.0, 0.5);
    while n > 0 {
        if n % 2 == 1 {
            value += half;
        }
        half /= 2.0;
        n /= 2;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn density_is_that_of_scipy() {
        let values = [-1.0, -0.5, -0.4, 0.3, 0.35, 0.9];
        let sorted = sorted(&values);
        // 0.9 * min(std(ddof=1), iqr / 1.34) * 6 ** -0.2, numpy 2
        let width = bandwidth(&sorted);
        assert!((width - 0.381_356_216_866_953_26).abs() < 1e-12, "{width}");
        // scipy.stats.gaussian_kde(values, width / std(ddof=1))(0.0)
        let middle = density_at(&sorted, width, 0.0);
        assert!((middle - 0.433_143_970_267_357_1).abs() < 1e-9, "{middle}");
    }

    #[test]
    fn a_density_holds_its_sample() {
        let values: Vec<f64> = (0..200).map(|n| f64::from(n % 41) / 40.0).collect();
        let density = Density::of(&values).unwrap();
        assert_eq!(density.curve.len(), PLACES);
        assert_eq!((density.curve[0].0, density.curve[128].0), (0.0, 1.0));
        let area: f64 = density.curve.iter().map(|p| p.1).sum::<f64>() / 128.0;
        assert!(area > 0.8 && area < 1.05, "{area}");
        assert!(density.peak() < 1.3);
        assert_eq!(Density::of(&[2.0, 2.0]), None);
        assert_eq!(Density::of(&[]), None);
    }

    #[test]
    fn medians_are_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, f64::NAN, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn dense_values_move_farther_than_lone_ones() {
        let mut values = vec![0.0; 60];
        for (n, value) in values.iter_mut().enumerate().skip(1) {
            *value = 0.5 + 0.001 * n as f64;
        }
        let aside = spread(&values);
        let farthest = aside[1..].iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        assert!(
            farthest > 0.8 && aside[0].abs() < 0.2,
            "{farthest} {}",
            aside[0]
        );
        assert_eq!(spread(&[5.0]), [0.0]);
        assert!(spread(&[]).is_empty());
    }
}
