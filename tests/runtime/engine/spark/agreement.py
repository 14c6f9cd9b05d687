"""What it means that two engines agree: floats to 1e-9 relative, everything else equal, types too."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


def agree(a: Any, b: Any) -> bool:
    """Say whether two results are the same."""
    if isinstance(a, float) and isinstance(b, float):
        both_nan = math.isnan(a) and math.isnan(b)
        return both_nan or a == b or abs(a - b) <= 1e-9 * max(abs(a), abs(b))
    if type(a) is not type(b):
        return False
    if isinstance(a, Mapping):
        return list(a) == list(b) and all(agree(a[key], b[key]) for key in a)
    if isinstance(a, Sequence) and not isinstance(a, str | bytes):
        return len(a) == len(b) and all(agree(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)


def differences(a: Any, b: Any, place: str = "") -> list[str]:
    """Return the first places where two results differ."""
    if isinstance(a, list | tuple) and isinstance(b, list | tuple) and len(a) == len(b):
        pairs = zip(a, b, strict=True)
        return [one for i, (x, y) in enumerate(pairs) for one in differences(x, y, f"{place}[{i}]")][:5]
    return [] if agree(a, b) else [f"{place}: {a!r} and {b!r}"]


def write_table(path: Path, seed: int, rows: int = 240) -> None:
    """Write a table of many types with nulls, NaN, ties and negative zeros, in several row groups."""
    rnd = Random(seed)

    def column(make: Any) -> list[Any]:
        return [None if rnd.random() < 0.15 else make() for _ in range(rows)]

    start = datetime(2020, 1, 1, tzinfo=UTC)
    floats = [float("nan"), 0.0, -0.0, 1.5, -2.25]
    texts = ["a", "B", "é", "😀x", "", "a b", "2020-01-01", "12", "it's", "back\\slash"]
    table = pa.table(
        {
            "i": pa.array(column(lambda: rnd.randint(-5, 5)), pa.int32()),
            "big": pa.array(column(lambda: rnd.randint(2**62, 2**63 - 1)), pa.int64()),
            "u8": pa.array(column(lambda: rnd.randint(0, 255)), pa.uint8()),
            "u64": pa.array(column(lambda: rnd.randint(0, 2**64 - 1)), pa.uint64()),
            "f": pa.array(
                column(
                    lambda: (
                        rnd.choice(floats)
                        if rnd.random() < 0.5
                        else rnd.gauss(0, 1) * 10 ** rnd.randint(-5, 5)
                    )
                )
            ),
            "g": pa.array(column(lambda: rnd.gauss(0, 1))),
            "f32": pa.array(column(lambda: rnd.gauss(0, 1)), pa.float32()),
            "d": pa.array(column(lambda: Decimal(rnd.randint(-999, 999)).scaleb(-2)), pa.decimal128(10, 2)),
            "s": pa.array(column(lambda: rnd.choice(texts)), pa.string()),
            "b": pa.array(column(lambda: rnd.random() < 0.5), pa.bool_()),
            "ts": pa.array(
                column(lambda: start + timedelta(microseconds=rnd.randint(0, 10**11))),
                pa.timestamp("us", "UTC"),
            ),
            "dt": pa.array(column(lambda: date(2020, 1, 1) + timedelta(days=rnd.randint(0, 30)))),
            "tm": pa.array(column(lambda: time(rnd.randint(0, 23), rnd.randint(0, 59))), pa.time64("us")),
            "bin": pa.array(column(lambda: bytes([rnd.randint(0, 3)])), pa.binary()),
            "l": pa.array(
                column(lambda: [rnd.randint(0, 3) for _ in range(rnd.randint(0, 3))]), pa.list_(pa.int32())
            ),
            "st": pa.array(
                column(lambda: {"a": rnd.randint(0, 3), "b": "x"}),
                pa.struct([("a", pa.uint8()), ("b", pa.string())]),
            ),
            "k": pa.array([rnd.randint(0, 6) for _ in range(rows)], pa.int64()),
            "r": pa.array(range(rows), pa.int64()),
        }
    )
    told = [name for name in table.column_names if name not in ("f", "g", "f32")]
    pq.write_table(table, path, row_group_size=50, write_statistics=told)
