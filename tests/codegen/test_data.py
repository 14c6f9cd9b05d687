"""What of a load step's data travels in an image, and what keeps the step from running elsewhere."""

from pathlib import Path
from typing import Any

import pytest

from mlopsc.codegen.data import LARGEST_DATA, data_fault, data_patterns
from mlopsc.plan.plan import Infrastructure, Pipeline, Plan, Source, Step


def load(source: dict[str, Any]) -> Step:
    return Step(
        name="load_d",
        operation="load",
        configuration={"operation": "load", "dataset": "d", "source": source},
        outputs={"data": "dataset"},
        source=Source(file="mlops.yaml", line=1, column=1),
        origin=("datasets", "d"),
    )


def patterns(source: dict[str, Any]) -> list[str]:
    pipeline = Pipeline(name="train", kind="train", title="t", steps=(load(source),), parameters={})
    plan = Plan(project="p", spec="mlops.yaml", pipelines=(pipeline,), infrastructure=Infrastructure())
    return list(data_patterns(plan))


@pytest.mark.parametrize(
    ("source", "travels"),
    [
        ({"type": "csv", "path": "data/${params.day}.csv"}, ["data/*.csv"]),
        ({"type": "delta", "path": "lake/events"}, ["lake/events/**"]),
        ({"type": "sql", "url": "sqlite:///data/shop.db", "table": "t"}, ["data/shop.db"]),
        ({"type": "delta", "path": "s3://lake/events"}, []),
        ({"type": "sql", "url": {"secret": "db"}, "table": "t"}, []),
        ({"type": "sql", "url": "postgresql://r@db.example.com/d", "table": "t"}, []),
        ({"type": "iceberg", "table": "a.b", "catalog": {"uri": "https://c.example.com"}}, []),
        ({"python": "loaders:load"}, []),
    ],
)
def test_files_of_the_project_travel(source: dict[str, Any], travels: list[str], tmp_path: Path) -> None:
    assert patterns(source) == travels
    assert data_fault(load(source), tmp_path, "a pod") is None


@pytest.mark.parametrize(
    ("source", "key", "message"),
    [
        ({"type": "csv", "path": "/data.csv"}, "path", "'/data.csv' is a file of this machine"),
        ({"type": "delta", "path": "file:///lake"}, "path", "'file:///lake' is a file of this machine"),
        ({"type": "sql", "url": "sqlite:////s.db", "table": "t"}, "url", "is a file of this machine"),
        ({"type": "sql", "url": "postgresql://r@localhost/d", "table": "t"}, "url", "is a database of this machine"),
        (
            {"type": "csv", "path": "data.csv", "revision": "v1"},
            "revision",
            "'v1' is a revision of the repository of this machine",
        ),
        ({"type": "iceberg", "metadata": "lake/v1.metadata.json"}, "metadata", "is a table of this machine"),
        ({"type": "iceberg", "table": "a.b", "catalog": {"uri": "sqlite:///c.db"}}, "catalog", "is a database of this"),
    ],
)  # fmt: skip
def test_what_only_this_machine_has_keeps_a_step_here(
    source: dict[str, Any], key: str, message: str, tmp_path: Path
) -> None:
    fault = data_fault(load(source), tmp_path, "a pod")
    assert fault is not None
    assert (fault.code, fault.path) == ("MLC503", ("datasets", "d", "source", key))
    assert message in fault.message
    assert "a pod cannot reach it" in fault.message


def test_a_table_that_is_too_big_does_not_travel(tmp_path: Path) -> None:
    (tmp_path / "lake" / "_delta_log").mkdir(parents=True)
    with (tmp_path / "lake" / "part.parquet").open("wb") as stream:
        stream.truncate(LARGEST_DATA + 1)
    step = load({"type": "delta", "path": "lake"})
    fault = data_fault(step, tmp_path, "a pod")
    assert fault is not None
    assert "too much to travel in the image" in fault.message
    assert data_fault(step, tmp_path, "a worker", in_image=False) is None
