"""Promotions by hand: a version is judged by the gates it was registered with, then takes the stage.

Gates are those frozen with the version, not those of today's spec. A champion gate rescores both models on
the version's own test rows, against whoever holds the stage today.
"""

from typing import TYPE_CHECKING, Any

from mlopsc.diagnostics.errors import MlopscError, Refusal
from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import Decision, failed
from mlopsc.runtime.gates.judging import judge
from mlopsc.runtime.store import Store
from mlopsc.vocabulary.operations import Judge, read_operation

if TYPE_CHECKING:
    from mlopsc.runtime.registry import Promotion, Registry, Version

_OF_CHAMPION = {"champion": "model", "reference": "profile"}
"""Ports that take something of the champion, and the role that it has there."""


def promote(context: Context, model: str, version: int, stage: str, *, actor: str) -> "Promotion":
    """Give a stage to a version that has held the stage before it, when every gate says yes.

    Raises Refusal, with a line for each gate that said no and an entry in the ledger, or because a stage was
    skipped; RegistryError for a version or stage that is not there, and when another version takes the stage
    meanwhile; StoreError when an artifact of either version is lost or damaged.
    """
    with context.registry() as registry:
        found = registry.version(model, version)
        _check_order(registry, found, stage)
        champion = registry.champion(model, stage)
        evidence: dict[str, Any] = {}
        if champion is None or champion.number != version:
            evidence = rejudge(context, found, stage, champion)
        refusals = [one for one in evidence.values() if failed(one)]
        if refusals:
            registry.refuse(
                model,
                found.digest,
                actor=actor,
                stage=stage,
                evidence={"version": version, "decisions": evidence},
            )
            lines = [f"gate {one['name']!r}: {one['reason']}" for one in refusals]
            raise Refusal("\n".join([f"{found.name} was not promoted to {stage!r}:", *lines]))
        return registry.promote(
            model,
            version,
            stage,
            expected_champion=None if champion is None else champion.number,
            actor=actor,
            evidence=evidence,
        )


def rollback(context: Context, model: str, stage: str, *, actor: str) -> "Promotion":
    """Give a stage back to the version that held it before; raises RegistryError when none did."""
    with context.registry() as registry:
        return registry.rollback(model, stage, actor=actor)


def rejudge(
    context: Context, version: "Version", stage: str, champion: "Version | None"
) -> dict[str, Decision]:
    """Return the decisions of a stage's gates on a version, against the champion of today."""
    store = context.store()
    return {name: _judge(context, store, version, name, champion) for name in version.stages[stage]}


def _judge(
    context: Context, store: Store, version: "Version", name: str, champion: "Version | None"
) -> Decision:
    config = _frozen(version, name)
    # A refitted model knows the test rows: the one that was judged is judged again.
    roles = dict.fromkeys(("candidate", "model"), "judged" if "judged" in version.artifacts else "model")
    digests = {port: version.artifacts.get(roles.get(port, port)) for port in config.input_ports()}
    for port, role in _OF_CHAMPION.items():
        if port in digests:
            digests[port] = None if champion is None else champion.artifacts.get(role)
    inputs = {port: store.get_path(digest) for port, digest in digests.items() if digest is not None}
    missing = [port for port in digests if port not in inputs and port not in _OF_CHAMPION]
    if missing:
        raise MlopscError(f"gate {name!r} of {version.name} has no {', '.join(missing)} to judge by")
    return judge(config, inputs, context.project)


def _frozen(version: "Version", name: str) -> Judge:
    config = read_operation(version.gates[name])
    if not isinstance(config, Judge):
        raise MlopscError(f"gate {name!r} of {version.name} is frozen as {type(config).__name__}: no gate")
    return config


def _check_order(registry: "Registry", version: "Version", stage: str) -> None:
    """Refuse to skip a stage: the version must hold the one before, or have held it."""
    from mlopsc.runtime.registry.reference import unknown

    if stage not in version.stages:
        raise unknown("stage", stage, version.stages, of=f"version {version.name}")
    stages = list(version.stages)
    position = stages.index(stage)
    if position == 0:
        return
    before = stages[position - 1]
    held = any(
        (entry.action, entry.stage, entry.version)
        in {("promote", before, version.number), ("rollback", before, version.number)}
        for entry in registry.history(version.model)
    )
    if not held:
        raise Refusal(
            f"{version.name} was not promoted to {stage!r}: it never held {before!r}, the stage before",
            help=f"mlopsc registry promote {version.name} --to {before}",
        )
