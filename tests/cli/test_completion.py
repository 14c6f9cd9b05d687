"""What a shell is offered after TAB, by the protocol that it speaks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlopsc.cli import completion

SCRIPT = "import sys; from mlopsc.cli import main; main()"


@pytest.fixture
def offered(project):
    """Return what bash is offered for the last of some words, in the project's folder."""

    def offered(*words):
        asked = {"COMP_WORDS": "\n".join(["mlopsc", *words]), "COMP_CWORD": str(len(words))}
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env=os.environ | asked | {completion.VARIABLE: "complete_bash"},
            cwd=project,
            capture_output=True,
            text=True,
        )
        assert done.stderr == ""
        return done.stdout.split()

    return offered


def test_commands_are_offered(offered):
    assert offered("re") == ["resume", "report", "registry", "reproduce"]


def test_names_of_the_spec_are_offered(offered, project):
    with (project / "mlops.yaml").open("a") as spec:
        spec.write("environments: {prod: {}, test: {}}\n")
    assert offered("run", "--environment", "") == ["prod", "test"]
    assert offered("run", "--training", "l") == ["lateness"]
    assert offered("run", "--set", "") == ["as_of="]
    assert offered("run", "--var", "") == ["least="]
    assert offered("monitor", "") == ["rows_drift"]
    assert offered("registry", "promote", "lateness/1", "--to", "s") == ["staging"]
    assert offered("registry", "history", "") == ["lateness"]
    assert offered("gates", "replay", "--gate", "") == ["good", "better"]
    assert offered("card", "") == ["lateness", "lateness@staging", "lateness@production"]
    assert offered("report", "") == ["lateness", "lateness@staging", "lateness@production"]
    assert offered("show", "--section", "datasets") == ["datasets", "datasets.rows"]
    assert offered("show", "--section", "monitors.") == ["monitors.rows_drift"]
    assert offered("graph", "--pipeline", "") == ["train", "rows_drift", "predict_lateness"]


def test_the_spec_on_the_command_line_is_the_one_that_is_read(offered, project):
    other = project / "other"
    other.mkdir()
    (other / "mlops.yaml").write_text("training: {elsewhere: {}}\n")
    assert offered("run", "other", "--training", "") == ["elsewhere"]


def test_what_bash_parts_at_an_at_is_put_together(offered):
    """Of what is offered, bash wants what follows the `@`."""
    assert offered("registry", "show", "late") == ["lateness@staging", "lateness@production"]
    assert offered("registry", "show", "lateness", "@") == ["staging", "production"]
    assert offered("registry", "show", "lateness", "@", "pro") == ["production"]


def test_codes_and_targets_are_offered(offered):
    assert offered("explain", "MLC20")[:2] == ["MLC201", "MLC202"]
    assert offered("compile", "--target", "") == ["docker", "feast", "kfp", "kubernetes", "local", "prefect"]
    assert offered("run", "--target", "") == ["kfp", "local", "prefect"]
    assert offered("new", "x", "--example", "f") == ["flights"]


def test_columns_of_the_file_are_offered(offered):
    assert offered("init", "--from", "rows.csv", "--label", "") == ["id", "seen", "size", "colour", "late"]


def test_steps_runs_and_versions_of_a_project_that_ran_are_offered(offered, trained):
    assert offered("run", "--only", "train") == ["train_lateness"]
    assert offered("artifact", "split_lateness") == [
        "split_lateness",
        "split_lateness.train",
        "split_lateness.test",
        "split_lateness.report",
    ]
    assert len(offered("resume", "")) == 1
    assert offered("registry", "promote", "") == ["lateness/1"]


@pytest.mark.parametrize("text", [None, "", "a: [", "training: 7\nmonitors: {a: 1}\n", "\0"])
def test_a_broken_spec_is_no_reason_for_a_word(offered, project, text):
    (project / "mlops.yaml").unlink()
    if text is not None:
        (project / "mlops.yaml").write_text(text)
    assert offered("run", "--training", "") == []
    assert offered("monitor", "") == []
    assert offered("run", "--only", "") == []
    assert offered("resume", "") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_shown(cli, shell, monkeypatch):
    monkeypatch.setattr("shellingham.detect_shell", lambda: (shell, f"/bin/{shell}"))
    done = cli("--show-completion")
    assert done.status == 0
    assert completion.VARIABLE in done.out


def test_bash_takes_the_script_and_asks(project):
    """A real bash, which fills COMPREPLY by the function that the script defines."""
    line = 'eval "$(mlopsc --show-completion)"; COMP_WORDS=(mlopsc run --training la); COMP_CWORD=3; '
    done = subprocess.run(
        ["bash", "--norc", "-c", line + '_mlopsc_completion mlopsc; echo "${COMPREPLY[@]}"'],
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        cwd=project,
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("lateness\n", "")


def test_completing_compiles_nothing(project):
    asked = {
        "COMP_WORDS": "mlopsc\nrun\n--training\n",
        "COMP_CWORD": "3",
        completion.VARIABLE: "complete_bash",
    }
    script = SCRIPT.replace(
        "main()", "\ntry:\n    main()\nfinally:\n    print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | asked, cwd=project, capture_output=True, text=True
    )
    assert done.stdout.split() == ["lateness"]
    heavy = {"pandas", "sklearn", "duckdb", "sqlglot", "networkx", "sqlalchemy", "mlopsc.compiler"}
    assert not heavy & set(done.stderr.split())
