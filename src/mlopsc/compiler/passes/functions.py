"""User functions: the module is a file of the project, or installed, and defines the name."""

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path as FilePath

from mlopsc.compiler.analysis import Analysis
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.spec.document import Path
from mlopsc.spec.features import PythonView
from mlopsc.vocabulary.estimators import CustomEstimator
from mlopsc.vocabulary.metrics import CustomMetric
from mlopsc.vocabulary.sources import PythonSource


def check_functions(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield references to functions that cannot be found; nothing is imported."""
    for path, reference in _references(analysis):
        fault = _fault(analysis.project, reference)
        if fault is not None:
            message, help = fault
            yield report("MLC213", message, analysis.spec.document.value_span(path), help=help)


def _references(analysis: Analysis) -> Iterator[tuple[Path, str]]:
    for name, dataset in analysis.spec.entries("datasets"):
        if isinstance(dataset.source, PythonSource):
            yield ("datasets", name, "source", "python"), dataset.source.python
    for name, view in analysis.spec.entries("features"):
        if isinstance(view, PythonView):
            yield ("features", name, "python"), view.python
    for name, training in analysis.spec.entries("training"):
        place: Path = ("training", name)
        if isinstance(training.estimator, CustomEstimator):
            yield (*place, "estimator", "python"), training.estimator.python
        if training.preprocess.python:
            yield (*place, "preprocess", "python"), training.preprocess.python
        for index, metric in enumerate(training.metrics):
            if isinstance(metric, CustomMetric):
                yield (*place, "metrics", index, "python"), metric.python


def _fault(project: FilePath, reference: str) -> tuple[str, str | None] | None:
    """Return message and help when a reference leads nowhere."""
    module, _, function = reference.partition(":")
    file = _file(project, module)
    if file is None:
        if _installed(module):
            return None
        near = did_you_mean(module, [path.stem for path in project.glob("*.py")])
        expected = f"expected the file {module.replace('.', '/')}.py beside the spec, or an installed package"
        return f"no module '{module}'", near or expected
    name = file.relative_to(project).as_posix()
    try:
        tree = ast.parse(file.read_bytes(), filename=name)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        return f"{name}{f':{line}' if line else ''} is not valid Python: {getattr(error, 'msg', error)}", None
    defined = set(_defined(tree))
    if function in defined or "*" in defined:
        return None
    return f"{name} does not define '{function}'", did_you_mean(function, defined)


def _file(project: FilePath, module: str) -> FilePath | None:
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


def _defined(tree: ast.Module) -> Iterator[str]:
    """Yield the names that a module binds at its top level, also under `if` and `try`."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from (alias.asname or alias.name for alias in names)
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
