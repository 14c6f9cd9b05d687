"""Users' functions by reference (`package.module:function`): what their code is, and the function itself.

The code of a function is the static import closure of its module within the project: every source file that
an import statement, anywhere in it, can reach. Its digest changes with any change of these files, also of
comments and blanks. Not seen: imports by computed name (importlib), data files, and packages outside the
project, whose versions are the caller's to add.
"""

import ast
import difflib
import hashlib
import importlib
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlopsc.diagnostics.errors import SpecError, StepFailed

_REFERENCE = re.compile(r"([^\W\d]\w*(?:\.[^\W\d]\w*)*):([^\W\d]\w*(?:\.[^\W\d]\w*)*)")


@dataclass(frozen=True, slots=True)
class Reference:
    """A function (or class) in a module, both by dotted name."""

    module: str
    attribute: str

    def __str__(self) -> str:
        return f"{self.module}:{self.attribute}"


def resolve_reference(text: str) -> Reference:
    """Read `package.module:function`; raises SpecError when the text is nothing of the kind."""
    match = _REFERENCE.fullmatch(text)
    if match is None:
        raise SpecError(f"expected a reference such as package.module:function, found {text!r}")
    return Reference(match[1], match[2])


def closure(project_root: Path, module: str) -> dict[str, str]:
    """Return the digests of the source files that `module` can import from the project, by relative path.

    Nothing is imported. Empty when the module is not in the project (an installed package). Raises SpecError,
    naming file and line, when one of the files is no valid Python.
    """
    found: dict[str, str] = {}
    waiting = list(_sources(project_root, module))
    while waiting:
        name, path = waiting.pop()
        relative = path.relative_to(project_root).as_posix()
        if relative in found:
            continue
        source = path.read_bytes()
        found[relative] = f"sha256:{hashlib.sha256(source).hexdigest()}"
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        for imported in _imports(source, package, relative):
            waiting.extend(_sources(project_root, imported))
    return dict(sorted(found.items()))


def code_digest(files: Mapping[str, str]) -> str:
    """Return one digest for a closure."""
    text = "".join(f"{name}\0{digest}\n" for name, digest in sorted(files.items()))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def digest_of_functions(project_root: Path, functions: Iterable[str]) -> str:
    """Return one digest for the project's files behind some functions, empty text when none is the project's.

    Raises SpecError as `closure` does.
    """
    files: dict[str, str] = {}
    for function in functions:
        files |= closure(project_root, resolve_reference(function).module)
    return code_digest(files) if files else ""


def require_code(project_root: Path, functions: Iterable[str], wanted: str) -> None:
    """Raise StepFailed unless the project's code behind some functions has the wanted digest.

    An image, or a folder, may hold other code than the pipeline was compiled for.
    """
    functions = tuple(functions)
    found = digest_of_functions(project_root, functions)
    if found != wanted:
        raise StepFailed(
            f"the code of {', '.join(functions)} in {project_root} is not the code that this pipeline was compiled "
            f"for: wanted {_short(wanted)}, found {_short(found)}",
            help="compile again, build the image from what was written, and run that",
        )


def _short(digest: str) -> str:
    return f"{digest[:19]}…" if digest else "none of the project's"


def load(reference: Reference, project_root: Path) -> Callable[..., Any]:
    """Import the function, with the project's folder first on `sys.path` from now on.

    Raises SpecError when the module, the attribute in it, or a function there is missing, and StepFailed when
    the module raises as it is imported. A module already imported is not read again: load in a fresh process.
    """
    root = str(project_root.absolute())
    if sys.path[:1] != [root]:
        sys.path.insert(0, root)
    importlib.invalidate_caches()
    try:
        value: Any = importlib.import_module(reference.module)
    except ModuleNotFoundError as error:
        raise _missing(error, reference, project_root) from error
    except SyntaxError as error:
        raise SpecError(f"{reference}: {error.filename}:{error.lineno}: {error.msg}") from error
    except Exception as error:
        raise StepFailed(
            f"{reference}: importing {reference.module} raised {type(error).__name__}: {error}"
        ) from error
    _refuse_namesake(reference, value, project_root)
    for part in reference.attribute.split("."):
        if not hasattr(value, part):
            close = difflib.get_close_matches(part, [name for name in dir(value) if name[:1] != "_"], 1)
            raise SpecError(
                f"{reference}: {reference.module} has no {reference.attribute!r}",
                help=f"did you mean {close[0]!r}?" if close else None,
            )
        value = getattr(value, part)
    if not callable(value):
        raise SpecError(f"{reference} is {type(value).__name__}, expected a function or class")
    return value  # type: ignore[no-any-return]


