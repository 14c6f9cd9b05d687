"""`mlopsc lock`: the data as they are now, recorded."""

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
from mlopsc.locking import lock_request, write_lock
from mlopsc.summary import RunSummary
from mlopsc.vocabulary.lock import LOCK_FILE

app = new_app()

_STYLES = {"added": "green", "changed": "yellow", "removed": "yellow", "unchanged": "dim"}


@app.command()
def lock(
    spec: Spec = DEFAULT,
    environment: Environment = None,
    var: Variables = None,
    set: Parameters = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Load every dataset and record digest, rows and columns in mlops.lock, next to the spec."""
    path = existing(spec)
    request = lock_request(
        path, environment=environment, variables=pairs(var, "--var"), parameters=pairs(set, "--set")
    )
    result = watched(request, quiet=json)
    if result.status != "succeeded":
        summary = RunSummary(result, request.project, {}, {}, {}, {}, {}, {})
        troubles(summary, debug=debug)
        raise typer.Exit(summary.exit_code)
    changes = write_lock(request, result)
    if json:
        output.json_object(
            {
                "lock": str(path.parent / LOCK_FILE),
                "datasets": {
                    one.dataset: {"status": one.status, "details": list(one.details)} for one in changes
                },
            }
        )
        return
    output.title(str(path.parent / LOCK_FILE))
    rows = [[one.dataset, one.status, "; ".join(one.details)] for one in changes]
    output.table(["dataset", "status", "what"], rows, styles=_STYLES)
