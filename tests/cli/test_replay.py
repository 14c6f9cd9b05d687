"""`mlopsc gates replay`: recorded runs under edited gates."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mlopsc.diagnostics.errors import UsageError
from mlopsc.history import find_run
from mlopsc.replaying import moment
from mlopsc.runtime.journal import Journal
from mlopsc.vocabulary.gates import GATE_TYPES
from tests.cli.conftest import SPEC, CommandLine

SLICED = "  even: {type: slice, training: lateness, metric: roc_auc, by: [colour], min: 0.1}\nregistry:\n"


def edit(project: Path, *changes: tuple[str, str]) -> None:
    text = SPEC
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (project / "mlops.yaml").write_text(text)


def replayed(cli: CommandLine, *more: str) -> dict[str, object]:
    done = cli("gates", "replay", "--json", *more)
    assert done.status == 0, done.err
    return json.loads(done.out)


def gates(run: dict) -> dict[str, dict]:
    return {one["gate"]: one for one in run["gates"]}


def blob(project: Path, step: str, port: str) -> Path:
    digest = find_run(project).step(step).outputs[port].removeprefix("sha256:")
    return project / ".mlopsc" / "store" / "blobs" / digest[:2] / digest


def test_edited_thresholds_say_what_they_would_have_blocked(trained: Path, cli: CommandLine) -> None:
    assert replayed(cli)["blocked_now"] == 0
    edit(trained, ('min: "${vars.least}"', "min: 0.999"))
    said = cli("gates", "replay")
    assert said.status == 0
    assert said.out.rstrip().endswith("would have blocked 1 of the last 1; 0 were blocked then")
    (row,) = [line.split() for line in said.out.splitlines() if " good " in line and "pass" in line]
    assert row[3:] == ["min", "0.6", "min", "0.999", "pass", "fail"]
    (run,) = replayed(cli)["replayed"]
    now = gates(run)["good"]["now"]
    assert cli("run").status == 5
    recorded = json.loads(cli("artifact", "gate_good.decision", "--json").out)["content"]
    assert now == recorded
    found = replayed(cli)
    assert (found["runs"], found["blocked_then"], found["blocked_now"]) == (2, 1, 2)
    edit(trained)
    assert replayed(cli)["blocked_now"] == 0


def test_what_only_warns_or_guards_a_later_stage_blocks_nothing(trained: Path, cli: CommandLine) -> None:
    edit(trained, ('min: "${vars.least}"', "min: 0.999, severity: warn"))
    (run,) = replayed(cli)["replayed"]
    assert (gates(run)["good"]["now"]["verdict"], run["blocked_now"]) == ("warn", False)
    edit(trained, ("metric: roc_auc}\nregistry", "metric: roc_auc, if_none: fail}\nregistry"))
    (run,) = replayed(cli)["replayed"]
    better = gates(run)["better"]
    assert (better["now"]["verdict"], better["blocks"], run["blocked_now"]) == ("fail", False, False)


def test_what_is_gone_or_was_never_made_is_counted_apart(trained: Path, cli: CommandLine) -> None:
    edit(trained, ("registry:\n", SLICED))
    (run,) = replayed(cli)["replayed"]
    assert gates(run)["even"]["trouble"] == "the run made no 'scored', which the gate looks at now"
    assert (gates(run)["even"]["now"], run["blocked_now"]) == (None, None)
    assert cli("gates", "replay").out.rstrip().endswith("0 were blocked then; of 1 it is not known")
    assert replayed(cli, "--gate", "good")["not_known"] == 0
    edit(trained)
    blob(trained, "evaluate_lateness", "metrics").unlink()
    (run,) = replayed(cli)["replayed"]
    assert gates(run)["good"]["trouble"] == "the artifact 'metrics' is no longer in the store"
    assert run["blocked_now"] is None
    assert gates(run)["better"]["trouble"] is None
    blob(trained, "gate_better", "decision").unlink()
    (run,) = replayed(cli)["replayed"]
    assert gates(run)["better"]["trouble"] == "its decision is no longer in the store"
    assert "no longer in the store" in cli("gates", "replay").out


def test_a_gate_that_is_new_is_judged_on_what_runs_made(trained: Path, cli: CommandLine) -> None:
    edit(trained, ("registry:\n", "  small: {type: size, training: lateness, max_bytes: 10}\nregistry:\n"))
    found = replayed(cli)
    (run,) = found["replayed"]
    small = gates(run)["small"]
    assert (small["then"], small["now"]["verdict"], small["blocks"]) == (None, "fail", True)
    assert (found["blocked_then"], found["blocked_now"]) == (0, 1)


def test_a_threshold_that_is_a_parameter_has_the_value_of_the_run(trained: Path, cli: CommandLine) -> None:
    edit(
        trained,
        ("parameters:\n", "parameters:\n  least: {type: float, default: 0.999}\n"),
        ('min: "${vars.least}"', 'min: "${params.least}"'),
    )
    assert cli("run", "--set", "least=0.5").status == 0
    new, old = replayed(cli)["replayed"]
    assert gates(new)["good"]["now"]["threshold"] == {"min": 0.5}
    assert gates(old)["good"]["now"]["verdict"] == "fail"


def test_what_a_gate_does_again_is_not_done_again(project: Path, cli: CommandLine) -> None:
    assert cli("run").status == 0
    same = "  same: {type: reproducible, training: lateness}\nregistry:\n"
    edit(project, ("registry:\n", same), ("gates: [better]", "gates: [better, same]"), ("seed: 1", "seed: 2"))
    assert cli("run").status == 0
    new, old = replayed(cli, "--gate", "same")["replayed"]
    assert gates(new)["same"]["now"] == gates(new)["same"]["then"]
    assert gates(old)["same"]["trouble"].startswith("what a reproducible gate finds is not in the store")
    promoted = cli("registry", "promote", "lateness/2", "--to", "production")
    assert promoted.status == 0, promoted.err


LIMITS = {
    "metric": ("metric: roc_auc, min: 0.1", "min: 0.1", "min: 0.999"),
    "interval": (
        "type: metric, metric: roc_auc, on: lower, resamples: 100, min: 0.1",
        "min: 0.1",
        "min: 0.999",
    ),
    "champion": ("metric: roc_auc, min_delta: -0.9", "min_delta: -0.9", "min_delta: 0.9"),
    "baseline": ("metric: roc_auc", "roc_auc", "roc_auc, margin: 0.9"),
    "slice": ("metric: roc_auc, by: [colour], max_gap: 1.0", "max_gap: 1.0", "max_gap: 0.00001"),
    "fairness": (
        "by: [colour], demographic_parity: {max_difference: 1.0}",
        "max_difference: 1.0",
        "max_difference: 0.00001",
    ),
    "calibration": ("max_brier: 1.0", "max_brier: 1.0", "max_brier: 0.00001"),
    "size": ("max_bytes: 1000000", "1000000", "10"),
    "data": ("max_warnings: 1", "max_warnings: 1", "max_warnings: 0"),
    "drift": ("max_drifting: 2", "max_drifting: 2", "max_drifting: 0"),
    "robustness": (
        "metric: roc_auc, noise: {share: 5.0, max_drop: 1.0}",
        "max_drop: 1.0",
        "max_drop: 0.00001",
    ),
    "latency": ("single: {p95: 10s, repeats: 20}, warm_up: 1", "p95: 10s", "p50: 1us"),
    "python": ("python: 'rules:half', min: 0.1", "min: 0.1", "min: 0.9"),
}
"""A gate of each kind that says yes, and how its limit is edited so that it says no; but for `reproducible`, which has
no limit (`tests/runtime/gates/test_reproducible.py`)."""


def test_edited_limits_of_every_kind_are_judged_again(
    trained: Path, cli: CommandLine, write_rows: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {*LIMITS, "reproducible"} - {"interval"} == set(GATE_TYPES)
    (trained / "rules.py").write_text("def half(metrics):\n    return 0.5\n")
    write_rows(trained / "rows.csv", larger=30.0)
    checks = "primary_key: [id]\n    checks: [{expect: column_values_to_be_unique, column: colour, on_failure: warn}]"

    def declared(edited: bool) -> tuple[tuple[str, str], ...]:
        lines = []
        for name, (text, old, new) in LIMITS.items():
            assert old in text
            kind = "" if text.startswith("type:") else f"type: {name}, "
            said = text.replace(old, new) if edited else text
            lines.append(f"  {name}: {{training: lateness, {kind}{said}}}\n")
        named = ", ".join(LIMITS)
        return (
            ("registry:\n", "".join(lines) + "registry:\n"),
            ("gates: [good]", f"gates: [{named}]"),
            ("primary_key: [id]", checks),
        )

    edit(trained, *declared(False))
    assert cli("run").status == 0
    monkeypatch.setattr("mlopsc.runtime.gates.latency.timed", None)
    edit(trained, *declared(True))
    new, old = replayed(cli)["replayed"]
    found = {name: gates(new)[name] for name in LIMITS}
    assert {name: one["trouble"] for name, one in found.items()} == dict.fromkeys(LIMITS)
    assert {name: one["then"]["verdict"] for name, one in found.items()} == dict.fromkeys(LIMITS, "pass")
    assert {name: one["now"]["verdict"] for name, one in found.items()} == dict.fromkeys(LIMITS, "fail")
    never = ("interval", "champion", "slice", "fairness", "calibration", "latency", "drift")
    assert {name for name in LIMITS if gates(old)[name]["trouble"] is not None} == set(never)
    edit(
        trained,
        *declared(True),
        ("p50: 1us, repeats: 20", "p99: 1us"),
        ("by: [colour], max_gap", "by: [id], max_gap"),
    )
    (new, _) = replayed(cli, "--gate", "latency", "--gate", "slice")["replayed"]
    assert gates(new)["latency"]["trouble"] == (
        "the run measured 'single' with `repeats` 20, and the gate asks for 200"
    )
    assert gates(new)["slice"]["trouble"] == "column 'id' is not in the table"


def test_what_runs_elsewhere_came_to_is_in_the_registry(trained: Path, cli: CommandLine) -> None:
    edit(trained, ('min: "${vars.least}"', "min: 0.999"), ("seed: 1", "seed: 2"))
    assert cli("run").status == 5
    here = replayed(cli)
    assert [one["status"] for one in here["replayed"]] == ["refused", "succeeded"]
    (trained / ".mlopsc" / "journal.db").unlink()
    found = replayed(cli)
    refused, made = found["replayed"]
    assert [(one["run"], one["status"]) for one in (refused, made)] == [
        ("lateness refused, ledger 3", "refused"),
        ("lateness/1", "registered"),
    ]
    assert [one["gates"] for one in found["replayed"]] == [one["gates"] for one in here["replayed"]]
    assert (found["blocked_then"], found["blocked_now"], found["not_known"]) == (1, 2, 0)
    edit(
        trained,
        ("parameters:\n", "parameters:\n  least: {type: float, default: 0.1}\n"),
        ('min: "${vars.least}"', 'min: "${params.least}"'),
        ("registry:\n", "  small: {type: size, training: lateness, max_bytes: 10}\nregistry:\n"),
    )
    refused, made = replayed(cli)["replayed"]
    assert gates(made)["good"]["now"]["verdict"] == "pass"
    assert gates(refused)["good"]["trouble"] == (
        "the ledger does not tell the run's parameters, and the gate wants 'least'"
    )
    assert gates(refused)["small"]["now"]["verdict"] == "fail"
    assert cli("gc", "--days", "0").status == 0
    refused, made = replayed(cli, "--gate", "small")["replayed"]
    assert gates(made)["small"]["trouble"] is None


def test_a_run_of_another_version_of_mlopsc_is_counted_apart(
    trained: Path, cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Journal, "plan", lambda _, run: f'{{"older": "{run}"}}')
    (run,) = replayed(cli)["replayed"]
    assert {one["trouble"] for one in run["gates"]} == {"its plan was recorded by another version of mlopsc"}
    assert run["blocked_now"] is None


def test_since_is_a_date_a_duration_or_a_run(trained: Path, cli: CommandLine) -> None:
    run = find_run(trained).run
    now = datetime(2026, 5, 3, tzinfo=UTC)
    assert moment(trained, "2026-05-01") == datetime(2026, 5, 1, tzinfo=UTC)
    assert moment(trained, "1d12h", now=now) == now - timedelta(hours=36)
    assert moment(trained, run.id[-4:]) == run.started
    with pytest.raises(UsageError, match="is neither a date nor a duration"):
        moment(trained, "lately")
    assert replayed(cli, "--since", run.id)["runs"] == 1
    assert replayed(cli, "--since", "2999-01-01")["runs"] == 0
    assert "no recorded run since 2999" in cli("gates", "replay", "--since", "2999-01-01").out
    done = cli("gates", "replay", "--gate", "god")
    assert (done.status, "did you mean 'good'?" in done.err) == (2, True)
