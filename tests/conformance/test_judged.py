"""All that a training may be told, and all gates, on every target: the same models, numbers and decisions."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

SPEC = """\
apiVersion: mlopsc/v1
project: {name: loans}
datasets:
  loans: {source: {type: csv, path: loans.csv}, primary_key: [id], event_time: at,
    checks: [{expect: column_values_to_not_be_null, column: debt, on_failure: warn}]}
training:
  paid:
    entities: {dataset: loans, label: paid}
    features: [income, debt, branch]
    split: {type: time, test: 0.3}
    estimator: sklearn.ensemble.HistGradientBoostingClassifier
    params: {max_iter: 20, monotonic_cst: {income: 1}}
    preprocess: {columns: {debt: {impute: median, indicator: true}}}
    tune: {search: grid, space: {max_depth: {choice: [2, 3]}}, cv: {type: time, folds: 2}}
    class_weight: balanced
    sample_weight: weight
    calibrate: {validation: 0.3}
    threshold: {maximize: value_total, validation: 0.3}
    cost_matrix: {true_positive: 2, false_positive: -3, true_negative: 0, false_negative: -1}
    metrics: [roc_auc, accuracy, neg_brier_score]
    slices: [sex, {column: income, quantiles: 3}, {name: far, sql: "branch = 'north' and debt > 1"}]
    intervals: {method: bca, resamples: 100, by: branch}
    baselines: {previous_by: [branch]}
    explain: {top: 2, repeats: 2, rows: 200}
    refit: true
    example: false
gates:
  same: {type: reproducible, training: paid}
  ours: {type: python, python: "rules:sure", training: paid, args: {chance: 0.7}, min: 0.1}
  sure: {type: metric, training: paid, metric: roc_auc, min: 0.6, on: lower, resamples: 100}
  better: {type: champion, training: paid, metric: roc_auc, if_none: pass}
  naive: {type: baseline, training: paid, metric: roc_auc}
  everywhere: {type: slice, training: paid, metric: accuracy, by: [branch], min: 0.5, max_gap: 0.4}
  fair: {type: fairness, training: paid, by: [sex, branch], equalized_odds: {max_difference: 0.01}, severity: warn}
  honest: {type: calibration, training: paid, max_ece: 0.2, max_brier: 0.3}
  small: {type: size, training: paid, max_bytes: 5000000}
  clean: {type: data, training: paid, min_passed: 0.5, max_warnings: 1}
  sturdy:
    {type: robustness, training: paid, metric: roc_auc, nulls: {max_drop: 0.2}, unseen: {max_drop: 0.1},
     noise: {max_drop: 0.1}}
  familiar: {type: drift, training: paid, tests: {psi_threshold: 0.1}, if_none: pass}
  quick: {type: latency, training: paid, single: {p50: 30s, repeats: 10}, batch: {p50: 30s, rows: 50, repeats: 10}}
registry:
  paid:
    training: paid
    card:
      intended_use: "Say who pays; {{$.all}} it's \\"quoted\\" $${x}"
      limitations: ["1", "two\\nlines"]
    stages:
      live:
        gates: [same, ours, sure, better, naive, everywhere, fair, honest, small, clean, sturdy, familiar, quick]
targets: {kfp: {image: "registry.example.com/loans:1"}}
"""

RULES = """\
def sure(metrics, model, test, labels, chance):
    said = model.predict_proba(test).max(axis=1)
    share = ((said >= chance) & (model.predict(test) == labels)).mean()
    return {"value": share, "reason": "sure and right", "numbers": metrics}
"""


@pytest.fixture
def loans(tmp_path: Path) -> Path:
    """Return the folder of a project with every key of a training that has no example of its own."""
    chance = np.random.default_rng(11)
    rows = 900
    income, debt = chance.normal(3, 1, rows).round(3), chance.exponential(1, rows).round(3)
    frame = pd.DataFrame(
        {
            "id": np.arange(rows),
            "at": pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(np.arange(rows), unit="h"),
            "income": income,
            "debt": np.where(chance.random(rows) < 0.1, np.nan, debt),
            "branch": chance.choice(["north", "south"], rows),
            "sex": chance.choice(["f", "m"], rows),
            "weight": chance.integers(1, 4, rows),
            "paid": income - debt + chance.normal(size=rows) > 2,
        }
    )
    folder = tmp_path / "loans"
    folder.mkdir()
    frame.to_csv(folder / "loans.csv", index=False)
    (folder / "mlops.yaml").write_text(SPEC)
    (folder / "rules.py").write_text(RULES)
    return folder


def test_everything_that_is_told_comes_to_the_same(mlopsc, loans, running, request):
    server = request.getfixturevalue("prefect_environment") if running == "prefect" else {}
    told = replace(mlopsc, surroundings=server)("parity", "--targets", f"local,{running}", cwd=loans)
    assert "are equal" in told
