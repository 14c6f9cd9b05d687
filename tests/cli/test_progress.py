"""Lines of a run: one for each step, one for a fan-out."""

from mlopsc.cli.progress import Lines
from mlopsc.plan.result import StepResult
from tests.plans import trial_steps


def test_a_fan_out_is_one_line_when_all_have_ended_and_what_failed_is_told_at_once(capsys):
    steps = trial_steps(3)
    lines = Lines(steps)

    def told(name, status, reason=None):
        lines.ended(StepResult(name=name, operation="trial", status=status, seconds=0.5, reason=reason))
        return capsys.readouterr().err

    assert told("split_t", "run") == "  run        split_t       0.5 s\n"
    assert told("trial_t_1", "run") == ""
    assert told("trial_t_0", "failed", "no") == "  failed     trial_t_0     0.5 s  no\n"
    assert told("trial_t_2", "run") == "  failed     trial_t ×3    1.5 s  2 run, 1 failed\n"
    assert told("trials_t", "skipped") == "  skipped    trials_t      0.5 s\n"
