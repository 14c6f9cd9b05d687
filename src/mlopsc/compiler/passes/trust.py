"""Types that a training trusts: classes of installed packages that derive from something; nothing is imported."""

import ast
import importlib.util
from collections.abc import Iterable, Iterator
from pathlib import Path as FilePath

from mlopsc.compiler.analysis import Analysis
from mlopsc.compiler.passes.functions import file_of, parsed
from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic
from mlopsc.diagnostics.suggest import did_you_mean
from mlopsc.vocabulary.estimators import BUILDING

_HOPS = 8
"""How many imports are followed to where a class is defined."""
_LOADER = "save such a model by a function with a loader: `estimator: {python: …, loader: …, task: …}`"


def check_trust(analysis: Analysis) -> Iterator[Diagnostic]:
    """Yield trusted types that are not there, need no trust, or cannot have any.

    What only importing would tell, whether the class derives from scikit-learn's `BaseEstimator`, is left to the step
    that saves a model.
    """
    for name, training in analysis.spec.entries("training"):
        for index, full in enumerate(training.trust):
            fault = _fault(analysis.project, full)
            if fault is not None:
                code, message, help = fault
                span = analysis.spec.document.value_span(("training", name, "trust", index))
                yield report(code, message, span, help=help)


def _fault(project: FilePath, full: str) -> tuple[str, str, str | None] | None:
    """Return code, message and help of what is wrong with a type, None where nothing is."""
    module, _, name = full.rpartition(".")
    if module.partition(".")[0] == "sklearn":
        return "MLC123", f"'{full}' is of scikit-learn, whose types are trusted anyway", "leave it out"
    if file_of(project, module) is not None:
        message = (
            f"'{full}' is of the project, whose modules are trusted where the model's functions import them"
        )
        return "MLC123", message, "leave it out"
    file = _installed(module)
    if file is None:
        package = module.partition(".")[0]
        message = f"no module '{module}' is installed here"
        return (
            "MLC321",
            message,
            f"install what has '{package}', here and where steps run, or correct the name",
        )
    return _unfit(file, module, name)


def _unfit(file: FilePath, module: str, name: str) -> tuple[str, str, str | None] | None:
    """Return what the source of a module tells against a class of it; a compiled module tells nothing."""
    place, wanted = module, name
    for _ in range(_HOPS):
        tree = parsed(file, file.name) if file.suffix == ".py" else ""
        if isinstance(tree, str):
            return None
        if any(isinstance(node, ast.Attribute) and node.attr == "__module__" for node in ast.walk(tree)):
            return None  # it says of classes that they are defined elsewhere
        found = dict(_statements(tree.body, place, is_package=file.name == "__init__.py"))
        match found.get(wanted):
            case None:
                if "*" in found or "__getattr__" in found:
                    return None
                classes = [one for one, node in found.items() if isinstance(node, ast.ClassDef)]
                return "MLC322", f"'{place}' has no class '{wanted}'", did_you_mean(wanted, classes)
            case ast.ClassDef() as node if (place, wanted) != (module, name):
                message = f"'{module}.{name}' is defined elsewhere, and a model tells where"
                return "MLC322", message, f"trust {place}.{node.name}"
            case ast.ClassDef() as node:
                return _unbuildable(f"{module}.{name}", node)
            case (str() as source, str() as original):
                place, wanted = source, original
            case _:
                return "MLC322", f"'{module}.{name}' is no class", "functions cannot be trusted"
        following = _installed(place)
        if following is None:
            return None
        file = following
    return None


def _unbuildable(full: str, node: ast.ClassDef) -> tuple[str, str, str | None] | None:
    if not [base for base in node.bases if not (isinstance(base, ast.Name) and base.id == "object")]:
        return "MLC322", f"'{full}' is no estimator: it derives from nothing", _LOADER
    own = [part.name for part in node.body if isinstance(part, ast.FunctionDef) and part.name in BUILDING]
    if own:
        message = f"'{full}' defines {', '.join(own)}: opening a file would run it on what the file says"
        return "MLC322", message, _LOADER
    return None


def _installed(module: str) -> FilePath | None:
    """Return the file of a module of an installed package, None where there is none."""
    top, *parts = module.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if not parts:
        return None if spec.origin is None else FilePath(spec.origin)
    for folder in spec.submodule_search_locations or ():
        base = FilePath(folder).joinpath(*parts)
        compiled = sorted(base.parent.glob(f"{base.name}.*.so")) + sorted(
            base.parent.glob(f"{base.name}.*.pyd")
        )
        for candidate in (base.with_name(f"{base.name}.py"), base / "__init__.py", *compiled):
            if candidate.is_file():
                return candidate
    return None


def _statements(
    body: Iterable[ast.stmt], module: str, *, is_package: bool
) -> Iterator[tuple[str, ast.stmt | tuple[str, str]]]:
    """Yield the names that a module binds, and what binds each: a statement, or module and name that it imports."""
    for node in body:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name, node
            case ast.ImportFrom(names=names):
                source = _source(node, module, is_package=is_package)
                yield from ((alias.asname or alias.name, (source, alias.name)) for alias in names)
            case ast.Assign(targets=targets):
                yield from ((part.id, node) for part in targets if isinstance(part, ast.Name))
            case ast.If() | ast.Try() | ast.With():
                for part in ("body", "orelse", "finalbody"):
                    yield from _statements(getattr(node, part, ()), module, is_package=is_package)
                for handler in getattr(node, "handlers", ()):
                    yield from _statements(handler.body, module, is_package=is_package)
            case _:
                pass


def _source(node: ast.ImportFrom, module: str, *, is_package: bool) -> str:
    """Return the module that a statement imports from, where it may say it relative to `module`."""
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    above = parts[: len(parts) - node.level + is_package]
    return ".".join([*above, *([node.module] if node.module else [])])
