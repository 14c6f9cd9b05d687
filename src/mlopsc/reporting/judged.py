"""A judged training as a run left it, or as a registered version keeps it."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlopsc.diagnostics.errors import MlopscError, UsageError
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.history import Recorded
from mlopsc.pages.judged import Judged
from mlopsc.reporting.facts import gather
from mlopsc.running import project_spec
from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import read_json
from mlopsc.runtime.recipe import RECIPE, Recipe, lay_out_recipe, read_recipe
from mlopsc.vocabulary.operations import JUDGES

if TYPE_CHECKING:
    from mlopsc.spec.spec import Spec
    from mlopsc.spec.training import Training

Document = Mapping[str, Any]


def judged_in_run(recorded: Recorded, project: Path, training: str) -> Judged:
    """Return a training as a run left it; raises UsageError when the run did not evaluate it."""
    facts = gather(recorded, project)
    evaluated = {found["training"]: (step, found) for step, found in facts.of("evaluate", "metrics")}
    if training not in evaluated:
        raise UsageError(
            f"run {recorded.run.id} evaluated no training {training!r}",
            help=did_you_mean(training, evaluated, noun="it evaluated"),
        )
    step, metrics = evaluated[training]
    mine = {
        one.operation: one
        for one in facts.plan_steps.values()
        if one.configuration.get("training") == training
    }
    reader = _Reader(recorded.context(project))
    outputs = {one.name: one.outputs for one in recorded.steps}
    asked = facts.plan_steps[step].inputs["model"] if step in facts.plan_steps else None
    trained = {} if asked is None else outputs.get(asked.step, {})
    plan = recorded.plan
    return Judged(
        project=project.name if plan is None else plan.project,
        training=training,
        metrics=metrics,
        curves=facts.documents.get((step, "curves")),
        explanation=next(
            (one for _, one in facts.of("explain", "explanation") if one["training"] == training), None
        ),
        decisions=tuple(
            facts.documents[one.name, "decision"]
            for one in recorded.steps
            if one.operation.startswith(JUDGES)
            and facts.documents.get((one.name, "decision"), {}).get("training") == training
        ),
        datasets=tuple(report for _, report in facts.of("validate", "report")),
        split=next((one for _, one in facts.of("split", "report") if one["training"] == training), None),
        signature=reader.signature(trained.get("model")),
        said=_configured({name: one.configuration for name, one in mine.items()}),
        environment=reader.document("environment", trained.get("environment")),
        run=recorded.run,
        unread=(
            *(f"{step}.{port} cannot be shown: {why}" for (step, port), why in facts.unread.items()),
            *reader.unread,
        ),
    )


def judged_version(context: Context, reference: str) -> Judged:
    """Return a registered version, by `MODEL/VERSION` or `MODEL@STAGE`; raises RegistryError for an unknown one.

    Raises StoreError when its metrics are lost: without them there is nothing to tell.
    """
    with context.registry() as registry:
        version = registry.resolve(reference)
        holders = tuple(one for one in registry.holders(version.model) if one.version == version.number)
        entries = tuple(
            one
            for one in registry.history(version.model)
            if version.number in (one.version, one.evidence.get("version"), one.from_version)
        )
    found, reader = version.artifacts, _Reader(context)
    metrics = read_json(context.store().get_path(found["metrics"]))
    recipe = reader.recipe(found)
    spec = None if recipe is None else _spec_of(recipe, context)
    training = metrics["training"]
    declared = None if spec is None else spec.training.get(training)
    said = None if declared is None else _declared(declared)
    project = context.project.name if spec is None or spec.project is None else spec.project.name
    return Judged(
        project=project,
        training=training,
        metrics=metrics,
        curves=reader.document("curves", found.get("curves")),
        explanation=reader.document("explanation", found.get("explanation")),
        decisions=tuple(version.decisions.values()),
        datasets=tuple(
            report
            for role, digest in sorted(found.items())
            if role.startswith("report_") and (report := reader.document(role, digest)) is not None
        ),
        signature=reader.signature(found.get("judged", found["model"])),
        said=said,
        environment=reader.document("environment", found.get("environment")),
        version=version,
        holders=holders,
        entries=entries,
        recipe=recipe,
        spec=spec,
        unread=tuple(reader.unread),
    )


class _Reader:
    """Reads artifacts, and keeps in mind what could not be read."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.unread: list[str] = []

    def document(self, role: str, digest: str | None) -> Any:
        """Return an artifact's JSON, None where there is none."""
        return self._tried(role, digest, read_json)

    def signature(self, digest: str | None) -> Any:
        """Return a model's signature."""
        from mlopsc.runtime.models.archive import read_signature

        return self._tried("the model's signature", digest, read_signature)

    def recipe(self, artifacts: Mapping[str, str]) -> Recipe | None:
        """Return what a version was made by."""
        store = self._context.store()
        found: Recipe | None = self._tried(
            "the recipe", artifacts.get(RECIPE), lambda _: read_recipe(artifacts, store)
        )
        return found

    def _tried(self, what: str, digest: str | None, read: Callable[[Path], Any]) -> Any:
        if digest is None:
            return None
        try:
            return read(self._context.store().get_path(digest))
        except (MlopscError, OSError) as error:
            self.unread.append(f"{what} cannot be shown: {error}")
            return None


def _spec_of(recipe: Recipe, context: Context) -> "Spec | None":
    """Return the spec that a version was made by, None where it was not kept or cannot be read any more."""
    if recipe.spec not in recipe.files:
        return None
    kept = replace(recipe, files={recipe.spec: recipe.files[recipe.spec]})
    with tempfile.TemporaryDirectory(prefix="mlopsc-spec-") as folder:
        try:
            lay_out_recipe(kept, context.store(), Path(folder))
            path = Path(folder) / recipe.spec
            return project_spec(path, environment=recipe.environment, variables=recipe.variables)
        except (MlopscError, OSError):
            return None


def _declared(training: "Training") -> Document:
    """Return what the spec says of a training; of preprocessing only what is not by default."""
    said: dict[str, Any] = training.model_dump(mode="json", exclude_none=True)
    preprocess = training.preprocess.model_dump(mode="json", exclude_defaults=True)
    return {**said, **said["entities"], "preprocess": preprocess}


def _configured(steps: Mapping[str, Document]) -> Document:
    """Return what steps were told, by the keys that the spec has for it."""
    train, features = dict(steps.get("train", {})), steps.get("features", {})
    for key in ("operation", "training", "tuned", "split", "example", "segment"):
        train.pop(key, None)
    kept = {key: features[key] for key in ("where", "until") if key in features}
    split = {"split": steps["split"]["split"]} if "split" in steps else {}
    refit = {"refit": True} if "refit" in steps else {}
    tune = {"tune": steps["collect_trials"]} if "collect_trials" in steps else {}
    segments = {"for_each": steps["count_segments"]["for_each"]} if "count_segments" in steps else {}
    return train | kept | split | refit | tune | segments
