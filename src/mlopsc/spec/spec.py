"""The whole spec as typed sections, each entry a model or None where the entry is faulty.

A faulty entry stays declared, so that nothing follows from it: a reference to it is no second error.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.describe import describe
from mlopsc.diagnostics.diagnostic import Diagnostic
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.spec.datasets import Dataset
from mlopsc.spec.document import Document
from mlopsc.spec.features import View
from mlopsc.spec.monitors import Monitor
from mlopsc.spec.project import Infrastructure, Project
from mlopsc.spec.registry import Model
from mlopsc.spec.training import Training
from mlopsc.spec.validation import validate_entry
from mlopsc.vocabulary.gates import Gate
from mlopsc.vocabulary.names import Name
from mlopsc.vocabulary.parameters import Parameter
from mlopsc.vocabulary.secrets import SecretSource

API_VERSION = "mlopsc/v1"

PROJECT = TypeAdapter(Project)
INFRASTRUCTURE = TypeAdapter(Infrastructure)
NAME: TypeAdapter[str] = TypeAdapter(Name)
SECTIONS: dict[str, TypeAdapter[Any]] = {
    "parameters": TypeAdapter(Parameter),
    "secrets": TypeAdapter(SecretSource),
    "datasets": TypeAdapter(Dataset),
    "features": TypeAdapter(View),
    "training": TypeAdapter(Training),
    "gates": TypeAdapter(Gate),
    "registry": TypeAdapter(Model),
    "monitors": TypeAdapter(Monitor),
}
"""Sections that are maps by name, with the model of their entries."""

RESOLVED = ("vars", "environments")
"""Sections that are used up before: `spec.environments` reads them."""

KEYS = ("apiVersion", "project", *RESOLVED, *SECTIONS, "infrastructure", "targets")
"""Every key that may stand at the top."""


_REQUIRED = {
    "apiVersion": f"apiVersion: {API_VERSION}",
    "project": "project: {name: my_project}",
}
"""Keys that every spec has, with examples."""
_WORK = {
    "training": "training: {my_model: {entities: …, features: …, estimator: …, metrics: …}}",
    "datasets": "datasets: {my_data: {source: {type: csv, path: data.csv}}}",
}
"""Keys of which a spec has at least one: what there is to do."""


@dataclass(frozen=True)
class Spec:
    """A spec in one environment. Maps hold every declared name; a value of None is a faulty entry."""

    document: Document
    environment: str | None = None
    project: Project | None = None
    infrastructure: Infrastructure = field(default_factory=Infrastructure)
    parameters: Mapping[str, Parameter | None] = field(default_factory=dict)
    secrets: Mapping[str, SecretSource | None] = field(default_factory=dict)
    datasets: Mapping[str, Dataset | None] = field(default_factory=dict)
    features: Mapping[str, View | None] = field(default_factory=dict)
    training: Mapping[str, Training | None] = field(default_factory=dict)
    gates: Mapping[str, Gate | None] = field(default_factory=dict)
    registry: Mapping[str, Model | None] = field(default_factory=dict)
    monitors: Mapping[str, Monitor | None] = field(default_factory=dict)
    targets: Mapping[str, Any] = field(default_factory=dict)
    """Each target's settings as written: the backend's own model checks them."""

    def entries(self, section: str) -> Iterator[tuple[str, Any]]:
        """Yield name and model of each sound entry of a section."""
        for name, entry in getattr(self, section).items():
            if entry is not None:
                yield name, entry


def read_spec(document: Document, environment: str | None = None) -> tuple[Spec, list[Diagnostic]]:
    """Return the typed spec of a resolved document, with every fault of shape in it."""
    value, faults = document.value, list(_top_level(document))
    sections: dict[str, dict[str, Any]] = {}
    for section, adapter in SECTIONS.items():
        sections[section], found = _read_section(document, section, adapter)
        faults += found
    project, found = _read_single(document, "project", PROJECT)
    faults += found
    infrastructure, found = _read_single(document, "infrastructure", INFRASTRUCTURE)
    faults += found
    targets = value.get("targets")
    if targets is not None and not isinstance(targets, dict):
        faults.append(_not_a_map(document, "targets", targets))
    spec = Spec(
        document=document,
        environment=environment,
        project=project,
        infrastructure=infrastructure or Infrastructure(),
        targets=targets if isinstance(targets, dict) else {},
        **sections,
    )
    return spec, faults


def _home(key: str) -> str | None:
    """Say below which section a key stands that is none of the top level."""
    for section, model in (("infrastructure", Infrastructure), ("project", Project)):
        if key in model.model_fields:
            return f"it stands below `{section}`: {section}: {{{key}: …}}"
    return None


def _top_level(document: Document) -> Iterator[Diagnostic]:
    value = document.value
    for key in value:
        if key not in KEYS:
            yield report(
                "MLC101",
                f"unknown key '{key}' at the top level",
                document.key_span((key,)),
                help=_home(key) or did_you_mean(key, KEYS) or f"expected one of {', '.join(KEYS)}",
            )
    for key, example in _REQUIRED.items():
        if value.get(key) is None:
            help = f"add `{example}`"
            yield report("MLC102", f"the file lacks the key '{key}'", document.span(()), help=help)
    if not any(value.get(key) for key in _WORK):
        help = f"add {' or, to check data alone, '.join(f'`{example}`' for example in _WORK.values())}"
        yield report("MLC102", "the file lacks the key 'training'", document.span(()), help=help)
    version = value.get("apiVersion")
    if version is not None and version != API_VERSION:
        yield report(
            "MLC118",
            f"unknown apiVersion: expected {API_VERSION}, found {describe(version)}",
            document.value_span(("apiVersion",)),
            help=f"write `apiVersion: {API_VERSION}`",
        )


def _read_section(
    document: Document, section: str, adapter: TypeAdapter[Any]
) -> tuple[dict[str, Any], list[Diagnostic]]:
    raw = document.value.get(section)
    if raw is None:
        return {}, []
    if not isinstance(raw, dict):
        return {}, [_not_a_map(document, section, raw)]
    entries: dict[str, Any] = {}
    faults: list[Diagnostic] = []
    for name, value in raw.items():
        if validate_entry(NAME, name, (section, name), document)[1]:
            message = f"expected a name, found {describe(name)}"
            help = "a letter, then letters, digits or underscores, at most 63"
            faults.append(report("MLC106", message, document.key_span((section, name)), help=help))
        entries[name], found = validate_entry(adapter, value, (section, name), document)
        faults += found
    return entries, faults


def _read_single(document: Document, section: str, adapter: TypeAdapter[Any]) -> tuple[Any, list[Diagnostic]]:
    if document.value.get(section) is None:
        return None, []
    return validate_entry(adapter, document.value[section], (section,), document)


def _not_a_map(document: Document, section: str, value: Any) -> Diagnostic:
    return report(
        "MLC103",
        f"'{section}': expected a map by name, found {describe(value)}",
        document.value_span((section,)),
        help=f"write `{section}:` and below it, indented, `name:` for each entry",
    )
