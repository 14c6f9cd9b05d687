"""Spark on this machine: one session for all tests, where PySpark and Java are."""

import shutil
from collections.abc import Iterator

import pytest

from mlopsc.vocabulary.engine import SparkEngine


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkEngine]:
    pytest.importorskip("pyspark", reason="PySpark is not installed: pip install 'mlopsc[spark]'")
    if shutil.which("java") is None:
        pytest.skip("no Java: tests/engines/spark.sh COMMAND sees to it where it can")
    from mlopsc.runtime.engine.spark import session

    engine = SparkEngine(master="local[2]", config={"spark.sql.shuffle.partitions": 3})
    yield engine
    while session._current:
        session._current.pop()[1].stop()
