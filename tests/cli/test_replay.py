"""`mlopsc gates replay`: recorded runs under edited gates."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mlopsc.diagnostics.errors import UsageError
from mlopsc.history import find_run
from mlopsc.replaying import moment
from mlopsc.runtime.journal import Journal
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


def test_what_a_gate_measures_is_not_measured_again(trained: Path, cli: CommandLine) -> None:
    quick = "  quick: {type: latency, training: lateness, single: {p95: 10s}}\nregistry:\n"
    edit(trained, ("registry:\n", quick))
    (run,) = replayed(cli)["replayed"]
    assert gates(run)["quick"]["trouble"].startswith("what a latency gate finds is not in the store")


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
