"""The types of artifacts. Each artifact is one file, without a run id, wall time, version or path in it.

An `environment` tells what a step ran in, and so is the one that two machines make differently of the same inputs.
"""

from typing import Literal

ArtifactType = Literal[
    "dataset", "table", "report", "model", "onnx", "metrics", "decision", "profile", "environment"
]
"""`dataset` and `table` are Parquet; `model` is a zip of skops bytes, signature and row hashes; `onnx` is a model as
other programs read it; the rest is canonical JSON."""

ROW = "__row__"
"""Column of a feature table: uint64 hash that identifies the entity row (its primary key, or all of it)."""
TIME = "__time__"
"""Column of a feature table: the label's time (timestamp, UTC); there when the entities have an event time."""
GROUP = "__group__"
"""Column of a feature table: the group that a `group` split keeps together, or what a `column` split goes by."""
ENTITY = "__entity__"
"""Column of a feature table: uint64 hash of the keys by which views are joined; there when rows that share it may be
divided between the parts of a split."""
AUXILIARY = "__aux__"
"""What columns of a feature table begin with that are no features, but columns of the entities that something else
asks for: slices, weights, groups."""
LABEL = "__label__"
"""Column of a feature table: the label; absent when features are made for monitoring or prediction."""
ROW_NUMBER = "__row_number__"
"""Column of rejected rows: which row of the dataset it was, counted from 1."""
FAILED = "__failed__"
"""Column of rejected rows: the checks that put the row aside, with semicolons."""
RESERVED = "__"
"""Columns of users may not start with this."""

NO_MODEL = b'{"model":null}\n'
"""The content of a `model` artifact that says: there is none (no champion yet)."""
NO_PROFILE = b'{"profile":null}\n'
"""The content of a `profile` artifact that says: there is none (no champion yet, or one without a profile)."""


def auxiliary(name: str) -> str:
    """Return the name that a column of the entities has in a feature table where it is no feature."""
    return AUXILIARY + name
