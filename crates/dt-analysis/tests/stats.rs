//! Statistics against scipy, statsmodels and scikit-learn (scripts/fixtures/make_stats_fixtures.py).

#![allow(clippy::unwrap_used)] // helpers, not only tests

use dt_analysis::maths::stats::{
    self, Alternative, CONFIDENCE, Interval, Permutation, Reference, StatsError, Verdict, auc,
    bootstrap, clopper_pearson, d_prime, mean, median, median_interval, paired_test, pearson,
    quantile, ranks, spearman, spearman_test, std, t_interval, tost, two_sample_test,
};
use serde_json::Value;

const SIDES: [Alternative; 3] = [
    Alternative::TwoSided,
    Alternative::Greater,
    Alternative::Less,
];

fn fixtures() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/stats.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    let list = value.as_array().unwrap().iter();
    list.map(|v| v.as_f64().unwrap()).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

#[track_caller]
fn close(found: f64, expected: f64, what: &str) {
    let tolerance = 1e-9 * expected.abs().max(1.0);
    let apart = (found - expected).abs();
    assert!(apart <= tolerance, "{what}: {found} and {expected}");
}

#[track_caller]
fn same_interval(found: Interval, expected: &[f64], what: &str) {
    close(found.low, expected[0], what);
    close(found.high, expected[1], what);
}

#[test]
fn one_sample_statistics_agree_with_numpy_and_scipy() {
    let mut intervals = 0;
    for sample in list(&fixtures()["samples"]) {
        let name = sample["name"].as_str().unwrap();
        let values = numbers(&sample["values"]);
        close(
            mean(&values).unwrap(),
            sample["mean"].as_f64().unwrap(),
            name,
        );
        close(
            median(&values).unwrap(),
            sample["median"].as_f64().unwrap(),
            name,
        );
        match sample["std"].as_f64() {
            Some(expected) => close(std(&values).unwrap(), expected, name),
            None => assert!(matches!(
                std(&values),
                Err(StatsError::TooFew { got: 1, .. })
            )),
        }
        for pair in list(&sample["quantiles"]) {
            let pair = numbers(pair);
            close(quantile(&values, pair[0]).unwrap(), pair[1], name);
        }
        assert_eq!(ranks(&values), numbers(&sample["ranks"]), "{name}");
        for row in sample["t_interval"].as_array().into_iter().flatten() {
            let row = numbers(row);
            same_interval(t_interval(&values, row[0]).unwrap(), &row[1..], name);
            intervals += 1;
        }
        for case in sample["tost"].as_array().into_iter().flatten() {
            let margins = numbers(&case["margins"]);
            let margins = Interval::new(margins[0], margins[1]);
            let found = tost(&values, margins, 0.05).unwrap();
            close(found.p, case["p"].as_f64().unwrap(), name);
            assert_eq!(found.equivalent, found.p < 0.05);
            same_interval(found.interval, &numbers(&case["interval"]), name);
            intervals += 1;
        }
        for row in list(&sample["median_interval"]) {
            let row = numbers(row);
            let found = median_interval(&values, row[0]).unwrap();
            same_interval(found.interval, &row[1..], name);
            assert!(found.coverage >= row[0] - 1e-12, "{name}");
            intervals += 1;
        }
    }
    assert!(intervals > 60, "{intervals} intervals were compared");
}

#[test]
fn intervals_of_shares_agree_with_scipy_and_statsmodels() {
    for case in list(&fixtures()["shares"]) {
        let size = |key: &str| case[key].as_u64().unwrap() as usize;
        let (count, of) = (size("count"), size("of"));
        let confidence = case["confidence"].as_f64().unwrap();
        let found = clopper_pearson(count, of, confidence).unwrap();
        let what = format!("{count} of {of} at {confidence}");
        same_interval(found, &numbers(&case["interval"]), &what);
        same_interval(found, &numbers(&case["statsmodels"]), &what);
        assert!(found.contains(count as f64 / of as f64), "{what}");
        let mirrored = clopper_pearson(of - count, of, confidence).unwrap();
        close(mirrored.low, 1.0 - found.high, &what);
    }
    assert_eq!(clopper_pearson(0, 5, CONFIDENCE).unwrap().low, 0.0);
    assert_eq!(clopper_pearson(5, 5, CONFIDENCE).unwrap().high, 1.0);
}

