"""Profiles: what drift tests need to know of a reference table, small enough to travel with a model.

A profile depends on the values of each column only: not on the order of rows, nor on the machine. It holds
values of the data it was made from (quantiles, labels), so it deserves the same protection.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlopsc.diagnostics.errors import StoreError
from mlopsc.runtime.drift.columns import Column, Counts, Floats, Labels, NoValues, Numbers, open_table
from mlopsc.vocabulary.drift import PSI_BINS, ColumnKind

QUANTILES = 2048
"""A column with more distinct values is kept at this many quantiles: the Kolmogorov-Smirnov distance is then
at most 1/2048 (0.0005) too small."""
CATEGORIES = 1000
"""A column with more distinct labels keeps the most frequent of them, and the sum of the others."""
SMALL_QUANTILES, SMALL_CATEGORIES = 128, 64
"""What a small profile keeps: the Kolmogorov-Smirnov distance is then at most 1/128 (0.008) too small."""
VERSION = 1


@dataclass(frozen=True)
class NumericProfile:
    """The distribution of a `numeric` or `datetime` column.

    `values` ascend; `below` and `through` count the reference's values less than, and at most, each of them.
    PSI's bins are (-∞, edge₀], (edge₀, edge₁], …, (edgeₖ, ∞), with `bin_counts` in them.
    """

    kind: ColumnKind
    rows: int
    missing: int
    values: Floats
    below: Counts
    through: Counts
    edges: Floats
    bin_counts: Counts


@dataclass(frozen=True)
class CategoricalProfile:
    """The labels of a `categorical` or `boolean` column with their counts; `other` counts those not kept."""

    kind: ColumnKind
    rows: int
    missing: int
    counts: Mapping[str, int]
    other: int


@dataclass(frozen=True)
class EmptyProfile:
    """A column without any value: it has no kind."""

    rows: int
    missing: int


ColumnProfile = NumericProfile | CategoricalProfile | EmptyProfile


@dataclass(frozen=True)
class Profile:
    """The columns of a reference table of `rows` rows."""

    rows: int
    columns: Mapping[str, ColumnProfile]


def profile_table(table: Any, columns: Iterable[str] | None = None) -> Profile:
    """Return the profile of a table (pandas, polars, pyarrow, or a path), of all its columns or those named.

    Raises SpecError for a column that the table lacks or that cannot be compared, StoreError for a bad file.
    """
    opened = open_table(table)
    names = opened.select(columns)
    return Profile(opened.rows, {name: profile_column(opened.read(name), compact=True) for name in names})


def small_profiles(table: Any, columns: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return profiles of some columns as JSON, small enough for a file that people read; raises as `profile_table`."""
    opened = open_table(table)
    return {
        name: profile_to_json(_profiled(opened.read(name), SMALL_QUANTILES, SMALL_CATEGORIES))
        for name in opened.select(columns)
    }


def profile_column(column: Column, *, compact: bool) -> ColumnProfile:
    """Return the profile of a column; `compact` keeps at most QUANTILES values or CATEGORIES labels of it."""
    return _profiled(column, *((QUANTILES, CATEGORIES) if compact else (None, None)))


def _profiled(column: Column, quantiles: int | None, categories: int | None) -> ColumnProfile:
    match column:
        case NoValues():
            return EmptyProfile(column.rows, column.rows)
        case Numbers():
            return _profile_numbers(column, quantiles)
        case Labels():
            return _profile_labels(column, categories)


