"""The whole life of a model from the command line: train, register, promote, monitor, lock, look after."""

import json
import re

import pytest


def statuses(outcome):
    return {step["name"]: step["status"] for step in json.loads(outcome.out)["steps"]}


def test_train_register_promote_and_monitor(project, cli, write_rows):
    first = cli("run", "--local", "--json")
    assert (first.status, first.err) == (0, "")
    made = json.loads(first.out)
    assert made["status"] == "succeeded"
    assert set(statuses(first).values()) == {"run"}
    assert made["metrics"]["lateness"]["roc_auc"] > 0.9
    assert made["gates"]["good"]["verdict"] == "pass"
    registered = made["registered"]["lateness"]
    assert (registered["status"], registered["version"], registered["stage"]) == ("registered", 1, "staging")
    assert made["steps"][0]["source"] == "mlops.yaml:8:3"
    assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", d) for s in made["steps"] for d in s["outputs"].values())

    again = cli("run", "--json")
    assert set(statuses(again).values()) == {"cached"}
    assert json.loads(again.out)["registered"]["lateness"]["version"] == 1

    promoted = cli("registry", "promote", "lateness/1", "--to", "production")
    assert (promoted.status, promoted.out) == (0, "lateness/1 promoted to production\n")
    shown = json.loads(cli("registry", "show", "lateness@production", "--json").out)
    assert (shown["number"], shown["holds"]) == (1, ["staging", "production"])
    history = json.loads(cli("registry", "history", "lateness", "--json").out)["entries"]
    assert [(entry["action"], entry["stage"], entry["actor"]) for entry in history] == [
        ("register", None, "tester"),
        ("promote", "staging", "tester"),
        ("promote", "production", "tester"),
    ]

    calm = cli("monitor", "rows_drift", "--json")
    assert (calm.status, json.loads(calm.out)["drift"]["rows_drift"]["verdict"]) == (0, "pass")
    write_rows(project / "rows.csv", larger=30.0)
    moved = cli("monitor", "rows_drift")
    assert moved.status == 5
    assert re.search(r"^  size +drift .*alarm: psi, ks", moved.out, re.MULTILINE)
    assert "error: step verdict was refused by a declared rule: monitor 'rows_drift'" in moved.err


def test_a_refused_promotion_stands_in_the_ledger(project, cli):
    cli("run", "--json")
    cli("registry", "promote", "lateness/1", "--to", "production")
    spec = project / "mlops.yaml"
    spec.write_text(spec.read_text().replace("linear_model.LogisticRegression", "dummy.DummyClassifier"))
    assert cli("run", "--var", "least=0.5", "--json").status == 0
    refused = cli("registry", "promote", "lateness/2", "--to", "production")
    assert refused.status == 5
    assert re.search(r"lateness/2 was not promoted to 'production':\n.*'better': .* worse on", refused.err)
    last = cli("registry", "history").out.splitlines()[-1]
    assert re.search(r"refuse +lateness/2 +production +better: roc_auc .* worse on", last)


def test_a_model_that_a_gate_stops_is_blocked(project, cli):
    blocked = cli("run", "--var", "least=0.999", "--json")
    assert blocked.status == 5
    made = json.loads(blocked.out)
    assert made["status"] == "refused"
    assert statuses(blocked)["register_lateness"] == "blocked"
    assert made["registered"]["lateness"]["version"] is None
    assert made["gates"]["good"]["verdict"] == "fail"
    assert statuses(cli("run", "--var", "least=0.999", "--json"))["register_lateness"] == "blocked"
    assert "no model is registered yet" in cli("registry", "list").out


def test_a_failed_step_names_its_line_and_its_log(project, cli):
    spec = project / "mlops.yaml"
    spec.write_text(
        spec.read_text().replace("    seed: 1\n", '    seed: 1\n    params: {C: "${params.c}"}\n')
    )
    spec.write_text(
        spec.read_text().replace("parameters:\n", "parameters:\n  c: {type: float, default: 1.0}\n")
    )
    failed = cli("run", "--set", "c=-1")
    assert failed.status == 4
    assert "error: step train_lateness failed:" in failed.err
    assert "--> mlops.yaml:20:3" in failed.err
    log = re.search(r"= log: (\S+train_lateness\.log)", failed.err)
    assert log
    assert (project / log[1]).is_file()
    assert "Traceback" not in failed.err
    assert "Traceback" in cli("run", "--set", "c=-1", "--debug").err


def test_a_dry_run_of_a_new_project_runs_nothing(project, cli):
    fresh = cli("run", "--dry-run", "--json")
    assert statuses(fresh)["load_rows"] == "run"
    assert statuses(fresh)["train_lateness"] == "depends"
    assert json.loads(cli("runs", "--json").out) == {"runs": []}


