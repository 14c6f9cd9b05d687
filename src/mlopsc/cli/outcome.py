"""How a command ends: its status, and what is said of an exception. Never a traceback, unless asked for."""

import traceback
from collections.abc import Callable, Sequence
from typing import Any

import typer
from typer.exceptions import TyperException

from mlopsc.cli import output
from mlopsc.diagnostics.errors import MlopscError, SpecError

INTERNAL = 3
STOPPED = 130
DEBUG = "--debug"


def settle(command: Callable[[], Any], arguments: Sequence[str]) -> int:
    """Call a command and return the exit status; what it raises is told on standard error."""
    try:
        status = command()
    except KeyboardInterrupt:
        return STOPPED
    except TyperException as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context is not None else "mlopsc"
        output.error(error.format_message(), help=f"`{path} --help` shows what it takes")
        return error.exit_code
    except typer.Abort:
        return STOPPED
    except SpecError as error:
        _tell_diagnostics(error)
        return error.exit_code
    except MlopscError as error:
        if DEBUG in arguments:
            output.tell(traceback.format_exc())
        output.error(str(error), help=error.help)
        return error.exit_code
    except OSError as error:
        return _internal(error, arguments, f"{error.strerror or error}: {error.filename or 'no file'}")
    except Exception as error:  # noqa: BLE001  the user gets a sentence, not our stack
        return _internal(error, arguments, f"{type(error).__name__}: {error}")
    return status if isinstance(status, int) else 0


def _tell_diagnostics(error: SpecError) -> None:
    if error.diagnostics:
        output.diagnostics(error.diagnostics)
    else:
        output.error(str(error), help=error.help)


def _internal(error: BaseException, arguments: Sequence[str], message: str) -> int:
    if DEBUG in arguments:
        output.tell("".join(traceback.format_exception(error)).rstrip())
    help = "this is a fault of mlopsc; the traceback shows where: put `--debug` behind the command"
    output.error(f"internal error: {message}", help=None if DEBUG in arguments else help)
    return INTERNAL
