"""Every name that an entry refers to is declared, once, and is of the right kind."""

from collections.abc import Iterator, Sequence

from mlopsc.compiler.analysis import Analysis, secrets_in
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic, Label
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.spec.document import Path
from mlopsc.spec.features import PythonView, RowView, TimedView
from mlopsc.spec.spec import Spec
from mlopsc.vocabulary.gates import ChampionGate, DriftGate
from mlopsc.vocabulary.metrics import metric_name
from mlopsc.vocabulary.online import MATERIALIZE
from mlopsc.vocabulary.predicting import predict_pipeline
from mlopsc.vocabulary.sources import SecretHandle


def check_names(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield unknown and clashing names."""
    spec = analysis.spec
    yield from _clashes(spec)
    yield from _pipelines(spec)
    yield from _champions(spec)
    yield from _secrets(spec)
    yield from _tables(analysis)
    for name, gate in spec.entries("gates"):
        yield from _known(spec, "training", gate.training, ("gates", name, "training"), "MLC203", "training")
        if (metric := getattr(gate, "metric", None)) is not None:
            yield from _metric(spec, name, gate.training, metric)
        if isinstance(gate, ChampionGate | DriftGate):
            yield from _champion(analysis, name, gate.type)
    for name, model in spec.entries("registry"):
        place = ("registry", name)
        yield from _known(spec, "training", model.training, (*place, "training"), "MLC203", "training")
        for stage, rule in model.stages.items():
            for index, gate_name in enumerate(rule.gates):
                path = (*place, "stages", stage, "gates", index)
                yield from _known(spec, "gates", gate_name, path, "MLC204", "gate")
                yield from _foreign_gate(spec, gate_name, model.training, path)
            yield from repeated(spec, (*place, "stages", stage, "gates"), rule.gates, "gate")
    for name, monitor in spec.entries("monitors"):
        yield from _known(spec, "registry", monitor.model, ("monitors", name, "model"), "MLC205", "model")
        model = spec.registry.get(monitor.model)
        if model is not None and monitor.stage not in model.stages:
            yield report(
                "MLC206",
                f"model '{monitor.model}' has no stage '{monitor.stage}'",
                spec.document.value_span(("monitors", name, "stage")),
                help=did_you_mean(monitor.stage, model.stages, noun="its stages:"),
                labels=[Label(spec.document.key_span(("registry", monitor.model)), "declared here")],
            )


def _known(spec: Spec, section: str, name: str, path: Path, code: str, noun: str) -> Iterator[Diagnostic]:
    declared = getattr(spec, section)
    if name not in declared:
        yield report(
            code,
            f"unknown {noun} '{name}'",
            spec.document.value_span(path),
            help=did_you_mean(name, declared, noun="declared:") or f"declare it under `{section}`",
        )


def _tables(analysis: Analysis) -> Iterator[Diagnostic]:
    spec = analysis.spec
    for name, view in spec.entries("features"):
        if isinstance(view, TimedView):
            yield from _table(analysis, view.dataset, view.view, ("features", name))
        elif isinstance(view, PythonView):
            yield from repeated(spec, ("features", name, "tables"), view.tables, "table")
            for index, table in enumerate(view.tables):
                if table not in spec.datasets and (table not in spec.features or _is_timed(spec, table)):
                    named = (
                        "a view joined at a point in time makes no table: read what it takes its columns from"
                    )
                    hint = did_you_mean(table, _table_names(analysis), noun="declared:")
                    yield report(
                        "MLC201",
                        f"unknown dataset or view '{table}'",
                        spec.document.value_span(("features", name, "tables", index)),
                        help=named if table in spec.features else hint,
                    )
    for name, training in spec.entries("training"):
        entities = training.entities
        yield from _table(analysis, entities.dataset, entities.view, ("training", name, "entities"))
    for name, monitor in spec.entries("monitors"):
        current = monitor.current
        yield from _table(analysis, current.dataset, current.view, ("monitors", name, "current"))


def _table(analysis: Analysis, dataset: str | None, view: str | None, path: Path) -> Iterator[Diagnostic]:
    spec, document = analysis.spec, analysis.spec.document
    if dataset is not None and dataset not in spec.datasets:
        span = document.value_span((*path, "dataset"))
        if analysis.is_table(dataset):
            help = f"'{dataset}' is a view: write `view: {dataset}`"
            yield report("MLC201", f"unknown dataset '{dataset}'", span, help=help)
        else:
            help = did_you_mean(dataset, spec.datasets, noun="declared:") or "declare it under `datasets`"
            yield report("MLC201", f"unknown dataset '{dataset}'", span, help=help)
    if view is not None and (view not in spec.features or _is_timed(spec, view)):
        span = document.value_span((*path, "view"))
        if view in spec.datasets:
            help = f"'{view}' is a dataset: write `dataset: {view}`"
        elif view in spec.features:
            help = (
                "a view joined at a point in time makes no table of its own: name an `sql` or `python` view"
            )
        else:
            views = [name for name in spec.features if analysis.is_table(name)]
            help = did_you_mean(view, views, noun="declared:") or "declare it under `features`, with `sql`"
        yield report("MLC202", f"unknown view '{view}'", span, help=help)


def _is_timed(spec: Spec, name: str) -> bool:
    return isinstance(spec.features.get(name), TimedView | RowView)


def _table_names(analysis: Analysis) -> list[str]:
    spec = analysis.spec
    return [*spec.datasets, *(name for name in spec.features if analysis.is_table(name))]


def _clashes(spec: Spec) -> Iterator[Diagnostic]:
    """Datasets and views share one space of names, in which case does not count: SQL sees them as tables."""
    seen: dict[str, tuple[str, str]] = {}
    for section in ("datasets", "features"):
        for name in getattr(spec, section):
            path = (section, name)
            earlier = seen.setdefault(name.lower(), path)
            if earlier != path:
                yield report(
                    "MLC208",
                    f"'{name}' is already the name of a {'dataset' if earlier[0] == 'datasets' else 'view'}",
                    spec.document.key_span(path),
                    help="give one of them another name; SQL does not tell upper from lower case",
                    labels=[Label(spec.document.key_span(earlier), "first defined here")],
                )


def _pipelines(spec: Spec) -> Iterator[Diagnostic]:
    """A monitor is a pipeline of its name; those that train, predict and serve have theirs already."""
    taken = {"train": "the pipeline that trains"}
    taken |= {predict_pipeline(name): f"the pipeline that predicts with '{name}'" for name in spec.registry}
    taken[MATERIALIZE] = "the pipeline that fills the online store"
    for name in spec.monitors:
        if name in taken:
            yield report(
                "MLC208",
                f"'{name}' is already the name of {taken[name]}",
                spec.document.key_span(("monitors", name)),
                help="give the monitor another name",
            )


def _champions(spec: Spec) -> Iterator[Diagnostic]:
    """Steps are named after model and stage together, which must tell them apart."""
    seen: dict[str, Path] = {}
    for name, model in spec.entries("registry"):
        for stage in model.stages:
            path: Path = ("registry", name, "stages", stage)
            earlier = seen.setdefault(f"{name}_{stage}", path)
            if earlier != path:
                yield report(
                    "MLC209",
                    f"'{name}_{stage}' could mean two stages: '{stage}' of '{name}', "
                    f"and '{earlier[3]}' of '{earlier[1]}'",
                    spec.document.key_span(path),
                    help="rename one of the models or stages",
                    labels=[Label(spec.document.key_span(earlier), "the other one")],
                )


def repeated(spec: Spec, path: Path, names: Sequence[str], noun: str) -> Iterator[Diagnostic]:
    """Yield names that a list holds twice."""
    for index, name in enumerate(names):
        first = names.index(name)
        if first < index:
            yield report(
                "MLC208",
                f"{noun} '{name}' comes twice",
                spec.document.value_span((*path, index)),
                help="leave one out",
                labels=[Label(spec.document.value_span((*path, first)), "first here")],
            )


def _secrets(spec: Spec) -> Iterator[Diagnostic]:
    for name, dataset in spec.entries("datasets"):
        for path, secret in secrets_in(dataset.source):
            yield from _secret(spec, secret, ("datasets", name, "source", *path, "secret"))
    if isinstance(store := spec.infrastructure.online_store, SecretHandle):
        yield from _secret(spec, store.secret, ("infrastructure", "online_store", "secret"))
    tracking = spec.infrastructure.tracking
    if tracking is not None and isinstance(server := tracking.mlflow, SecretHandle):
        yield from _secret(spec, server.secret, ("infrastructure", "tracking", "mlflow", "secret"))


def _secret(spec: Spec, secret: str, path: Path) -> Iterator[Diagnostic]:
    if secret not in spec.secrets:
        yield report(
            "MLC207",
            f"unknown secret '{secret}'",
            spec.document.value_span(path),
            help=did_you_mean(secret, spec.secrets, noun="declared:")
            or "declare it under `secrets`: `{env: VARIABLE}` or `{file: PATH}`",
        )


def _metric(spec: Spec, gate: str, training_name: str, metric: str) -> Iterator[Diagnostic]:
    training = spec.training.get(training_name)
    if training is None:
        return
    computed = [metric_name(item) for item in training.measured]
    if metric not in computed:
        yield report(
            "MLC211",
            f"training '{training_name}' does not compute the metric '{metric}'",
            spec.document.value_span(("gates", gate, "metric")),
            help=did_you_mean(metric, computed, noun="it computes") or f"add '{metric}' to its `metrics`",
            labels=[Label(spec.document.key_span(("training", training_name, "metrics")), "its metrics")],
        )


def _champion(analysis: Analysis, gate: str, kind: str) -> Iterator[Diagnostic]:
    stages, span = analysis.stages_requiring(gate), analysis.spec.document.key_span(("gates", gate))
    if not stages and None in analysis.spec.registry.values():
        return  # a stage of the faulty model may require it
    if len(stages) != 1:
        names = ", ".join(f"{model}@{stage}" for model, stage in stages)
        yield report(
            "MLC209" if stages else "MLC206",
            f"{kind} gate '{gate}' guards {'several stages: ' + names if stages else 'no stage'}",
            span,
            help="the champion is the version that holds the stage which requires the gate: "
            + ("declare one gate for each stage" if stages else "name it under a stage's `gates`"),
        )


def _foreign_gate(spec: Spec, gate_name: str, training: str, path: Path) -> Iterator[Diagnostic]:
    gate = spec.gates.get(gate_name)
    if gate is not None and gate.training != training and training in spec.training:
        yield report(
            "MLC210",
            f"gate '{gate_name}' judges the training '{gate.training}', this model comes from '{training}'",
            spec.document.value_span(path),
            help=_own_gates(spec, training),
            labels=[Label(spec.document.value_span(("gates", gate_name, "training")), "it judges this one")],
        )


def _own_gates(spec: Spec, training: str) -> str:
    own = [name for name, gate in spec.entries("gates") if gate.training == training]
    return f"gates of '{training}': {', '.join(own) or 'none'}"
