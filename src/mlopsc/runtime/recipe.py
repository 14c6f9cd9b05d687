"""The recipe of a version: the spec and every file of the project that it was made by, kept with it for good.

The artifact `recipe` says which file is which; the artifacts `source/PATH` are the files. What is registered where a
file is missing (an image without the spec) is registered all the same: the recipe tells what it lacks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from mlopsc.diagnostics.errors import StoreError
from mlopsc.runtime.decisions import read_json
from mlopsc.runtime.store import Store, canonical_json
from mlopsc.runtime.user_code import closure, resolve_reference
from mlopsc.vocabulary.functions import functions_in
from mlopsc.vocabulary.lock import LOCK_FILE
from mlopsc.vocabulary.operations import Register

RECIPE, SOURCE = "recipe", "source/"


@dataclass(frozen=True)
class Recipe:
    """What a version was made by."""

    spec: str
    """The spec's file."""
    environment: str | None
    variables: Mapping[str, str]
    files: Mapping[str, str]
    """Path in the project → digest."""
    missing: tuple[str, ...]
    """Files that were not there when the version was registered."""
    functions: tuple[str, ...]
    """User functions behind the version."""


def keep_recipe(config: Register, store: Store, project: Path) -> dict[str, str]:
    """Put the recipe and its files into the store; return digests by role. Raises StoreError."""
    functions = functions_in(config.model_dump(mode="json"))
    wanted = {config.spec, *config.files}
    for reference in functions:
        wanted |= closure(project, resolve_reference(reference).module).keys()
    wanted |= {LOCK_FILE} if (project / LOCK_FILE).is_file() else set()
    there = sorted(name for name in wanted if (project / name).is_file())
    files = {name: store.put_file(project / name) for name in there}
    document = {
        "spec": config.spec,
        "environment": config.environment,
        "variables": config.variables,
        "files": files,
        "missing": sorted(wanted - files.keys()),
        "functions": list(functions),
    }
    recipe = store.put_bytes(canonical_json(document))
    return {RECIPE: recipe, **{f"{SOURCE}{name}": digest for name, digest in files.items()}}


def read_recipe(artifacts: Mapping[str, str], store: Store) -> Recipe | None:
    """Return a version's recipe, None for one that was registered without. Raises StoreError when it is lost."""
    if RECIPE not in artifacts:
        return None
    found: dict[str, Any] = read_json(store.get_path(artifacts[RECIPE]))
    return Recipe(
        spec=found["spec"],
        environment=found["environment"],
        variables=found["variables"],
        files=found["files"],
        missing=tuple(found["missing"]),
        functions=tuple(found["functions"]),
    )


def lay_out_recipe(recipe: Recipe, store: Store, folder: Path) -> None:
    """Write a recipe's files below a folder. Raises StoreError when one is lost, or would lead out of the folder."""
    for name, digest in recipe.files.items():
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            raise StoreError(f"the recipe names {name!r}, which leads out of the project")
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(store.get_path(digest).read_bytes())
