//! Probes on planted truths, and against scikit-learn (scripts/fixtures/make_probe_fixtures.py).

#![allow(clippy::unwrap_used)] // helpers, not only tests

use dt_analysis::maths::probes::{
    Activations, Choice, Labels, LinearProbe, Part, ProbeError, Quality, RidgeConfig, Task,
    control_labels, fit_logistic, fit_ridge, fit_ridges, group_folds, hash_split,
    leave_condition_out, selectivity, with_noise,
};
use dt_analysis::maths::stats::{pearson, std};
use serde_json::Value;

const D: usize = 16;

/// Noise of standard deviation 1 by summing hashes: nothing but the rows that are planted.
fn noise(rows: usize) -> Activations {
    let zeros: Vec<f32> = (0..rows * D)
        .map(|n| if (n / D).is_multiple_of(2) { 1.0 } else { -1.0 })
        .collect();
    // Unit standard deviation, then all of it drowned in noise a thousand times larger.
    let loud = with_noise(&Activations::new(rows, D, zeros).unwrap(), 1000.0, 3).unwrap();
    let values = (0..rows).flat_map(|row| loud.row(row).iter().map(|x| x / 1000.0));
    Activations::new(rows, D, values.collect()).unwrap()
}

/// Activations with `size · ±1` added along a unit direction.
fn planted(base: &Activations, labels: &[bool], direction: &[f64], size: f64) -> Activations {
    let values = (0..base.rows()).flat_map(|row| {
        let sign = if labels[row] { size } else { -size };
        let row = base.row(row).iter().zip(direction);
        row.map(move |(x, u)| x + (sign * u) as f32)
    });
    Activations::new(base.rows(), D, values.collect()).unwrap()
}

