from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlopsc.diagnostics.errors import MlopscError, StepFailed, StoreError
from mlopsc.runtime.learning.frames import (
    conform,
    features_of,
    read_features,
    read_label,
    read_rows,
    read_schema,
)


def _write(path: Path, **columns) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def test_numbers_and_booleans_are_float64_and_null_is_nan(tmp_path):
    path = _write(
        tmp_path / "t",
        whole=pa.array([1, 2], pa.int32()),
        gap=pa.array([1, None], pa.int64()),
        flag=pa.array([True, None]),
        money=pa.array([Decimal("1.5"), None], pa.decimal128(9, 2)),
        nothing=pa.nulls(2),
    )
    names = ["whole", "gap", "flag", "money", "nothing"]
    frame = read_features(path, features_of(read_schema(path), names))
    assert set(frame.dtypes) == {np.dtype("float64")}
    np.testing.assert_array_equal(
        frame.to_numpy(), [[1, 1, 1, 1.5, np.nan], [2, np.nan, np.nan, np.nan, np.nan]]
    )


def test_strings_are_objects_and_null_is_nan(tmp_path):
    plain = pa.array(["b", None, "a"])
    path = _write(tmp_path / "t", plain=plain, coded=plain.dictionary_encode())
    frame = read_features(path, features_of(read_schema(path), ["plain", "coded"]))
    for name in ("plain", "coded"):
        assert frame[name].dtype == object
        assert [frame[name][0], frame[name][2]] == ["b", "a"]
        assert np.isnan(frame[name][1])


def test_a_time_as_a_feature_is_an_error_that_says_what_to_do(tmp_path):
    path = _write(tmp_path / "t", seen=pa.array([datetime(2026, 1, 1, tzinfo=UTC)]))
    with pytest.raises(StepFailed, match=r"feature 'seen' is a timestamp\[us, tz=UTC\]") as caught:
        features_of(read_schema(path), ["seen"])
    assert "derive a number" in str(caught.value.help)


def test_a_missing_feature_names_the_columns_that_are_there(tmp_path):
    path = _write(tmp_path / "t", __row__=pa.array([1], pa.uint64()), a=[1])
    with pytest.raises(StepFailed, match="feature 'b' is not in the table; its columns: a"):
        features_of(read_schema(path), ["b"])


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        (pa.array([True, False]), np.array([True, False])),
        (pa.array([3, 1], pa.int8()), np.array([3, 1], dtype=np.int8)),
        (pa.array([Decimal("2.5"), Decimal(1)], pa.decimal128(4, 1)), np.array([2.5, 1.0])),
        (pa.array(["no", "yes"]), np.array(["no", "yes"], dtype=object)),
    ],
)
def test_labels_keep_their_meaning(tmp_path, label, expected):
    found = read_label(_write(tmp_path / "t", __label__=label))
    assert found.dtype == expected.dtype
    assert found.tolist() == expected.tolist()


def test_a_null_label_is_an_error(tmp_path):
    with pytest.raises(StepFailed, match="1 labels are null"):
        read_label(_write(tmp_path / "t", __label__=pa.array([1, None])))


def test_row_hashes_use_all_64_bits(tmp_path):
    path = _write(tmp_path / "t", __row__=pa.array([2**64 - 1, 1], pa.uint64()))
    assert read_rows(path).tolist() == [2**64 - 1, 1]


def test_what_is_no_parquet_is_said(tmp_path):
    (tmp_path / "t").write_text("a,b\n1,2\n")
    with pytest.raises(StoreError, match="t cannot be read as Parquet"):
        read_schema(tmp_path / "t")


def test_conform_gives_any_frame_the_representation_of_the_training(tmp_path):
    path = _write(tmp_path / "t", n=[1.5], b=[True], s=["x"])
    features = features_of(read_schema(path), ["n", "b", "s"])
    frame = pd.DataFrame(
        {
            "s": pd.Series(["y", None], dtype="str"),
            "extra": [0, 0],
            "b": pd.array([True, None], dtype="boolean"),
            "n": pd.array([4, None], dtype="Int64"),
        }
    )
    found = conform(frame, features)
    assert list(found.columns) == ["n", "b", "s"]
    assert found["n"].dtype == found["b"].dtype == np.float64
    assert found["s"].dtype == object
    assert found.iloc[0].tolist() == [4.0, 1.0, "y"]
    assert found.iloc[1].isna().all()


def test_conform_names_missing_features_and_text_among_numbers(tmp_path):
    features = features_of(read_schema(_write(tmp_path / "t", n=[1.5], m=[1])), ["n", "m"])
    with pytest.raises(MlopscError, match="lacks features of the model: m"):
        conform(pd.DataFrame({"n": [1]}), features)
    frame = pd.DataFrame({"n": ["1", None, "few"], "m": [pd.Timestamp(0), 2, "many"]})
    with pytest.raises(MlopscError) as caught:
        conform(frame, features)
    assert str(caught.value).splitlines() == [
        "the table does not suit the model: 3 cells are of another type; "
        "row 1: column 'm' holds '1970-01-01 00:00:00', expected a number",
        "row 3: column 'n' holds 'few', expected a number",
        "row 3: column 'm' holds 'many', expected a number",
    ]
