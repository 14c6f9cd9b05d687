"""What would run and be unsafe or in vain: secrets in the open, stages without gates, unused declarations."""

import re
from collections.abc import Iterator, Set

from mlopsc.compiler.analysis import Analysis, secrets_in
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic
from mlopsc.spec.document import Path
from mlopsc.spec.features import TimedView
from mlopsc.vocabulary.references import parameters_in, referenced
from mlopsc.vocabulary.sources import SecretHandle
from mlopsc.vocabulary.sources.sql import sqlite_path

_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://[^/@\s:]*:(?P<password>[^/@\s]+)@", re.IGNORECASE)
_SECRET_OPTION = re.compile(r"(^|_)(secret|password|passwd|token|key|credential)s?$", re.IGNORECASE)


def lint(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield open stages, secrets in plain sight, paths that lead out, and what is declared in vain."""
    yield from _stages(analysis)
    yield from _passwords(analysis, analysis.spec.document.value, ())
    yield from _secret_options(analysis)
    yield from _paths(analysis)
    yield from _unused(analysis)


def _stages(analysis: Analysis) -> Iterator[Diagnostic]:
    for name, model in analysis.spec.entries("registry"):
        for index, (stage, rule) in enumerate(model.stages.items()):
            if index and not rule.gates:
                yield report(
                    "MLC406",
                    f"any version of '{name}' may enter '{stage}'",
                    analysis.spec.document.key_span(("registry", name, "stages", stage)),
                    help="name the gates that guard it: `gates: [...]`",
                )


def _passwords(analysis: Analysis, value: object, path: Path) -> Iterator[Diagnostic]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _passwords(analysis, item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _passwords(analysis, item, (*path, index))
    elif isinstance(value, str) and "://" in value and (found := _PASSWORD.search(value)):
        if parameters_in(found["password"]):
            return
        start, end = found.span("password")
        yield report(
            "MLC404",
            "a password in a URL: the spec is copied into generated files, logs and the ledger",
            analysis.spec.document.scalar_span(path, start, end - start),
            help=_without_password(path),
        )


def _without_password(path: Path) -> str:
    if path[0] == "infrastructure":
        by_secret = path[-1] in ("online_store", "mlflow")
        other = ", or name a secret that holds the URL: `{secret: name}`" if by_secret else ""
        variable = f"MLOPSC_{str(path[1]).upper()}_URL"
        return f"leave `{path[-1]}` out and set {variable} where the steps run{other}"
    if path[-1] == "url":
        return "take it out of the URL, and give it beside: `password: {secret: name}`"
    return "take it out of the URL, and pass it by `storage_options: {…: {secret: name}}`"


def _secret_options(analysis: Analysis) -> Iterator[Diagnostic]:
    for name, dataset in analysis.spec.entries("datasets"):
        for key in ("storage_options", "connect_args", "catalog"):
            for option, value in getattr(dataset.source, key, {}).items():
                if isinstance(value, str) and _SECRET_OPTION.search(option):
                    yield report(
                        "MLC117",
                        f"option `{option}` looks like a secret",
                        analysis.spec.document.value_span(("datasets", name, "source", key, option)),
                        help="declare it under `secrets` and write `{secret: name}` here",
                    )


def _paths(analysis: Analysis) -> Iterator[Diagnostic]:
    for name, dataset in analysis.spec.entries("datasets"):
        for key in ("path", "metadata", "query_file", "url"):
            value = getattr(dataset.source, key, None)
            path = sqlite_path(value) if key == "url" else value
            if not isinstance(path, str) or "://" in path:
                continue
            if path.startswith(("/", "~")) or ".." in path.split("/"):
                yield report(
                    "MLC405",
                    f"'{path}' leads out of the project",
                    analysis.spec.document.value_span(("datasets", name, "source", key)),
                    help="put the file below the folder of the spec"
                    + (", or name it by a `file://` URL" if key in ("path", "metadata") else ""),
                )


def _unused(analysis: Analysis) -> Iterator[Diagnostic]:
    """Declarations that nothing refers to, unless a misspelt reference may have meant one of them."""
    spec = analysis.spec
    readers = [*spec.training.values(), *spec.features.values(), *spec.monitors.values()]
    if spec.training and None not in readers and not analysis.opaque:
        yield from _unused_tables(analysis)
    for name in analysis.unused_variables:
        yield _not_used(analysis, ("vars", name), "variable")
    settled = {key: value for key, value in spec.document.value.items() if key != "parameters"}
    yield from _unused_in(analysis, "parameters", referenced(settled), "parameter")
    if None not in spec.datasets.values():
        sources = [dataset.source for _, dataset in spec.entries("datasets")]
        named = {name for source in sources for _, name in secrets_in(source)}
        infrastructure = spec.infrastructure
        tracking = None if infrastructure.tracking is None else infrastructure.tracking.mlflow
        places = (infrastructure.online_store, tracking)
        named |= {place.secret for place in places if isinstance(place, SecretHandle)}
        yield from _unused_in(analysis, "secrets", named, "secret")


def _unused_tables(analysis: Analysis) -> Iterator[Diagnostic]:
    spec = analysis.spec
    tables = {training.entities.table for _, training in spec.entries("training")}
    tables |= {monitor.current.table for _, monitor in spec.entries("monitors")}
    tables |= {view.table for _, view in spec.entries("features") if isinstance(view, TimedView)}
    tables |= {table for _, view in spec.entries("features") for table in getattr(view, "tables", ())}
    tables |= {table for view in spec.features for table in analysis.needs(view)}
    declared = [check for _, dataset in spec.entries("datasets") for check in dataset.checks]
    tables |= {other for check in declared for other in check.others() if other in spec.datasets}
    features = {feature for _, training in spec.entries("training") for feature in training.features}
    columns = {column for schema in analysis.schemas.values() for column in schema.columns}
    if not all(map(analysis.is_table, tables)) or not features <= columns | spec.features.keys():
        return
    for name in spec.datasets:
        if name not in tables:
            yield _not_used(analysis, ("datasets", name), "dataset")
    for name in spec.features:
        if name not in tables and name not in features:
            yield _not_used(analysis, ("features", name), "view")


def _unused_in(analysis: Analysis, section: str, used: Set[str], noun: str) -> Iterator[Diagnostic]:
    declared = getattr(analysis.spec, section)
    for name in declared:
        if name not in used and used <= declared.keys():
            yield _not_used(analysis, (section, name), noun)


def _not_used(analysis: Analysis, path: Path, noun: str) -> Diagnostic:
    return report(
        "MLC403",
        f"{noun} '{path[-1]}' is not used",
        analysis.spec.document.key_span(path),
        help="remove it, or use it",
    )
