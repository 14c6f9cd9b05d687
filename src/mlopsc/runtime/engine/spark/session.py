"""Spark's session: one in a process, in UTC, strict about overflow as DuckDB is."""

import os
import re
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.vocabulary.engine import SparkEngine

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_DEFAULTS = {
    "spark.app.name": "mlopsc",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "65536",
}
_FIXED = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "false",
    "spark.sql.timeType.enabled": "true",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
}
_HERE = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
_IN_WORKER = re.compile(r"^_?duckdb\.\w+: (.+)$", re.MULTILINE)
_current: list[tuple[SparkEngine, "SparkSession"]] = []


def session(engine: SparkEngine) -> "SparkSession":
    """Return the process's session for an engine, starting it, and stopping one with other settings.

    Raises MlopscError when PySpark or Java is not there, or the master cannot be reached.
    """
    if _current and _current[0][0] == engine:
        return _current[0][1]
    if _current:
        _current.pop()[1].stop()
    _require()
    local = engine.master.startswith("local")
    settings = {**_DEFAULTS, **(_HERE if local else {})}
    if local:
        settings["spark.sql.shuffle.partitions"] = "4"
    settings |= {key: _text(value) for key, value in engine.config.items()} | _FIXED
    # Spark asks the environment, not its settings, for the workers' Python.
    os.environ["PYSPARK_PYTHON"] = settings.get("spark.pyspark.python", sys.executable)
    with quiet():
        import logging

        from pyspark.sql import SparkSession

        logging.getLogger("SQLQueryContextLogger").disabled = True
        builder = SparkSession.builder.master(engine.master)
        for key, value in settings.items():
            builder = builder.config(key, value)
        try:
            started = builder.getOrCreate()
        except Exception as error:
            raise MlopscError(
                f"Spark cannot be started at {engine.master}: {first_line(error)}",
                help="see the step's log; `infrastructure.engine` names the master and its settings",
            ) from error
    _current.append((engine, started))
    return started


@contextmanager
def quiet() -> Iterator[None]:
    """Let PySpark warn of pandas 3 in vain: nothing here goes through its pandas API."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, module=r"pyspark\..*")
        warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
        warnings.filterwarnings("ignore", message="It is preferred to specify type hints for arrow UDF")
        yield


def first_line(error: BaseException) -> str:
    """Return Spark's complaint without its plan and stack; of one that DuckDB had in a worker, DuckDB's."""
    if found := _IN_WORKER.findall(str(error)):
        return str(found[-1])
    text = str(error).strip().partition("\n")[0].partition(" If necessary set ")[0]
    return text.partition(" SQLSTATE:")[0].removesuffix(";") or type(error).__name__


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _require() -> None:
    from importlib.util import find_spec

    if find_spec("pyspark") is None:
        raise MlopscError(
            "`infrastructure.engine` is Spark, and PySpark is not installed here",
            help="install it with pip install 'mlopsc[spark]', or leave `engine` out for DuckDB",
        )
    home = os.environ.get("JAVA_HOME")
    if not (home and os.access(os.path.join(home, "bin", "java"), os.X_OK)) and shutil.which("java") is None:  # noqa: PTH118
        raise MlopscError(
            "`infrastructure.engine` is Spark, which runs on Java, and there is no Java here",
            help="install Java 17 or later (apt-get install openjdk-17-jre-headless), or set JAVA_HOME",
        )
