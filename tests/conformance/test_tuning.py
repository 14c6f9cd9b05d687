"""A search on every target: the same trials, the same best, the same model, byte for byte."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mlopsc.cli import main
from mlopsc.runtime.journal import Journal

PENGUINS = Path(__file__).parents[2] / "examples/penguins/data/penguins.csv"
SPEC = """\
apiVersion: mlopsc/v1
project: {name: tuned}
datasets:
  penguins:
    source: {type: csv, path: data/penguins.csv, nulls: [NA]}
    columns: {species: {type: string, nullable: false}}
training:
  species:
    entities: {dataset: penguins, label: species}
    features: [island, bill_length_mm, sex]
    split: {type: stratified, test: 0.25}
    estimator: sklearn.linear_model.LogisticRegression
    metrics: [accuracy, neg_log_loss]
    tune:
      search: random
      trials: 3
      parallel: 2
      metric: neg_log_loss
      cv: {type: stratified, folds: 2}
      space: {C: {loguniform: [1.0e-3, 10]}}
targets: {kfp: {image: "registry.example.com/python:1"}}
"""
STAGED = """\
  halved:
    entities: {dataset: penguins, label: species}
    features: [island, bill_length_mm, sex]
    split: {type: stratified, test: 0.25}
    estimator: sklearn.linear_model.LogisticRegression
    metrics: [neg_log_loss]
    tune:
      search: halving
      trials: 2
      factor: 2
      rungs: 2
      nested: 2
      cv: {type: stratified, folds: 2}
      space: {C: {loguniform: [1.0e-3, 10]}}
  asked:
    entities: {dataset: penguins, label: species}
    features: [island, bill_length_mm, sex]
    split: {type: stratified, test: 0.25}
    estimator: sklearn.linear_model.LogisticRegression
    metrics: [neg_log_loss]
    tune:
      search: tpe
      trials: 3
      parallel: 2
      time: 1h
      cv: {type: stratified, folds: 2}
      space: {C: {loguniform: [1.0e-3, 10]}, fit_intercept: {choice: [true, false]}}
