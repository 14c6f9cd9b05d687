"""A run from request to report: progress while it goes, tables or one JSON object at the end."""

from dataclasses import replace

from mlopsc import running
from mlopsc.cli import output
from mlopsc.cli.progress import progress
from mlopsc.cli.report import show, troubles
from mlopsc.plan.result import RunResult
from mlopsc.summary import RunSummary, summarize
from mlopsc.targets import Remote, RunRequest


def execute(
    request: RunRequest,
    *,
    target: str = "local",
    no_cache: bool = False,
    start: str | None = None,
    only: str | None = None,
    remote: Remote | None = None,
    json: bool = False,
    debug: bool = False,
) -> RunSummary:
    """Run, report, and return the summary; Ctrl-C is told about and passed on."""
    result = watched(
        request, target=target, no_cache=no_cache, start=start, only=only, remote=remote, quiet=json
    )
    summary = summarize(result, request)
    if json:
        output.json_object(summary.to_dict())
        troubles(summary, debug=debug)
    else:
        show(summary, debug=debug)
    return summary


def watched(
    request: RunRequest,
    *,
    target: str = "local",
    no_cache: bool = False,
    start: str | None = None,
    only: str | None = None,
    remote: Remote | None = None,
    quiet: bool = False,
) -> RunResult:
    """Run with progress and return the result."""
    try:
        with progress(request.pipeline.steps, quiet=quiet) as listener:
            heard = replace(
                request, on_start=listener.started, on_step=listener.ended, on_wait=listener.waits
            )
            return running.carry_out(heard, target, no_cache=no_cache, start=start, only=only, remote=remote)
    except KeyboardInterrupt:
        output.tell(
            "stopped; what had finished is kept, and `mlopsc run` goes on from there"
            if remote is None
            else "no longer followed; a run that was submitted goes on"
        )
        raise
