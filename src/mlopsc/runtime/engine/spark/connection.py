"""An open Spark engine, which speaks as DuckDB's connection does."""

import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.engine.spark.binding import Binding
from mlopsc.runtime.engine.spark.rows import PythonFunction, row_function
from mlopsc.runtime.engine.spark.session import first_line, quiet, session
from mlopsc.runtime.engine.spark.translate import Translator
from mlopsc.runtime.engine.spark.types import fields, storage, to_spark
from mlopsc.runtime.engine.spark.world import Untranslatable
from mlopsc.runtime.engine.statement import column, identifier, text
from mlopsc.vocabulary.engine import SparkEngine


class SparkConnection:
    """Carries out DuckDB's statements on Spark; of DuckDB's connection it has what this project calls.

    `local` is a DuckDB that sees the same tables: it binds, and hands out results. Data of a table it never reads.
    """

    def __init__(self, engine: SparkEngine, local: duckdb.DuckDBPyConnection, scratch: Path) -> None:
        self._spark = session(engine)
        self._local = local
        self._scratch = scratch
        self._prefix = f"mlopsc_{uuid.uuid4().hex[:8]}"
        self._views: dict[str, exp.Expr] = {}
        self._files: dict[tuple[tuple[str, ...], bool], str] = {}
        self._functions: dict[tuple[str, tuple[str, ...], str], str] = {}
        self._made: list[str] = []
        self._python: dict[str, PythonFunction] = {}
        self._binding = Binding(local)

    def execute(self, query: object, parameters: object = None) -> Any:
        """Carry out one statement; what it returns has DuckDB's `description` and `fetch…`."""
        sql = str(query)
        if parameters is not None:  # only questions about SQL itself have them
            return self._local.execute(sql, parameters)
        tree = self._parsed(sql)
        match tree:
            case exp.Create(kind="VIEW" | "TABLE", expression=exp.Query() as definition):
                name = tree.this.find(exp.Identifier).name
                self._local.execute(text(_as_view(tree)))
                self._views[name.lower()] = definition
                return self._local
            case exp.Query():
                return self._local.execute(self._computed(tree, sql))
            case _:
                return self._local.execute(sql)

    def sql(self, query: str) -> Any:
        """Return what a SELECT finds, as a relation of DuckDB's."""
        return self._local.sql(self._computed(self._parsed(query), query))

    def register(self, view_name: str, python_object: Any) -> "SparkConnection":
        """Make an Arrow table known under a name."""
        import pyarrow.parquet as pq

        self._local.register(view_name, python_object)
        path = self._scratch / f"{uuid.uuid4().hex}.parquet"
        pq.write_table(python_object, path, coerce_timestamps="us")
        self._views[view_name.lower()] = exp.select("*").from_(
            exp.Table(
                this=exp.ReadParquet(expressions=[exp.Array(expressions=[exp.Literal.string(str(path))])])
            )
        )
        return self

    def create_function(self, name: str, function: Any, parameters: Sequence[str], kind: str) -> None:
        """Make a function of Python known to SQL, here and in Spark's workers; it is called with what is not null."""
        self._local.create_function(name, function, list(parameters), kind)
        bare = getattr(function, "__wrapped__", function)  # a cache does not travel
        self._python[name.lower()] = (f"{self._prefix}_{name}", bare, tuple(parameters), kind)

    def close(self) -> None:
        """Forget the tables; Spark itself goes on for the next connection of this process."""
        for name in self._made:
            self._spark.catalog.dropTempView(name)

    def type_of(self, node: exp.Expr) -> str:
        """Return DuckDB's type of an expression where it stands."""
        return self._binding.type_of(node)

    def columns_of(self, select: exp.Select) -> list[str]:
        """Return the names of all columns of what a SELECT reads from."""
        return self._binding.columns_of(select)

    def constant(self, node: exp.Expr, storage: str) -> Any:
        """Return the value of an expression without columns."""
        row = self._local.execute(f"SELECT CAST(({text(node)}) AS {storage})").fetchone()
        assert row is not None
        return row[0]

    def function(self, expression: str, kinds: Sequence[str], kind: str) -> str:
        """Return Spark's name for DuckDB's expression over the arguments `a0`, `a1`, …."""
        key = (expression, tuple(kinds), kind)
        if key not in self._functions:
            from pyspark.sql.pandas.functions import ArrowUDFType, arrow_udf

            name = f"{self._prefix}_f{len(self._functions)}"
            used = []
            for called, python in self._python.items():
                expression, times = re.subn(rf"(?i)\b{re.escape(called)}\(", f"{python[0]}(", expression)
                used += [python] if times else []
            compute = row_function(expression, kinds, storage(kind), used)
            with quiet():
                self._spark.udf.register(name, arrow_udf(compute, to_spark(kind), ArrowUDFType.SCALAR))
            self._functions[key] = name
        return self._functions[key]

    def files(self, paths: Sequence[str], *, rows: bool) -> str:
        """Return the name of the view of Parquet files, with `file_row_number` if asked for."""
        key = (tuple(paths), rows)
        if key not in self._files:
            name = f"{self._prefix}_t{len(self._files)}"
            frame = self._spark.read.parquet(*paths)
            if rows:
                frame = frame.selectExpr("*", "_metadata.row_index AS file_row_number")
            frame.createOrReplaceTempView(name)
            self._made.append(name)
            self._files[key] = name
        return self._files[key]

    def _parsed(self, sql: str) -> exp.Expr:
        try:
            return sqlglot.parse_one(sql, dialect="duckdb")
        except sqlglot.errors.SqlglotError as error:
            self._local.execute(f"DESCRIBE {sql}")  # of what is no SQL, DuckDB tells more
            raise Untranslatable(f"this SQL: {str(error).partition(chr(10))[0]}") from error

    def _computed(self, tree: exp.Expr, sql: str) -> str:
        """Compute a SELECT, and return the one that reads its result with DuckDB's names and types."""
        described = self._local.execute(f"DESCRIBE {sql}").fetchall()
        statement = _ordered_by_all(self._inlined(tree), [row[0] for row in described])
        folder = self._scratch / uuid.uuid4().hex
        with quiet():
            try:
                translated = Translator(self).rewrite(statement).sql(dialect="spark")
                frame = self._spark.sql(translated).toDF(*(f"c{i}" for i in range(len(described))))
                casts = [f"CAST(c{i} AS {to_spark(row[1])}) AS c{i}" for i, row in enumerate(described)]
                frame.selectExpr(*casts).write.parquet(str(folder))
            except MlopscError:
                raise
            except Exception as error:
                raise failure(error) from error
        parts = [str(path) for path in sorted(folder.glob("part-*.parquet"))]
        listed = ", ".join(_read_back(i, row[0], row[1]) for i, row in enumerate(described))
        read = exp.Table(
            this=exp.ReadParquet(
                expressions=[exp.Array(expressions=[exp.Literal.string(part) for part in parts])]
            )
        )
        return f"SELECT {listed} FROM {text(read)}"  # noqa: S608

    def _inlined(self, tree: exp.Expr) -> exp.Expr:
        """Put the definitions of views in the place of their names."""
        tree = tree.copy()
        waiting = True
        while waiting:
            waiting = False
            own = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
            for table in list(tree.find_all(exp.Table)):
                definition = self._views.get(table.name.lower())
                if (
                    isinstance(table.this, exp.Identifier)
                    and definition is not None
                    and table.name.lower() not in own
                ):
                    alias = table.args.get("alias") or exp.TableAlias(this=identifier(table.name))
                    table.replace(exp.Subquery(this=definition.copy(), alias=alias.copy()))
                    waiting = True
        return tree


