//! How to lay the points of a sample side by side, so that each is seen.

use crate::maths::stats::Density;

/// How far each value moves aside, from -1 to 1: evenly spread, and as far as the sample is dense
/// there. The same values always move alike.
pub(super) fn spread(values: &[f64]) -> Vec<f64> {
    // Lone values stay in line.
    if values.len() < 2 {
        return vec![0.0; values.len()];
    }
    let density = Density::of(values);
    // Equal values are as dense as can be.
    let at = |&v: &f64| density.as_ref().map_or(1.0, |density| density.at(v));
    let densities: Vec<f64> = values.iter().map(at).collect();
    let peak = densities.iter().copied().fold(0.0, f64::max);
    // Neighbours in value move apart, whatever order they were given in.
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]).then(a.cmp(&b)));
    let mut aside = vec![0.0; values.len()];
    for (rank, &n) in order.iter().enumerate() {
        let share = if peak > 0.0 { densities[n] / peak } else { 0.0 };
        aside[n] = (2.0 * halves(rank) - 1.0) * share.min(1.0);
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
