#!/usr/bin/env python3
"""Records what scikit-learn's ridge and logistic regression find, for dt-analysis's probes.

Writes crates/dt-analysis/tests/data/probe.json. Coefficients are in the space of activations.

    python3 -m venv .venv
    .venv/bin/pip install numpy==2.4.6 scikit-learn==1.9.1
    .venv/bin/python scripts/make_probe_fixtures.py
"""

import importlib.metadata
import json
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

OUT = Path(__file__).resolve().parent.parent / "crates/dt-analysis/tests/data/probe.json"


def coefficients(model, x, y):
    """Weights and intercept of a model of standardised features, for the features as they are."""
    scaler = StandardScaler().fit(x)
    model.fit(scaler.transform(x), y)
    weights = np.ravel(model.coef_) / scaler.scale_
    intercept = np.ravel(model.intercept_)[0] - weights @ scaler.mean_
    return {"weights": weights.tolist(), "intercept": float(intercept)}


def main():
    rng = np.random.default_rng(7)
    n, d = 60, 5
    x = rng.normal(size=(n, d)) * [1, 3, 0.2, 1, 5] + [0, 10, -2, 0.5, 100]
    x[:, 3] += 0.8 * x[:, 0]
    x = x.astype(np.float32).round(3)
    signal = x[:, 0] - 0.4 * (x[:, 1] - 10) + rng.normal(size=n)
    labels, real = signal > 0.3, signal.round(4)
    wide = x.astype(np.float64)
    cases = []
    for strength in (1e-3, 0.1, 3.0):
        ridge = Ridge(alpha=strength * n)
        logistic = LogisticRegression(C=1 / (strength * n), tol=1e-12, max_iter=10_000)
        cases.append(
            {
                "strength": strength,
                "ridge_binary": coefficients(ridge, wide, np.where(labels, 1.0, -1.0)),
                "ridge_real": coefficients(ridge, wide, real),
                "logistic": coefficients(logistic, wide, labels),
            }
        )
    record = {
        "made_by": "scripts/make_probe_fixtures.py",
        "versions": {p: importlib.metadata.version(p) for p in ("numpy", "scikit-learn")},
        "x": [[float(str(v)) for v in row] for row in x],
        "labels": labels.tolist(),
        "real": real.tolist(),
        "cases": cases,
    }
    OUT.write_text(json.dumps(record) + "\n")


if __name__ == "__main__":
    main()
