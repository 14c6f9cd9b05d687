"""However a step ends, its status and reason say so, what needs it is skipped, and everything else goes on."""

from datetime import timedelta

import pytest

from mlopsc.runtime.journal import Journal
from mlopsc.vocabulary.policy import Policy


@pytest.mark.parametrize(
    ("hook", "words"),
    [
        ("raise ValueError('no such table')", "ValueError: no such table"),
        ("sys.exit(3)", "SystemExit: 3"),
        ("os._exit(3)", "the process left with exit status 3 and no result"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "killed by SIGSEGV (a crash in native code)"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "killed by SIGKILL (out of memory?)"),
    ],
    ids=["raises", "exits", "leaves", "segfaults", "out-of-memory"],
)
def test_a_crash_fails_its_step_skips_what_needs_it_and_spares_the_rest(project, make, hook, words):
    result = project.run(
        make.rows("a", hook=hook, line=12),
        make.view("all", "select * from a", "a"),
        make.view("more", "select * from view_all", "view_all"),
        make.rows("b"),
    )
    assert result.status == "failed"
    assert make.statuses(result) == {
        "load_a": "failed",
        "view_all": "skipped",
        "view_more": "skipped",
        "load_b": "run",
    }
    assert make.reason(result, "load_a").startswith(words)
    assert make.reason(result, "view_more") == "it needs view_all"
    assert result.steps[0].source == "mlops.yaml:12:3"


def test_the_log_of_a_failed_step_holds_what_it_said_and_its_traceback(project, make):
    result = project.run(make.rows("a", hook="raise ValueError('no such table')"))
    log = project.log(result, "load_a")
    assert log.startswith("rows of a\n")
    assert "code_of_user.py" in log
    assert log.endswith("ValueError: no such table\n")


def test_a_step_that_takes_too_long_is_stopped(project, make):
    policy = Policy(timeout=timedelta(seconds=1))
    result = project.run(make.rows("a", hook="time.sleep(600)", policy=policy))
    assert make.reason(result, "load_a") == "took longer than 1 s and was stopped"


def test_a_crashed_step_is_tried_again_after_a_delay(project, make):
    hook = (
        "if not Path('twice').exists():\n"
        "    Path('twice' if Path('once').exists() else 'once').touch()\n"
        "    raise OSError('no connection')"
    )
    policy = Policy(retries=2, retry_delay=timedelta(milliseconds=50))
    result = project.run(make.rows("a", hook=hook, policy=policy))
    assert result.status == "succeeded"
    assert project.calls() == {"a": 3}
    assert project.log(result, "load_a").count("OSError: no connection") == 2


def test_retries_come_to_an_end(project, make):
    result = project.run(make.rows("a", hook="raise OSError('no connection')", policy=Policy(retries=1)))
    assert make.reason(result, "load_a") == "OSError: no connection (after 2 tries)"
    assert project.calls() == {"a": 2}


def test_a_source_that_is_missing_is_looked_for_again(project, make):
    step = make.csv("a", "data/late.csv", policy=Policy(retries=1, retry_delay=timedelta(milliseconds=10)))
    result = project.run(step)
    assert make.statuses(result) == {"load_a": "failed"}
    assert make.reason(result, "load_a") == (
        "no such file: 'data/late.csv' (the folder 'data' does not exist) (after 2 tries)"
    )


def test_a_refusal_keeps_its_report_and_is_never_tried_again(project, make):
    steps = (
        make.rows("a"),
        make.validate("a", most=1, policy=Policy(retries=5)),
        make.view("all", "select * from a", "a", after=("validate_a",)),
        make.verdict(),
    )
    result = project.run(*steps)
    assert result.status == "refused"
    assert make.statuses(result) == {
        "load_a": "run",
        "validate_a": "refused",
        "view_all": "skipped",
        "verdict": "run",
    }
    assert "table_row_count_to_be_between" in make.reason(result, "validate_a")
    assert project.log(result, "validate_a").count("Traceback") == 1
    again = project.run(*steps)
    assert make.statuses(again)["validate_a"] == "refused"
    assert make.reason(again, "validate_a") == make.reason(result, "validate_a")
    assert again.steps[1].outputs == result.steps[1].outputs


def test_a_function_cannot_refuse_in_the_name_of_a_rule(project, make):
    hook = "from mlopsc.diagnostics.errors import Refusal; raise Refusal('I do not want to')"
    result = project.run(make.rows("a", hook=hook))
    assert (result.status, make.reason(result, "load_a")) == ("failed", "Refusal: I do not want to")


def test_a_step_that_writes_no_output_has_failed(project, make, monkeypatch):
    monkeypatch.setattr("mlopsc.runtime.operations.run_operation", lambda *arguments: None)
    result = project.run(make.verdict())
    assert make.reason(result, "verdict") == "step verdict ended without writing its output 'decision'"


def test_a_light_step_that_breaks_is_logged_and_fails_alone(project, make, monkeypatch):
    def broken(*arguments):
        raise RecursionError("too deep")

    monkeypatch.setattr("mlopsc.runtime.operations.run_operation", broken)
    result = project.run(make.verdict(), make.verdict("second", "verdict"))
    assert make.statuses(result) == {"verdict": "failed", "second": "skipped"}
    assert make.reason(result, "verdict") == "RecursionError: too deep"
    assert "Traceback" in project.log(result, "verdict")


def test_a_missing_parameter_fails_the_step_that_needs_it(project, make):
    view = make.view("all", "select '${params.day}' as day from a", "a")
    result = project.run(make.rows("a"), view)
    assert make.reason(result, "view_all") == "parameter 'day' has no value (set it: --set day=…)"


def test_a_listener_that_breaks_stops_the_run_and_is_told(project, make):
    def broken(step):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        project.run(make.verdict(), make.rows("a"), on_step=broken)
    with Journal.of_project(project.folder) as journal:
        assert [(run.status, run.exit_code) for run in journal.runs()] == [("failed", 3)]
    assert project.run(make.verdict(), make.rows("a")).status == "succeeded"
