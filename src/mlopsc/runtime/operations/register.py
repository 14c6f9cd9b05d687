"""Register: enter the candidate in the registry and give it the first stage, unless a gate of it said no."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlopsc.diagnostics.errors import RegistryError, StoreError
from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import Decision, decision, failed, read_json, write_json
from mlopsc.runtime.recipe import keep_recipe
from mlopsc.runtime.user_code import closure, code_digest, resolve_reference
from mlopsc.vocabulary.gates import ChampionGate, DriftGate
from mlopsc.vocabulary.gates import Verdict as Word
from mlopsc.vocabulary.operations import Register, judge_of

if TYPE_CHECKING:
    from mlopsc.runtime.registry import Registry, Version


def run(config: Register, inputs: Mapping[str, Path], outputs: Mapping[str, Path], context: Context) -> None:
    """Write what became of the candidate; a second time for the same candidate changes nothing.

    A version is given the first stage once, when it is made: what was rolled back or replaced since is not undone by
    running the pipeline again.

    Raises RegistryError for an incomplete model, and when another version took the stage since the judgement;
    LeaseLost when another run took the step over.
    """
    from mlopsc.runtime.registry import Candidate
    from mlopsc.runtime.store import digest_of_file
    from mlopsc.runtime.store.collection import pin

    judged = digest_of_file(inputs["judged"]) if config.refit else None
    case = _Case.read(config, inputs, context.project, judged)
    _refuse_ghost(config.model, inputs["model"])
    digest = digest_of_file(inputs["model"])
    with context.registry() as registry:
        if case.refusals:
            _keep_judged(inputs, case.decisions, context)
            registry.refuse(
                config.model,
                digest,
                actor=context.actor,
                evidence=case.decisions,
                stage=case.stage,
                guard=context.require_claim,
            )
            write_json(outputs["decision"], _outcome(config, case, digest, "blocked"))
            return
        known = registry.find(config.model, digest, lineage=case.lineage) is not None
        expected = None if known else _champion_judged(registry, config, case, digest)
        store = context.store()
        roles = [
            "model",
            "metrics",
            "curves",
            "profile",
            "test",
            "environment",
            *config.evidence_ports(),
            *(["judged"] if config.refit else []),
            *(["explanation"] if config.explained else []),
            *(["onnx", "onnx_report"] if config.onnx else []),
            *(f"report_{name}" for name in config.datasets),
        ]
        artifacts = {role: store.put_file(inputs[role]) for role in roles}
        artifacts |= keep_recipe(config, store, context.project)
        pin(store, config.model, artifacts)
        candidate = Candidate(
            artifacts=artifacts,
            stages={rule.stage: rule.gates for rule in config.stages},
            gates=_frozen(config),
            metrics=read_json(inputs["metrics"])["metrics"],
            lineage=case.lineage,
            decisions=case.decisions,
            run=context.run,
        )
        entered = registry.register(
            config.model,
            candidate,
            actor=context.actor,
            promote=not known,
            expected_champion=expected,
            guard=context.require_claim,
        )
    # Of this run: a step that was killed after it had registered says the same when it is run again.
    mine = context.run is not None and entered.version.run == context.run
    new = entered.created or entered.promoted or mine
    write_json(outputs["decision"], _outcome(config, case, digest, "registered" if new else "unchanged"))


def confirmed(config: Register, input_digests: Mapping[str, str], context: Context) -> bool:
    """Whether the registry still holds what `run` would bring about: the version, or the refusal."""
    store = context.store()
    small = ("decision_", "report_")
    try:
        inputs = {
            port: store.get_path(digest) for port, digest in input_digests.items() if port.startswith(small)
        }
    except StoreError:
        return False
    case = _Case.read(config, inputs, context.project, input_digests.get("judged"))
    digest = input_digests["model"]
    with context.registry() as registry:
        if case.refusals:
            return any(
                entry.action == "refuse"
                and (entry.digest, entry.stage, entry.evidence) == (digest, case.stage, case.decisions)
                for entry in registry.history(config.model)
            )
        version = registry.find(config.model, digest, lineage=case.lineage)
    return version is not None and all(store.exists(artifact) for artifact in version.artifacts.values())


@dataclass(frozen=True)
class _Case:
    """What was decided about a candidate, and what it was made from."""

    stage: str
    decisions: dict[str, Decision]
    refusals: tuple[Decision, ...]
    """Those of the first stage's gates that say no."""
    lineage: dict[str, Any]

    @classmethod
    def read(cls, config: Register, inputs: Mapping[str, Path], project: Path, judged: str | None) -> "_Case":
        first = config.stages[0]
        decisions = {name: read_json(inputs[f"decision_{name}"]) for name in config.gates}
        refusals = tuple(decisions[name] for name in first.gates if failed(decisions[name]))
        datasets = {name: read_json(inputs[f"report_{name}"])["data_digest"] for name in config.datasets}
        lineage: dict[str, Any] = {
            "spec_digest": config.spec_digest,
            "datasets": datasets,
            "parameters": config.parameters,
            "code": _code(config, project),
        }
        if config.trust:
            lineage["trust"] = config.trust
        if judged is not None:
            lineage["judged"] = judged
        if config.owner is not None:
            lineage["owner"] = config.owner
        if config.card is not None:
            lineage["card"] = config.card.model_dump(exclude_defaults=True)
        # As the registry gives them back: JSON knows no tuples.
        return cls(first.stage, decisions, refusals, json.loads(json.dumps(lineage)))


