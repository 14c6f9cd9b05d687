"""What all operations share: kinds, ports, and what enters the action key."""

from abc import abstractmethod
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mlopsc.vocabulary.artifacts import ArtifactType
from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.engine import SparkEngine
from mlopsc.vocabulary.names import TypeNames

Kind = Literal["pure", "observe", "effect"]
Ports = dict[str, ArtifactType]
"""Port → type of what goes in or comes out by it."""


class BaseOperation(Frozen):
    """What all operations share."""

    kind: ClassVar[Kind] = "pure"
    refuses: ClassVar[bool] = False
    """It may raise Refusal, and so is never retried."""
    light: ClassVar[bool] = False
    """It reads small JSON only, or copies a file, so the scheduler may run it in its own process."""
    measures: ClassVar[bool] = False
    """It measures time: what it decides is a verdict, and the numbers that it tells are others each time."""
    libraries: ClassVar[tuple[str, ...]] = ()
    """Distributions whose versions change its result: part of the action key."""

    def input_ports(self) -> Ports:
        """Return the inputs: port → type."""
        return {}

    @abstractmethod
    def output_ports(self) -> Ports:
        """Return the outputs: port → type."""

    def functions(self) -> tuple[str, ...]:
        """Return references to the user functions that it calls."""
        return ()

    def trusted(self) -> tuple[str, ...]:
        """Return the types of other packages that models may hold which it opens."""
        return ()

    def engine_libraries(self) -> tuple[str, ...]:
        """Return the distributions that its engine, or its estimator, adds to `libraries`."""
        return ()


class Opening(BaseOperation):
    """What makes or opens a model."""

    trust: TypeNames = ()
    """Estimators of packages other than scikit-learn that the model may hold, as the training declares them."""

    def trusted(self) -> tuple[str, ...]:
        return self.trust


class Relational(BaseOperation):
    """What is computed by an engine: DuckDB, or Spark where it says so."""

    engine: Annotated[SparkEngine | None, Field(exclude_if=lambda engine: engine is None)] = None
    """Part of the key: floats may differ in their last digits. Left out of it for DuckDB."""

    def engine_libraries(self) -> tuple[str, ...]:
        return () if self.engine is None else ("duckdb", "pyspark", "sqlglot")
