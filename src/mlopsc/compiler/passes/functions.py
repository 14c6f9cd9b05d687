"""User functions: the module is a file of the project, or installed, and defines the name."""

import ast
import importlib.util
from collections.abc import Iterable, Iterator
from pathlib import Path as FilePath

from mlopsc.compiler.analysis import Analysis
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.spec.document import Path
from mlopsc.spec.features import PythonView, RowView
from mlopsc.vocabulary.estimators import CustomEstimator
from mlopsc.vocabulary.gates import PythonGate
from mlopsc.vocabulary.metrics import CustomMetric
from mlopsc.vocabulary.preprocessing import ColumnPreprocessing
from mlopsc.vocabulary.sources import PythonSource

_DATA = (ast.Constant, ast.JoinedStr, ast.List, ast.Tuple, ast.Dict, ast.Set)
"""Expressions whose value is no function."""


def check_functions(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield references to functions that cannot be found; nothing is imported."""
    modules: dict[FilePath, ast.Module | str] = {}
    for path, reference in _references(analysis):
        fault = _fault(analysis.project, reference, modules)
        if fault is not None:
            code, message, help = fault
            yield report(code, message, analysis.spec.document.value_span(path), help=help)


def _references(analysis: Analysis) -> Iterator[tuple[Path, str]]:
    for name, dataset in analysis.spec.entries("datasets"):
        if isinstance(dataset.source, PythonSource):
            yield ("datasets", name, "source", "python"), dataset.source.python
        for index, check in enumerate(dataset.checks):
            for reference in check.functions():
                yield ("datasets", name, "checks", index, "python"), reference
    for name, view in analysis.spec.entries("features"):
        if isinstance(view, PythonView | RowView):
            yield ("features", name, "python"), view.python
    for name, training in analysis.spec.entries("training"):
        place: Path = ("training", name)
        if isinstance(training.estimator, CustomEstimator):
            yield (*place, "estimator", "python"), training.estimator.python
            if training.estimator.loader:
                yield (*place, "estimator", "loader"), training.estimator.loader
        if training.preprocess.python:
            yield (*place, "preprocess", "python"), training.preprocess.python
        for column, own in training.preprocess.columns.items():
            if isinstance(own, ColumnPreprocessing) and own.python:
                yield (*place, "preprocess", "columns", column, "python"), own.python
        for index, metric in enumerate(training.metrics):
            if isinstance(metric, CustomMetric):
                yield (*place, "metrics", index, "python"), metric.python
    for name, gate in analysis.spec.entries("gates"):
        if isinstance(gate, PythonGate):
            yield ("gates", name, "python"), gate.python


def _fault(
    project: FilePath, reference: str, modules: dict[FilePath, ast.Module | str]
) -> tuple[str, str, str | None] | None:
    """Return code, message and help when a reference leads nowhere, or to what cannot be called."""
    module, _, function = reference.partition(":")
    file = file_of(project, module)
    if file is None:
        if _installed(module):
            return None
        near = did_you_mean(module, [path.stem for path in project.glob("*.py")])
        expected = f"expected the file {module.replace('.', '/')}.py beside the spec, or an installed package"
        return "MLC213", f"no module '{module}'", near or expected
    name = file.relative_to(project).as_posix()
    if file not in modules:
        modules[file] = parsed(file, name)
    tree = modules[file]
    if isinstance(tree, str):
        return "MLC213", tree, None
    defined = dict(_defined(tree.body))
    if "*" in defined and function not in defined:
        return None
    if function not in defined:
        return "MLC213", f"{name} does not define '{function}'", did_you_mean(function, defined)
    if not defined[function]:
        return "MLC214", f"'{function}' of {name} is no function", "name a function or a class"
    return None


def parsed(file: FilePath, name: str) -> ast.Module | str:
    """Return a file's syntax tree, or what is wrong with it; `name` is what messages call it."""
    try:
        return ast.parse(file.read_bytes(), filename=name)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        return f"{name}{f':{line}' if line else ''} is not valid Python: {getattr(error, 'msg', error)}"


def file_of(project: FilePath, module: str) -> FilePath | None:
    """Return the project's file of a module, None where it has none."""
    base = project.joinpath(*module.split("."))
    for candidate in (base.with_name(base.name + ".py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def _installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module.partition(".")[0]) is not None
    except (ImportError, ValueError):
        return False


def _defined(body: Iterable[ast.stmt]) -> Iterator[tuple[str, bool]]:
    """Yield the names that a module binds, also under `if`, `try` and `with`; whether each may be called."""
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, True
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from ((alias.asname or alias.name.partition(".")[0], True) for alias in names)
            case ast.Assign(targets=targets, value=value):
                called = not isinstance(value, _DATA)
                for target in targets:
                    yield from ((part.id, called) for part in ast.walk(target) if isinstance(part, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name), value=value):
                yield name, not isinstance(value, _DATA)
            case ast.If() | ast.Try() | ast.With() | ast.For() | ast.While():
                for part in ("body", "orelse", "finalbody"):
                    yield from _defined(getattr(node, part, ()))
                for handler in getattr(node, "handlers", ()):
                    yield from _defined(handler.body)
            case _:
                pass
