//! Permutation tests: over every arrangement where they are few, else over random ones.
//!
//! p is the share of arrangements whose statistic is as extreme as the one seen (Fisher, 1935);
//! over m random ones, p = (1 + those as extreme) / (1 + m) (Phipson and Smyth, 2010).

use dt_env::streams::{Purpose, stream};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::correlation::{ranks, spearman};
use super::error::{StatsError, check, check_pairs};
use super::sample::raw_mean;

/// Up to so many arrangements all of them are tried: 9! orders, 10 against 10 values, 18 signs.
const EXACT: u128 = 400_000;

/// Which statistics count as at least as extreme as the observed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Alternative {
    /// Those at least as far from 0.
    TwoSided,
    /// Those at least as large.
    Greater,
    /// Those at most as large.
    Less,
}

/// What a permutation test found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Permutation {
    /// The statistic of the data as they are.
    pub statistic: f64,
    /// Share of arrangements at least as extreme. Over random arrangements the data count as one
    /// more, (k + 1) / (n + 1), so that it is never 0 (Phipson and Smyth, 2010).
    pub p: f64,
    /// Whether every arrangement was tried, once each.
    pub exact: bool,
    /// How many were tried.
    pub arrangements: u64,
}

impl Alternative {
    /// Whether `value` is at least as extreme as `observed`. `slack` takes in what rounding tells
    /// apart.
    fn reaches(self, value: f64, observed: f64, slack: f64) -> bool {
        match self {
            Self::TwoSided => value.abs() >= observed.abs() - slack,
            Self::Greater => value >= observed - slack,
            Self::Less => value <= observed + slack,
        }
    }
}

/// Tests a difference of means, mean(`first`) − mean(`second`), over the ways of dealing all
/// values out to both samples.
///
/// # Errors
/// If a sample is empty, a value is not finite, or `resamples` is 0.
pub fn two_sample_test(
    first: &[f64],
    second: &[f64],
    alternative: Alternative,
    resamples: usize,
    seed: u64,
) -> Result<Permutation, StatsError> {
    const WHAT: &str = "two-sample test";
    check(WHAT, first)?;
    check(WHAT, second)?;
    let all = [first, second].concat();
    let (n, k) = (all.len(), first.len());
    let observed = raw_mean(first) - raw_mean(second);
    let total: f64 = all.iter().sum();
    let slack = slack(&all);
    // From the sum of the values dealt to the first sample.
    let difference = |sum: f64| sum / k as f64 - (total - sum) / (n - k) as f64;
    let reaches = |sum: f64| alternative.reaches(difference(sum), observed, slack);
    let counts = if choices(n, k).is_some_and(|c| c <= EXACT) {
        Counts::exact(combinations(n, k, |chosen| {
            reaches(chosen.iter().map(|&i| all[i]).sum())
        }))
    } else {
        Counts::random(resamples, seed, |rng| {
            let mut pool = all.clone();
            for i in 0..k {
                let j = rng.random_range(i..n);
                pool.swap(i, j);
            }
            reaches(pool[..k].iter().sum())
        })?
    };
    Ok(counts.result(observed))
}

/// Tests the mean of paired differences, mean(`first` − `second`), over all choices of sign of
/// each difference.
///
/// # Errors
/// If the samples differ in size or are empty, a value is not finite, or `resamples` is 0.
pub fn paired_test(
    first: &[f64],
    second: &[f64],
    alternative: Alternative,
    resamples: usize,
    seed: u64,
) -> Result<Permutation, StatsError> {
    check_pairs("paired test", first, second, 1)?;
    let differences: Vec<f64> = first.iter().zip(second).map(|(a, b)| a - b).collect();
    let n = differences.len();
    let observed = raw_mean(&differences);
    let slack = slack(&differences);
    let mean = |flipped: &dyn Fn(usize) -> bool| {
        let signed = differences.iter().enumerate();
        let sum: f64 = signed.map(|(i, d)| if flipped(i) { -d } else { *d }).sum();
        sum / n as f64
    };
    let counts = if n < 64 && 1_u128 << n <= EXACT {
        let all = 0..1_u64 << n;
        let reached = all
            .clone()
            .filter(|signs| alternative.reaches(mean(&|i| signs >> i & 1 == 1), observed, slack));
        Counts::exact((reached.count() as u64, all.end))
    } else {
        Counts::random(resamples, seed, |rng| {
            let signs: Vec<bool> = (0..n).map(|_| rng.random()).collect();
            alternative.reaches(mean(&|i| signs[i]), observed, slack)
        })?
    };
    Ok(counts.result(observed))
}

