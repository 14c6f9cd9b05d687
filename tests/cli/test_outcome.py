"""How commands end: statuses, wrong command lines, interrupts, readers that go away."""

import os
import signal
import subprocess
import sys
import time

import pytest

from mlopsc.cli.outcome import settle
from mlopsc.diagnostics.errors import StoreError

MLOPSC = [sys.executable, "-c", "from mlopsc.cli import main; main()"]


def test_errors_of_ours_are_told_without_a_traceback(capsys):
    def fail():
        raise StoreError("the disk is full", help="make room")

    assert settle(fail, []) == 3
    assert capsys.readouterr().err == "error: the disk is full\n  = help: make room\n"


def test_other_exceptions_are_internal_errors_and_say_how_to_see_more(capsys):
    def fail():
        raise ZeroDivisionError("by zero")

    assert settle(fail, []) == 3
    told = capsys.readouterr().err
    assert told.startswith("error: internal error: ZeroDivisionError: by zero\n")
    assert "--debug" in told
    assert settle(fail, ["--debug"]) == 3
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--set", "as_of"], "expected NAME=VALUE"),
        (["run", "--set", "as_of=yesterday"], "expected a timestamp"),
        (["run", "--set", "nothing=1"], "takes no parameter 'nothing'"),
        (["run", "--local", "--target", "kfp"], "exclude each other"),
        (["run", "--only", "trian_lateness"], "did you mean 'train_lateness'?"),
        (["run", "--training", "other"], "unknown training 'other'"),
        (["monitor", "row_drift"], "did you mean 'rows_drift'?"),
        (["registry", "promote", "lateness", "--to", "production"], "expected MODEL/VERSION"),
        (["run", "--frm", "x"], "No such option"),
    ],
)
def test_a_wrong_command_line_ends_with_status_2(project, cli, arguments, said):
    wrong = cli(*arguments)
    assert wrong.status == 2
    assert said in wrong.err
    assert "Traceback" not in wrong.err


def test_a_reader_that_goes_away_is_no_error(project):
    command = subprocess.Popen(
        [*MLOPSC, "explain", "MLC201"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert command.stdout is not None
    command.stdout.close()
    _, told = command.communicate()
    assert told == ""
    assert command.returncode == 141


def test_output_may_be_closed(project):
    done = subprocess.run(
        f'"{sys.executable}" -c "from mlopsc.cli import main; main()" validate >&-',
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_ends_cleanly_and_is_recorded(project, cli, number):
    (project / "slow.py").write_text("import time\ndef rows():\n    time.sleep(60)\n")
    spec = project / "mlops.yaml"
    spec.write_text(spec.read_text().replace("{type: csv, path: rows.csv}", '{python: "slow:rows"}'))
    command = subprocess.Popen(
        [*MLOPSC, "run", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while '"status": "running"' not in cli("runs", "--json").out:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    time.sleep(0.5)
    os.kill(command.pid, number)
    out, told = command.communicate(timeout=60)
    assert (command.returncode, out) == (130, "")
    assert "stopped; what had finished is kept" in told
    assert '"status": "cancelled"' in cli("runs", "--json").out
