"""`mlopsc gc`: makes room."""

from dataclasses import asdict
from typing import Annotated

import typer

from mlopsc import running
from mlopsc.cli import output
from mlopsc.cli.options import DEFAULT, Debug, Environment, Json, Spec, Variables, existing, new_app, pairs
from mlopsc.garbage import Freed, collect_garbage

app = new_app()


@app.command()
def gc(
    spec: Spec = DEFAULT,
    days: Annotated[
        float,
        typer.Option(
            "--days", min=0, max=36_500, metavar="N", help="Keep what runs of the last N days need."
        ),
    ] = 30,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be removed, and remove nothing.")
    ] = False,
    environment: Environment = None,
    var: Variables = None,
    json: Json = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Remove artifacts, cached results, logs and copies that nothing needs any more.

    Kept: what runs of the last N days made or reused, on whatever machine; everything that a registered version or
    mlops.lock names; what was made or used within the last hour, in a store that machines share within the last day.
    """
    context = running.project_context(existing(spec), environment=environment, variables=pairs(var, "--var"))
    found = collect_garbage(context, days=days, dry_run=dry_run)
    freed = sum(one.freed for one in found)
    if json:
        output.json_object({"dry_run": dry_run, "freed": freed, "kinds": [asdict(one) for one in found]})
        return
    rows = [[one.kind, str(one.removed), size(one.freed), _kept(one)] for one in found]
    output.table(["what", "would go" if dry_run else "removed", "bytes", "stays"], rows, right=(1, 2))
    output.say(f"{size(freed)} {'would be freed' if dry_run else 'freed'} in {context.store_location}")


def size(count: int) -> str:
    """Return a number of bytes for people, in powers of ten as disks are sold: `12.3 MB`."""
    amount, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 999.5:
            break
        amount, unit = amount / 1000, larger
    return f"{count} B" if unit == "B" else f"{amount:.3g} {unit}"


def _kept(one: Freed) -> str:
    return "" if one.kept is None or one.kept_size is None else f"{one.kept} ({size(one.kept_size)})"