/// Tests Spearman's rank correlation over the orders of one sample against the other.
///
/// # Errors
/// If the samples differ in size, have fewer than two values, hold one that is not finite, or one
/// of them is constant; or if `resamples` is 0.
pub fn spearman_test(
    x: &[f64],
    y: &[f64],
    alternative: Alternative,
    resamples: usize,
    seed: u64,
) -> Result<Permutation, StatsError> {
    let observed = spearman(x, y)?;
    let n = x.len();
    // Twice the ranks less their mean are whole numbers: sums of products are exact, and ties
    // between arrangements are found without slack.
    let whole = |sample| {
        ranks(sample)
            .iter()
            .map(|r| 2.0 * r - (n as f64 + 1.0))
            .collect()
    };
    let (a, mut b): (Vec<f64>, Vec<f64>) = (whole(x), whole(y));
    let product = |b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    let of_data = product(&b);
    let reaches = |b: &[f64]| alternative.reaches(product(b), of_data, 0.0);
    let orders = (1..=n as u128).try_fold(1_u128, u128::checked_mul);
    let counts = if orders.is_some_and(|count| count <= EXACT) {
        Counts::exact(permutations(&mut b, reaches))
    } else {
        Counts::random(resamples, seed, |rng| {
            let mut b = b.clone();
            for i in (1..n).rev() {
                let j = rng.random_range(0..=i);
                b.swap(i, j);
            }
            reaches(&b)
        })?
    };
    Ok(counts.result(observed))
}

/// How many arrangements reach the observed statistic, of how many.
struct Counts {
    reached: u64,
    tried: u64,
    exact: bool,
}

impl Counts {
    fn exact((reached, tried): (u64, u64)) -> Self {
        Self {
            reached,
            tried,
            exact: true,
        }
    }

    /// Draws arrangement n from stream n.
    fn random(
        resamples: usize,
        seed: u64,
        reaches: impl Fn(&mut ChaCha8Rng) -> bool + Sync,
    ) -> Result<Self, StatsError> {
        if resamples == 0 {
            return Err(StatsError::NoResamples);
        }
        let reached = (0..resamples)
            .into_par_iter()
            .filter(|&n| reaches(&mut stream(seed, Purpose::Permutation, n as u64)));
        Ok(Self {
            reached: reached.count() as u64,
            tried: resamples as u64,
            exact: false,
        })
    }

    fn result(&self, statistic: f64) -> Permutation {
        let p = match self.exact {
            true => self.reached as f64 / self.tried as f64,
            false => (self.reached + 1) as f64 / (self.tried + 1) as f64,
        };
        Permutation {
            statistic,
            p,
            exact: self.exact,
            arrangements: self.tried,
        }
    }
}

/// Far above the rounding of a mean, far below a difference that means something.
fn slack(values: &[f64]) -> f64 {
    1e-12 * values.iter().fold(0.0, |most: f64, v| most.max(v.abs()))
}

/// Ways of choosing k of n, if they fit.
fn choices(n: usize, k: usize) -> Option<u128> {
    (0..k.min(n - k) as u128).try_fold(1_u128, |count, i| {
        Some(count.checked_mul(n as u128 - i)? / (i + 1))
    })
}

/// Visits the choices of k of n indices in order; returns how many `reach` and how many there are.
fn combinations(n: usize, k: usize, reach: impl Fn(&[usize]) -> bool) -> (u64, u64) {
    let mut chosen: Vec<usize> = (0..k).collect();
    let (mut reached, mut tried) = (0, 0);
    loop {
        tried += 1;
        reached += u64::from(reach(&chosen));
        // The last index that can still move up; those after it follow close behind.
        let Some(i) = (0..k).rev().find(|&i| chosen[i] < n - k + i) else {
            return (reached, tried);
        };
        chosen[i] += 1;
        for j in i + 1..k {
            chosen[j] = chosen[j - 1] + 1;
        }
    }
}

/// Visits the orders of some values by Heap's algorithm (1963); returns how many `reach` and how
/// many there are.
fn permutations(values: &mut [f64], reach: impl Fn(&[f64]) -> bool) -> (u64, u64) {
    let mut state = vec![0; values.len()];
    let (mut reached, mut tried) = (u64::from(reach(values)), 1);
    let mut i = 1;
    while i < values.len() {
        if state[i] == i {
            state[i] = 0;
            i += 1;
            continue;
        }
        values.swap(if i % 2 == 0 { 0 } else { state[i] }, i);
        reached += u64::from(reach(values));
        tried += 1;
        state[i] += 1;
        i = 1;
    }
    (reached, tried)
}
