"""Tables of a lake, written by their real libraries: whole, at a version, at an instant, and what is told of others."""

import json
import struct
import warnings
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.sources.handles import no_secrets
from mlopsc.runtime.sources.load import load_source
from mlopsc.runtime.sources.opening import fingerprint_source, source_version
from mlopsc.runtime.sources.remote.reach import Reach
from mlopsc.runtime.store import digest_of_file
from mlopsc.vocabulary.sources import DeltaSource, IcebergSource, Source

deltalake = pytest.importorskip("deltalake", reason="needs deltalake (pip install 'mlopsc[delta]')")
pytest.importorskip("pyiceberg", reason="needs pyiceberg (pip install 'mlopsc[iceberg]')")

ROWS = pa.table(
    {
        "k": pa.array([3, 1, 2], pa.int32()),
        "part": ["b", "a", None],
        "at": pa.array([datetime(2024, 1, day, tzinfo=UTC) for day in (3, 1, 2)], pa.timestamp("us", "UTC")),
        "dec": pa.array([Decimal("1.50"), None, Decimal("2.25")], pa.decimal128(10, 2)),
        "raw": pa.array([b"x", b"", None], pa.binary()),
        "tags": pa.array([[1, 2], [], None], pa.list_(pa.int64())),
    }
)
SORTED = ROWS.sort_by("k")


def loaded(project: Path, source: Source, key: tuple[str, ...] = ("k",)) -> pa.Table:
    reach = Reach.of(["127.0.0.1"])
    load_source(source, {}, project=project, out=project / "out.parquet", primary_key=key, reach=reach)
    return pq.read_table(project / "out.parquet")


def digest(project: Path, source: Source) -> str:
    loaded(project, source)
    return digest_of_file(project / "out.parquet")


def version(project: Path, source: Source) -> str:
    return str(source_version(source, project=project, secrets=no_secrets))


def fingerprint(project: Path, source: Source) -> str | None:
    return fingerprint_source(source, project=project, secrets=no_secrets)


@pytest.fixture
def delta(tmp_path: Path) -> Path:
    deltalake.write_deltalake(tmp_path / "lake", ROWS, partition_by=["part"])
    return tmp_path


def append(project: Path, *keys: int) -> None:
    rows = ROWS.take([0] * len(keys)).set_column(0, "k", pa.array(keys, pa.int32()))
    deltalake.write_deltalake(project / "lake", rows, mode="append")


def test_a_delta_table_is_read_in_the_order_of_its_key(delta: Path) -> None:
    table = loaded(delta, DeltaSource(path="lake"))
    assert table.to_pylist() == SORTED.to_pylist()
    assert table.schema.types == ROWS.schema.types


def test_a_delta_table_is_read_as_of_a_version_or_an_instant(delta: Path) -> None:
    first = fingerprint(delta, DeltaSource(path="lake"))
    written = datetime.fromtimestamp(
        deltalake.DeltaTable(delta / "lake").history()[0]["timestamp"] / 1000, UTC
    )
    append(delta, 9)
    assert loaded(delta, DeltaSource(path="lake")).num_rows == 4
    assert loaded(delta, DeltaSource(path="lake", version=0)).num_rows == 3
    assert fingerprint(delta, DeltaSource(path="lake")) != first
    assert fingerprint(delta, DeltaSource(path="lake", version=0)) == first
    assert version(delta, DeltaSource(path="lake")) == "Delta version 1"
    assert version(delta, DeltaSource(path="lake", timestamp=written)) == "Delta version 0"
    assert (
        version(delta, DeltaSource(path="lake", timestamp=written + timedelta(days=1))) == "Delta version 1"
    )


def test_compaction_changes_the_version_and_not_the_data(delta: Path) -> None:
    append(delta, 7)
    before = digest(delta, DeltaSource(path="lake"))
    deltalake.DeltaTable(delta / "lake").optimize.compact()
    assert version(delta, DeltaSource(path="lake")) == "Delta version 2"
    assert digest(delta, DeltaSource(path="lake")) == before


def test_rows_that_a_delete_took_are_gone(delta: Path) -> None:
    append(delta, 7, 8)
    deltalake.DeltaTable(delta / "lake").delete("k = 7")
    assert loaded(delta, DeltaSource(path="lake"))["k"].to_pylist() == [1, 2, 3, 8]


def test_rows_that_a_deletion_vector_marks_are_gone(tmp_path: Path) -> None:
    """As the format's protocol describes it: deltalake reads such vectors and writes none."""
    from pyroaring import BitMap64

    settings = {"delta.enableDeletionVectors": "true"}
    deltalake.write_deltalake(tmp_path / "lake", pa.table({"k": list(range(10))}), configuration=settings)
    log = tmp_path / "lake" / "_delta_log"
    actions = [json.loads(line) for line in (log / f"{0:020}.json").read_text().splitlines()]
    add = next(action["add"] for action in actions if "add" in action)
    content = struct.pack("<I", 1681511377) + BitMap64([1, 4]).serialize()
    vector = {
        "storageType": "i",
        "pathOrInlineDv": z85(content),
        "sizeInBytes": len(content),
        "cardinality": 2,
    }
    remove = {"path": add["path"], "deletionTimestamp": 1, "dataChange": True, "partitionValues": {}}
    commit = [{"remove": remove}, {"add": {**add, "deletionVector": vector}}]
    (log / f"{1:020}.json").write_text("".join(json.dumps(action) + "\n" for action in commit))
    assert loaded(tmp_path, DeltaSource(path="lake"))["k"].to_pylist() == [0, 2, 3, 5, 6, 7, 8, 9]
    assert loaded(tmp_path, DeltaSource(path="lake", version=0)).num_rows == 10


