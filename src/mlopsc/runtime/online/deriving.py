"""Features that functions make of each row of an answer: the code of training, checked, and loaded once."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlopsc.diagnostics.errors import MlopscError, OnlineStoreError, StepFailed, UsageError
from mlopsc.runtime.online.codec import listed, reader
from mlopsc.runtime.online.state import ServedTraining
from mlopsc.runtime.row_functions import RowFunctions
from mlopsc.runtime.user_code import digest_of_functions

if TYPE_CHECKING:
    import pyarrow as pa

_loaded: dict[tuple[Path, str], str] = {}
"""Project and function → digest of its code when this process imported it."""


def derive(
    training: ServedTraining,
    project: Path,
    rows: Sequence[Mapping[str, Any]],
    types: Mapping[str, "pa.DataType | None"],
) -> tuple[list[dict[str, Any]], dict[str, "pa.DataType | None"]]:
    """Return rows and types with all features of a training, in its order, of what the store and the request give.

    Raises OnlineStoreError when the project's code is not what was served, UsageError where a function gets a column
    whose type is not known, StepFailed when a function fails or returns other columns, types or rows than declared.
    """
    import pyarrow as pa

    functions = _opened(training, project.absolute())
    made = {name for one in training.functions for name in one.columns}
    inputs = dict.fromkeys(name for one in training.functions for name in one.inputs if name not in made)
    for name in inputs:
        if types[name] is None:
            raise UsageError(
                f"a function gets {name!r}, whose type is not known, so that it may be another than in training",
                help="declare it under `columns` of the dataset, and materialize again",
            )
    arrays = [pa.array([row[name] for row in rows], types[name]) for name in inputs]
    try:
        table = functions.derive(pa.table(arrays, names=list(inputs)))
    except MlopscError:
        raise
    except Exception as error:
        names = ", ".join(one.python for one in training.functions)
        raise StepFailed(f"{names} raised {type(error).__name__}: {error}") from error
    columns = {one.name: _values(table, one.name, rows, made) for one in training.features}
    kinds = {name: table.schema.field(name).type if name in made else types[name] for name in columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)], kinds


def _values(table: "pa.Table", name: str, rows: Sequence[Mapping[str, Any]], made: set[str]) -> list[Any]:
    if name not in made:
        return [row[name] for row in rows]
    column = table.column(name).combine_chunks()
    read = reader(column.type)
    return [None if value is None else read(value) for value in listed(column)]


@lru_cache(maxsize=256)
def _opened(training: ServedTraining, project: Path) -> RowFunctions:
    names = tuple(one.python for one in training.functions)
    if digest_of_functions(project, names) != training.code:
        raise OnlineStoreError(
            f"the code of {', '.join(names)} in {project} is not what it was when features were materialized",
            help="materialize again (mlopsc features materialize), and train again if what it returns has changed",
        )
    found = {name: digest_of_functions(project, [name]) for name in names}
    for name, code in found.items():
        if _loaded.get((project, name), code) != code:
            raise OnlineStoreError(
                f"the code of {name} has changed since this process imported it",
                help="start the process anew",
            )
    functions = RowFunctions(training.functions, project)
    _loaded.update({(project, name): code for name, code in found.items()})
    return functions