fn cosine(a: &[f64], b: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

fn truth() -> Vec<f64> {
    let v: Vec<f64> = (0..D).map(|j| (j as f64 * 1.7).sin()).collect();
    let norm = v.iter().map(|x| x * x).sum::<f64>().sqrt();
    v.iter().map(|x| x / norm).collect()
}

fn coins(rows: usize) -> Vec<bool> {
    let rows: Vec<u64> = (0..rows as u64).collect();
    control_labels(&rows, 0.5, 8).unwrap()
}

#[test]
fn a_planted_direction_is_found_and_a_control_task_is_not() {
    let rows = 6000;
    let (labels, direction) = (coins(rows), truth());
    let activations = planted(&noise(rows), &labels, &direction, 2.0);
    let groups: Vec<u32> = (0..rows as u32).map(|row| row / 4).collect();
    let task = Task {
        activations: &activations,
        labels: Labels::Binary(&labels),
        groups: &groups,
    };
    let all: Vec<usize> = (0..rows).collect();
    let config = RidgeConfig::default();
    let fit = fit_ridge(&task, &all, &config, 1).unwrap();
    let found = cosine(&fit.probe.direction, &direction);
    assert!(found > 0.99, "ridge: {found}");
    let norm: f64 = fit.probe.direction.iter().map(|x| x * x).sum();
    assert!((norm - 1.0).abs() < 1e-12);
    // Classes 4 standard deviations apart: accuracy Φ(2) = 0.977, AUC Φ(2√2) = 0.998.
    let held = fit.held_out;
    assert!((held.accuracy.unwrap() - 0.977).abs() < 0.01, "{held:?}");
    assert!((held.auc.unwrap() - 0.9977).abs() < 0.003, "{held:?}");
    assert!((held.d_prime.unwrap() - 4.0).abs() < 0.2, "{held:?}");
    let logistic = fit_logistic(&task, &all, &fit.probe, 1e-3).unwrap();
    let found = cosine(&logistic.direction, &direction);
    assert!(found > 0.99, "logistic: {found}");

    // Contexts that activations say nothing of: the control label cannot be read.
    let contexts: Vec<u64> = (0..rows as u64).map(|row| row % 37).collect();
    let (test, train): (Vec<usize>, Vec<usize>) =
        all.iter().partition(|&&row| groups[row].is_multiple_of(5));
    let found = selectivity(&task, &contexts, [&train, &test], &config, 1).unwrap();
    assert!(found.accuracy > 0.95, "{found:?}");
    assert!((found.control_accuracy - 0.5).abs() < 0.06, "{found:?}");
    assert_eq!(found.rows, test.len());
    // A split by context leaves the control task nothing to recur.
    let halves = |part: u64| -> Vec<usize> {
        let of_part = all.iter().filter(|&&row| contexts[row] % 2 == part);
        of_part.copied().collect()
    };
    let apart = selectivity(&task, &contexts, [&halves(0), &halves(1)], &config, 1);
    assert_eq!(apart.unwrap_err(), ProbeError::NoRecurringContext);

    // Noise of thrice each feature's spread drowns the direction, none leaves it as it is.
    assert_eq!(with_noise(&activations, 0.0, 1).unwrap(), activations);
    let drowned = with_noise(&activations, 3.0, 1).unwrap();
    let noisy = Task {
        activations: &drowned,
        ..task
    };
    let accuracy = fit_ridge(&noisy, &all, &config, 1)
        .unwrap()
        .held_out
        .accuracy;
    assert!((0.55..0.85).contains(&accuracy.unwrap()), "{accuracy:?}");
    for j in 0..D {
        let column = |of: &Activations| -> Vec<f64> {
            (0..rows).map(|row| f64::from(of.row(row)[j])).collect()
        };
        let (before, after) = (column(&activations), column(&drowned));
        let added: Vec<f64> = after.iter().zip(&before).map(|(a, b)| a - b).collect();
        let ratio = std(&added).unwrap() / std(&before).unwrap();
        assert!((ratio - 3.0).abs() < 0.15, "feature {j}: {ratio}"); // five standard errors
        assert!(pearson(&added, &before).unwrap().abs() < 0.07);
    }
}

#[test]
fn coefficients_agree_with_scikit_learn() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/probe.json");
    let fixture: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let numbers = |v: &Value| -> Vec<f64> {
        v.as_array()
            .unwrap()
            .iter()
            .map(|x| x.as_f64().unwrap())
            .collect()
    };
    let x: Vec<Vec<f64>> = fixture["x"]
        .as_array()
        .unwrap()
        .iter()
        .map(numbers)
        .collect();
    let (rows, d) = (x.len(), x[0].len());
    let values = x.concat().iter().map(|x| *x as f32).collect();
    let activations = Activations::new(rows, d, values).unwrap();
    let labels: Vec<bool> = fixture["labels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_bool().unwrap())
        .collect();
    let real = numbers(&fixture["real"]);
    let groups: Vec<u32> = (0..rows as u32).collect();
    let all: Vec<usize> = (0..rows).collect();
    let check = |probe: &LinearProbe, expected: &Value, tolerance: f64| {
        for (u, w) in probe.direction.iter().zip(numbers(&expected["weights"])) {
            assert!(
                (u * probe.scale - w).abs() < tolerance,
                "{} and {w}",
                u * probe.scale
            );
        }
        let apart = probe.intercept - expected["intercept"].as_f64().unwrap();
        // Activations reach 100: so many times the weights' tolerance.
        assert!(apart.abs() < 100.0 * tolerance, "{apart}");
    };
    for case in fixture["cases"].as_array().unwrap() {
        let strength = case["strength"].as_f64().unwrap();
        let config = RidgeConfig {
            folds: 5,
            strengths: vec![strength],
            ..RidgeConfig::default()
        };
        let task = |labels| Task {
            activations: &activations,
            labels,
            groups: &groups,
        };
        let binary = fit_ridge(&task(Labels::Binary(&labels)), &all, &config, 0)
            .unwrap()
            .probe;
        check(&binary, &case["ridge_binary"], 1e-6);
        let numbers = fit_ridge(&task(Labels::Real(&real)), &all, &config, 0).unwrap();
        check(&numbers.probe, &case["ridge_real"], 1e-6);
        // The error of held-out rows, from sums of products, against their scores one by one.
        let variance = std(&real).unwrap().powi(2) * (rows - 1) as f64 / rows as f64;
        let explained = 1.0 - numbers.strengths[0].error / variance;
        assert!((numbers.held_out.r2.unwrap() - explained).abs() < 1e-9);
        let odds = fit_logistic(&task(Labels::Binary(&labels)), &all, &binary, strength).unwrap();
        check(&odds, &case["logistic"], 1e-4);
    }
}

#[test]
fn labels_that_are_fitted_together_get_the_probes_that_they_get_alone() {
    let rows = 400;
    let (labels, direction) = (coins(rows), truth());
    let activations = planted(&noise(rows), &labels, &direction, 0.7);
    let real: Vec<f64> = (0..rows)
        .map(|row| f64::from(activations.row(row)[3]))
        .collect();
    let groups: Vec<u32> = (0..rows as u32).map(|row| row / 4).collect();
    let all: Vec<usize> = (0..rows).collect();
    let constant = vec![true; rows];
    let together = [
        Labels::Binary(&labels),
        Labels::Binary(&constant),
        Labels::Real(&real),
    ];
    for choice in [Choice::Error, Choice::Strongest] {
        let config = RidgeConfig {
            choice,
            ..RidgeConfig::default()
        };
        let fits = fit_ridges(&activations, &together, &groups, &all, &config, 4).unwrap();
        for (&labels, fit) in together.iter().zip(fits) {
            let task = Task {
                activations: &activations,
                labels,
                groups: &groups,
            };
            match (fit, fit_ridge(&task, &all, &config, 4)) {
                (Ok(fit), Ok(alone)) => {
                    assert_eq!(fit.probe.strength, alone.probe.strength);
                    assert!(cosine(&fit.probe.direction, &alone.probe.direction) > 1.0 - 1e-9);
                }
                (fit, alone) => {
                    assert_eq!(fit.unwrap_err(), alone.unwrap_err());
                    assert_eq!(labels, Labels::Binary(&constant));
                }
            }
        }
    }
}

#[test]
fn accuracy_prefers_the_difference_of_means_to_what_hardly_varies() {
    // The label without noise, a thousandth as large, at feature 5; with noise at feature 2.
    let rows = 2000;
    let labels = coins(rows);
    let axis = |n: usize| -> Vec<f64> { (0..D).map(|j| f64::from(u8::from(j == n))).collect() };
    let base = planted(&noise(rows), &labels, &axis(2), 4.0);
    let values = (0..rows).flat_map(|row| {
        let tiny = if labels[row] { 1e-3 } else { -1e-3 };
        let row = base.row(row).iter().enumerate();
        row.map(move |(j, x)| if j == 5 { tiny } else { *x })
    });
    let activations = Activations::new(rows, D, values.collect()).unwrap();
    let groups: Vec<u32> = (0..rows as u32).collect();
    let all: Vec<usize> = (0..rows).collect();
    let task = Task {
        activations: &activations,
        labels: Labels::Binary(&labels),
        groups: &groups,
    };
    let along = |config: &RidgeConfig| -> f64 {
        let probe = fit_ridge(&task, &all, config, 1).unwrap().probe;
        cosine(&probe.direction, &axis(2)).abs()
    };
    let robust = RidgeConfig {
        standardise: false,
        choice: Choice::Strongest,
        ..RidgeConfig::default()
    };
    assert!(along(&robust) > 0.99, "{}", along(&robust));
    assert!(along(&RidgeConfig::default()) < 0.1);
}

#[test]
fn a_probe_of_a_confound_fails_where_the_confound_breaks() {
    // In conditions 0 to 2 a strong feature agrees with the label; in 3 it is the other way round.
    let rows = 4000;
    let labels = coins(rows);
    let conditions: Vec<u32> = (0..rows as u32).map(|row| row % 4).collect();
    let confound: Vec<bool> = (0..rows)
        .map(|row| labels[row] != (conditions[row] == 3))
        .collect();
    let axis = |n: usize| -> Vec<f64> { (0..D).map(|j| f64::from(u8::from(j == n))).collect() };
    let weak = planted(&noise(rows), &labels, &axis(2), 0.2);
    let activations = planted(&weak, &confound, &axis(5), 3.0);
    let groups: Vec<u32> = (0..rows as u32).collect();
    let task = Task {
        activations: &activations,
        labels: Labels::Binary(&labels),
        groups: &groups,
    };
    let found = leave_condition_out(&task, &conditions, &RidgeConfig::default(), 0).unwrap();
    assert_eq!(found.conditions.len(), 4);
    assert_eq!(found.worst.condition, 3);
    assert!(found.worst.quality.accuracy.unwrap() < 0.1, "{found:?}");
    assert!(
        found.conditions[0].quality.accuracy.unwrap() > 0.8,
        "{found:?}"
    );
}

#[test]
fn folds_never_split_a_group_and_are_even() {
    let groups: Vec<u32> = (0..500).map(|n| n * n % 83).collect();
    let folds = group_folds(&groups, 5, 3).unwrap();
    let mut sizes = [0; 5];
    for (group, fold) in groups.iter().zip(&folds) {
        sizes[*fold] += 1;
        let same = groups.iter().zip(&folds).filter(|(g, _)| *g == group);
        assert!(same.into_iter().all(|(_, f)| f == fold));
    }
    assert!(
        sizes.iter().all(|size| (90..110).contains(size)),
        "{sizes:?}"
    );
    assert_ne!(folds, group_folds(&groups, 5, 4).unwrap());
}

#[test]
fn splits_by_hash_keep_their_share_and_nest() {
    let test = |n: u32, share| hash_split(format!("layout {n}"), share).unwrap() == Part::Test;
    let count = |share| (0..10_000).filter(|&n| test(n, share)).count();
    assert_eq!((count(0.0), count(1.0)), (0, 10_000));
    assert!(count(0.2).abs_diff(2000) < 160); // four standard deviations
    assert!((0..1000).all(|n| !test(n, 0.2) || test(n, 0.3)));
    // The same on every machine and in every version: blake3 of the key, its first 8 bytes as a
    // little-endian number, over 2⁶⁴.
    let sides: Vec<u32> = (0..20).filter(|&n| test(n, 0.5)).collect();
    assert_eq!(sides, [1, 3, 4, 7, 9, 11, 13, 16]);
}

#[test]
fn fits_do_not_depend_on_threads() {
    let rows = 20_000;
    let labels = coins(rows);
    let activations = planted(&noise(rows), &labels, &truth(), 0.5);
    let groups: Vec<u32> = (0..rows as u32).map(|row| row / 7).collect();
    let task = Task {
        activations: &activations,
        labels: Labels::Binary(&labels),
        groups: &groups,
    };
    let all: Vec<usize> = (0..rows).collect();
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let fit = fit_ridge(&task, &all, &RidgeConfig::default(), 2).unwrap();
            let odds = fit_logistic(&task, &all, &fit.probe, 0.01).unwrap();
            serde_json::to_string(&(fit, odds)).unwrap()
        })
    };
    let one = with(1);
    assert_eq!(one, with(2));
    assert_eq!(one, with(5));
}

