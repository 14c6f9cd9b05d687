"""A user's function of the table: what it is given, and what its answer comes to."""

import sys
import traceback
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mlopsc.runtime.checks.measures.base import ROW, Table
from mlopsc.runtime.checks.outcome import Outcome, by_share, failed
from mlopsc.runtime.engine.parquet import read_batches
from mlopsc.runtime.engine.statement import column, fragment, identifier, select
from mlopsc.runtime.user_code import load, raised_at, resolve_reference
from mlopsc.vocabulary.checks import BaseCheck
from mlopsc.vocabulary.checks.python_function import PythonFunction

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    import pandas as pd

_EXPECTED = "expected a bool, a bool and a message, or a boolean series or array with an entry for each row"


class OfCallable(PythonFunction):
    """A check by a function that is at hand; `python` is only what it is called."""

    python: str
    function: Any
    """The function itself."""


def called(function: Callable[..., Any], words: Mapping[str, Any]) -> OfCallable:
    """Return the check by a function that is at hand; raises ValidationError for other words that make no sense."""
    name = (
        f"{getattr(function, '__module__', '?')}:{getattr(function, '__qualname__', type(function).__name__)}"
    )
    return OfCallable.model_validate({**words, "python": name, "function": function})


def of_function(
    connection: "duckdb.DuckDBPyConnection",
    check: BaseCheck,
    table: Table,
    mixed: Collection[str],
    project: Path | None,
) -> Outcome:
    """Call a check's function on the rows that the check looks at, and judge its answer.

    Raises SpecError or StepFailed when the function cannot be imported; what it raises itself fails the check.
    """
    if not isinstance(check, PythonFunction):
        raise AssertionError(check.expect)
    if mixed and check.column_list is None:
        return failed(f"a function cannot be given columns that mix types: {', '.join(mixed)}")
    if isinstance(check, OfCallable):
        function = check.function
    else:
        function = load(resolve_reference(check.python), project or Path.cwd())
    names = list(check.column_list or table.kinds)
    query = select(*map(column, names), column(ROW), source=table.source).order_by(column(ROW))
    frame = read_batches(connection, query).read_pandas()
    numbers = frame.pop(ROW)
    given, rows = frame.copy(), len(frame)
    try:
        answer = function(given, **check.args)
    except Exception as error:  # noqa: BLE001 - whatever a user's code raises
        traceback.print_exc(file=sys.stderr)
        return failed(f"it raised {type(error).__name__}: {error}{raised_at(error)}")
    match answer:
        case tuple() if len(answer) == 2 and _is_bool(answer[0]) and isinstance(answer[1], str):
            passed, message = bool(answer[0]), answer[1]
            return Outcome(passed, passed, message=None if passed else message)
        case _ if _is_bool(answer):
            return Outcome(bool(answer), bool(answer))
    mask = _mask(answer, frame)
    if isinstance(mask, str):
        return failed(f"it returned {mask}: {_EXPECTED}")
    return _judged(connection, check, table, numbers[mask], rows)


def _judged(
    connection: "duckdb.DuckDBPyConnection",
    check: PythonFunction,
    table: Table,
    unexpected: "pd.Series[int]",
    rows: int,
) -> Outcome:
    import uuid

    import pyarrow as pa

    name = f"unexpected_{uuid.uuid4().hex}"
    connection.register(name, pa.table({ROW: pa.array(unexpected.to_numpy(), pa.int64())}))

    def sample() -> exp.Expr:
        return fragment(
            "select $x as x from $t as t where $r in (select $r from $u as u)",
            x=_value(check.column_list or ()),
            t=table.source,
            r=column(ROW),
            u=exp.table_(identifier(name)),
        )

    return by_share(rows, len(unexpected), check.mostly, sample)


def _value(names: Collection[str]) -> exp.Expr:
    """Return what is shown of an unexpected row: its values in the named columns; without any, the row's number."""
    if not names:
        return column(ROW)
    if len(names) == 1:
        return column(*names)
    return exp.Struct(
        expressions=[exp.PropertyEQ(this=exp.Literal.string(name), expression=column(name)) for name in names]
    )


def _is_bool(value: Any) -> bool:
    import numpy as np

    return isinstance(value, bool | np.bool_)


def _mask(answer: Any, frame: "pd.DataFrame") -> "np.ndarray[Any, Any] | str":
    """Return which rows are unexpected, in the order of the frame; or what the answer is, in words."""
    import numpy as np
    import pandas as pd

    if isinstance(answer, pd.Series):
        if len(answer) != len(frame) or not answer.index.is_unique:
            return f"a series of {len(answer)} entries for {len(frame)} rows"
        if not frame.index.isin(answer.index).all():
            return "a series whose index is not the table's"
        answer = answer.reindex(frame.index).array
    if not isinstance(answer, np.ndarray | pd.api.extensions.ExtensionArray):
        return f"{type(answer).__name__}"
    if answer.ndim != 1 or len(answer) != len(frame):
        shape = " by ".join(map(str, answer.shape))
        return f"an array of {shape} entries for {len(frame)} rows"
    if not pd.api.types.is_bool_dtype(answer.dtype):
        return f"an array of {answer.dtype}"
    if pd.isna(answer).any():
        return f"an array of booleans, {int(pd.isna(answer).sum())} of them missing"
    return np.asarray(answer, dtype=bool)
