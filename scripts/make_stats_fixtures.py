#!/usr/bin/env python3
"""Records what scipy, statsmodels and scikit-learn say, for the tests of dt-analysis.

Writes crates/dt-analysis/tests/data/stats.json: samples, and the statistics of them, each under
the name of the function that it checks. Versions are recorded inside.

    python3 -m venv .venv
    .venv/bin/pip install numpy==2.4.6 scipy==1.17.1 statsmodels==0.15.0 scikit-learn==1.9.1
    .venv/bin/python scripts/make_stats_fixtures.py

Two runs with the same versions give the same bytes.
"""

import argparse
import importlib.metadata
import itertools
import json
from pathlib import Path

import numpy as np
from scipy import stats
from sklearn.metrics import roc_auc_score
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW

ROOT = Path(__file__).resolve().parent.parent
ALTERNATIVES = {"Greater": "greater", "Less": "less"}


def samples(rng):
    """Small samples by name: ties, a constant, two values, one value."""
    return {
        "normal": rng.normal(0.6, 0.2, 13).round(6).tolist(),
        "even": rng.normal(-3.0, 5.0, 24).round(6).tolist(),
        "ties": [2.0, 1.0, 2.0, 3.0, 3.0, 3.0, 0.0, 1.0, 2.0, 5.0, 5.0],
        "large_offset": (1e6 + rng.normal(0, 1, 17)).round(6).tolist(),
        "seven": [0.31, 0.12, 0.98, 0.44, 0.45, 0.97, 0.02],
        "constant": [0.1] * 7,
        "two": [0.25, 0.75],
        "one": [3.5],
    }


def one_sample(values):
    x = np.array(values)
    found = {
        "mean": x.mean(),
        "median": np.median(x),
        "quantiles": [[q, np.quantile(x, q)] for q in (0, 0.025, 0.1, 0.5, 2 / 3, 0.975, 1)],
        "ranks": stats.rankdata(x).tolist(),
    }
    if len(x) >= 2:
        found["std"] = 0.0 if np.ptp(x) == 0 else x.std(ddof=1)
    if len(x) >= 2 and np.ptp(x) > 0:
        found["t_interval"] = [
            [c, *stats.ttest_1samp(x, 0).confidence_interval(c)] for c in (0.5, 0.9, 0.95, 0.999)
        ]
        found["tost"] = []
        for low, high in ((-0.2, 0.2), (0.4, 0.8), (-10.0, 10.0), (x.mean(), x.mean() + 1)):
            p, _, _ = DescrStatsW(x).ttost_mean(low, high)
            interval = stats.ttest_1samp(x, 0).confidence_interval(0.9)
            found["tost"].append({"margins": [low, high], "p": p, "interval": [*interval]})
    found["median_interval"] = []
    for confidence in (0.5, 0.9, 0.95, 0.99):
        interval = stats.quantile_test(x, p=0.5).confidence_interval(confidence)
        if np.isfinite([interval.low, interval.high]).all():
            found["median_interval"].append([confidence, interval.low, interval.high])
    return found


def shares():
    cases = [(0, 1), (1, 1), (0, 6), (6, 6), (5, 6), (3, 8), (7, 8), (9, 10), (16, 32), (0, 1000)]
    cases += [(1, 1000), (97, 100), (999, 1000), (1000, 1000), (1234, 56789)]
    return [
        {
            "count": count,
            "of": of,
            "confidence": confidence,
            "interval": [*stats.binomtest(count, of).proportion_ci(confidence, "exact")],
            "statsmodels": [*proportion_confint(count, of, 1 - confidence, method="beta")],
        }
        for count, of in cases
        for confidence in (0.8, 0.95, 0.999)
    ]


def correlations(rng):
    x = rng.normal(size=25).round(6)
    tied = rng.integers(0, 5, 25).astype(float)
    pairs = {
        "normal": (x, (0.5 * x + rng.normal(size=25)).round(6)),
        "ties": (tied, (tied + rng.integers(0, 4, 25)).astype(float)),
        "two": (np.array([1.0, 2.0]), np.array([3.0, -1.0])),
        "monotone": (np.arange(9.0), np.exp(np.arange(9.0)).round(6)),
    }
    return [
        {
            "name": name,
            "x": a.tolist(),
            "y": b.tolist(),
            "pearson": stats.pearsonr(a, b).statistic,
            "spearman": stats.spearmanr(a, b).statistic,
        }
        for name, (a, b) in pairs.items()
    ]


def all_orders(x, y):
    """Shares of all orders of y with a Spearman correlation as extreme as that of the data."""
    a = 2 * stats.rankdata(x) - (len(x) + 1)
    b = 2 * stats.rankdata(y) - (len(x) + 1)
    products = np.array([np.dot(a, order) for order in itertools.permutations(b)])
    found = np.dot(a, b)
    return {
        "TwoSided": np.mean(np.abs(products) >= abs(found)),
        "Greater": np.mean(products >= found),
        "Less": np.mean(products <= found),
    }


def all_deals(x, y):
    """The same for the difference of means, over all ways of dealing the values out."""
    pool = np.concatenate([x, y])
    total, n = pool.sum(), len(pool)
    found = x.mean() - y.mean()
    sums = [pool[list(c)].sum() for c in itertools.combinations(range(n), len(x))]
    sums = np.array(sums)
    differences = sums / len(x) - (total - sums) / len(y)
    return {
        "TwoSided": np.mean(np.abs(differences) >= abs(found) - 1e-12),
        "Greater": np.mean(differences >= found - 1e-12),
        "Less": np.mean(differences <= found + 1e-12),
    }


