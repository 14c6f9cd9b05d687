"""Run-time parameters: declared, of a type that suits, and only where a run may decide."""

import re
from collections.abc import Iterator
from typing import Any

from mlopsc.compiler.analysis import Analysis
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic, Label
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.spec.document import Path
from mlopsc.vocabulary.parameters import Parameter, check_value

_REFERENCE = re.compile(r"\$\$\{|\$\{params\.([A-Za-z_][A-Za-z0-9_]*)\}")

PLACES: tuple[tuple[str, ...], ...] = (
    ("datasets", "*", "source", "path"),
    ("datasets", "*", "source", "args", "**"),
    ("features", "*", "sql"),
    ("features", "*", "args", "**"),
    ("training", "*", "entities", "label"),
    ("training", "*", "entities", "where"),
    ("training", "*", "entities", "until"),
    ("training", "*", "params", "**"),
    ("gates", "*", "min"),
    ("gates", "*", "max"),
    ("gates", "*", "min_delta"),
    ("monitors", "*", "current", "until"),
)
"""Where a run may decide: `*` is any name, `**` anything below."""

_TYPES = {
    "until": ("timestamp",),
    "min": ("float", "int"),
    "max": ("float", "int"),
    "min_delta": ("float", "int"),
}
"""Keys that take a value of these types alone."""


def check_parameters(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield references that lead nowhere or stand where they cannot, and defaults of the wrong type."""
    spec, document = analysis.spec, analysis.spec.document
    for name, parameter in spec.entries("parameters"):
        if parameter.default is not None and (fault := check_value(parameter, parameter.default)):
            yield report("MLC606", fault, document.value_span(("parameters", name, "default")))
    for path, text in _texts(document.value, ()):
        for token in _REFERENCE.finditer(text):
            referred = token.group(1)
            if referred is None:
                continue
            span = document.scalar_span(path, token.start(), len(token[0]))
            if referred not in spec.parameters:
                yield report(
                    "MLC111",
                    f"undefined parameter '{referred}'",
                    span,
                    help=did_you_mean(referred, spec.parameters, noun="declared:")
                    or f"declare it: `parameters: {{{referred}: {{type: string}}}}`",
                )
            elif not any(_fits(path, place) for place in PLACES):
                yield report(
                    "MLC112",
                    f"a run cannot decide `{'.'.join(map(str, path))}`: it is fixed when the spec is compiled",
                    span,
                    help="use a variable: `${vars.x}`, declared under `vars`",
                )
            elif (declared := spec.parameters[referred]) is not None:
                yield from _type(analysis, path, referred, declared, alone=token[0] == text)


def _type(
    analysis: Analysis, path: Path, name: str, parameter: Parameter, *, alone: bool
) -> Iterator[Diagnostic]:
    wanted = _TYPES.get(str(path[-1])) if path[0] != "datasets" else None
    if alone and wanted and parameter.type not in wanted:
        document = analysis.spec.document
        yield report(
            "MLC606",
            f"`{path[-1]}` takes a {wanted[0]}, parameter '{name}' is a {parameter.type}",
            document.value_span(path),
            labels=[Label(document.key_span(("parameters", name)), "declared here")],
        )


def _fits(path: Path, place: tuple[str, ...]) -> bool:
    if place[-1] == "**":
        place = place[:-1]
        return len(path) > len(place) and _fits(path[: len(place)], place)
    return len(path) == len(place) and all(
        want in ("*", part) for part, want in zip(path, place, strict=True)
    )


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        if "${" in value and (not path or path[0] not in ("vars", "environments")):
            yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))
