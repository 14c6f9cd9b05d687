"""Functions of gates and of estimators: they can be called with what they are given."""

import ast
from collections.abc import Iterator
from pathlib import Path as FilePath

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.passes.functions import file_of, parsed
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.spec.document import Path
from mlopsc.vocabulary.estimators import LOADED_WITH, MADE_WITH, TRAINED_WITH, CustomEstimator
from mlopsc.vocabulary.gates import PythonGate
from mlopsc.vocabulary.gates.python_function import OFFERED, Parameters


def check_signatures(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield functions that could not be called; what their text does not tell is left to the call."""
    for name, training in analysis.spec.entries("training"):
        own = training.estimator
        if isinstance(own, CustomEstimator):
            place: Path = ("training", name, "estimator")
            given = MADE_WITH if own.loader is None else TRAINED_WITH
            yield from _called(analysis, (*place, "python"), own.python, given)
            if own.loader is not None:
                yield from _called(analysis, (*place, "loader"), own.loader, LOADED_WITH)
    for name, gate in analysis.spec.entries("gates"):
        if isinstance(gate, PythonGate):
            yield from _gate(analysis, name, gate)


def _gate(analysis: Analysis, name: str, gate: PythonGate) -> Iterator[Diagnostic]:
    document, function = analysis.spec.document, gate.python.partition(":")[2]
    takes = _parameters(analysis.project, gate.python)
    if takes is None:
        return
    if (lacking := takes.lacks(gate.args)) is not None:
        yield report(
            "MLC218",
            f"'{function}' wants '{lacking}', which a gate does not offer and `args` does not give",
            document.value_span(("gates", name, "python")),
            help=did_you_mean(lacking, OFFERED, noun="a gate offers"),
        )
    if (surplus := takes.refuses(gate.args)) is not None:
        yield report(
            "MLC218",
            f"'{function}' takes no '{surplus}'",
            document.key_span(("gates", name, "args", surplus)),
            help=did_you_mean(surplus, (*takes.required, *takes.optional), noun="it takes"),
        )


def _called(analysis: Analysis, place: Path, reference: str, given: tuple[str, ...]) -> Iterator[Diagnostic]:
    """Yield a function that cannot be called with these arguments, by position."""
    found = _definition(analysis.project, reference)
    if found is None:
        return
    takes = found.args
    most = len(takes.posonlyargs) + len(takes.args)
    named = [
        one.arg for one, default in zip(takes.kwonlyargs, takes.kw_defaults, strict=True) if default is None
    ]
    enough = most - len(takes.defaults) <= len(given)
    if enough and (len(given) <= most or takes.vararg is not None) and not named:
        return
    wants = f"wants {', '.join(named)} by name" if named else f"takes {most} argument{'s' * (most != 1)}"
    yield report(
        "MLC319",
        f"'{found.name}' {wants}, and is called with {len(given)}: {', '.join(given)}",
        analysis.spec.document.value_span(place),
        help=f"define it as `def {found.name}({', '.join(given)})`",
    )


def _parameters(project: FilePath, reference: str) -> Parameters | None:
    """Return what a function takes, None where its file does not tell."""
    found = _definition(project, reference)
    if found is None:
        return None
    takes = found.args
    plain = [one.arg for one in (*takes.posonlyargs, *takes.args)]
    needed = plain[: len(plain) - len(takes.defaults)]
    pairs = list(zip((one.arg for one in takes.kwonlyargs), takes.kw_defaults, strict=True))
    return Parameters(
        required=(*needed, *(name for name, default in pairs if default is None)),
        optional=(*plain[len(needed) :], *(name for name, default in pairs if default is not None)),
        others=takes.kwarg is not None,
    )


def _definition(project: FilePath, reference: str) -> ast.FunctionDef | None:
    """Return a function's definition, None where its file does not tell: imported, decorated, a class."""
    module, _, function = reference.partition(":")
    file = file_of(project, module)
    tree = None if file is None else parsed(file, module)
    if not isinstance(tree, ast.Module):
        return None
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function]
    return None if len(found) != 1 or found[0].decorator_list else found[0]
