"""`mlopsc doctor`: is everything whole?"""

import sys
from typing import Annotated

import typer

from mlopsc import running
from mlopsc.cli import output
from mlopsc.cli.options import DEFAULT, Debug, Environment, Json, Spec, Variables, existing, new_app, pairs
from mlopsc.doctor import Finding, examine

app = new_app()

UNSOUND = 3
_STYLES = {"ok": "green", "note": "yellow", "fixed": "yellow", "fault": "red"}


@app.command()
def doctor(
    spec: Spec = DEFAULT,
    fix: Annotated[bool, typer.Option("--fix", help="Mend all that can be mended, without asking.")] = False,
    environment: Environment = None,
    var: Variables = None,
    json: Json = False,
    debug: Debug = False,  # noqa: ARG001
) -> None:
    """Look at the environment, and read and hash everything in store, journal, registry and lock.

    What can be mended is offered: on a terminal one by one, with --fix all of it is done. Exit status 3 when a fault
    is left.
    """
    context = running.project_context(existing(spec), environment=environment, variables=pairs(var, "--var"))
    findings = examine(context)
    if fix:
        findings = [one.mended() for one in findings]
    left = [one for one in findings if one.status == "fault"]
    if json:
        output.json_object({"sound": not left, "findings": [_entry(one) for one in findings]})
    else:
        rows = [[one.subject, one.status, _told(one)] for one in findings]
        output.table(["what", "status", "finding"], rows, styles=_STYLES)
        left = [one for one in _asked(findings) if one.status == "fault"]
    if left:
        raise typer.Exit(UNSOUND)


def _asked(findings: list[Finding]) -> list[Finding]:
    """Return what is left after asking about every fix that is offered, where somebody can answer."""
    offered = [one for one in findings if one.fix is not None]
    if not offered:
        return findings
    if not (sys.stdin is not None and sys.stdin.isatty() and sys.stdout is not None and sys.stdout.isatty()):
        output.tell(f"{len(offered)} of these can be mended: mlopsc doctor --fix")
        return findings
    after = []
    for found in findings:
        one = found
        if one.fix is not None and typer.confirm(
            f"{one.subject}: {one.message}\n  {one.fix}?", default=False
        ):
            one = found.mended()
            output.say(f"  {output.escaped(one.message)}")
        after.append(one)
    return after


def _entry(one: Finding) -> dict[str, str | None]:
    return {
        "subject": one.subject,
        "status": one.status,
        "message": one.message,
        "help": one.help,
        "fix": one.fix,
    }


def _told(one: Finding) -> str:
    return one.message + (f" ({one.help})" if one.help else "")
