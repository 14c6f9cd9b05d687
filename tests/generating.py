"""A target that only generates: what it makes is for somebody else to run."""

from collections.abc import Iterator
from pathlib import Path

from mlopsc.codegen.writer import header
from mlopsc.plan.plan import Plan
from mlopsc.targets import Fault, GeneratedFile
from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.policy import Policy


class Settings(Frozen):
    """The keys of its `targets` entry."""

    policy: Policy = Policy()


class Listing:
    """Writes the names of all pipelines, below that of the project's folder."""

    name = "listing"
    settings = Settings

    def check(self, plan: Plan, project: Path) -> Iterator[Fault]:
        """Find fault with nothing."""
        return iter(())

    def emit(self, plan: Plan, project: Path) -> tuple[GeneratedFile, ...]:
        """Return the one file."""
        names = [project.name, *(pipeline.name for pipeline in plan.pipelines)]
        return (GeneratedFile("listing.txt", "\n".join((f"# {header(plan.spec, self.name)}", *names, ""))),)


backend = Listing()