#[test]
fn correlations_and_separations_agree_with_scipy_and_sklearn() {
    let fixtures = fixtures();
    for case in list(&fixtures["correlations"]) {
        let name = case["name"].as_str().unwrap();
        let (x, y) = (numbers(&case["x"]), numbers(&case["y"]));
        close(
            pearson(&x, &y).unwrap(),
            case["pearson"].as_f64().unwrap(),
            name,
        );
        close(
            spearman(&x, &y).unwrap(),
            case["spearman"].as_f64().unwrap(),
            name,
        );
    }
    for case in list(&fixtures["separations"]) {
        let (a, b) = (numbers(&case["positive"]), numbers(&case["negative"]));
        let found = auc(&a, &b).unwrap();
        close(found, case["auc"].as_f64().unwrap(), "auc");
        close(found, case["mann_whitney"].as_f64().unwrap(), "auc");
        close(auc(&b, &a).unwrap(), 1.0 - found, "auc the other way");
        close(
            d_prime(&a, &b).unwrap(),
            case["d_prime"].as_f64().unwrap(),
            "d prime",
        );
    }
    assert_eq!(auc(&[1.0, 1.0], &[1.0]).unwrap(), 0.5);
    assert_eq!(auc(&[0.0], &[-0.0]).unwrap(), 0.5);
    assert_eq!(auc(&[2.0], &[1.0, 0.0]).unwrap(), 1.0);
}

type Test = fn(&[f64], &[f64], Alternative, usize, u64) -> Result<Permutation, StatsError>;

#[test]
fn exact_permutation_tests_agree_with_scipy_and_enumeration() {
    let tests: [(&str, Test); 3] = [
        ("two_sample", two_sample_test),
        ("paired", paired_test),
        ("spearman", spearman_test),
    ];
    let fixtures = fixtures();
    for (name, test) in tests {
        for case in list(&fixtures["permutations"][name]) {
            let (x, y) = (numbers(&case["x"]), numbers(&case["y"]));
            for side in SIDES {
                let found = test(&x, &y, side, 1, 0).unwrap();
                assert!(found.exact);
                let expected = case["p"][format!("{side:?}")].as_f64().unwrap();
                close(found.p, expected, &format!("{name} {side:?}"));
            }
        }
    }
}

#[test]
fn random_permutation_tests_agree_with_scipy_within_monte_carlo_error() {
    let fixtures = fixtures();
    let many = &fixtures["permutations"]["many"];
    let (x, y) = (numbers(&many["x"]), numbers(&many["y"]));
    let tests: [(&str, Test, Alternative); 3] = [
        ("two_sample", two_sample_test, Alternative::Less),
        ("paired", paired_test, Alternative::Less),
        ("spearman", spearman_test, Alternative::Greater),
    ];
    for (name, test, side) in tests {
        let found = test(&x, &y, side, 200_000, 11).unwrap();
        assert!(!found.exact);
        let expected = many[name].as_f64().unwrap();
        // Four standard errors of scipy's own 20,000 resamples, the smaller of both numbers.
        let error = (expected * (1.0 - expected) / 20_000.0).sqrt();
        let apart = (found.p - expected).abs();
        assert!(apart < 4.0 * error, "{name}: {} and {expected}", found.p);
        assert_eq!(found, test(&x, &y, side, 200_000, 11).unwrap());
    }
    // The data count as one arrangement, so that p is never 0.
    let line: Vec<f64> = (0..30).map(f64::from).collect();
    let found = spearman_test(&line, &line, Alternative::TwoSided, 99, 0).unwrap();
    assert_eq!((found.statistic, found.p), (1.0, 0.01));
}