def z85(content: bytes) -> str:
    letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
    padded = content + b"\0" * (-len(content) % 4)
    words = (int.from_bytes(padded[at : at + 4], "big") for at in range(0, len(padded), 4))
    return "".join(letters[word // 85**power % 85] for word in words for power in (4, 3, 2, 1, 0))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"path": "nope"}, "no Delta table at 'nope'"),
        ({"path": "../nope"}, "leads out of the project"),
        ({"path": "lake", "version": 99}, "has no version 99 that can be read"),
        ({"path": "lake", "timestamp": datetime(2001, 1, 1, tzinfo=UTC)}, "has no version of 2001-01-01"),
        ({"path": "s3://nowhere/x", "storage_options": {"aws_endpoint": "http://127.0.0.1:1", "allow_http": True}},
         "s3://nowhere/x"),
    ],
)  # fmt: skip
def test_a_delta_table_that_is_not_there_is_told(source: dict[str, Any], message: str, delta: Path) -> None:
    with pytest.raises(MlopscError, match=message):
        loaded(delta, DeltaSource(**source))


@pytest.fixture
def iceberg(tmp_path: Path) -> tuple[Path, Any]:
    from pyiceberg.catalog import load_catalog

    place = {"type": "sql", "uri": f"sqlite:///{tmp_path}/catalog.db", "warehouse": f"file://{tmp_path}/lake"}
    catalog = load_catalog("default", **place)
    catalog.create_namespace("shop")
    table = catalog.create_table("shop.rows", schema=ROWS.schema)
    table.append(ROWS)
    return tmp_path, table


def of_catalog(project: Path, **more: Any) -> IcebergSource:
    catalog = {"type": "sql", "uri": f"sqlite:///{project}/catalog.db", "warehouse": f"file://{project}/lake"}
    return IcebergSource(table="shop.rows", catalog=catalog, **more)


def test_an_iceberg_table_is_read_in_the_order_of_its_key(iceberg: tuple[Path, Any]) -> None:
    project, table = iceberg
    metadata = Path(table.metadata_location.removeprefix("file://")).relative_to(project)
    for source in (of_catalog(project), IcebergSource(metadata=str(metadata))):
        assert loaded(project, source).to_pylist() == SORTED.to_pylist()


def test_an_iceberg_table_is_read_as_of_a_snapshot_or_an_instant(iceberg: tuple[Path, Any]) -> None:
    project, table = iceberg
    first = table.current_snapshot()
    before = fingerprint(project, of_catalog(project))
    table.append(ROWS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyiceberg tells that it rewrites files
        table.delete("k = 1")
    then = datetime.fromtimestamp(first.timestamp_ms / 1000, UTC)
    assert loaded(project, of_catalog(project))["k"].to_pylist() == [2, 2, 3, 3]
    assert loaded(project, of_catalog(project, snapshot_id=first.snapshot_id)).num_rows == 3
    assert loaded(project, of_catalog(project, as_of=then)).num_rows == 3
    assert version(project, of_catalog(project, as_of=then)) == f"Iceberg snapshot {first.snapshot_id}"
    assert fingerprint(project, of_catalog(project)) != before
    assert fingerprint(project, of_catalog(project, as_of=then)) == before


def test_an_iceberg_table_without_rows_has_its_columns(iceberg: tuple[Path, Any]) -> None:
    project, table = iceberg
    table.catalog.create_table("shop.none", schema=ROWS.schema)
    source = of_catalog(project).model_copy(update={"table": "shop.none"})
    assert loaded(project, source).schema.names == ROWS.schema.names
    assert version(project, source) == "None"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"table": "shop.gone"}, "the catalog has no Iceberg table 'shop.gone'"),
        ({"snapshot_id": 5}, "has no snapshot 5"),
        ({"as_of": datetime(2001, 1, 1, tzinfo=UTC)}, "had no snapshot yet at 2001-01-01"),
        (
            {"catalog": {"type": "rest", "uri": "http://127.0.0.1:1/", "token": "hunter2secret"}},
            "cannot be opened",
        ),
        (
            {"table": None, "catalog": {}, "metadata": "x.metadata.json"},
            "no Iceberg metadata at 'x.metadata.json'",
        ),
        ({"table": None, "catalog": {}, "metadata": "../x.metadata.json"}, "leads out of the project"),
    ],
)
def test_an_iceberg_table_that_is_not_there_is_told(
    source: dict[str, Any], message: str, iceberg: tuple[Path, Any]
) -> None:
    with pytest.raises(MlopscError, match=message) as caught:
        loaded(iceberg[0], of_catalog(iceberg[0]).model_copy(update=source))
    assert "hunter2" not in f"{caught.value} {caught.value.help}"


@pytest.mark.parametrize(
    "source",
    [
        DeltaSource(path="s3://b/t", storage_options={"aws_endpoint": "http://169.254.169.254"}),
        IcebergSource(table="a.b", catalog={"type": "rest", "uri": "http://[::ffff:127.0.0.1]:1/"}),
    ],
)
def test_catalogs_and_stores_that_may_not_be_reached_are_refused(source: Source, tmp_path: Path) -> None:
    with pytest.raises(MlopscError, match="not of the public internet"):
        source_version(source, project=tmp_path, secrets=no_secrets)


@pytest.mark.parametrize(
    ("module", "source", "help"),
    [
        ("deltalake", DeltaSource(path="lake"), r"pip install 'mlopsc\[delta\]'"),
        ("pyiceberg.catalog", IcebergSource(metadata="x.metadata.json"), r"pip install 'mlopsc\[iceberg\]'"),
    ],
)
def test_what_is_to_be_installed_is_told(
    module: str, source: Source, help: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(MlopscError, match="is not installed") as caught:
        loaded(tmp_path, source)
    assert caught.value.help is not None
    assert caught.value.help == help.replace("\\", "")
