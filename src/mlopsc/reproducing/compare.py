"""Compares a version with what was made again, and tells what differs now: environment, data, code, spec."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.reproducing.rebuild import Data, Rebuilt, canonical, rebuilding
from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import read_json
from mlopsc.runtime.recipe import SOURCE, Recipe, read_recipe
from mlopsc.runtime.store import Store, digest_of_bytes, digest_of_file
from mlopsc.vocabulary.operations import operation_class

if TYPE_CHECKING:
    from mlopsc.runtime.registry import Version

_NOT_MADE = frozenset({"recipe", "environment"})
_SYSTEM = ("python", "implementation", "system", "machine", "libc", "threads", "blas")


@dataclass(frozen=True)
class Compared:
    """An artifact or a decision, as it was registered and as it was made again; None where it was not made."""

    name: str
    recorded: str
    rebuilt: str | None

    @property
    def equal(self) -> bool:
        """Whether it was made again, byte for byte."""
        return self.recorded == self.rebuilt


@dataclass(frozen=True)
class Difference:
    """Something that is not as it was when the version was made; `matters` unless no result can depend on it."""

    kind: str
    name: str
    recorded: str
    now: str
    matters: bool = True


@dataclass(frozen=True)
class Reproduction:
    """What came of making a version again."""

    version: str
    data: Data
    compared: tuple[Compared, ...]
    differences: tuple[Difference, ...]
    stopped: Mapping[str, str]
    """Steps that were not made, with the reason."""
    image: str | None = None
    """The image of the container in which it was made again; None for this environment."""

    @property
    def equal(self) -> bool:
        """Whether every artifact and decision has the digest that it was registered with."""
        return all(one.equal for one in self.compared)


def reproduce(
    reference: str,
    context: Context,
    *,
    data: Data = "current",
    on_step: Callable[[str], None] | None = None,
) -> Reproduction:
    """Make a registered version again, and compare.

    Raises RegistryError for an unknown version, MlopscError for one without a recipe and when a step crashes, SpecError
    when its spec has faults with today's data, StoreError when something that was kept is lost.
    """
    version, recipe = known_recipe(reference, context)
    with rebuilding(version, recipe, context, data=data, on_step=on_step) as (made, fresh):
        return Reproduction(
            version=version.name,
            data=data,
            compared=tuple(_compared(version, made, fresh)),
            differences=tuple(_differences(version, recipe, made, context, fresh)),
            stopped=dict(made.stopped),
        )


def known_recipe(reference: str, context: Context) -> tuple["Version", Recipe]:
    """Return a registered version and what it was made by.

    Raises RegistryError for an unknown version, StoreError when its recipe is lost, MlopscError for one without.
    """
    with context.registry() as registry:
        version = registry.resolve(reference)
    recipe = read_recipe(version.artifacts, context.store())
    if recipe is None:
        raise MlopscError(
            f"{version.name} cannot be made again: the mlopsc that registered it kept no spec with it",
            help="versions that are registered from now on can be",
        )
    return version, recipe


def _compared(version: "Version", made: Rebuilt, fresh: Store) -> Iterator[Compared]:
    for role, recorded in version.artifacts.items():
        if role not in _NOT_MADE and not role.startswith(SOURCE):
            yield Compared(role, recorded, made.digest(role))
    for name, decision in version.decisions.items():
        digest = made.digest(f"decision_{name}")
        again = None if digest is None else read_json(fresh.get_path(digest))
        part = _verdict if operation_class(version.gates[name]["operation"]).measures else dict
        yield Compared(f"decision {name}", _digest(part(decision)), again and _digest(part(again)))


def _verdict(decision: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is compared of a decision on measured times."""
    return {"verdict": decision["verdict"]}


def _digest(decision: Any) -> str:
    return digest_of_bytes(canonical(decision).encode())


def _differences(
    version: "Version", recipe: Recipe, made: Rebuilt, context: Context, fresh: Store
) -> Iterator[Difference]:
    if made.spec_digest != version.lineage["spec_digest"]:
        yield Difference("plan", "what the kept spec means", version.lineage["spec_digest"], made.spec_digest)
    for name, recorded in version.lineage["datasets"].items():
        now = made.outputs.get(f"load_{name}", {}).get("data", "not read")
        if now != recorded:
            yield Difference("data", name, recorded, now)
    for name, recorded in recipe.files.items():
        path = context.project / name
        now = digest_of_file(path) if path.is_file() else "gone"
        if now != recorded:  # the kept file was used: it cannot have changed the result
            yield Difference("file", name, recorded, now, matters=False)
    if made.digest("model") != version.artifacts["model"]:
        yield from _timed_searches(made, fresh)
    before = read_json(context.store().get_path(version.artifacts["environment"]))
    digest = made.digest("environment")
    if digest is not None:
        yield from _environments(before, read_json(fresh.get_path(digest)))


def _timed_searches(made: Rebuilt, fresh: Store) -> Iterator[Difference]:
    """Tell of searches that end when their time is over: on another day they may make other trials."""
    timed = {
        step.configuration["training"]: step.configuration["time"]
        for step in made.steps
        if step.operation == "propose" and "time" in step.configuration
    }
    for training, time in timed.items():
        reports = [
            read_json(fresh.get_path(made.outputs[step.name]["report"]))
            for step in made.steps
            if step.operation == "trial" and step.configuration["training"] == training
        ]
        tried = sum(report["status"] != "skipped" for report in reports)
        then = f"trials for {time}"
        yield Difference("search", training, then, f"{tried} of {len(reports)} trials in {time}")


def _environments(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    for key in _SYSTEM:
        if before[key] != now[key]:
            yield Difference("environment", key, _said(before[key]), _said(now[key]), key != "threads")
    named = {*before["libraries"], *now["libraries"]}
    known = [before["libraries"] | before["packages"], now["libraries"] | now["packages"]]
    for name in sorted({*known[0], *known[1]}):
        then, today = (versions.get(name, "absent") for versions in known)
        if then != today:
            yield Difference("package", name, then, today, matters=name in named)


def _said(value: Any) -> str:
    return value if isinstance(value, str) else canonical(value)