#[test]
fn bootstrap_intervals_agree_with_scipy_within_monte_carlo_error() {
    let fixtures = fixtures();
    let x = numbers(&fixtures["bootstraps"]["x"]);
    let resamples = fixtures["bootstraps"]["resamples"].as_u64().unwrap() as usize;
    let spread = std(&x).unwrap() / (x.len() as f64).sqrt();
    for case in list(&fixtures["bootstraps"]["cases"]) {
        let name = case["statistic"].as_str().unwrap();
        let statistic = |values: &[f64]| match name {
            "mean" => mean(values).unwrap(),
            _ => median(values).unwrap(),
        };
        let found = bootstrap(&x, statistic, resamples, CONFIDENCE, 5).unwrap();
        assert_eq!(found.estimate, statistic(&x));
        let expected = numbers(&case["interval"]);
        for (ours, theirs) in [
            (found.interval.low, expected[0]),
            (found.interval.high, expected[1]),
        ] {
            // A median's quantiles move by gaps between values, a mean's by little.
            let tolerance = if name == "mean" { 0.02 } else { 0.1 } * spread;
            assert!(
                (ours - theirs).abs() < tolerance,
                "{name}: {ours} and {theirs}"
            );
        }
    }
}

#[test]
fn resampling_does_not_depend_on_threads() {
    let x: Vec<f64> = (0..40).map(|n| f64::from(n * n % 37)).collect();
    let y: Vec<f64> = (0..40).map(|n| f64::from(n * 7 % 31)).collect();
    let all = || {
        let boot = bootstrap(&x, |v| mean(v).unwrap(), 500, 0.9, 3).unwrap();
        let rank = spearman_test(&x, &y, Alternative::TwoSided, 500, 3).unwrap();
        let deal = two_sample_test(&x, &y, Alternative::Greater, 500, 3).unwrap();
        let sign = paired_test(&x, &y, Alternative::Less, 500, 3).unwrap();
        serde_json::to_string(&(boot, rank, deal, sign)).unwrap()
    };
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap().install(all)
    };
    let one = with(1);
    assert_eq!(one, with(2));
    assert_eq!(one, with(5));
    let other = bootstrap(&x, |v| mean(v).unwrap(), 500, 0.9, 4).unwrap();
    assert!(!one.contains(&serde_json::to_string(&other).unwrap()));
}

#[test]
fn samples_without_spread_have_limits_or_no_value() {
    let same = [0.1; 7];
    assert_eq!(std(&same).unwrap(), 0.0);
    assert_eq!(t_interval(&same, 0.95).unwrap(), Interval::new(0.1, 0.1));
    let inside = tost(&same, Interval::new(0.0, 0.2), 0.05).unwrap();
    assert!(inside.equivalent && inside.p == 0.0);
    for margins in [Interval::new(0.1, 0.2), Interval::new(0.2, 0.3)] {
        let outside = tost(&same, margins, 0.05).unwrap();
        assert!(!outside.equivalent && outside.p == 1.0);
    }
    let found = bootstrap(&same, |v| median(v).unwrap(), 50, 0.95, 0).unwrap();
    assert_eq!(found.interval, Interval::new(0.1, 0.1));
    let deal = two_sample_test(&same, &same, Alternative::TwoSided, 10, 0).unwrap();
    assert_eq!((deal.statistic, deal.p), (0.0, 1.0));
    let line = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
    for error in [
        pearson(&same, &line).unwrap_err(),
        spearman(&line, &same).unwrap_err(),
        spearman_test(&same, &line, Alternative::Less, 9, 0).unwrap_err(),
        d_prime(&same, &same).unwrap_err(),
    ] {
        assert!(matches!(error, StatsError::Constant { .. }), "{error}");
    }
}

