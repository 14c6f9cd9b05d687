"""The commands and their one-line helps. A command's module is imported when it is called, not before."""

import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from mlopsc.cli import completion, output
from mlopsc.cli.outcome import settle
from mlopsc.runtime.forked import allow_forks

COMMANDS = {
    "new": "Make a project that is a copy of an example.",
    "init": "Write a working spec for a file of data, and run it.",
    "profile": "Propose a dataset's contract from a file of data.",
    "import": "Carry the checks of another tool over into a spec.",
    "validate": "Check a spec; every fault in one go, each at its place.",
    "explain": "Explain a diagnostic's code, with the fault and the fix.",
    "compile": "Generate a target's code from a spec.",
    "run": "Train, judge and register, on this machine or on a target.",
    "resume": "Run an earlier run's plan again; what it finished is not repeated.",
    "run show": "Show what an earlier run came to.",
    "runs": "List the latest runs.",
    "report": "Write a run as one HTML page, with plots.",
    "card": "Write a registered version's model card: Markdown or HTML.",
    "show": "Show the spec after environments and variables, and where each value was written.",
    "artifact": "Show what a step made: a table, a report, a model; or write it to a file.",
    "schema": "Print the JSON Schema of mlops.yaml, for editors.",
    "graph": "Draw a pipeline, with the status of its last run: Mermaid, DOT, SVG or PNG.",
    "monitor": "Compare a model's inputs of today with those it was trained on.",
    "predict": "Predict for the rows of a file with a registered model.",
    "features": "Serve features: bring them into the online store, list and read what is there.",
    "lock": "Record in mlops.lock which data the project works with.",
    "registry": "List, show, promote and roll back versions of models.",
    "gates": "Judge recorded runs again by the gates of today.",
    "reproduce": "Make a registered version again, and compare every digest.",
    "track": "List what waits for MLflow, and send it.",
    "parity": "Run on several targets and compare every artifact and decision.",
    "gc": "Remove from the store what no recent run, no version and no lock needs.",
    "doctor": "Look for damage in all that a project keeps and stands on, and offer to mend it.",
}


class LazyGroup(TyperGroup):
    """Knows each command's name and help without its module."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {name: TyperCommand(name, help=help) for name, help in COMMANDS.items()}

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """Import the command that is asked for."""
        if cmd_name not in COMMANDS:
            return None
        module = "import_" if cmd_name == "import" else cmd_name.replace(" ", "_")  # a word of Python's own
        command = get_command(import_module(f"mlopsc.cli.commands.{module}").app)
        command.name, command.help = cmd_name, command.help or COMMANDS[cmd_name]
        if completion.wanted():
            completion.attach(command)
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that the first word names, or the first two: a spec called `show` is run as `./show`."""
        if (pair := " ".join(args[:2])) in COMMANDS and len(args) > 1:
            return pair, self.get_command(ctx, pair), args[2:]
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """List the commands from the table."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


app = typer.Typer(
    cls=LazyGroup,
    name="mlopsc",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from mlopsc.runtime.tasks import library_version

        output.say(f"mlopsc {library_version('mlopsc')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """One mlops.yaml: checked like a program, run on a laptop, on Prefect or on Kubeflow with equal results.

    Exit status: 0 done; 1 the spec has faults; 2 wrong command line; 3 internal error or I/O; 4 a step crashed;
    5 a declared rule (check, gate, monitor) said no; 130 stopped.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line (`sys.argv` by default) and exit with its status."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_DFL:  # not under nohup
            # As Ctrl-C does: what runs is stopped and recorded, and where that must not be, it waits.
            signal.signal(number, signal.default_int_handler)
    output.prepare()
    allow_forks()
    if completion.wanted():
        _complete()
    given = list(sys.argv[1:] if arguments is None else arguments)
    group = get_command(app)
    status = settle(lambda: group.main(given, prog_name="mlopsc", standalone_mode=False), given)
    sys.exit(output.finish(status))


def _complete() -> NoReturn:
    """Tell the shell what it may offer; whatever goes wrong is not worth a word at a prompt."""
    try:
        completion.rejoin_words()
        get_command(app).main([], prog_name="mlopsc", standalone_mode=False)
    except Exception:  # noqa: BLE001
        sys.exit(1)
    sys.exit(0)