@contextmanager
def open_spark(
    engine: SparkEngine, local: duckdb.DuckDBPyConnection, scratch: Path
) -> Iterator[SparkConnection]:
    """Open Spark beside a DuckDB that may read `scratch`, where results go."""
    connection = SparkConnection(engine, local, scratch)
    try:
        yield connection
    finally:
        connection.close()


def failure(error: Exception) -> MlopscError:
    """Return Spark's complaint as an error of mlopsc."""
    return MlopscError(
        f"Spark: {first_line(error)}",
        help="the same spec without `infrastructure.engine` runs on DuckDB; see the step's log for Spark's own words",
    )


def scratch_folder() -> Path:
    """Return a new folder for what goes between Spark and DuckDB."""
    return Path(tempfile.mkdtemp(prefix="mlopsc-spark-"))


def remove(folder: Path) -> None:
    """Remove such a folder."""
    shutil.rmtree(folder, ignore_errors=True)


def _as_view(tree: exp.Create) -> exp.Expr:
    """Return the statement as one that computes nothing."""
    name = tree.this.find(exp.Identifier)
    return exp.Create(
        this=exp.table_(name.copy()), kind="VIEW", replace=True, expression=tree.expression.copy()
    )


def _ordered_by_all(tree: exp.Expr, names: Sequence[str]) -> exp.Expr:
    """Write `ORDER BY ALL` out."""
    order = tree.args.get("order")
    if order is None or len(order.expressions) != 1:
        return tree
    only = (
        order.expressions[0].this if isinstance(order.expressions[0], exp.Ordered) else order.expressions[0]
    )
    if (isinstance(only, exp.Column) and only.name.lower() == "all" and not only.this.quoted) or (
        isinstance(only, exp.Var) and only.name.lower() == "all"
    ):
        order.set("expressions", [exp.Ordered(this=column(name), nulls_first=False) for name in names])
    return tree


def _read_back(index: int, name: str, kind: str) -> str:
    quoted = identifier(name).sql(dialect="duckdb")
    if kind in ('"NULL"', "NULL"):
        return f"NULL AS {quoted}"
    if kind.startswith("TUPLE("):
        members = ", ".join(f"CAST(c{index}.{field} AS {type_})" for field, type_ in fields(kind))
        return f"row({members}) AS {quoted}"
    return f"CAST(c{index} AS {kind}) AS {quoted}"
