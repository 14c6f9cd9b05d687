"""Transform: a user's function from tables to a table."""

from collections.abc import Mapping
from pathlib import Path

from mlopsc.runtime.context import Context
from mlopsc.runtime.engine.connection import connect
from mlopsc.runtime.engine.parquet import write_parquet
from mlopsc.runtime.returned import returned, typed
from mlopsc.runtime.tables import read_frame
from mlopsc.runtime.user_code import load, resolve_reference
from mlopsc.vocabulary.operations import Transform


def run(config: Transform, inputs: Mapping[str, Path], outputs: Mapping[str, Path], context: Context) -> None:
    """Write what the function returns, in its row order, with the declared columns and types.

    Raises StepFailed when the result has other columns, or a column whose values are not of its declared type.
    """
    function = load(resolve_reference(config.python), context.project)
    result = function(*(read_frame(inputs[name]) for name in config.tables), **config.args)
    table = returned(result, config.python, config.columns)
    with connect(threads=1) as connection:
        query = typed(connection, table, config.python, config.columns)
        rows = write_parquet(connection, query, outputs["table"])
    print(f"{config.view}: {rows} rows")