def permutations(rng):
    def difference(a, b, axis=-1):
        return a.mean(axis=axis) - b.mean(axis=axis)

    two, paired, rank = [], [], []
    for x, y in (
        (rng.normal(0.7, 1, 6).round(4), rng.normal(0, 1, 8).round(4)),
        (np.array([1.0, 2.0, 2.0, 3.0]), np.array([2.0, 3.0, 3.0, 4.0, 4.0])),
        (np.array([5.0]), np.array([1.0, 2.0, 3.0])),
        (np.array([1.0, 1.0]), np.array([1.0, 1.0, 1.0])),
    ):
        p = all_deals(x, y)
        if min(len(x), len(y)) >= 2:
            # scipy doubles the smaller tail instead of counting both: one-sided values only.
            for ours, theirs in ALTERNATIVES.items():
                p[ours] = stats.permutation_test(
                    (x, y), difference, alternative=theirs, n_resamples=np.inf
                ).pvalue
        two.append({"x": x.tolist(), "y": y.tolist(), "p": p})
    for x, y in (
        (rng.normal(0.5, 1, 10).round(4), rng.normal(0, 1, 10).round(4)),
        (np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 1.0, 4.0, 2.0])),
    ):
        p = {}
        for ours, theirs in {**ALTERNATIVES, "TwoSided": "two-sided"}.items():
            p[ours] = stats.permutation_test(
                (x, y),
                difference,
                permutation_type="samples",
                alternative=theirs,
                n_resamples=np.inf,
            ).pvalue
        paired.append({"x": x.tolist(), "y": y.tolist(), "p": p})
    x = rng.normal(size=8).round(4)
    for a, b in (
        (x, (x + rng.normal(0, 0.8, 8)).round(4)),
        (np.array([1.0, 2.0, 2.0, 3.0, 4.0, 4.0]), np.array([1.0, 1.0, 2.0, 2.0, 5.0, 3.0])),
        (np.array([1.0, 2.0]), np.array([5.0, 4.0])),
    ):
        rank.append({"x": a.tolist(), "y": b.tolist(), "p": all_orders(a, b)})
    # Too many arrangements for an exact test: the tests allow for Monte Carlo error.
    x = rng.normal(size=24)
    y = 0.45 * x + rng.normal(size=24)
    x, y = x.round(4), y.round(4)

    def rho(b):
        return stats.spearmanr(x, b).statistic

    many = {
        "x": x.tolist(),
        "y": y.tolist(),
        "resamples": 200_000,
        "spearman": stats.permutation_test(
            (y,), rho, permutation_type="pairings", n_resamples=20_000, alternative="greater",
            rng=np.random.default_rng(3),
        ).pvalue,
        "two_sample": stats.permutation_test(
            (x, y), difference, vectorized=True, n_resamples=200_000, alternative="less",
            rng=np.random.default_rng(4),
        ).pvalue,
        "paired": stats.permutation_test(
            (x, y), difference, vectorized=True, n_resamples=200_000, alternative="less",
            permutation_type="samples", rng=np.random.default_rng(5),
        ).pvalue,
    }
    return {"two_sample": two, "paired": paired, "spearman": rank, "many": many}


def separations(rng):
    cases = []
    for a, b in (
        (rng.normal(1, 1, 12).round(4), rng.normal(0, 2, 9).round(4)),
        (rng.integers(0, 4, 15).astype(float), rng.integers(1, 6, 11).astype(float)),
        (np.array([1.0, 1.0, 1.0]), np.array([1.0, 1.0, 0.5])),
    ):
        label = np.r_[np.ones(len(a)), np.zeros(len(b))]
        spread = np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2)
        cases.append(
            {
                "positive": a.tolist(),
                "negative": b.tolist(),
                "auc": roc_auc_score(label, np.r_[a, b]),
                "mann_whitney": stats.mannwhitneyu(a, b).statistic / len(a) / len(b),
                "d_prime": (a.mean() - b.mean()) / spread,
            }
        )
    return cases


def bootstraps(rng):
    x = rng.gamma(2.0, 1.0, 30).round(4)
    found = []
    for name, statistic in (("mean", np.mean), ("median", np.median)):
        result = stats.bootstrap(
            (x,), statistic, method="percentile", n_resamples=200_000, batch=10_000,
            rng=np.random.default_rng(6),
        )
        found.append({"statistic": name, "interval": [*result.confidence_interval]})
    return {"x": x.tolist(), "resamples": 100_000, "cases": found}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = ROOT / "crates/dt-analysis/tests/data/stats.json"
    parser.add_argument("--out", type=Path, default=default)
    args = parser.parse_args()
    rng = np.random.default_rng(20260)
    names = ("numpy", "scipy", "statsmodels", "scikit-learn")
    record = {
        "made_by": "scripts/make_stats_fixtures.py",
        "versions": {name: importlib.metadata.version(name) for name in names},
        "samples": [
            {"name": name, "values": values, **one_sample(values)}
            for name, values in samples(rng).items()
        ],
        "shares": shares(),
        "correlations": correlations(rng),
        "permutations": permutations(rng),
        "separations": separations(rng),
        "bootstraps": bootstraps(rng),
    }
    args.out.write_text(json.dumps(record, indent=1, default=float) + "\n")
    print(f"{args.out}: {args.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
