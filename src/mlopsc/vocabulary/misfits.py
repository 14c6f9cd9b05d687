"""Values of a run's parameters that do not suit the place where they stand: which place, which parameters, why."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from mlopsc.diagnostics.describe import describe, requirement
from mlopsc.vocabulary.references import Scalar, referenced, substitute

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Misfit:
    """What is wrong with the values that a run puts into an operation's configuration."""

    place: Place
    """Path below the entry of the spec, `("max_bytes",)`; empty where values do not go together."""
    parameters: tuple[str, ...]
    """Names of the parameters whose values these are, sorted."""
    fault: str
    """`must be greater than or equal to 1, found the number -5`."""

    @property
    def help(self) -> str | None:
        """What to do."""
        given = " ".join(f"--set {name}=…" for name in self.parameters)
        return f"give another value: {given}" if given else None

    def told(self, entry: str) -> str:
        """Return the fault with its place below an entry: `max_bytes of gates.small must be …`."""
        if not self.place:
            return f"{entry}: {self.fault}"
        return f"{'.'.join(map(str, self.place))} of {entry} {self.fault}"


def first_misfit(
    configuration: Mapping[str, Any], error: ValidationError, parameters: Mapping[str, Scalar]
) -> Misfit:
    """Return what `error` tells first, which reading the configuration with its parameters filled in has raised."""
    first = error.errors(include_url=False)[0]
    message = str(first["msg"]).removeprefix("Value error, ")
    for path, text in references_in(configuration):
        if _runs_through(first["loc"], path) and substitute(text, parameters) == first["input"]:
            names = tuple(sorted(referenced(text)))
            told = f"{requirement(message)}, found {describe(first['input'])}, the value of {_said(names)}"
            # A gate's operation holds the spec's entry as it is; others have the entry's keys for their own.
            return Misfit(path[1:] if path[0] == "gate" else path, names, told)
    names = tuple(sorted(referenced(configuration)))
    values = ", ".join(f"{name} is {parameters[name]}" for name in names)
    return Misfit((), names, f"{message} ({values})" if values else message)


def references_in(value: Any, path: Place = ()) -> Iterator[tuple[Place, str]]:
    """Yield the texts in a JSON value that refer to run-time parameters, each with its path."""
    if isinstance(value, str):
        if referenced(value):
            yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from references_in(item, (*path, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from references_in(item, (*path, index))


def _runs_through(loc: Sequence[str | int], path: Place) -> bool:
    """Whether a path's keys are among the parts of pydantic's `loc`, in order: between them are marks of unions."""
    parts = iter(loc)
    return all(key in parts for key in path)


def _said(names: Sequence[str]) -> str:
    return f"parameter{'s' if len(names) > 1 else ''} {' and '.join(map(repr, names))}"
