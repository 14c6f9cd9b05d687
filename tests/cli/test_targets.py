"""`mlopsc compile` and `mlopsc parity`: code of targets, and whether targets agree."""

import json
from importlib.metadata import EntryPoint

import pytest

from mlopsc import targets

TARGETS = 'targets:\n  kfp: {image: "registry.example.com/tiny:1.0"}\n'


@pytest.fixture
def spec(project):
    file = project / "mlops.yaml"
    file.write_text(file.read_text() + TARGETS)
    return file


def test_compile_writes_what_check_then_finds_current(spec, cli):
    pytest.importorskip("kfp")
    written = cli("compile", "--target", "kfp", "--out", "out")
    assert written.status == 0
    assert "  written    out/train.yaml\n" in written.out
    assert cli("compile", "--target", "kfp", "--out", "out", "--check").status == 0
    spec.write_text(spec.read_text().replace("seed: 1", "seed: 2"))
    stale = cli("compile", "--target", "kfp", "--out", "out", "--check")
    assert stale.status == 1
    assert "  train.yaml is not what this spec gives\n" in stale.err
    assert "  unchanged  out/rows_drift.yaml\n" in cli("compile", "--target", "kfp", "--out", "out").out


@pytest.mark.kfp
@pytest.mark.slow
def test_parity_compares_every_artifact_and_verdict(spec, cli):
    pytest.importorskip("kfp")
    compared = cli("parity", "--targets", "local,kfp", "--json")
    found = json.loads(compared.out)
    assert (compared.status, found["equal"]) == (0, True)
    verdicts = {one["step"]: one["verdicts"] for one in found["artifacts"] if one["verdicts"]}
    assert verdicts["gate_good"] == {"local": "pass", "kfp": "pass"}


@pytest.mark.kfp
def test_a_run_on_kfp_tells_metrics_gates_and_the_registered_version(spec, cli):
    pytest.importorskip("kfp")
    ran = cli("run", "--target", "kfp", "--json")
    told = json.loads(ran.out)
    assert (ran.status, told["target"], told["status"]) == (0, "kfp", "succeeded")
    assert {name: gate["verdict"] for name, gate in told["gates"].items()} == {
        "good": "pass",
        "better": "pass",
    }
    assert told["metrics"] == {"lateness": {"roc_auc": told["gates"]["good"]["observed"]}}
    registered = told["registered"]["lateness"]
    assert (registered["status"], registered["version"], registered["stage"]) == ("registered", 1, "staging")
    assert "lateness/1" in cli("registry", "show", "lateness").out


def test_parity_wants_two_targets(spec, cli):
    assert cli("parity", "--targets", "local").status == 2


@pytest.fixture
def listing(monkeypatch):
    """A target that only generates, found as installed ones are."""
    points = [
        *targets.entry_points(group=targets.GROUP),
        EntryPoint("listing", "tests.generating:backend", targets.GROUP),
    ]
    monkeypatch.setattr(targets, "entry_points", lambda group: points)
    targets._installed.cache_clear()
    yield
    targets._installed.cache_clear()


def test_a_target_that_only_generates_needs_no_runner(spec, listing, cli):
    assert cli("validate", "--target", "listing").status == 0
    assert cli("compile", "--target", "listing", "--out", "out").status == 0
    assert (spec.parent / "out/listing.txt").read_text().splitlines()[1:] == [
        spec.parent.name,
        "train",
        "rows_drift",
        "predict_lateness",
    ]


@pytest.mark.parametrize(
    "command",
    [("run",), ("monitor", "rows_drift"), ("parity", "--targets", "local,listing")],
    ids=lambda command: command[0],
)
def test_it_is_refused_where_something_is_to_run(spec, listing, cli, command):
    target = () if command[0] == "parity" else ("--target", "listing")
    refused = cli(*command, *target)
    assert (refused.status, refused.out) == (2, "")
    assert "target 'listing' generates files and runs nothing by itself\n" in refused.err
    said = " ".join(refused.err.split())
    assert "mlopsc compile --target listing --out DIR; these targets run: kfp, local, prefect" in said
    assert not (spec.parent / ".mlopsc").exists()


def test_an_unknown_target_is_told_before_the_spec_is_looked_for(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "unknown target 'loca'" in cli("run", "--target", "loca").err
