"""What computes tables: DuckDB, embedded, or Spark for data that one machine does not hold."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from mlopsc.vocabulary.base import Frozen

_MASTER = re.compile(r"local(\[(\d+|\*)(, *\d+)?\])?|spark://[^\s/]+:\d+(,[^\s/]+:\d+)*|yarn|k8s://\S+")
_OURS = ("spark.sql.session.timeZone", "spark.sql.ansi.enabled", "spark.sql.caseSensitive")


def _master(text: str) -> str:
    if not _MASTER.fullmatch(text):
        raise ValueError(
            f"{text!r} is no Spark master: expected local[N], local[*], spark://HOST:PORT, yarn or k8s://URL"
        )
    return text


def _setting(key: str) -> str:
    if not key.startswith("spark."):
        raise ValueError(f"{key!r} is no setting of Spark: their names begin with 'spark.'")
    if key in _OURS:
        raise ValueError(f"{key} is set by mlopsc, so that results are those of DuckDB")
    if key == "spark.master":
        raise ValueError("name the master as `master`")
    return key


class DuckDbEngine(Frozen):
    """DuckDB in the step's own process: what is used where nothing is said."""

    type: Literal["duckdb"] = "duckdb"


class SparkEngine(Frozen):
    """Apache Spark: validation, SQL views, feature tables and profiles are computed there, with DuckDB's results.

    The step is Spark's driver. Its files (the project's store and work folders) must be where the workers read
    them, and the workers' Python must have mlopsc with the extra `spark`.
    """

    type: Literal["spark"] = "spark"
    master: Annotated[str, StringConstraints(min_length=1), AfterValidator(_master)]
    """Where Spark runs: `local[N]` in the step's own machine, `spark://HOST:PORT`, `yarn` or `k8s://URL`."""
    config: dict[Annotated[str, AfterValidator(_setting)], str | int | float | bool] = {}
    """Spark's settings, such as `spark.executor.memory: 8g`."""


Engine = Annotated[DuckDbEngine | SparkEngine, Field(discriminator="type")]
"""DuckDB or Spark, told apart by `type`."""