def _profile_numbers(column: Numbers, limit: int | None) -> NumericProfile:
    values, through, n = column.values, column.through, column.count
    below = np.concatenate(([0], through[:-1]))
    edges = psi_edges(column)
    bin_counts = count_bins(column, edges)
    if limit is not None and len(values) > limit:
        # Ranks 1, ⌈n/limit⌉, …, n: between two neighbours lies at most 1/limit of the values.
        ranks = np.maximum(1, -(-np.arange(limit + 1) * n // limit))
        kept = np.unique(np.searchsorted(through, ranks, side="left"))
        values, below, through = values[kept], below[kept], through[kept]
    return NumericProfile(column.kind, column.rows, column.missing, values, below, through, edges, bin_counts)


def psi_edges(column: Numbers) -> Floats:
    """Return the inner edges of PSI's bins: the reference's deciles, which are values of it.

    A value that is several deciles at once, such as the zeros of a count, gets a bin of its own: then a
    change of its share shows whatever its neighbours do. The outer bins are open, so no outlier can stretch
    them.
    """
    ranks = -(-np.arange(1, PSI_BINS) * column.count // PSI_BINS)
    places = np.searchsorted(column.through, ranks, side="left")
    deciles, times = np.unique(column.values[places], return_counts=True)
    heavy = deciles[times > 1]
    return np.unique(np.concatenate([deciles, np.nextafter(heavy, -np.inf)]))


def count_bins(column: Numbers, edges: Floats) -> Counts:
    """Return how many of the values lie in each bin between `edges`."""
    return np.diff(np.concatenate(([0], column.up_to(edges), [column.count]))).astype(np.int64)


def _profile_labels(column: Labels, limit: int | None) -> CategoricalProfile:
    counts, other = dict(column.counts), 0
    if limit is not None and len(counts) > limit:
        by_frequency = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        counts, other = dict(by_frequency[:limit]), sum(count for _, count in by_frequency[limit:])
    return CategoricalProfile(column.kind, column.rows, column.missing, counts, other)


def dump_profile(profile: Profile) -> bytes:
    """Return the profile as canonical JSON; infinities are written as text."""
    document = {
        "version": VERSION,
        "rows": profile.rows,
        "columns": {name: profile_to_json(column) for name, column in profile.columns.items()},
    }
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode()


def profile_to_json(column: ColumnProfile) -> dict[str, Any]:
    """Return one column's profile as JSON."""
    base = {"rows": column.rows, "missing": column.missing}
    match column:
        case EmptyProfile():
            return base | {"kind": None}
        case CategoricalProfile():
            return base | {"kind": column.kind, "counts": dict(column.counts), "other": column.other}
        case NumericProfile():
            return base | {
                "kind": column.kind,
                "values": _floats_to_json(column.values),
                "below": column.below.tolist(),
                "through": column.through.tolist(),
                "edges": _floats_to_json(column.edges),
                "bin_counts": column.bin_counts.tolist(),
            }


def _floats_to_json(values: Floats) -> list[float | str]:
    return [value if np.isfinite(value) else str(value) for value in values.tolist()]


def load_profile(data: bytes) -> Profile:
    """Return the profile that `dump_profile` wrote. Raises StoreError for anything else."""
    try:
        document = json.loads(data)
        if document["version"] != VERSION:
            raise StoreError(
                f"expected a profile of version {VERSION}, found version {document['version']!r}"
            )
        columns = {name: profile_from_json(column) for name, column in document["columns"].items()}
        return Profile(int(document["rows"]), columns)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(
            f"not a drift profile: {error!r}", help="make it again from the reference table"
        ) from error


def profile_from_json(column: Mapping[str, Any]) -> ColumnProfile:
    """Return the profile that `profile_to_json` gave; raises ValueError, KeyError or TypeError for anything else."""
    rows, missing, kind = int(column["rows"]), int(column["missing"]), column["kind"]
    if kind is None:
        return EmptyProfile(rows, missing)
    if kind in ("categorical", "boolean"):
        counts = {str(label): int(count) for label, count in column["counts"].items()}
        return CategoricalProfile(kind, rows, missing, counts, int(column["other"]))
    if kind not in ("numeric", "datetime"):
        raise ValueError(f"unknown kind {kind!r}")
    profile = NumericProfile(
        kind,
        rows,
        missing,
        values=np.array(column["values"], dtype=np.float64),
        below=np.array(column["below"], dtype=np.int64),
        through=np.array(column["through"], dtype=np.int64),
        edges=np.array(column["edges"], dtype=np.float64),
        bin_counts=np.array(column["bin_counts"], dtype=np.int64),
    )
    sizes = {len(profile.values), len(profile.below), len(profile.through)}
    if (
        len(sizes) != 1
        or len(profile.bin_counts) != len(profile.edges) + 1
        or rows - missing != profile.through[-1]
    ):
        raise ValueError("its counts do not fit together")
    return profile