#[test]
fn medians_of_few_values_have_no_interval() {
    let values = [1.0, 5.0, 2.0, 4.0, 3.0, 6.0];
    let found = median_interval(&values, 0.95).unwrap();
    assert_eq!(found.interval, Interval::new(1.0, 6.0));
    assert_eq!(found.coverage, 1.0 - 2.0 / 64.0);
    for n in 1..6 {
        let error = median_interval(&values[..n], 0.95).unwrap_err();
        let expected = StatsError::TooFew {
            what: "interval of the median",
            needs: 6,
            got: n,
        };
        assert_eq!(error, expected);
    }
}

#[test]
fn the_median_of_many_values_has_a_narrow_interval() {
    // 2⁻⁵⁰⁰⁰ is 0 in f64. The rank and the coverage are scipy.stats.binom's.
    let values: Vec<f64> = (1..=5000).map(f64::from).collect();
    let found = median_interval(&values, 0.95).unwrap();
    assert_eq!(found.interval, Interval::new(2431.0, 2570.0));
    assert!((found.coverage - 0.950_684_141_895_829).abs() < 1e-9);
}

#[test]
fn what_is_wrong_with_a_sample_is_said() {
    let nan = [1.0, f64::NAN];
    let none: [f64; 0] = [];
    let errors = [
        (mean(&none).unwrap_err(), "mean of an empty sample"),
        (
            quantile(&[1.0], 1.5).unwrap_err(),
            "between 0 and 1, not at 1.5",
        ),
        (median(&nan).unwrap_err(), "value 1 is NaN"),
        (std(&[f64::INFINITY; 2]).unwrap_err(), "value 0 is inf"),
        (
            t_interval(&[1.0], 0.95).unwrap_err(),
            "at least 2 values, got 1",
        ),
        (t_interval(&[1.0, 2.0], 1.0).unwrap_err(), "confidence"),
        (
            clopper_pearson(3, 2, 0.95).unwrap_err(),
            "3 of 2 is not a share",
        ),
        (
            clopper_pearson(0, 0, 0.95).unwrap_err(),
            "0 of 0 is not a share",
        ),
        (clopper_pearson(1, 2, 95.0).unwrap_err(), "confidence"),
        (pearson(&nan, &[1.0]).unwrap_err(), "got 2 and 1 values"),
        (pearson(&[1.0, 2.0], &nan).unwrap_err(), "value 1 is NaN"),
        (auc(&[1.0], &none).unwrap_err(), "empty sample"),
        (d_prime(&[1.0, 2.0], &[1.0]).unwrap_err(), "at least 2"),
        (
            tost(&[1.0, 2.0], Interval::new(1.0, 0.0), 0.05).unwrap_err(),
            "from 1 to 0",
        ),
        (
            tost(&[1.0, 2.0], Interval::new(0.0, 1.0), 0.5).unwrap_err(),
            "level",
        ),
        (
            bootstrap(&none, |_| 0.0, 9, 0.95, 0).unwrap_err(),
            "empty sample",
        ),
        (
            bootstrap(&[1.0], |_| 0.0, 0, 0.95, 0).unwrap_err(),
            "at least one resample",
        ),
        (
            bootstrap(&[1.0], |_| f64::NAN, 9, 0.95, 0).unwrap_err(),
            "the whole sample is NaN",
        ),
        (
            paired_test(&[1.0; 30], &[1.0; 30], Alternative::Less, 0, 0).unwrap_err(),
            "at least one resample",
        ),
        (
            two_sample_test(&nan, &[1.0], Alternative::Less, 9, 0).unwrap_err(),
            "value 1 is NaN",
        ),
        (Verdict::of_seeds(2, 1, None).unwrap_err(), "2 of 1"),
    ];
    for (error, part) in errors {
        let text = error.to_string();
        assert!(text.contains(part), "{text:?} lacks {part:?}");
        let outer = dt_analysis::Error::from(error);
        assert_eq!(outer.to_string(), text);
    }
    // A resample of one unit, ten times over, has no correlation: the closure must cope.
    let pairs = [(1.0, 2.0), (2.0, 1.0)];
    let rho = |units: &[(f64, f64)]| {
        let (x, y): (Vec<f64>, Vec<f64>) = units.iter().copied().unzip();
        pearson(&x, &y).unwrap_or(f64::NAN)
    };
    let error = bootstrap(&pairs, rho, 100, 0.95, 0).unwrap_err();
    assert!(error.to_string().contains("of resample "), "{error}");
}