"""
"""Searches whose rounds depend on what earlier ones came to, one with outer folds."""


@pytest.fixture
def tuned(tmp_path, monkeypatch):
    """The project's folder, which is the working directory; nothing ran yet."""
    begin(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def once_searched(tmp_path_factory):
    """A project whose search ran, and what the run told; tests get copies of it."""
    folder = tmp_path_factory.mktemp("searched")
    begin(folder)
    command = [str(Path(sys.executable).parent / "mlopsc"), "run", "--local"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return folder, done.stdout


@pytest.fixture
def searched(once_searched, tmp_path, monkeypatch):
    """Such a folder as the working directory."""
    shutil.copytree(once_searched[0], tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def begin(folder):
    (folder / "data").mkdir()
    shutil.copy(PENGUINS, folder / "data")
    (folder / "mlops.yaml").write_text(SPEC)


def ends_well(*arguments):
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return ended.value.code == 0


def run(capsys):
    assert ends_well("run", "--local", "--json")
    return json.loads(capsys.readouterr().out)["steps"]


def ran(capsys):
    assert ends_well("run", "show", "--json")
    return json.loads(capsys.readouterr().out)["steps"]


def digests(steps):
    return {step["name"]: step["outputs"] for step in steps}


@pytest.mark.parametrize(
    "target", [pytest.param("prefect", marks=pytest.mark.prefect), pytest.param("kfp", marks=pytest.mark.kfp)]
)
def test_searches_are_the_same_on_every_target(tuned, capsys, target):
    (tuned / "mlops.yaml").write_text(SPEC.replace("targets:", f"{STAGED}targets:"))
    assert ends_well("parity", "--targets", f"local,{target}"), capsys.readouterr().out


def test_a_search_that_is_killed_goes_on_with_the_trials_that_are_missing(tuned, capsys):
    """SIGKILL of the whole session in the middle of the second round: what had ended is not run again."""
    head = SPEC.partition("training:\n")[0]
    spec = f"{head}training:\n{STAGED[STAGED.index('  asked:') :]}"
    (tuned / "mlops.yaml").write_text(spec.replace("trials: 3", "trials: 8"))
    command = [str(Path(sys.executable).parent / "mlopsc"), "run", "--local"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        for line in process.stderr:
            if "trial_asked_r1 ×2" in line:
                os.killpg(process.pid, signal.SIGKILL)
                break
    assert process.wait() == -signal.SIGKILL
    with Journal.of_project(tuned) as journal:
        (killed,) = journal.runs(10)
        ended = {step.name for step in journal.steps(killed.id) if step.status == "run"}
    trials = {name for name in ended if name.startswith("trial_")}
    assert 4 <= len(trials) < 8
    second = {step["name"]: step["status"] for step in run(capsys)}
    assert {second[name] for name in trials} == {"cached"}
    assert all(second[name] == "run" for name in second if name.startswith("trial_") and name not in ended)


def test_what_a_search_is_worth_stands_in_the_evaluation(searched, capsys):
    plain = ran(capsys)
    (searched / "mlops.yaml").write_text(SPEC.replace("parallel: 2", "parallel: 2\n      nested: 2"))
    outer = run(capsys)
    assert ends_well("run", "show", "--json")
    found = json.loads(capsys.readouterr().out)["searches"]
    assert list(found) == ["species"]
    nested = found["species"]["nested"]
    assert nested["folds"] == 2
    assert set(nested["metrics"]) == {"accuracy", "neg_log_loss"}
    assert nested["metrics"]["neg_log_loss"]["mean"] == sum(nested["metrics"]["neg_log_loss"]["scores"]) / 2
    assert ends_well("run", "show")
    assert (
        "What such a search is worth, by 2 outer folds of the train part: accuracy "
        in capsys.readouterr().out
    )
    # The model is the one of the search without outer folds.
    assert digests(outer)["train_species"] == digests(plain)["train_species"]


def test_the_rows_that_gates_use_never_come_to_a_search(searched, capsys):
    """Other values in the test part: the same trials, the same model, another score."""
    import pyarrow.parquet as pq

    from mlopsc.runtime.store import Store

    first = ran(capsys)
    store = Store.open(str(searched / ".mlopsc/store"))
    (split,) = [step for step in first if step["name"] == "split_species"]
    # Rows of the file that went into the test part, found by their values: their bills grow tenfold.
    bills, kept = (
        {
            str(value)
            for value in pq.read_table(path).column("bill_length_mm").to_pylist()
            if value is not None
        }
        for path in (store.get_path(split["outputs"][part]) for part in ("test", "train"))
    )
    alone = bills - kept
    assert alone
    lines = PENGUINS.read_text().splitlines()
    at = lines[0].split(",").index("bill_length_mm")
    for number, line in enumerate(lines[1:], 1):
        cells = line.split(",")
        if cells[at] in alone:
            cells[at] = str(float(cells[at]) * 10)
            lines[number] = ",".join(cells)
    (searched / "data/penguins.csv").write_text("\n".join(lines) + "\n")
    second = run(capsys)
    one, other = digests(first), digests(second)
    assert one["split_species"]["test"] != other["split_species"]["test"]
    for name in ("trials_species", *(f"trial_species_{index}" for index in range(3))):
        assert one[name] == other[name]
    assert one["evaluate_species"] != other["evaluate_species"]


def test_more_trials_leave_those_that_were_made_in_the_cache(searched, capsys):
    (searched / "mlops.yaml").write_text(SPEC.replace("trials: 3", "trials: 4"))
    found = {step["name"]: step["status"] for step in run(capsys) if step["name"].startswith("trial_")}
    assert found == {f"trial_species_{index}": "run" if index == 3 else "cached" for index in range(4)}


@pytest.mark.usefixtures("searched")
def test_a_search_is_told_in_one_line_and_a_table(once_searched, capsys):
    told = once_searched[1]
    assert "trial_species ×3   run" in told
    assert "trial_species_0" not in told
    table = told[told.index("Trials of species: neg_log_loss on 2 folds") :].splitlines()
    assert table[1].split() == ["trial", "mean", "spread", "time", "status", "parameters"]
    assert [line.split()[0] for line in table[2:5]] == ["0", "1", "2"]
    assert sum(" chosen " in line for line in table[2:5]) == 1
    assert ends_well("run", "show", "--json")
    found = json.loads(capsys.readouterr().out)["searches"]["species"]
    best = max(found["trials"], key=lambda one: one["mean"])
    assert found["best"] == best["index"]
    assert all(one["seconds"] > 0 for one in found["trials"])
    assert ends_well("artifact", "trials_species.trials")
    assert " chosen " in capsys.readouterr().out
