"""Help, and how much a command costs before it does anything."""

import subprocess
import sys

import pytest

from mlopsc.cli.app import COMMANDS

HEAVY = ("pandas", "numpy", "sklearn", "kfp", "prefect", "scipy", "pyarrow", "sqlalchemy")


def imported(*arguments, cwd=None):
    """Return the top-level modules that a command line imports."""
    script = (
        "import sys\nfrom mlopsc.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit as end:\n    code = end.code\n"
        "print('\\nMODULES', code, *sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, cwd=cwd, check=True
    )
    *_, last = done.stdout.splitlines()
    code, *modules = last.split()[1:]
    assert code == "0", done.stderr
    return set(modules)


def test_help_imports_nothing_of_weight():
    assert not imported("--help") & {*HEAVY, "pydantic", "networkx", "duckdb", "rich", "yaml", "sqlglot"}


def test_validate_imports_no_engine_of_learning(project):
    assert not imported("validate", cwd=project) & set(HEAVY)


def test_a_cached_run_imports_no_compiler(trained, cli):
    assert cli("run").status == 0
    assert not imported("run", cwd=trained) & {"networkx", "duckdb", "pandas", "sklearn", "yaml"}


def test_help_lists_every_command(cli):
    shown = cli("--help")
    assert shown.status == 0
    assert all(f"  {name} " in shown.out for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(cli, command):
    shown = cli(*command.split(), "--help")
    assert shown.status == 0
    assert shown.out.startswith(f"Usage: mlopsc {command} ")


def test_a_misspelt_command_gets_a_suggestion(cli):
    wrong = cli("validat")
    assert wrong.status == 2
    assert "Did you mean 'validate'?" in wrong.err


def test_the_version_is_told(cli):
    assert cli("--version").out.startswith("mlopsc 0.")
