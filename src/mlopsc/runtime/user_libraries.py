"""Which installed distributions users' code imports: their versions are part of what its results depend on.

Seen are the imports of the project's own files, wherever they stand in them; neither what those packages import in
turn, nor imports by computed name.
"""

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

_KNOWN = {"sklearn": "scikit-learn", "yaml": "PyYAML", "PIL": "pillow", "dateutil": "python-dateutil"}
"""Packages that are not called as what installs them; a search for others takes some 0.4 s."""


def user_libraries(project: Path, module: str, files: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the distributions that `module` and the project's `files` import, sorted.

    `files` are those of `user_code.closure`: valid Python, paths relative to the project.
    """
    tops = {module.partition(".")[0]}
    for file in files:
        tops |= set(_imported((project / file).read_bytes()))
    own = {Path(file).parts[0].removesuffix(".py") for file in files}
    foreign = tops - own - sys.stdlib_module_names - {"mlopsc"}
    return tuple(sorted({name for top in foreign for name in _distributions(top)}))


def _imported(source: bytes) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def distributions_of(types: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the distributions that install types, `package.module.Class`, sorted."""
    tops = {name.partition(".")[0] for name in types}
    return tuple(sorted({name for top in tops for name in _distributions(top)}))


@cache
def _distributions(top: str) -> tuple[str, ...]:
    """Return the distributions that install a package; most are called as it is."""
    name = _KNOWN.get(top, top)
    try:
        distribution(name)
    except (PackageNotFoundError, ValueError):
        return tuple(_by_package().get(top, ()))
    return (name,)


@cache
def _by_package() -> Mapping[str, list[str]]:
    return packages_distributions()