#[test]
fn verdicts_follow_the_interval_of_the_share() {
    let of = |passes, seeds| Verdict::of_seeds(passes, seeds, None).unwrap();
    // 6 of 6: lower bound 0.541; 5 of 5: 0.478.
    assert_eq!(of(6, 6), Verdict::Holds);
    assert_eq!(of(5, 5), Verdict::Undecided);
    assert_eq!(of(0, 6), Verdict::Fails);
    assert_eq!(of(0, 5), Verdict::Undecided);
    assert_eq!(of(16, 32), Verdict::Undecided);
    // Of 32 seeds 23 tell; 22 just do not (lower bound 0.49992).
    for (passes, verdict) in [(23, Verdict::Holds), (22, Verdict::Undecided)] {
        let low = clopper_pearson(passes, 32, CONFIDENCE).unwrap().low;
        assert_eq!(low > 0.5, verdict == Verdict::Holds, "{low}");
        assert_eq!(of(passes, 32), verdict);
    }
    assert_eq!(of(1, 1), Verdict::Pass);
    assert_eq!(of(0, 1), Verdict::No);
    assert_eq!(Verdict::of_agent(true), Verdict::Pass);
    assert_eq!(Verdict::of_agent(false), Verdict::No);
}

#[test]
fn a_claim_that_holds_differs_where_the_median_is_elsewhere() {
    let seeds = [0.80, 0.82, 0.84, 0.86, 0.88, 0.90, 0.92, 0.94];
    let judge = |passes, value, seeds: &[f64]| {
        Verdict::of_seeds(passes, 8, Some(Reference { value, seeds })).unwrap()
    };
    // The median's interval runs from the smallest to the largest of 8 values.
    assert_eq!(
        median_interval(&seeds, CONFIDENCE).unwrap().interval,
        Interval::new(0.80, 0.94)
    );
    assert_eq!(judge(8, 0.87, &seeds), Verdict::Holds);
    assert_eq!(judge(8, 0.71, &seeds), Verdict::Holds);
    assert_eq!(judge(8, 0.69, &seeds), Verdict::Differs);
    assert_eq!(judge(8, 1.05, &seeds), Verdict::Differs);
    assert_eq!(judge(4, 0.1, &seeds), Verdict::Undecided);
    assert_eq!(judge(0, 0.1, &seeds), Verdict::Fails);
    assert_eq!(judge(8, 0.1, &seeds[..5]), Verdict::Holds);
    let nan = Reference {
        value: f64::NAN,
        seeds: &seeds,
    };
    assert!(Verdict::of_seeds(8, 8, Some(nan)).is_err());
}

#[test]
fn verdicts_are_written_as_they_are_shown() {
    for (verdict, text) in [
        (Verdict::Holds, "HOLDS"),
        (Verdict::Fails, "FAILS"),
        (Verdict::Undecided, "UNDECIDED"),
        (Verdict::Differs, "DIFFERS"),
        (Verdict::Pass, "PASS"),
        (Verdict::No, "NO"),
    ] {
        assert_eq!(verdict.to_string(), text);
        assert_eq!(format!("[{verdict:<10}]"), format!("[{text:<10}]"));
        let json = serde_json::to_string(&verdict).unwrap();
        assert_eq!(json, format!("\"{text}\""));
        let back: stats::Verdict = serde_json::from_str(&json).unwrap();
        assert_eq!(back, verdict);
    }
}
