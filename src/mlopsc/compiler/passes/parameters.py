"""Run-time parameters: of a type that suits, and only where a run may decide."""

from collections.abc import Container, Iterator

from pydantic import TypeAdapter

from mlopsc.compiler.analysis import Analysis
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic, Label
from mlopsc.spec.document import Path
from mlopsc.spec.validation import misplaced_parameter, validate_entry
from mlopsc.vocabulary.gates import CRITERIA, Gate
from mlopsc.vocabulary.gates.robustness import HARMS
from mlopsc.vocabulary.misfits import references_in
from mlopsc.vocabulary.parameters import Parameter, check_value
from mlopsc.vocabulary.references import parameter_alone, parameters_in, referenced, substitute

_NUMBERS = (
    "min",
    "max",
    "min_delta",
    "max_gap",
    "margin",
    "max_ece",
    "max_brier",
    "max_intercept",
    "min_passed",
)
_COUNTS = ("max_warnings", "max_drifting", "max_bytes")
PLACES: tuple[tuple[str, ...], ...] = (
    ("datasets", "*", "source", "path"),
    ("datasets", "*", "source", "args", "**"),
    ("datasets", "*", "source", "parameters", "**"),
    ("datasets", "*", "source", "timestamp"),
    ("datasets", "*", "source", "as_of"),
    ("datasets", "*", "checks", "*", "unexpected_rows_query"),
    ("datasets", "*", "checks", "*", "where"),
    ("datasets", "*", "checks", "*", "at"),
    ("features", "*", "sql"),
    ("features", "*", "args", "**"),
    ("training", "*", "entities", "label"),
    ("training", "*", "entities", "where"),
    ("training", "*", "entities", "until"),
    ("training", "*", "params", "**"),
    ("gates", "*", "args", "**"),
    *(("gates", "*", bound) for bound in (*_NUMBERS, *_COUNTS)),
    *(("gates", "*", harm, "max_drop") for harm in HARMS),
    *(("gates", "*", criterion, kind) for criterion in CRITERIA for kind in ("max_difference", "min_ratio")),
    ("monitors", "*", "current", "until"),
)
"""Where a run may decide: `*` is any name, `**` anything below."""

_TYPES: dict[str, tuple[str, ...]] = {
    "until": ("timestamp",),
    "at": ("timestamp",),
    "timestamp": ("timestamp",),
    "as_of": ("timestamp",),
    **dict.fromkeys((*_NUMBERS, "max_drop", "max_difference", "min_ratio"), ("float", "int")),
    **dict.fromkeys(_COUNTS, ("int",)),
}
"""Keys that take a value of these types alone; they are no parts of `**`."""
_CALLED: dict[tuple[str, ...], str] = {("timestamp",): "timestamp", ("int",): "whole number"}
_GATE: TypeAdapter[Gate] = TypeAdapter(Gate)


def check_parameters(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield references where they cannot stand, and defaults of the wrong type.

    What is not declared has been told when variables were put in.
    """
    spec, document = analysis.spec, analysis.spec.document
    for name, parameter in spec.entries("parameters"):
        if parameter.default is not None and (fault := check_value(parameter, parameter.default)):
            yield report("MLC606", fault, document.value_span(("parameters", name, "default")))
    mistaken: set[Path] = set()
    for path, text in references_in(document.value):
        alone = parameter_alone(text)
        for token in parameters_in(text):
            if token.name not in spec.parameters:
                continue
            place = next((place for place in PLACES if _fits(path, place)), None)
            typed = _TYPES.get(str(path[-1])) if place and place[-1] != "**" else None
            if place is None or (typed and alone is None):
                yield misplaced_parameter(document, path)
            elif typed and (declared := spec.parameters[token.name]) and declared.type not in typed:
                mistaken.add(path[:2])
                yield _mistyped(analysis, path, token.name, declared, typed)
    yield from _gates(analysis, mistaken)


def _mistyped(
    analysis: Analysis, path: Path, name: str, parameter: Parameter, typed: tuple[str, ...]
) -> Diagnostic:
    document = analysis.spec.document
    return report(
        "MLC606",
        f"'{path[-1]}' takes a {_CALLED.get(typed, 'number')}, parameter '{name}' is a {parameter.type}",
        document.value_span(path),
        labels=[Label(document.key_span(("parameters", name)), "declared here")],
    )


def _gates(analysis: Analysis, mistaken: Container[Path]) -> Iterator[Diagnostic]:
    """Bounds that are wrong, alone or only together, with what a run takes by default."""
    for name, gate in analysis.spec.entries("gates"):
        raw = gate.model_dump(mode="json", exclude_none=True)
        used = referenced(raw)
        if used and used <= analysis.defaults.keys() and ("gates", name) not in mistaken:
            filled = substitute(raw, analysis.defaults)
            yield from validate_entry(_GATE, filled, ("gates", name), analysis.spec.document)[1]


def _fits(path: Path, place: tuple[str, ...]) -> bool:
    if place[-1] == "**":
        place = place[:-1]
        return len(path) > len(place) and _fits(path[: len(place)], place)
    return len(path) == len(place) and all(
        want in ("*", part) for part, want in zip(path, place, strict=True)
    )
