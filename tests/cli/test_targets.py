"""`mlopsc compile` and `mlopsc parity`: code of targets, and whether targets agree."""

import json

import pytest

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
