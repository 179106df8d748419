//! The kernel density of a sample.
//!
//! f(x) = 1 / (n h √2π) · Σᵢ exp(−(x − xᵢ)² / 2h²), with Silverman's bandwidth
//! h = 0.9 · min(s, IQR / 1.34) · n^(−1/5) (Density Estimation, 1986, eq. 3.31).

use std::f64::consts::TAU;

use super::sample::{quantile_of_sorted, sorted};

/// Gaussian kernel density of a sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Density {
    sorted: Vec<f64>,
    width: f64,
}

impl Density {
    /// The density of the finite ones of some values; none if no two of them differ.
    pub fn of(values: &[f64]) -> Option<Self> {
        let finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        let sorted = sorted(&finite);
        if sorted.first() == sorted.last() {
            return None;
        }
        let width = bandwidth(&sorted);
        Some(Self { sorted, width })
    }

    /// The density at a place.
    pub fn at(&self, place: f64) -> f64 {
        let kernel = |v: &f64| {
            let z = (place - v) / self.width;
            (-0.5 * z * z).exp()
        };
        let scale = self.sorted.len() as f64 * self.width * TAU.sqrt();
        self.sorted.iter().map(kernel).sum::<f64>() / scale
    }

    /// Places and their densities, `count` of them, evenly from the smallest value to the largest.
    pub fn curve(&self, count: usize) -> Vec<(f64, f64)> {
        let (low, high) = (self.sorted[0], self.sorted[self.sorted.len() - 1]);
        let step = (high - low) / (count - 1) as f64;
        let at = |n: usize| low + step * n as f64;
        (0..count).map(|n| (at(n), self.at(at(n)))).collect()
    }
}

fn bandwidth(sorted: &[f64]) -> f64 {
    let n = sorted.len() as f64;
    let mean = sorted.iter().sum::<f64>() / n;
    let squares: f64 = sorted.iter().map(|v| (v - mean) * (v - mean)).sum();
    let deviation = (squares / (n - 1.0).max(1.0)).sqrt();
    let quartile = |q| quantile_of_sorted(sorted, q);
    let quartiles = (quartile(0.75) - quartile(0.25)) / 1.34;
    let spread = if quartiles > 0.0 {
        deviation.min(quartiles)
    } else {
        deviation
    };
    0.9 * spread * n.powf(-0.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn density_is_that_of_scipy() {
        let density = Density::of(&[-1.0, -0.5, -0.4, f64::NAN, 0.3, 0.35, 0.9]).unwrap();
        // 0.9 * min(std(ddof=1), iqr / 1.34) * 6 ** -0.2, numpy 2
        let width = density.width;
        assert!((width - 0.381_356_216_866_953_26).abs() < 1e-12, "{width}");
        // scipy.stats.gaussian_kde(values, width / std(ddof=1))(0.0)
        let middle = density.at(0.0);
        assert!((middle - 0.433_143_970_267_357_1).abs() < 1e-9, "{middle}");
    }

    #[test]
    fn a_density_holds_its_sample() {
        let values: Vec<f64> = (0..200).map(|n| f64::from(n % 41) / 40.0).collect();
        let curve = Density::of(&values).unwrap().curve(129);
        assert_eq!((curve[0].0, curve[128].0), (0.0, 1.0));
        let area: f64 = curve.iter().map(|p| p.1).sum::<f64>() / 128.0;
        assert!(area > 0.8 && area < 1.05, "{area}");
        assert!(curve.iter().all(|p| p.1 < 1.3));
        assert_eq!(Density::of(&[2.0, 2.0]), None);
        assert_eq!(Density::of(&[]), None);
    }
}
