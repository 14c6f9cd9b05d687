"""In which order steps become ready: each when the last of those that it needs has succeeded."""

from collections.abc import Iterable

from mlopsc.plan.plan import Step
from mlopsc_local.choice import needs


class Order:
    """The steps that are not ready yet, with what each still waits for."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self._steps = {step.name: step for step in steps}
        self._open = {name: set(needs(step)) for name, step in self._steps.items()}
        self._dependents: dict[str, list[str]] = {name: [] for name in self._steps}
        for name, needed in self._open.items():
            for other in needed:
                self._dependents[other].append(name)

    def begin(self) -> list[Step]:
        """Return the steps that need nothing."""
        return self._ready(list(self._open))

    def succeeded(self, name: str) -> list[Step]:
        """Return the steps that are ready now that this one has a result."""
        for dependent in self._dependents[name]:
            if dependent in self._open:
                self._open[dependent].discard(name)
        return self._ready(self._dependents[name])

    def stopped(self, name: str) -> list[Step]:
        """Return the steps that need this one, which has no result: they never become ready."""
        names = [dependent for dependent in self._dependents[name] if dependent in self._open]
        for dependent in names:
            del self._open[dependent]
        return [self._steps[dependent] for dependent in names]

    def _ready(self, names: list[str]) -> list[Step]:
        ready = [name for name in names if name in self._open and not self._open[name]]
        for name in ready:
            del self._open[name]
        return [self._steps[name] for name in ready]
