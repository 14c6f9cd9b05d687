"""`mlopsc lock`: the data as they are now, recorded, or compared with what was."""

from typing import Annotated

import typer

from mlopsc.cli import output
from mlopsc.cli.execute import watched
from mlopsc.cli.options import (
    DEFAULT,
    Debug,
    Environment,
    Json,
    Parameters,
    Spec,
    Variables,
    existing,
    new_app,
    pairs,
)
from mlopsc.cli.report import troubles
from mlopsc.diagnostics.errors import Refusal, UsageError
from mlopsc.locking import compare, earlier_lock, loaded_lock, lock_request, write_lock
from mlopsc.summary import RunSummary
from mlopsc.vocabulary.lock import LOCK_FILE, Lock, read_lock

app = new_app()

_STYLES = {"added": "green", "changed": "yellow", "removed": "yellow", "unchanged": "dim"}


@app.command()
def lock(
    spec: Spec = DEFAULT,
    environment: Environment = None,
    var: Variables = None,
    set: Parameters = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; end with status 5 where data are not as locked.")
    ] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Load every dataset and record digest, rows, columns and version in mlops.lock, next to the spec."""
    path = existing(spec)
    known = read_lock(path.parent) if check else earlier_lock(path.parent)
    if check and known is None:
        raise UsageError(
            f"there is no {path.parent / LOCK_FILE} to check", help="write it with `mlopsc lock`"
        )
    request = lock_request(
        path, environment=environment, variables=pairs(var, "--var"), parameters=pairs(set, "--set")
    )
    result = watched(request, quiet=json)
    if result.status != "succeeded":
        summary = RunSummary(result, request.project, {}, {}, {}, {}, {}, {})
        troubles(summary, debug=debug)
        raise typer.Exit(summary.exit_code)
    now = loaded_lock(request, result)
    changes = compare(known or Lock(), now)
    if not check:
        write_lock(request.project, now)
    differ = [one.dataset for one in changes if one.status != "unchanged"]
    if json:
        output.json_object(
            {
                "lock": str(path.parent / LOCK_FILE),
                "datasets": {
                    one.dataset: {"status": one.status, "details": list(one.details)} for one in changes
                },
            }
        )
    else:
        output.title(str(path.parent / LOCK_FILE))
        rows = [[one.dataset, one.status, "; ".join(one.details)] for one in changes]
        output.table(["dataset", "status", "what"], rows, styles=_STYLES)
    if check and differ:
        output.error(
            f"{', '.join(differ)}: not as in {LOCK_FILE}",
            help="look at the data; if they are meant to be so, record them with `mlopsc lock`",
        )
        raise typer.Exit(Refusal.exit_code)
