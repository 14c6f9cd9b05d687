"""Prints what checks of a million rows cost as ratios to peers and to SQL by hand: CPU seconds, best of several.

    python tests/benchmarks/checks.py [--repeat N] [--rows N]

Each is a process of its own that reads the same Parquet file and judges the same 29 expectations. Great Expectations
and pandera run in environments of their own (`make bench-peers`). Exit status 1 when a limit is exceeded.
"""

import argparse
import compileall
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.bench import ROOT, Row, best, compared, cpu_of
from tests.peers import peer_python

CHECKS = """
[
    {"expect": "table_row_count_to_be_between", "min_value": 1},
    {"expect": "table_column_count_to_equal", "value": 10},
    {"expect": "column_values_to_not_be_null", "column": "id"},
    {"expect": "column_values_to_be_unique", "column": "id"},
    {"expect": "column_values_to_not_be_null", "column": "user"},
    {"expect": "column_values_to_be_between", "column": "user", "min_value": 0},
    {"expect": "column_values_to_not_be_null", "column": "amount"},
    {"expect": "column_values_to_be_between", "column": "amount", "min_value": 0, "max_value": 100000},
    {"expect": "column_mean_to_be_between", "column": "amount", "min_value": 90, "max_value": 110},
    {"expect": "column_stdev_to_be_between", "column": "amount", "min_value": 50, "max_value": 90},
    {"expect": "column_max_to_be_between", "column": "amount", "max_value": 100000},
    {"expect": "column_values_to_not_be_null", "column": "score"},
    {"expect": "column_values_to_be_between", "column": "score", "min_value": -10, "max_value": 10},
    {"expect": "column_median_to_be_between", "column": "score", "min_value": -0.1, "max_value": 0.1},
    {"expect": "column_mean_to_be_between", "column": "score", "min_value": -0.1, "max_value": 0.1},
    {"expect": "column_values_to_not_be_null", "column": "rate", "mostly": 0.9},
    {"expect": "column_values_to_be_between", "column": "rate", "min_value": 0, "max_value": 1},
    {"expect": "column_values_to_not_be_null", "column": "qty"},
    {"expect": "column_values_to_be_between", "column": "qty", "min_value": 0, "max_value": 49},
    {"expect": "column_sum_to_be_between", "column": "qty", "min_value": 0},
    {"expect": "column_values_to_not_be_null", "column": "country"},
    {"expect": "column_values_to_be_in_set", "column": "country", "value_set": ["DE", "FR", "US", "GB", "JP"]},
    {"expect": "column_value_lengths_to_equal", "column": "country", "value": 2},
    {"expect": "column_values_to_not_be_null", "column": "status"},
    {"expect": "column_values_to_be_in_set", "column": "status", "value_set": ["new", "open", "done"]},
    {"expect": "column_unique_value_count_to_be_between", "column": "status", "min_value": 1, "max_value": 3},
    {"expect": "column_values_to_not_be_null", "column": "code"},
    {"expect": "column_values_to_match_regex", "column": "code", "regex": "^A-[0-9]{6}$"},
    {"expect": "column_values_to_not_be_null", "column": "ts"}
]
"""
OURS = """
import sys
from mlopsc.runtime.checks import validate_table
assert validate_table(sys.argv[1], checks=__CHECKS__).passed
"""
BY_HAND = """
import sys
import duckdb
row = duckdb.execute('''
select count(*) >= 1, count(id) = count(*), count(distinct id) = count(id), count("user") = count(*),
    count(*) filter ("user" < 0) = 0, count(amount) = count(*), count(*) filter (amount < 0 or amount > 100000) = 0,
    avg(amount) between 90 and 110, stddev(amount) between 50 and 90, max(amount) <= 100000, count(score) = count(*),
    count(*) filter (score < -10 or score > 10) = 0, median(score) between -0.1 and 0.1,
    avg(score) between -0.1 and 0.1,
    count(rate) >= 0.9 * count(*), count(*) filter (rate < 0 or rate > 1) = 0, count(qty) = count(*),
    count(*) filter (qty < 0 or qty > 49) = 0, sum(qty) >= 0, count(country) = count(*),
    count(*) filter (country not in ('DE', 'FR', 'US', 'GB', 'JP')) = 0, count(*) filter (length(country) <> 2) = 0,
    count(status) = count(*), count(*) filter (status not in ('new', 'open', 'done')) = 0,
    count(distinct status) between 1 and 3, count(code) = count(*),
    count(*) filter (not regexp_matches(code, '^A-[0-9]{6}$')) = 0, count(ts) = count(*)
from read_parquet(?)''', [sys.argv[1]]).fetchone()
assert all(row) and len(row) == 28
"""
GX = """
import sys
import great_expectations as gx
import pandas as pd
context = gx.get_context(mode="ephemeral")
context.variables.progress_bars = {"globally": False}
suite = gx.ExpectationSuite(name="s")
for words in __CHECKS__:
    name = "Expect" + "".join(part[0].upper() + part[1:] for part in words.pop("expect").split("_"))
    suite.add_expectation(getattr(gx.expectations, name)(**words))
asset = context.data_sources.add_pandas("here").add_dataframe_asset("frame")
batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": pd.read_parquet(sys.argv[1])})
assert batch.validate(suite).success
"""
PANDERA = """
import sys
import pandera.polars as pa
import polars as pl
from pandera.polars import Check, Column

def whole(test):
    return Check(lambda data: data.lazyframe.select(test(pl.col(data.key))))

schema = pa.DataFrameSchema(
    {
        "id": Column(pl.Int64, unique=True),
        "user": Column(pl.Int64, Check.ge(0)),
        "amount": Column(pl.Float64, [
            Check.in_range(0, 100000), whole(lambda x: x.mean().is_between(90, 110)),
            whole(lambda x: x.std().is_between(50, 90)), whole(lambda x: x.max() <= 100000)]),
        "score": Column(pl.Float64, [
            Check.in_range(-10, 10), whole(lambda x: x.median().is_between(-0.1, 0.1)),
            whole(lambda x: x.mean().is_between(-0.1, 0.1))]),
        "rate": Column(pl.Float64, [
            Check.in_range(0, 1), whole(lambda x: x.count() >= 0.9 * x.len())], nullable=True),
        "qty": Column(pl.Int64, [Check.in_range(0, 49), whole(lambda x: x.sum() >= 0)]),
        "country": Column(pl.String, [Check.isin(["DE", "FR", "US", "GB", "JP"]), Check.str_length(2, 2)]),
        "status": Column(pl.String, [
            Check.isin(["new", "open", "done"]), whole(lambda x: x.n_unique().is_between(1, 3))]),
        "code": Column(pl.String, Check.str_matches("^A-[0-9]{6}$")),
        "ts": Column(pl.Datetime("us")),
    },
    strict=True,
    checks=Check(lambda data: data.lazyframe.select(pl.len() >= 1)),
)
schema.validate(pl.read_parquet(sys.argv[1]), lazy=True)
"""


