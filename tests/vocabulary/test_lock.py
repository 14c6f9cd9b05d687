"""The lock file: read as it was written, refused where it was changed by hand or by a newer mlopsc."""

import json
from pathlib import Path

import pytest

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.vocabulary.lock import LOCK_FILE, Lock, LockedDataset, digest_of_columns, format_lock, read_lock
from mlopsc.vocabulary.versions import SourceVersion

COLUMNS = {"k": "int64", "v": "float64"}
ENTRY = LockedDataset(
    digest=f"sha256:{'0' * 64}",
    schema_digest=digest_of_columns(COLUMNS),
    version=SourceVersion(kind="delta", id="3"),
    writer="pyarrow 26.0.1",
    rows=2,
    columns=COLUMNS,
)


def test_a_lock_is_read_as_it_was_written(tmp_path: Path) -> None:
    lock = Lock(datasets={"d": ENTRY})
    (tmp_path / LOCK_FILE).write_text(format_lock(lock))
    assert read_lock(tmp_path) == lock
    assert str(ENTRY.version) == "Delta version 3"


def test_the_schemas_digest_tells_names_types_and_order() -> None:
    others = [{"v": "float64", "k": "int64"}, {"k": "int64", "v": "float32"}, {"k": "int64", "w": "float64"}]
    assert len({digest_of_columns(columns) for columns in [COLUMNS, *others]}) == 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 3}, "mlops.lock has format 3, this mlopsc reads formats up to 2"),
        ({"version": "2"}, "mlops.lock is damaged: version"),
        ({"datasets": {"d": {}}}, "mlops.lock is damaged: datasets.d.digest: Field required"),
    ],
)
def test_what_it_cannot_be_is_told(change: dict[str, object], message: str, tmp_path: Path) -> None:
    (tmp_path / LOCK_FILE).write_text(
        json.dumps(json.loads(format_lock(Lock(datasets={"d": ENTRY}))) | change)
    )
    with pytest.raises(MlopscError, match=message):
        read_lock(tmp_path)


def test_columns_changed_by_hand_are_noticed(tmp_path: Path) -> None:
    (tmp_path / LOCK_FILE).write_text(format_lock(Lock(datasets={"d": ENTRY})).replace('"int64"', '"int32"'))
    with pytest.raises(MlopscError, match="`columns` are not those that `schema_digest` was made of"):
        read_lock(tmp_path)