def test_a_dry_run_tells_what_a_change_would_run_again(trained, cli):
    assert set(statuses(cli("run", "--dry-run", "--json")).values()) == {"cached"}
    spec = trained / "mlops.yaml"
    spec.write_text(spec.read_text().replace("seed: 1", "seed: 2"))
    changed = cli("run", "--dry-run")
    assert re.search(r"split_lateness +run +seed changed: 1 → 2", changed.out)
    assert re.search(r"features_lateness +cached", changed.out)


def test_resume_runs_the_recorded_plan(trained, cli):
    (listed,) = json.loads(cli("runs", "--json").out)["runs"]
    assert (listed["status"], listed["pipeline"]) == ("succeeded", "train")
    (trained / "mlops.yaml").write_text("nothing: like before\n")
    resumed = cli("resume", listed["run"], "--json")
    assert set(statuses(resumed).values()) == {"cached"}
    assert json.loads(resumed.out)["parameters"] == {"as_of": "2024-01-18T00:00:00Z"}
    unknown = cli("resume", "no-such-run")
    assert (unknown.status, "`mlopsc runs` lists them" in unknown.err) == (2, True)


def test_lock_records_the_data_and_a_locked_run_refuses_others(trained, cli, write_rows):
    locked = cli("lock", "--json")
    assert json.loads(locked.out)["datasets"]["rows"]["status"] == "added"
    entry = json.loads((trained / "mlops.lock").read_text())["datasets"]["rows"]
    assert entry["rows"] == 400
    assert entry["columns"]["seen"] == "timestamp"
    assert entry["writer"].startswith("pyarrow ")
    assert json.loads(cli("lock", "--json").out)["datasets"]["rows"]["status"] == "unchanged"
    write_rows(trained / "rows.csv", count=399)
    for _ in ("run", "cached"):
        said = cli("run", "--only", "load_rows").err + cli("run", "--training", "lateness").err
        assert "warning: dataset 'rows': it differs from mlops.lock: 399 rows, locked with 400" in said
    assert cli("run", "--locked", "--json").status == 5
    assert "400 rows became 399" in cli("lock").out
    assert cli("run", "--locked", "--only", "load_rows", "--json").status == 0


def test_the_lock_is_checked_without_being_written(trained, cli, write_rows):
    without = cli("lock", "--check")
    assert (without.status, "mlops.lock to check" in without.err) == (2, True)
    cli("lock")
    written = (trained / "mlops.lock").read_bytes()
    assert cli("lock", "--check").status == 0
    write_rows(trained / "rows.csv", count=399)
    found = cli("lock", "--check")
    assert (found.status, "400 rows became 399" in found.out) == (5, True)
    assert "rows: not as in mlops.lock" in found.err
    assert (trained / "mlops.lock").read_bytes() == written


def test_a_lock_of_an_earlier_format_still_holds(trained, cli):
    cli("lock")
    lock = json.loads((trained / "mlops.lock").read_text())
    entry = lock["datasets"]["rows"]
    assert (lock["version"], entry["schema_digest"][:7], entry["version"]) == (2, "sha256:", None)
    del entry["schema_digest"], entry["version"]
    (trained / "mlops.lock").write_text(json.dumps(lock | {"version": 1}))
    assert cli("lock", "--check").status == 0
    assert cli("run", "--locked", "--json").status == 0
    assert cli("lock").status == 0
    assert json.loads((trained / "mlops.lock").read_text())["version"] == 2


def test_a_damaged_lock_can_be_written_anew(trained, cli):
    (trained / "mlops.lock").write_text("<<<<<<< HEAD\n")
    assert cli("validate").status == 1
    assert cli("lock").status == 0
    assert cli("validate").status == 0


def test_doctor_finds_a_damaged_artifact(trained, cli):
    model = json.loads(cli("run", "--json").out)["registered"]["lateness"]["digest"]
    assert cli("doctor").status == 0
    blob = trained / ".mlopsc" / "store" / "blobs" / model[7:9] / model[7:]
    blob.chmod(0o644)
    blob.write_bytes(b"swapped")
    sick = cli("doctor", "--json")
    assert sick.status == 3
    faults = [one for one in json.loads(sick.out)["findings"] if one["status"] == "fault"]
    assert {one["subject"] for one in faults} == {"store", "registry"}


@pytest.mark.parametrize("option", ["--from", "--only"])
def test_steps_can_be_run_again(trained, cli, option):
    forced = statuses(cli("run", "--json", option, "evaluate_lateness"))
    ran = {name for name, status in forced.items() if status == "run"}
    assert "evaluate_lateness" in ran
    assert not ran & {"load_rows", "train_lateness"}
    assert ("verdict" in forced) == (option == "--from")