def table(rows: int, path: Path) -> None:
    """Write ten columns of the usual kinds."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(0)
    score = rng.normal(size=rows)
    pd.DataFrame(
        {
            "id": np.arange(rows),
            "user": rng.integers(0, rows // 10 + 1, rows),
            "amount": np.round(rng.gamma(2, 50, rows), 2),
            "score": score,
            "rate": np.where(rng.random(rows) < 0.03, np.nan, rng.random(rows)),  # NaN is written as null
            "qty": rng.integers(0, 50, rows),
            "country": rng.choice(["DE", "FR", "US", "GB", "JP"], rows),
            "status": rng.choice(["new", "open", "done"], rows, p=[0.2, 0.3, 0.5]),
            "code": "A-" + pd.Series(rng.integers(0, 10**6, rows)).astype(str).str.zfill(6),
            "ts": (
                pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 31_536_000, rows), "s")
            ).as_unit("us"),
        }
    ).to_parquet(path, index=False, row_group_size=122_880)


def checking(rounds: int, rows: int, folder: Path) -> list[Row]:
    """Measure all four, in turn."""
    data = folder / "data.parquet"
    table(rows, data)
    compileall.compile_dir(ROOT / "src", quiet=2)
    scripts = {}
    for name, source in {"ours": OURS, "hand": BY_HAND, "gx": GX, "pandera": PANDERA}.items():
        scripts[name] = folder / f"{name}_.py"
        scripts[name].write_text(source.replace("__CHECKS__", CHECKS.strip()))
    pythons = {
        "ours": sys.executable,
        "hand": sys.executable,
        "gx": str(peer_python("gx")),
        "pandera": str(peer_python("pandera")),
    }
    least = best(
        {
            name: lambda name=name: cpu_of([pythons[name], str(scripts[name]), str(data)], folder)  # type: ignore[misc]
            for name in scripts
        },
        rounds,
    )
    return [
        compared("29 checks / Great Expectations", least["ours"], least["gx"], 1 / 8),
        compared("29 checks / pandera on polars", least["ours"], least["pandera"], 1 / 2),
        compared("29 checks / one DuckDB query by hand", least["ours"], least["hand"], 1.5),
    ]


def main() -> int:
    """Print the table; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--rows", type=int, default=1_000_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mlopsc-bench-") as folder:
        rows = checking(arguments.repeat, arguments.rows, Path(folder))
    for row in rows:
        print(f"{row.what:42} {row.measured:>18} {row.value:6.3f} {row.unit} (at most {row.limit:.3f})")
    return 0 if all(row.kept for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
