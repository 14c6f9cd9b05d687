"""Parity: one spec on several targets, each from scratch, compared artifact by artifact and verdict by verdict."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mlopsc.plan.plan import Pipeline, Plan, Step
from mlopsc.plan.result import RunResult
from mlopsc.running import ParameterValue, carry_out, make_request
from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import read_json
from mlopsc.runtime.store import Store
from mlopsc.vocabulary.online import UNTIL
from mlopsc.vocabulary.operations import operation_class
from mlopsc.vocabulary.predicting import INPUT, VERSION

Place = tuple[str, str, str]
"""Pipeline, step, port."""
_FIRST = "1"
"""The number of the only version that a fresh registry holds."""


@dataclass(frozen=True)
class TargetRuns:
    """What one target made: its runs, digests by place, and verdicts by place of the decision."""

    target: str
    results: tuple[RunResult, ...]
    digests: Mapping[Place, str]
    verdicts: Mapping[Place, str]


@dataclass(frozen=True)
class Comparison:
    """What each target made at one place; None where it made nothing."""

    place: Place
    digests: Mapping[str, str | None]
    verdicts: Mapping[str, str | None]
    measured: bool = False
    """Whether times were measured, or told of: then verdicts are compared."""

    @property
    def equal(self) -> bool:
        """Whether every target made the same, and made something."""
        found = set((self.verdicts if self.measured else self.digests).values())
        return len(found) == 1 and None not in found


def comparable(plan: Plan, parameters: Mapping[str, ParameterValue]) -> Plan:
    """Return the plan without pipelines that predict, or serve, when their parameters are not given.

    Nothing is tracked either: a comparison of targets is no result that anybody wants to find in MLflow.
    """
    needs = {"predict": INPUT, "materialize": UNTIL}
    kept = [_untracked(one) for one in plan.pipelines if needs.get(one.kind) in (None, *parameters)]
    return plan.model_copy(update={"pipelines": tuple(kept)})


def _untracked(pipeline: Pipeline) -> Pipeline:
    steps = tuple(step for step in pipeline.steps if step.operation != "track")
    return pipeline.model_copy(update={"steps": steps})


def run_target(
    plan: Plan,
    path: Path,
    target: str,
    parameters: Mapping[str, ParameterValue],
    *,
    on_pipeline: Callable[[str, str], None] | None = None,
) -> TargetRuns:
    """Run the train pipeline and then each other one on a target, with a store and a registry of their own.

    `parameters` are given to the pipelines that take them; predictions are made by the version that the target has just
    registered, unless told otherwise. Without a shared store nothing comes from a cache that
    another target filled; both are gone afterwards.
    """
    results: list[RunResult] = []
    digests: dict[Place, str] = {}
    verdicts: dict[Place, str] = {}
    with tempfile.TemporaryDirectory(prefix=f"mlopsc-parity-{target}-") as folder:
        registry, store = f"sqlite:///{folder}/registry.db", f"{folder}/store"
        own = plan.model_copy(
            update={
                "infrastructure": plan.infrastructure.model_copy(
                    update={"registry": registry, "store": store}
                )
            }
        )
        own = _serving_from(own, f"{folder}/online.db")
        for pipeline in own.pipelines:
            if on_pipeline is not None:
                on_pipeline(target, pipeline.name)
            given = {VERSION: _FIRST, **parameters} if pipeline.kind == "predict" else parameters
            taken = {name: value for name, value in given.items() if name in pipeline.parameters}
            request = replace(make_request(own, path, pipeline.name, taken), actor="parity")
            result = carry_out(request, target)
            results.append(result)
            found = {(pipeline.name, *place): digest for place, digest in result.outputs().items()}
            digests |= found
            verdicts |= _verdicts(plan, found, Context(request.project, store_url=store).store())
    return TargetRuns(target, tuple(results), digests, verdicts)


def _serving_from(plan: Plan, store: str) -> Plan:
    """Return the plan with another online store."""

    def moved(step: Step) -> Step:
        if step.operation != "materialize":
            return step
        return step.model_copy(update={"configuration": {**step.configuration, "online_store": store}})

    pipelines = [
        pipeline.model_copy(update={"steps": tuple(map(moved, pipeline.steps))})
        for pipeline in plan.pipelines
    ]
    return plan.model_copy(update={"pipelines": tuple(pipelines)})


def compare(plan: Plan, runs: Sequence[TargetRuns]) -> list[Comparison]:
    """Return a comparison for each output port of each step of the plan, but for those that tell of an environment.

    Equal decisions have equal digests, so that a verdict that one target's store tells holds for all with that digest.
    Decisions on measured times, and what is decided by them, have equal verdicts.
    """
    measured = {(pipeline.name, step) for pipeline in plan.pipelines for step in _measured(pipeline)}
    said = {one.digests[place]: verdict for one in runs for place, verdict in one.verdicts.items()}
    places = [
        (pipeline.name, step.name, port)
        for pipeline in plan.pipelines
        for step in pipeline.steps
        for port, kind in step.outputs.items()
        if kind != "environment"
    ]
    return [
        Comparison(
            place,
            {one.target: one.digests.get(place) for one in runs},
            {one.target: said.get(one.digests.get(place, "")) for one in runs},
            measured=place[:2] in measured,
        )
        for place in places
    ]


def _measured(pipeline: Pipeline) -> set[str]:
    """Return the steps that measure times, and those that read a decision on them."""
    found: set[str] = set()
    for step in pipeline.steps:
        reads = {one.step for one in step.inputs.values() if one.port == "decision"}
        if operation_class(step.operation).measures or reads & found:
            found.add(step.name)
    return found


def _verdicts(plan: Plan, digests: Mapping[Place, str], store: Store) -> dict[Place, str]:
    """Return the verdicts of the decisions that this machine's store holds."""
    found = {}
    for place, digest in digests.items():
        pipeline, step, port = place
        if plan.pipeline(pipeline).step(step).outputs.get(port) == "decision" and store.exists(digest):
            found[place] = str(read_json(store.get_path(digest)).get("verdict"))
    return found
