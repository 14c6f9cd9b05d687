"""Fan-outs: steps that are one operation with another value in one field, which a target carries out side by side."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from mlopsc.plan.plan import Artifact, Step

_FIRST = ("failed", "refused", "crashed", "cancelled", "running", "run", "depends", "cached")
"""Statuses of steps, those first that tell of all where others have another one."""
_GATHERED = re.compile(r"(.+)_(\d+)")


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_Result = TypeVar("_Result", bound=_Named)


@dataclass(frozen=True)
class FanOut:
    """The steps of one group, in order."""

    group: str
    members: tuple[Step, ...]

    @property
    def first(self) -> Step:
        """The step that stands for all of them."""
        return self.members[0]

    @property
    def field(self) -> str:
        """The field of their configurations that differs."""
        assert self.first.fan is not None
        return self.first.fan.field

    @property
    def limit(self) -> int | None:
        """How many of them may run at a time."""
        assert self.first.fan is not None
        return self.first.fan.limit

    @property
    def values(self) -> tuple[Any, ...]:
        """What the field is in each of them."""
        return tuple(member.configuration[self.field] for member in self.members)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the steps."""
        return tuple(member.name for member in self.members)

    @property
    def title(self) -> str:
        """What stands for all of them where people read: `trial_late_arrival ×20`."""
        return f"{self.group} ×{len(self.members)}"


@dataclass(frozen=True)
class Gathered:
    """Ports `STEM_0`, `STEM_1`, … of a step that read one output of each member of a fan-out."""

    group: str
    port: str
    """The members' output."""


def units(steps: Iterable[Step]) -> Iterator[Step | FanOut]:
    """Yield the steps in their order, those of a fan-out together where the first of them stands."""
    steps = tuple(steps)
    fans = fan_outs(steps)
    for step in steps:
        if step.fan is None:
            yield step
        elif fans[step.fan.group].first.name == step.name:
            yield fans[step.fan.group]


def fan_outs(steps: Iterable[Step]) -> dict[str, FanOut]:
    """Return the fan-outs by group."""
    found: dict[str, list[Step]] = {}
    for step in steps:
        if step.fan is not None:
            found.setdefault(step.fan.group, []).append(step)
    return {
        group: FanOut(group, tuple(sorted(members, key=lambda one: one.fan.index if one.fan else 0)))
        for group, members in found.items()
    }


def collapsed(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Return the steps with one for each fan-out, called by its title, which is read in its members' place."""
    steps = tuple(steps)
    titles = {name: fan.title for fan in fan_outs(steps).values() for name in fan.names}

    def renamed(step: Step, name: str) -> Step:
        inputs = {
            port: source.model_copy(update={"step": titles.get(source.step, source.step)})
            for port, source in step.inputs.items()
        }
        after = tuple(dict.fromkeys(titles.get(need, need) for need in step.after))
        return step.model_copy(update={"name": name, "inputs": inputs, "after": after, "fan": None})

    return tuple(
        renamed(unit.first, unit.title) if isinstance(unit, FanOut) else renamed(unit, unit.name)
        for unit in units(steps)
    )


def collapsed_statuses(steps: Iterable[Step], statuses: Mapping[str, str]) -> dict[str, str]:
    """Return the statuses of what `collapsed` returns: of a fan-out, what its members have in common."""
    found = dict(statuses)
    for fan in fan_outs(steps).values():
        words = [word for name in fan.names if (word := found.pop(name, None)) is not None]
        if words:
            found[fan.title] = common_status(words)
    return found


def common_status(words: Sequence[str]) -> str:
    """Return the status of many steps in a word: that of all, or of those that one has to look at first."""
    return next((word for word in _FIRST if word in words), words[0])


def counted(statuses: Sequence[str]) -> tuple[str, str | None]:
    """Return the status that tells of many steps, and how many have which where they differ."""
    words = dict.fromkeys(statuses)
    counts = ", ".join(f"{statuses.count(word)} {word}" for word in words)
    return common_status(statuses), counts if len(words) > 1 else None


def merged(
    results: Iterable[_Result], fans: Iterable[FanOut], join: Callable[[FanOut, Sequence[_Result]], _Result]
) -> Iterator[_Result]:
    """Yield what became of the steps, of those of a fan-out together where the first of them stands."""
    found = {result.name: result for result in results}
    by_name = {name: fan for fan in fans for name in fan.names}
    for result in found.values():
        fan = by_name.get(result.name)
        if fan is None:
            yield result
        elif (members := [found[name] for name in fan.names if name in found])[0] is result:
            yield join(fan, members)


def side_by_side(step: Step, steps: Iterable[Step]) -> int:
    """Return how many steps of its fan-out, itself among them, may run at a time; 1 for one that belongs to none."""
    if step.fan is None:
        return 1
    members = sum(one.fan is not None and one.fan.group == step.fan.group for one in steps)
    return min(members, step.fan.limit or members)


def gathered(step: Step, fans: Mapping[str, FanOut]) -> dict[str, Gathered]:
    """Return, by its stem, each run of ports that reads one output of every member of a fan-out, in their order."""
    found: dict[str, Gathered] = {}
    for port, source in step.inputs.items():
        matched = _GATHERED.fullmatch(port)
        if matched is None or matched[2] != "0":
            continue
        group = next((one for one in fans.values() if one.first.name == source.step), None)
        if group is None:
            continue
        wanted = {
            f"{matched[1]}_{index}": Artifact(step=name, port=source.port)
            for index, name in enumerate(group.names)
        }
        if wanted.items() <= step.inputs.items():
            found[matched[1]] = Gathered(group.group, source.port)
    return found


def is_gathered(port: str, stems: Iterable[str]) -> bool:
    """Say whether a port is one of those that these stems stand for."""
    matched = _GATHERED.fullmatch(port)
    return matched is not None and matched[1] in stems


def fan_faults(steps: Iterable[Step]) -> Iterator[str]:
    """Yield what keeps the steps of a group from being one operation over a list of values, read as one list."""
    steps = tuple(steps)
    fans = fan_outs(steps)
    for fan in fans.values():
        yield from _faults(fan)
    for step in steps:
        stems = gathered(step, fans)
        for port, source in step.inputs.items():
            group = next((one.group for one in fans.values() if source.step in one.names), None)
            if group is not None and not is_gathered(port, stems):
                yield f"'{step.name}' reads '{source.step}' alone, which is one of the fan-out '{group}'"


def _faults(fan: FanOut) -> Iterator[str]:
    first = fan.first
    for index, member in enumerate(fan.members):
        assert member.fan is not None
        if member.fan.index != index:
            yield f"fan-out '{fan.group}' has no member {index}"
            return
        same = {"name": first.name, "configuration": first.configuration, "fan": first.fan}
        rest = {key: value for key, value in member.configuration.items() if key != fan.field}
        if member.model_copy(update=same) != first or rest != {
            key: value for key, value in first.configuration.items() if key != fan.field
        }:
            yield f"'{member.name}' differs from '{first.name}' in more than '{fan.field}'"
        if not member.name.startswith(f"{fan.group}_"):
            yield f"'{member.name}' is not named after its fan-out '{fan.group}'"
    if len({repr(value) for value in fan.values}) < len(fan.values):
        yield f"two members of fan-out '{fan.group}' are the same"
    if len({type(value) for value in fan.values}) > 1:
        yield f"the values of '{fan.field}' in fan-out '{fan.group}' are of several types"
