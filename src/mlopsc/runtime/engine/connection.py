"""A connection that reads the files it is given, and nothing else: to DuckDB, or to Spark, which speaks as DuckDB does.

Whatever computes, statements are of DuckDB's dialect, and what comes back has DuckDB's types and Python values.
"""

import shutil
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.vocabulary.engine import SparkEngine

if TYPE_CHECKING:
    import duckdb

_HINTS = {
    "OutOfMemoryException": "give the step more memory, or select fewer columns",
    "PermissionException": "a statement may read only the tables of its step",
}


@contextmanager
def connect(
    *files: Path, threads: int | None = None, engine: SparkEngine | None = None, memory: str | None = None
) -> Iterator["duckdb.DuckDBPyConnection"]:
    """Open an in-memory database in UTC that can read `files`, and close it.

    No other file, network address, extension or Python variable can be reached from SQL. `threads` None means
    one for each core. `memory` is what DuckDB may hold, such as 600MB, before it spills to disk; None is most
    of the machine's. DuckDB's errors leave as MlopscError with their first line. With `engine`, Spark reads the files
    and computes: what is returned then has of DuckDB's connection `execute`, `sql` and `register`.
    """
    if engine is None:
        with _duckdb(files, (), threads, memory) as connection:
            yield connection
        return
    from mlopsc.runtime.engine.spark.connection import open_spark, remove, scratch_folder

    scratch = scratch_folder()
    try:
        with _duckdb(files, [scratch], threads) as local, open_spark(engine, local, scratch) as spark:
            yield cast("duckdb.DuckDBPyConnection", spark)
    finally:
        remove(scratch)


@contextmanager
def _duckdb(
    files: Sequence[Path], folders: Sequence[Path], threads: int | None, memory: str | None = None
) -> Iterator["duckdb.DuckDBPyConnection"]:
    import duckdb

    spill = Path(tempfile.gettempdir()) / f"mlopsc-{uuid.uuid4().hex}"
    config: dict[str, str | bool | int | float | list[str]] = {
        "python_enable_replacements": "false",
        "autoload_known_extensions": "false",
        "autoinstall_known_extensions": "false",
        "temp_directory": str(spill),
    }
    if memory is not None:
        config["memory_limit"] = memory
    if threads is not None:
        config["threads"] = threads
    connection = duckdb.connect(config=config)
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")  # a slow step would write it to its output
        # A prepared statement's parameters are not allowed in SET.
        paths = ", ".join(_quoted(str(path.absolute())) for path in files)
        connection.execute(f"SET allowed_paths = [{paths}]")
        if folders:
            listed = ", ".join(_quoted(str(folder.absolute())) for folder in folders)
            connection.execute(f"SET allowed_directories = [{listed}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection
    except duckdb.Error as error:
        raise failure(error) from error
    finally:
        connection.close()
        shutil.rmtree(spill, ignore_errors=True)


def failure(error: Exception) -> MlopscError:
    """Return DuckDB's complaint as an error of mlopsc: its first line, and what to do where that is known."""
    line = str(error).strip().partition("\n")[0]
    return MlopscError(line, help=_HINTS.get(type(error).__name__))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
