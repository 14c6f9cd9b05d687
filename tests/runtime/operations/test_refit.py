"""A model trained again on all rows once it was judged: what is registered, and what a champion gate makes of it."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mlopsc
from mlopsc.runtime.models.archive import load_model_file, read_row_hashes, read_signature
from mlopsc.runtime.operations import refit
from mlopsc.runtime.store import digest_of_file
from mlopsc.vocabulary.operations import Refit

SPEC = """\
apiVersion: mlopsc/v1
project: {name: refitted}
datasets:
  rows: {source: {type: csv, path: rows.csv}, primary_key: [id], event_time: at}
training:
  late:
    entities: {dataset: rows, label: late}
    features: [a]
    split: {type: time, test: 0.25}
    estimator: sklearn.linear_model.LogisticRegression
    threshold: {maximize: f1, cv: 2}
    metrics: [roc_auc]
    refit: true
gates:
  better: {type: champion, training: late, metric: roc_auc, min_delta: -1.0, min_rows: 20}
registry:
  late: {training: late, stages: {production: {gates: [better]}}}
"""


def write_rows(folder: Path, count: int) -> None:
    chance = np.random.default_rng(5)
    a = chance.normal(size=1000)
    late = a + chance.normal(size=1000) > 0
    at = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(np.arange(1000), unit="h")
    rows = pd.DataFrame({"id": np.arange(1000), "at": at, "a": a.round(6), "late": late})
    rows.head(count).to_csv(folder / "rows.csv", index=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_rows(tmp_path, 200)
    (tmp_path / "mlops.yaml").write_text(SPEC)
    return tmp_path / "mlops.yaml"


def decisions(summary: Any) -> tuple[str, str]:
    return summary.gates["better"]["verdict"], summary.registered["late"]["status"]


def test_what_is_registered_was_trained_on_all_rows(project):
    summary = mlopsc.run_local(project)
    assert decisions(summary) == ("pass", "registered")
    model = mlopsc.load_model("late@production", project=project.parent)
    assert model.signature["rows"] == 200
    assert model.digest == summary.registered["late"]["digest"]
    assert model.signature["refitted"] != model.digest


@pytest.mark.parametrize("kept", [True, False])
def test_rows_are_kept_as_an_example_only_where_that_is_allowed(project, kept):
    project.write_text(SPEC if kept else SPEC.replace("refit: true", "refit: true\n    example: false"))
    mlopsc.run_local(project)
    signature = mlopsc.load_model("late@production", project=project.parent).signature
    assert "refitted" in signature
    assert ("example" in signature) == kept


def test_the_same_rows_again_change_nothing(project):
    first = mlopsc.run_local(project)
    again = mlopsc.run_local(project)
    assert {step.name: step.status for step in again.steps}["refit_late"] == "cached"
    assert decisions(again) == ("unchanged", "unchanged")
    assert "trained again on these rows" in again.gates["better"]["reason"]
    assert again.registered["late"]["digest"] == first.registered["late"]["digest"]


def test_a_champion_is_compared_on_rows_that_it_was_not_refitted_on(project):
    mlopsc.run_local(project)
    write_rows(project.parent, 210)  # 10 rows that the champion does not know: fewer than min_rows
    assert decisions(mlopsc.run_local(project)) == ("fail", "blocked")
    write_rows(project.parent, 400)
    summary = mlopsc.run_local(project)
    assert decisions(summary) == ("pass", "registered")
    assert "on 100 rows" in summary.gates["better"]["reason"]


def test_without_refit_the_judged_model_is_no_copy_of_the_champion(project):
    mlopsc.run_local(project)
    project.write_text(SPEC.replace("    refit: true\n", ""))
    summary = mlopsc.run_local(project)
    assert decisions(summary) == ("fail", "blocked")
    assert summary.gates["better"]["reason"].startswith("0 of 50 test rows are new to both models")


def test_a_promotion_judges_the_model_that_did_not_see_the_test_rows(project):
    two = "stages: {staging: {gates: []}, production: {gates: [better, small]}}"
    size = "gates:\n  small: {type: size, training: late, max_bytes: 100000}\n"
    spec = SPEC.replace("stages: {production: {gates: [better]}}", two).replace("gates:\n", size, 1)
    project.write_text(spec)
    mlopsc.run_local(project)
    from mlopsc.running import project_context
    from mlopsc.runtime.promotion import promote

    context = project_context(project)
    promote(context, "late", 1, "production", actor="me")
    write_rows(project.parent, 400)
    mlopsc.run_local(project)
    promotion = promote(context, "late", 2, "production", actor="me")
    assert (promotion.version, promotion.previous) == (2, 1)
    with context.registry() as registry:
        version = registry.version("late", 2)
        evidence = registry.history("late")[-1].evidence
    judged = version.lineage["judged"]
    assert judged == version.artifacts["judged"] != version.digest
    assert evidence["better"]["candidate_digest"] == judged
    assert evidence["small"] == version.decisions["small"]
    assert read_signature(context.store().get_path(version.digest))["refitted"] == judged


def test_what_was_settled_stays_settled(workbench):
    train, test = workbench.sample("train", 300), workbench.sample("test", 100, 1000)
    given = {"threshold": {"min_recall": 0.9}, "split": {"type": "random"}}
    judged = workbench.train(train, "judged", **given)
    said = {
        "training": "t",
        "estimator": "sklearn.linear_model.LogisticRegression",
        "features": ["a", "b", "c"],
    }
    config = Refit.model_validate(
        {"training": "t", "train": {**said, "operation": "train", "label": "y", "seed": 7, **given}}
    )
    out = workbench.folder / "refitted"
    inputs = {"judged": judged, "train": train, "test": test}
    refit.run(config, inputs, {"model": out}, workbench.context)
    before, after = load_model_file(judged), load_model_file(out)
    assert after.signature["threshold"] == before.signature["threshold"] == after.estimator.threshold
    assert after.signature["refitted"] == digest_of_file(judged)
    known = [*range(300), *range(1000, 1100)]
    assert read_row_hashes(out).tolist() == known
    whole = workbench.folder / "whole"
    shutil.copyfile(out, whole)
    refit.run(config, inputs, {"model": out}, workbench.context)
    assert out.read_bytes() == whole.read_bytes()
    assert not [path for path in workbench.folder.iterdir() if path.is_dir() and path.name.startswith("tmp")]
