"""Small files, opened as the profiler opens them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mlopsc.profiling.columns import ColumnProfile, profile_columns
from mlopsc.profiling.table import Table, open_table
from mlopsc.vocabulary.sources import CsvSource

Profiled = tuple[Table, dict[str, ColumnProfile]]


@pytest.fixture
def profiled(tmp_path: Path) -> Iterator[Callable[..., Profiled]]:
    """Profile a CSV file: `profiled("a,b", ["1,2", …])` gives the open table and its columns."""
    with ExitStack() as stack:

        def profile(header: str, rows: list[str], **source: object) -> Profiled:
            (tmp_path / "data.csv").write_text("\n".join([header, *rows]) + "\n", "utf-8")
            opened = open_table(CsvSource.model_validate({"path": "data.csv", **source}), tmp_path)
            table = stack.enter_context(opened)
            return table, profile_columns(table)

        yield profile
