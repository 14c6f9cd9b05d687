"""Looks at many sources share one connection, which is closed with the block."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.sources.parquet import Footers
from mlopsc.runtime.sources.peek import peek_schema
from mlopsc.vocabulary.columns import Column
from mlopsc.vocabulary.sources import ParquetSource


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        pq.write_table(pa.table({name: [1, 2]}), tmp_path / f"{name}.parquet")
    return tmp_path


def source(name: str) -> ParquetSource:
    return ParquetSource(type="parquet", path=f"{name}.parquet")


def test_many_looks_share_a_reader(project: Path) -> None:
    with Footers() as footers:
        found = [peek_schema(source(name), {}, project=project, footers=footers) for name in ("a", "b")]
    assert found == [{"a": "int64"}, {"b": "int64"}]


def test_a_bad_file_does_not_spoil_the_reader(project: Path) -> None:
    (project / "c.parquet").write_bytes(b"no parquet")
    with Footers() as footers:
        with pytest.raises(MlopscError, match="no readable Parquet file"):
            peek_schema(source("c"), {}, project=project, footers=footers)
        assert peek_schema(source("a"), {}, project=project, footers=footers) == {"a": "int64"}


def test_a_declared_type_that_a_column_cannot_become_is_refused(project: Path) -> None:
    with pytest.raises(MlopscError, match="column 'a' is int64, declared date"):
        peek_schema(source("a"), {"a": Column(type="date")}, project=project)
