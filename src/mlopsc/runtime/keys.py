"""A step and its key: which code, libraries, environment and sight of the world its result depends on."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution

from mlopsc.runtime import operations
from mlopsc.runtime.actions import Action, action_key
from mlopsc.runtime.context import Context
from mlopsc.runtime.user_code import closure, resolve_reference
from mlopsc.runtime.user_libraries import distributions_of, user_libraries
from mlopsc.vocabulary.estimators import BOOSTERS
from mlopsc.vocabulary.operations import Operation

_VERSION = re.compile(r"^Version: *(\S+) *$", re.MULTILINE)


@dataclass(frozen=True)
class Task:
    """A step with literal configuration and input digests."""

    pipeline: str
    step: str
    operation: Operation
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Port → digest."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Environment variables that the step declares, with their values."""
    image: str | None = None


def action_of(task: Task, context: Context) -> Action:
    """Return the task's key; raises MlopscError when user code cannot be read or what it observes is not there."""
    operation = task.operation
    code: dict[str, str] = {}
    libraries = {"mlopsc", *operation.libraries, *operation.engine_libraries()}
    libraries |= {*distributions_of(operation.trusted())}
    if "skops" in libraries:  # a model that it opens may be of any of them
        libraries |= {name for name in BOOSTERS if library_version(name) != "absent"}
    for reference in operation.functions():
        module = resolve_reference(reference).module
        files = closure(context.project, module)
        code |= files
        libraries |= {*user_libraries(context.project, module, files)}
    return action_key(
        operation.operation,
        operation.model_dump(mode="json"),
        task.inputs,
        code=code,
        libraries={name: library_version(name) for name in sorted(libraries)},
        environment=task.env,
        image=task.image,
        world=operations.fingerprint(operation, context) if operation.kind == "observe" else None,
    )


def can_change(operation: Operation) -> bool:
    """Whether a part of the key lies outside of the task: files of user code, or the world."""
    return operation.kind == "observe" or bool(operation.functions())


@cache
def library_version(name: str) -> str:
    """Return the installed version of a distribution, `absent` when there is none."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return "absent"
    # `found.version` parses all of the metadata as a mail message: milliseconds each.
    text = found.read_text("METADATA") or found.read_text("PKG-INFO") or ""
    line = _VERSION.search(text)
    return line[1] if line else found.version
