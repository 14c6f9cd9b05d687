"""What generated flows import: how a flow ends, and how its steps share the machine."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture, PrefectFutureList, wait
from prefect.runtime import flow_run

from mlopsc.diagnostics.errors import MlopscError, Refusal
from mlopsc.runtime.execution import surroundings
from mlopsc_prefect.machine import at_most, share
from mlopsc_prefect.states import content

Outputs = dict[str, str]
"""Of one step: port → digest of the artifact."""


def conclude(
    steps: Mapping[str, PrefectFuture[Outputs] | PrefectFutureList[Outputs]], *, store_url: str | None = None
) -> dict[str, Outputs]:
    """Wait for all steps; return what each made, and show metrics and decisions as an artifact of the flow run.

    Mapped steps are named after their fan-out and their place in it, from 0. Raises what failed a step, a crash before
    a refusal, so that the flow run says why it failed.
    """
    futures = dict(_each(steps))
    wait(list(futures.values()))
    states = {name: future.state for name, future in futures.items()}
    made = {name: content(state) for name, state in states.items() if state.is_completed()}
    create_markdown_artifact(
        markdown=_report(states, made, store_url),
        key=re.sub(r"[^a-z0-9]+", "-", str(flow_run.get_flow_name()).lower()).strip("-"),
        description="Steps, metrics and decisions of the last run",
    )
    errors = [error for state in states.values() if isinstance(error := content(state), BaseException)]
    for error in sorted(errors, key=lambda one: isinstance(one, Refusal)):
        raise error
    unfinished = [name for name in futures if name not in made]
    if unfinished:
        raise MlopscError(f"not run: {', '.join(unfinished)}")
    return made


def _each(
    steps: Mapping[str, PrefectFuture[Outputs] | PrefectFutureList[Outputs]],
) -> Iterator[tuple[str, PrefectFuture[Outputs]]]:
    for name, found in steps.items():
        if isinstance(found, PrefectFuture):
            yield name, found
        else:
            yield from ((f"{name}_{place}", one) for place, one in enumerate(found))


def _report(states: Mapping[str, State[Any]], made: Mapping[str, Outputs], store_url: str | None) -> str:
    rows = [f"| {name} | {states[name].name} | {_cell(_said(states[name]))} |" for name in states]
    found = list(_findings(made, store_url))
    parts = ["| step | state | |\n|---|---|---|\n" + "\n".join(rows)]
    if found:
        parts.append("| step | result |\n|---|---|\n" + "\n".join(found))
    return "\n\n".join(parts)


def _said(state: State[Any]) -> str:
    return "" if state.is_completed() else state.message or ""


def _findings(made: Mapping[str, Outputs], store_url: str | None) -> Iterator[str]:
    """Yield a row for each metrics file and each decision."""
    store = surroundings(store_url=store_url).store()
    for name, outputs in made.items():
        if "metrics" in outputs:
            metrics = json.loads(store.get_path(outputs["metrics"]).read_bytes())["metrics"]
            yield f"| {name} | {_cell(', '.join(f'{key} {value}' for key, value in metrics.items()))} |"
        if "decision" in outputs:
            decision = json.loads(store.get_path(outputs["decision"]).read_bytes())
            said = f"{decision['verdict']}: {decision['reason']}"
            yield f"| {name} | {_cell(said)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


__all__ = ["Outputs", "at_most", "conclude", "share"]
