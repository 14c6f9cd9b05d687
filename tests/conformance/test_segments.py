"""A training for each segment on every target: models side by side, and one that is put together of them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

SPEC = """\
apiVersion: mlopsc/v1
project: {name: branches}
datasets:
  rows: {source: {type: csv, path: rows.csv}, primary_key: [id]}
training:
  late:
    entities: {dataset: rows, label: late}
    features: [a, shop, big]
    for_each: {column: shop, values: ["São Paulo", "Köln", "{{$}}"], other: pool, parallel: 2}
    estimator: sklearn.linear_model.LogisticRegression
    threshold: {maximize: f1, validation: 0.3}
    metrics: [roc_auc]
  big:
    entities: {dataset: rows, label: late}
    features: [a, big]
    for_each: {column: big, values: [true, false]}
    estimator: sklearn.linear_model.LogisticRegression
    metrics: [roc_auc]
gates:
  everywhere: {type: slice, training: late, metric: roc_auc, by: [shop], max_gap: 0.5}
registry:
  late: {training: late, stages: {live: {gates: [everywhere]}}}
targets: {kfp: {image: "registry.example.com/branches:1"}}
"""


@pytest.fixture
def branches(tmp_path: Path) -> Path:
    """Return the folder of a project whose segments are called what a target may stumble over."""
    chance = np.random.default_rng(3)
    a, big = chance.normal(size=600).round(4), chance.random(600) < 0.4
    shop = chance.choice(["São Paulo", "Köln", "{{$}}", "elsewhere"], 600)
    late = np.where(shop == "Köln", -a, a) + chance.normal(size=600) > 0
    folder = tmp_path / "branches"
    folder.mkdir()
    frame = pd.DataFrame({"id": np.arange(600), "a": a, "shop": shop, "big": big, "late": late})
    frame.to_csv(folder / "rows.csv", index=False)
    (folder / "mlops.yaml").write_text(SPEC, "utf-8")
    return folder


def test_models_of_segments_are_the_same_on_every_target(mlopsc, branches, running, request):
    server = request.getfixturevalue("prefect_environment") if running == "prefect" else {}
    told = replace(mlopsc, surroundings=server)("parity", "--targets", f"local,{running}", cwd=branches)
    assert "are equal" in told