#[test]
fn what_is_wrong_with_the_data_is_said() {
    let activations = noise(20);
    let (labels, groups): (Vec<bool>, Vec<u32>) = (coins(20), (0..20).collect());
    let all: Vec<usize> = (0..20).collect();
    let task = Task {
        activations: &activations,
        labels: Labels::Binary(&labels),
        groups: &groups,
    };
    let fit = |task: &Task| fit_ridge(task, &all, &RidgeConfig::default(), 0).unwrap_err();
    let nan = [f64::NAN; 20];
    let flat = Activations::new(20, 1, vec![0.1; 20]).unwrap();
    let one_label = leave_condition_out(&task, &[1; 20], &RidgeConfig::default(), 0);
    let errors: Vec<(ProbeError, &str)> = vec![
        (
            Activations::new(5, 0, vec![0.0]).unwrap_err(),
            "1 were needed",
        ),
        (
            Activations::new(2, 2, vec![0.0; 3]).unwrap_err(),
            "4 were needed, got 3",
        ),
        (Activations::new(0, 2, vec![]).unwrap_err(), "got 0"),
        (
            Activations::new(2, 1, vec![0.0, f32::NAN]).unwrap_err(),
            "activation of row 1",
        ),
        (
            fit(&Task {
                labels: Labels::Binary(&[true; 20]),
                ..task
            }),
            "the same in all 20 rows",
        ),
        (
            fit(&Task {
                labels: Labels::Binary(&[true; 3]),
                ..task
            }),
            "20 were needed, got 3",
        ),
        (
            fit(&Task {
                labels: Labels::Real(&nan),
                ..task
            }),
            "label of row 0",
        ),
        (
            fit(&Task {
                groups: &[1; 20],
                ..task
            }),
            "5 folds need as many groups, got 1",
        ),
        (
            fit(&Task {
                activations: &flat,
                ..task
            }),
            "no activation varies",
        ),
        (
            fit_ridge(&task, &[20], &RidgeConfig::default(), 0).unwrap_err(),
            "only 20",
        ),
        (one_label.unwrap_err(), "at least two of them, got 1"),
        (
            with_noise(&activations, -1.0, 0).unwrap_err(),
            "at least 0, not -1",
        ),
        (
            selectivity(&task, &[7; 20], [&all, &all], &RidgeConfig::default(), 0).unwrap_err(),
            "two distinct contexts, got 1",
        ),
        (
            selectivity(&task, &[7; 3], [&all, &all], &RidgeConfig::default(), 0).unwrap_err(),
            "contexts: 20 were needed, got 3",
        ),
        (
            Quality::of(&[0.0; 3], task.labels, &all).unwrap_err(),
            "scores: 20 were needed, got 3",
        ),
        (hash_split("a", 2.0).unwrap_err(), "within 0 to 1, not 2"),
    ];
    for (error, part) in errors {
        let text = error.to_string();
        assert!(text.contains(part), "{text:?} lacks {part:?}");
    }
}
