"""What a backend is: settings, a capability check, an emitter, and a runner where it has one. Found by entry points.

A backend is one object with four members, or five if it runs pipelines too, named in the entry-point group
`mlopsc.backends`; a third party's is found as ours are. `backends/README.md` shows how to write one.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Protocol, runtime_checkable

from pydantic import BaseModel

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.plan.plan import Pipeline, Plan
from mlopsc.plan.result import RunResult, StepResult
from mlopsc.vocabulary.references import Scalar

GROUP = "mlopsc.backends"


@dataclass(frozen=True)
class GeneratedFile:
    """A file that an emitter made: a relative POSIX path and its whole text."""

    path: str
    text: str

    @property
    def content(self) -> bytes:
        """The text as it is written."""
        return self.text.encode()


@dataclass(frozen=True)
class CopiedFile:
    """A file that an emitter hands on as it is: a wheel, a file of the project.

    It cannot say in its first line who made it, so a manifest among the generated files lists it
    (`mlopsc.codegen.manifest`).
    """

    path: str
    content: bytes = field(repr=False)


EmittedFile = GeneratedFile | CopiedFile


@dataclass(frozen=True)
class Fault:
    """Something in the plan that a target cannot express; `path` leads to the key in the spec."""

    code: str
    path: tuple[str | int, ...]
    message: str
    help: str | None = None


@dataclass(frozen=True)
class RunRequest:
    """One run of one pipeline."""

    plan: Plan
    pipeline: Pipeline
    project: Path
    """The folder of `mlops.yaml`."""
    parameters: Mapping[str, Scalar] = field(default_factory=dict)
    """Every parameter of the pipeline with its value, as JSON scalars."""
    registry_url: str | None = None
    store_url: str | None = None
    actor: str = "unknown"
    on_start: Callable[[str], None] | None = None
    """Called with a step's name when it starts."""
    on_step: Callable[[StepResult], None] | None = None
    """Called with each step's result as it comes."""
    on_wait: Callable[[str, str], None] | None = None
    """Called with a step's name and who is at the same work already, when the step waits for that."""


@dataclass(frozen=True)
class Remote:
    """A server that runs a target's pipelines, and how it is asked to."""

    url: str
    token: str | None = field(default=None, repr=False)
    """Sent as a bearer token."""
    ca_file: Path | None = None
    """Certificates that are trusted besides the usual ones."""
    namespace: str | None = None
    experiment: str | None = None
    """What the run is filed under there; the project's name otherwise."""
    wait: bool = True
    interval: float = 3.0
    """Seconds between two looks."""
    on_submitted: Callable[[str, str], None] | None = None
    """Called with the run's id and the address where it can be seen."""


@runtime_checkable
class Backend(Protocol):
    """A target of the compiler: what it makes is run by somebody else."""

    name: str
    settings: type[BaseModel]
    """The model of `targets.<name>`; it has a field `policy: Policy`, the default of every step."""

    def check(self, plan: Plan, project: Path) -> Iterable[Fault]:
        """Return what of the plan this target cannot express. Imports no orchestrator."""
        ...

    def emit(self, plan: Plan, project: Path) -> tuple[EmittedFile, ...]:
        """Return the generated files, the same for the same plan and project folder, to the byte."""
        ...


@runtime_checkable
class Runner(Backend, Protocol):
    """A target that also runs a pipeline and tells what came of it."""

    def run(self, request: RunRequest) -> RunResult:
        """Run one pipeline on this target and wait for it; a failing step is a status, not an exception."""
        ...


@runtime_checkable
class Submitter(Runner, Protocol):
    """A target that can also have a pipeline run by a server elsewhere."""

    def submit(self, request: RunRequest, remote: Remote) -> RunResult | None:
        """Start the pipeline there; return what came of it, None when it is not waited for.

        Raises MlopscError when the server cannot be reached, or refuses.
        """
        ...


def backend_names() -> tuple[str, ...]:
    """Return the names of all installed backends, sorted, importing none of them."""
    return tuple(sorted(_installed()))


def find_backend(name: str) -> Backend:
    """Import and return a backend; raises MlopscError when there is none or it does not keep the protocol."""
    point = _installed().get(name)
    if point is None:
        raise MlopscError(f"unknown target {name!r}; installed: {', '.join(backend_names())}")
    backend = point.load()
    if not isinstance(backend, Backend):
        raise MlopscError(
            f"backend {name!r} ({point.value}) does not have the members of mlopsc.targets.Backend"
        )
    return backend


def runner_names() -> tuple[str, ...]:
    """Return the names of the installed backends that run pipelines, sorted; imports all of them."""
    return tuple(name for name in backend_names() if isinstance(find_backend(name), Runner))


@cache
def _installed() -> dict[str, EntryPoint]:
    """Return the backends by name, the first of each; to ask reads every distribution's list, so it is done once."""
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=GROUP):
        found.setdefault(point.name, point)
    return found