def raised_at(error: BaseException) -> str:
    """Return where a user's function raised, such as ` (rules.py:12)`; empty text where nobody knows.

    It is the last place of the traceback in the folder of the function, or below it; the first place is the caller's.
    """
    frames = traceback.extract_tb(error.__traceback__)[1:]
    if not frames:
        return ""
    folder = Path(frames[0].filename).parent
    last = [frame for frame in frames if folder in Path(frame.filename).parents][-1]
    return f" ({Path(last.filename).name}:{last.lineno})"


def _sources(root: Path, module: str) -> Iterator[tuple[str, Path]]:
    """Yield the project's files that importing `module` runs: its packages' `__init__`, then its own."""
    folder, name = root, ""
    for part in module.split("."):
        name = f"{name}.{part}" if name else part
        if (package := folder / part / "__init__.py").is_file():
            yield name, package
        elif (file := folder / f"{part}.py").is_file():
            yield name, file
            return
        elif not (folder / part).is_dir():  # a folder without `__init__` is a namespace package
            return
        folder = folder / part


def _imports(source: bytes, package: str, file: str) -> Iterator[str]:
    """Yield every dotted name that the source may import; some may turn out to be no modules."""
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise SpecError(
            f"{file}:{error.lineno or 1}: {error.msg}", help="correct this Python file"
        ) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise SpecError(f"{file}:1: cannot be read as Python: {error}") from error
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            if base:
                yield base
                yield from (f"{base}.{alias.name}" for alias in node.names if alias.name != "*")
        elif isinstance(node, ast.Assign) and package:
            yield from (f"{package}.{name}" for name in _exported(node))


def _exported(node: ast.Assign) -> Iterator[str]:
    """Yield the names in `__all__ = [...]`: modules of a package among them are imported by `import *`."""
    if any(isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets):
        for item in ast.walk(node.value):
            if isinstance(item, ast.Constant) and isinstance(item.value, str):
                yield item.value


def _missing(error: ModuleNotFoundError, reference: Reference, root: Path) -> SpecError:
    name = error.name or reference.module
    if not f"{reference.module}.".startswith(f"{name}."):
        return SpecError(
            f"{reference}: {reference.module} imports {name!r}, which is not installed",
            help=f"install {name} in the environment that runs this step",
        )
    modules = {
        path.relative_to(root).with_suffix("").as_posix().removesuffix("/__init__").replace("/", ".")
        for pattern in ("*.py", "*/*.py", "*/*/*.py")
        for path in root.glob(pattern)
        if not any(part.startswith(".") for part in path.relative_to(root).parts)
    }
    close = difflib.get_close_matches(reference.module, sorted(modules), 1)
    return SpecError(
        f"{reference}: there is no module {reference.module!r} in {root} or installed",
        help=f"did you mean {close[0]!r}?" if close else None,
    )


def _refuse_namesake(reference: Reference, module: Any, root: Path) -> None:
    """Refuse a module that another of the same name, imported earlier, hides."""
    expected = [path for name, path in _sources(root, reference.module) if name == reference.module]
    found = getattr(module, "__file__", None)
    if expected and (found is None or Path(found).resolve() != expected[0].resolve()):
        raise SpecError(
            f"{reference}: {expected[0]} is hidden by another module of this name, {found or 'built in'}",
            help="give the project's module a name of its own",
        )
