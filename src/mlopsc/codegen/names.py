"""Names in generated code: identifiers that clash with nothing, files that shadow no module."""

import builtins
import keyword
import sys
from collections.abc import Collection, Iterable

from mlopsc.diagnostics.errors import MlopscError

_PACKAGES = frozenset({"feast", "jinja2", "kfp", "mlopsc", "prefect", "pydantic", "yaml"})


def distinct(names: Iterable[str], *, avoid: Collection[str] = (), suffix: str = "_") -> dict[str, str]:
    """Return an identifier for each name: itself where that is free, else with `suffix`, numbered at need.

    Keywords, builtins and `avoid` are not free. Equal names share an identifier. Raises MlopscError for what
    is no ASCII identifier.
    """
    wished = list(dict.fromkeys(names))
    given: dict[str, str] = {}
    taken = {*avoid, *keyword.kwlist, *dir(builtins)}
    # Who can keep a name does, whatever its place: a suffixed name never takes it away.
    for name in wished:
        if not (name.isidentifier() and name.isascii()):
            raise MlopscError(f"{name!r} is no Python identifier")
        if name not in taken:
            given[name] = name
            taken.add(name)
    for name in wished:
        if name not in given:
            given[name] = _free(name + suffix, taken)
            taken.add(given[name])
    return {name: given[name] for name in wished}


def file_stems(names: Iterable[str], *, suffix: str = "_pipeline") -> dict[str, str]:
    """Return a file name without extension for each pipeline's name.

    A script's folder comes first on Python's path, so `json.py` would shadow the library: such names,
    keywords and the packages that generated code imports get `suffix`. Raises MlopscError when two names
    would make one file, also on a file system that knows no case.
    """
    shadowing = sys.stdlib_module_names | _PACKAGES | set(keyword.kwlist)
    stems = {name: name + suffix if name.lower() in shadowing else name for name in names}
    owners: dict[str, str] = {}
    for name, stem in stems.items():
        other = owners.setdefault(stem.lower(), name)
        if other != name:
            raise MlopscError(
                f"pipelines {other!r} and {name!r} would both be written to {stem.lower()!r}",
                help="rename one of them in the spec",
            )
    return stems


def _free(name: str, taken: Collection[str]) -> str:
    number, candidate = 1, name
    while candidate in taken:
        number += 1
        candidate = f"{name}{'' if name.endswith('_') else '_'}{number}"
    return candidate