def _keep_judged(inputs: Mapping[str, Path], decisions: Mapping[str, Decision], context: Context) -> None:
    """Put what the gates looked at into the store, where a target has files only: a refusal can be judged again."""
    from mlopsc.runtime.store import digest_of_file

    store = context.store()
    named = {digest for one in decisions.values() for digest in one["inputs"].values()}
    for path in inputs.values():
        if digest_of_file(path) in named:
            store.put_file(path)


def _code(config: Register, project: Path) -> str | None:
    """Return the digest of the user functions and what they import from the project; None without any."""
    files: dict[str, str] = {}
    for reference in config.functions():
        files |= closure(project, resolve_reference(reference).module)
    return code_digest(files) if config.functions() else None


def _refuse_ghost(model: str, path: Path) -> None:
    from mlopsc.runtime.models.archive import read_signature  # numpy: `confirmed` does without

    try:
        read_signature(path)
    except (StoreError, OSError) as error:
        raise RegistryError(
            f"model {model!r} cannot be registered: its artifact is missing or incomplete: {error}",
            help="run the training step again with --no-cache",
        ) from error


def _champion_judged(registry: "Registry", config: Register, case: _Case, digest: str) -> int | None:
    """Return the number of the first stage's champion, after a look that the gates judged against it."""
    champion: Version | None = registry.champion(config.model, case.stage)
    now = None if champion is None else champion.digest
    for name in config.stages[0].gates:
        if not isinstance(config.gates[name], ChampionGate | DriftGate):
            continue
        judged = case.decisions[name]["champion_digest"]
        # The candidate itself may hold the stage: this step was killed after it had registered.
        if now not in (judged, digest):
            judged, now = judged or "no version", now or "no version"
            raise RegistryError(
                f"model {config.model!r} was not registered: gate {name!r} judged against {judged}, "
                f"but {config.model}@{case.stage} is held by {now} now",
                help="run the pipeline again: the gate judges against the version that holds the stage now",
            )
    return None if champion is None else champion.number


def _frozen(config: Register) -> dict[str, dict[str, Any]]:
    """Return the configurations by which a promotion judges the gates."""
    judges = {
        name: judge_of(
            name,
            gate,
            config.metrics,
            config.code,
            config.slices,
            trust=config.trust,
            refit=config.refit,
            train=config.train,
        )
        for name, gate in config.gates.items()
    }
    return {name: judge.model_dump(mode="json") for name, judge in judges.items()}


def _outcome(config: Register, case: _Case, digest: str, status: str) -> Decision:
    verdicts: dict[str, Word] = {"registered": "pass", "unchanged": "unchanged", "blocked": "fail"}
    reasons = {
        "registered": f"registered and given stage {case.stage!r}",
        "unchanged": "this version is registered already",
        "blocked": "; ".join(f"gate {one['name']!r} failed: {one['reason']}" for one in case.refusals),
    }
    return decision(
        config.model,
        "registration",
        verdicts[status],
        reasons[status],
        model=config.model,
        status=status,
        stage=case.stage,
        model_digest=digest,
        gates={name: found["verdict"] for name, found in case.decisions.items()},
    )
