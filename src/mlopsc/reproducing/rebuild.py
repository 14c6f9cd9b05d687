"""Makes a version again: its own spec and code in a fresh folder, with a store of its own, nothing from a cache."""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mlopsc.building import check_spec
from mlopsc.compiled import Witness
from mlopsc.diagnostics.errors import MlopscError, Refusal, StoreError
from mlopsc.plan.graph import ancestors
from mlopsc.plan.plan import Plan, Step
from mlopsc.runtime.context import STATE_FOLDER, Context
from mlopsc.runtime.execution import run_stored
from mlopsc.runtime.recipe import Recipe, lay_out_recipe
from mlopsc.runtime.store import Store
from mlopsc.vocabulary.artifacts import NO_MODEL, NO_PROFILE
from mlopsc.vocabulary.columns import Column
from mlopsc.vocabulary.sources import Source

if TYPE_CHECKING:
    from mlopsc.runtime.registry import Version

Data = Literal["current", "stored"]
TRAIN = "train"


@dataclass
class Rebuilt:
    """What was made again: digests by step and port; steps that could not be made, with the reason."""

    register: Step
    steps: tuple[Step, ...]
    """Those of the version, in order."""
    spec_digest: str
    outputs: dict[str, Mapping[str, str]] = field(default_factory=dict)
    stopped: dict[str, str] = field(default_factory=dict)

    def digest(self, role: str) -> str | None:
        """Return the digest of what was registered in this role, None when it was not made."""
        source = self.register.inputs.get(role)
        return None if source is None else self.outputs.get(source.step, {}).get(source.port)


@contextmanager
def laid_out(
    version: "Version", recipe: Recipe, context: Context, *, data: Data
) -> Iterator[tuple[Path, Path, Plan]]:
    """Give a fresh folder, gone afterwards, the project below it that a version's recipe and today's other files make,
    and the plan of it.

    Raises SpecError when the spec has faults with today's data, StoreError when a kept file is lost, and MlopscError
    when the spec is.
    """
    if recipe.spec in recipe.missing:
        raise MlopscError(
            f"{version.name} cannot be made again: {recipe.spec} was not there where it was registered",
            help="register versions where the spec is: in the project, or in an image that mlopsc made",
        )
    with tempfile.TemporaryDirectory(prefix="mlopsc-reproduce-", ignore_cleanup_errors=True) as root:
        project = Path(root) / "project"
        project.mkdir()
        lay_out_recipe(recipe, context.store(), project)
        _link_others(context.project, project)
        compiled = check_spec(
            project / recipe.spec,
            environment=recipe.environment,
            variables=recipe.variables,
            peek=_Peek(context.project, data),
        )
        yield Path(root), project, compiled.require()


@contextmanager
def rebuilding(
    version: "Version",
    recipe: Recipe,
    context: Context,
    *,
    data: Data,
    on_step: Callable[[str], None] | None = None,
) -> Iterator[tuple[Rebuilt, Store]]:
    """Make a version again, and give what came of it with the store that holds it, both gone afterwards.

    Files of the project that are no part of the recipe (data, above all) are those of today; with `stored`, datasets
    are those that the version was made from, out of its own store. Raises what `laid_out` raises, and MlopscError when
    a step crashes.
    """
    with laid_out(version, recipe, context, data=data) as (root, project, plan):
        here = Context(project, f"sqlite:///{root}/registry.db", f"{root}/store", actor="reproduce")
        yield _carry_out(plan, version, context, here, data, on_step), here.store()


class _Peek(Witness):
    """Looks at the data of the project itself; of stored data nothing is known when today's cannot be read."""

    def __init__(self, place: Path, data: Data) -> None:
        super().__init__()
        self._place = place
        self._data = data

    def __call__(
        self,
        source: Source,
        columns: Mapping[str, Column],
        *,
        project: Path,  # noqa: ARG002 - where the spec lies now
        timezone: str | None = None,
    ) -> Mapping[str, str] | None:
        """Return a source's columns and their types, None when only a run can tell; raises MlopscError."""
        try:
            return super().__call__(source, columns, project=self._place, timezone=timezone)
        except MlopscError:
            if self._data == "stored":
                return None
            raise


