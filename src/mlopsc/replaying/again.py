"""A gate of today, judged on what is left of a run."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.plan.plan import Artifact, Pipeline, Step
from mlopsc.replaying.remains import Remains
from mlopsc.runtime.decisions import Decision
from mlopsc.runtime.gates.judging import judge, settled
from mlopsc.runtime.store import digest_of_bytes
from mlopsc.vocabulary.artifacts import NO_MODEL, NO_PROFILE
from mlopsc.vocabulary.misfits import first_misfit
from mlopsc.vocabulary.operations import Judge, JudgeLatency, JudgeReproducible

_NOTHING = {"champion": digest_of_bytes(NO_MODEL), "reference": digest_of_bytes(NO_PROFILE)}
"""What a gate is given where nothing holds the stage."""


@dataclass
class Judging:
    """Judges what runs left in their stores; what was judged once is not judged again for a run that equals another."""

    project: Path
    pipeline: Pipeline
    known: dict[str, Decision | str] = field(default_factory=dict)

    def judged(
        self, name: str, step: Step, run: Remains
    ) -> tuple[Decision | None, Decision | None, str | None]:
        """Return what a gate decided then, what it says now, and why where one of them is not known."""
        if run.trouble is not None:
            return None, None, run.trouble
        then = run.decision(name)
        if isinstance(then, str):
            return None, None, then
        now = self._now(step, run, then)
        return (then, None, now) if isinstance(now, str) else (then, now, None)

    def _now(self, step: Step, run: Remains, then: Decision | None) -> Decision | str:
        """Return what a gate decides on a run's files, or why it cannot."""
        config = self._config(step, run)
        if isinstance(config, str):
            return config
        if isinstance(config, JudgeReproducible | JudgeLatency):
            return _found(config, then)
        digests = _inputs(step.inputs, run, then)
        if isinstance(digests, str):
            return digests
        key = json.dumps([config.model_dump(mode="json"), digests], sort_keys=True)
        if key not in self.known:
            self.known[key] = self._judge(config, digests, run)
        return self.known[key]

    def _judge(self, config: Judge, digests: Mapping[str, str], run: Remains) -> Decision | str:
        try:
            inputs = {port: run.store.get_path(digest) for port, digest in digests.items()}
            return judge(config, inputs, self.project)
        except MlopscError as error:
            return str(error)

    def _config(self, step: Step, run: Remains) -> Judge | str:
        """Return today's gate with the parameters that the run had; or which has no value."""
        if run.parameters is None and step.parameters:
            return f"the ledger does not tell the run's parameters, and the gate wants {step.parameters[0]!r}"
        defaults = {name: one.default for name, one in self.pipeline.parameters.items()}
        given = defaults | dict(run.parameters or {})
        values = {name: value for name, value in given.items() if value is not None}
        missing = [name for name in step.parameters if name not in values]
        if missing:
            return f"the run had no parameter {missing[0]!r}, and it has no default"
        try:
            config = step.resolved(values)
        except ValidationError as error:
            misfit = first_misfit(step.configuration, error, values)
            return f"the gate makes no sense with the run's parameters: {misfit.told('.'.join(step.origin))}"
        if not isinstance(config, Judge):
            raise AssertionError(config)
        return config


def _found(config: JudgeReproducible | JudgeLatency, then: Decision | None) -> Decision | str:
    """Return what a gate that trains or measures makes of what it found then; or why that is not what it asks for."""
    gate = config.gate
    if then is None or (then["type"], then["training"]) != (gate.type, gate.training):
        does = "trains again" if isinstance(config, JudgeReproducible) else "measures"
        return f"what a {gate.type} gate finds is not in the store: it {does}"
    if isinstance(config, JudgeReproducible):
        return settled(then | {"verdict": "fail" if then["observed"] else "pass"}, gate)
    from mlopsc.runtime.gates.latency import judge_measured

    found = judge_measured(config.name, config.gate, then)
    return found if isinstance(found, str) else settled(found, gate) | {"inputs": then["inputs"]}


def _inputs(wanted: Mapping[str, Artifact], run: Remains, then: Decision | None) -> dict[str, str] | str:
    """Return the digests of what a gate looks at; or what of it was never made, or is gone.

    They are those that the decision names, and for what it does not name, those that the run's steps made. That nothing
    held the stage is known without its artifact.
    """
    judged: Mapping[str, Any] = {} if then is None else then.get("inputs", {})
    found: dict[str, str] = {}
    for port, source in wanted.items():
        digest = judged.get(port) or run.digest(source)
        if digest is None:
            return f"the run made no {port!r}, which the gate looks at now"
        if run.store.exists(digest):
            found[port] = digest
        elif digest != _NOTHING.get(port):
            return f"the artifact {port!r} is no longer in the store"
    return found