def _link_others(source: Path, target: Path) -> None:
    """Link what the recipe did not write, folder by folder where it wrote some of one."""
    for entry in sorted(source.iterdir()):
        place = target / entry.name
        if entry.name == STATE_FOLDER:
            continue
        if place.is_dir() and entry.is_dir() and not entry.is_symlink():
            _link_others(entry, place)
        elif not place.exists():
            place.symlink_to(entry.absolute())


def _carry_out(
    plan: Plan,
    version: "Version",
    context: Context,
    here: Context,
    data: Data,
    on_step: Callable[[str], None] | None,
) -> Rebuilt:
    pipeline = plan.pipeline(TRAIN)
    register = pipeline.step(f"register_{version.model}")
    wanted = ancestors({step.name: step for step in pipeline.steps}, register.name)
    steps = tuple(step for step in pipeline.steps if step.name in wanted)
    made = Rebuilt(register, steps, register.configuration["spec_digest"])
    for step in steps:
        needs = {*(one.step for one in step.inputs.values()), *step.after}
        if cause := next((name for name in sorted(needs) if name in made.stopped), None):
            made.stopped[step.name] = f"it needs {cause}"
            continue
        if on_step is not None:
            on_step(step.name)
        kept = _kept(step, version, context, here.store(), data)
        try:
            # Files of data are read where they lie: what a link leads to is out of the project.
            reads_files = step.operation == "load" and "python" not in step.configuration["source"]
            place = context.project if reads_files else here.project
            made.outputs[step.name] = kept or _run(step, version, made, replace(here, project=place))
        except Refusal as error:
            made.outputs[step.name] = error.outputs
            made.stopped[step.name] = str(error)
        except MlopscError as error:
            if step.operation == "load":
                error.help = "with --data stored it is made again from the data that the store holds"
            raise
    return made


def _run(step: Step, version: "Version", made: Rebuilt, here: Context) -> Mapping[str, str]:
    policy = step.effective_policy(step.policy)
    return run_stored(
        step.name,
        step.configuration,
        pipeline=TRAIN,
        inputs={port: made.outputs[one.step][one.port] for port, one in step.inputs.items()},
        parameters=version.lineage["parameters"],
        project=here.project,
        registry_url=here.registry_url,
        store_url=here.store_url,
        env=policy.env,
        timeout=policy.timeout.total_seconds() if policy.timeout else None,
    )


def _kept(
    step: Step, version: "Version", context: Context, store: Store, data: Data
) -> Mapping[str, str] | None:
    """Return outputs that are taken from what was kept: stored data, and the champion that gates judged against."""
    if step.operation == "load" and data == "stored":
        name = step.name.removeprefix("load_")
        digest, kept = version.lineage["datasets"][name], context.store()
        if not kept.exists(digest):
            raise StoreError(
                f"{version.name} was made from data that the store {kept.files.place} does not hold: dataset "
                f"{name!r}, {digest}",
                help="pods of a Kubeflow cluster keep datasets in the cluster's object store alone; without "
                "`--data stored` the sources are read again",
            )
        return {port: store.put_file(kept.get_path(digest)) for port in step.outputs}
    if step.operation != "resolve_champion":
        return None
    nothing = {"champion": ("champion_digest", NO_MODEL), "profile": ("reference_digest", NO_PROFILE)}
    found: dict[str, str] = {}
    for port in step.outputs:
        told, none = nothing[port]
        digest = _judged_against(version, step.configuration["stage"], told)
        found[port] = (
            store.put_bytes(none) if digest is None else store.put_file(context.store().get_path(digest))
        )
    return found


def _judged_against(version: "Version", stage: str, told: str) -> str | None:
    """Return the digest that the decisions of a stage's gates tell of its champion, None when there was none."""
    decisions = (version.decisions[name] for name in version.stages.get(stage, ()))
    return next((digest for one in decisions if (digest := one.get(told)) is not None), None)


def canonical(value: Any) -> str:
    """Return JSON by which two decisions can be compared."""
    return json.dumps(value, sort_keys=True)
