"""Prints what joins at a point in time and window aggregates cost beside hand-written SQL and Feast, whole processes.

    python tests/benchmarks/joins.py [--repeat N] [--labels N] [--rows N] [--no-peers]

CPU seconds of each process, best of several, interleaved; everything reads the same Parquet files and ends with a
pandas frame (windows: with a Parquet file). Feast comes from `make bench-peers`; without it those lines are left out.
Exit status 1 when a limit is exceeded, or when a result differs from the hand-written one.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import Row, best, compared, cpu_of

PEERS = Path(os.environ.get("MLOPSC_PEERS") or Path(__file__).parents[2] / ".venv-peers")
FEAST = PEERS / "feast/bin/python"
DATA = """
copy (select (hash(i * 11) % {keys})::bigint as driver,
             timestamptz '2024-01-01' + to_microseconds((hash(i * 13) % (86400 * 90))::bigint * 1000000)
             as event_timestamp
      from range({labels}) s(i)) to '{folder}/labels.parquet';
copy (select (hash(i * 7 + 1) % {keys})::bigint as driver,
             timestamptz '2024-01-01' + to_microseconds((hash(i * 5 + 3) % (86400 * 90))::bigint * 1000000) as t,
             t + interval 1 minute as created, (hash(i) % 1000) / 7.0 as v, (hash(i * 3) % 1000)::bigint as n
      from range({rows}) s(i)) to '{folder}/rows.parquet';
"""
END = """
print("result", len(found), int(found["v"].notna().sum()), round(float(found["v"].sum()), 3))
"""
OURS = """
from datetime import timedelta
import mlopsc
found = mlopsc.point_in_time_join(
    "labels.parquet", "rows.parquet", entity="driver", event_time="event_timestamp", feature_time="t",
    ttl=timedelta(days=7), columns=["v", "n"]{created},
)
"""
HAND = """
import duckdb
found = duckdb.sql('''
    select l.driver, l.event_timestamp, if(l.event_timestamp - f.t <= interval 7 day, f.v, null) as v,
           if(l.event_timestamp - f.t <= interval 7 day, f.n, null) as n
    from (select *, file_row_number as place, {{'t': event_timestamp, {last} 'r': 9223372036854775807}} as s
          from read_parquet('labels.parquet', file_row_number = true)) l
    asof left join (select *, {{'t': t, {created} 'r': file_row_number}} as s
                    from read_parquet('rows.parquet', file_row_number = true)) f
    on l.driver = f.driver and l.s >= f.s
    order by l.place
''').df()
"""
PEER = """
import sys
from datetime import timedelta
import pandas
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig
from feast.types import Float64, Int64
from feast.value_type import ValueType
config = RepoConfig(project="join", provider="local", registry="{kind}.db", offline_store={{"type": "{kind}"}},
                    entity_key_serialization_version=3)
store = FeatureStore(config=config)
driver = Entity(name="driver", join_keys=["driver"], value_type=ValueType.INT64)
source = FileSource(path=sys.path[0] + "/rows.parquet", timestamp_field="t")
schema = [Field(name="driver", dtype=Int64), Field(name="v", dtype=Float64), Field(name="n", dtype=Int64)]
view = FeatureView(name="view", entities=[driver], ttl=timedelta(days=7), schema=schema, source=source)
store.apply([driver, view])
labels = pandas.read_parquet("labels.parquet")
found = store.get_historical_features(entity_df=labels, features=["view:v", "view:n"]).to_df()
"""
WINDOWS = """
from datetime import timedelta
from pathlib import Path
from mlopsc.runtime.context import Context
from mlopsc.runtime.operations import features
from mlopsc.vocabulary.aggregates import Aggregate
from mlopsc.vocabulary.operations import Features
from mlopsc.vocabulary.views import Join
made = tuple(
    Aggregate(name=f"{function}_{days}", function=function, column="v", window=timedelta(days=days))
    for function in ("mean", "max") for days in (7, 30)
)
join = Join(view="rows", entity={"driver": "driver"}, feature_time="t", aggregates=made)
step = Features(training="t", primary_key=("driver", "event_timestamp"), event_time="event_timestamp",
                features=join.names, joins=(join,))
files = {"entities": Path("labels.parquet"), "rows": Path("rows.parquet")}
features.run(step, files, {"table": Path("ours.parquet")}, Context(project=Path()))
import duckdb
found = duckdb.sql("select mean_7 as v from 'ours.parquet'").df()
"""
WINDOWS_BY_HAND = """
import duckdb
over = "(partition by driver order by t range between interval {} preceding and current row)"
week, month = (over.format(f"{days} day - interval 1 microsecond") for days in (7, 30))
duckdb.sql(f'''
    copy (select v, v30, high, high30 from (
        select id, avg(v) over {week} as v, avg(v) over {month} as v30,
               max(v) over {week} as high, max(v) over {month} as high30
        from (select driver, t, v, null as id from 'rows.parquet' union all
              select driver, event_timestamp, null, file_row_number
              from read_parquet('labels.parquet', file_row_number = true)))
        where id is not null order by id) to 'hand.parquet'
''')
found = duckdb.sql("select v from 'hand.parquet'").df()
"""


def run(folder: Path, name: str, script: str, python: str = sys.executable) -> float:
    """Run a script in a process of its own, remember what it says, and return its CPU seconds."""
    path = folder / f"{name}.py"
    path.write_text(script + END)
    return cpu_of([python, "-W", "ignore", str(path)], folder)


def result(folder: Path, name: str, python: str = sys.executable) -> tuple[float, ...]:
    """Return the numbers that a script prints of its result."""
    said = subprocess.run(
        [python, "-W", "ignore", f"{name}.py"], cwd=folder, capture_output=True, text=True, check=True
    )
    found = re.search(r"^result (\S+) (\S+) (\S+)$", said.stdout, re.MULTILINE)
    assert found is not None, said.stdout
    return tuple(map(float, found.groups()))


def measured(
    rounds: int, folder: Path, *, labels: int = 1_000_000, rows: int = 5_000_000, peers: bool = True
) -> tuple[list[Row], list[str]]:
    """Return the lines of the table, and which scripts give another result than the one by hand."""
    import duckdb

    scripts = {
        "ours": OURS.format(created=""),
        "hand": HAND.format(last="", created=""),
        "ours_created": OURS.format(created=', created="created"'),
        "hand_created": HAND.format(last="'c': timestamptz 'infinity',", created="'c': created,"),
        "ours_windows": WINDOWS,
        "hand_windows": WINDOWS_BY_HAND,
    }
    feast = {f"feast_{kind}": PEER.format(kind=kind) for kind in ("duckdb", "dask")}
    if not peers or not FEAST.exists():
        feast = {}
    if peers and not feast:
        print("joins: Feast is left out, `make bench-peers` installs it", file=sys.stderr)
    pythons = dict.fromkeys(scripts, sys.executable) | dict.fromkeys(feast, str(FEAST))
    with duckdb.connect() as connection:
        keys = max(1, rows // 50)
        connection.execute(DATA.format(folder=folder, labels=labels, rows=rows, keys=keys))
    least = best(
        {
            what: lambda what=what, script=script: run(folder, what, script, pythons[what])  # type: ignore[misc]
            for what, script in (scripts | feast).items()
        },
        rounds,
    )
    wrong = [
        what
        for what in ("", "_created", "_windows")
        if not _alike(result(folder, f"ours{what}"), result(folder, f"hand{what}"))
    ]
    size = f"{labels:,} × {rows:,}"
    lines = [
        compared(f"join {size} / by hand in DuckDB", least["ours"], least["hand"], 1.3),
        compared("… with `created` / by hand", least["ours_created"], least["hand_created"], 1.3),
        compared("four window aggregates / by hand", least["ours_windows"], least["hand_windows"], 1.5),
    ]
    for kind, times in (("duckdb", 3.5), ("dask", 20.0)):
        if f"feast_{kind}" in least:
            other = least[f"feast_{kind}"]
            lines.append(
                compared(f"join {size} / Feast on {kind}", least["ours"], other, round(1 / times, 3))
            )
    return lines, wrong


def main() -> int:
    """Measure everything and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="rounds of each measure")
    parser.add_argument("--labels", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--rows", type=int, default=5_000_000, metavar="N")
    parser.add_argument("--no-peers", action="store_true", help="leave Feast out")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        lines, wrong = measured(
            given.repeat, Path(name), labels=given.labels, rows=given.rows, peers=not given.no_peers
        )
    for row in lines:
        verdict = "ok" if row.kept else "TOO MUCH"
        print(f"{row.what:<55} {row.measured:>20} {row.value:>7.3f} (limit {row.limit:.3f}) {verdict}")
    for what in wrong:
        print(f"ours{what} gives another result than by hand", file=sys.stderr)
    return 0 if all(row.kept for row in lines) and not wrong else 1


def _alike(ours: tuple[float, ...], theirs: tuple[float, ...]) -> bool:
    return all(abs(a - b) <= 1e-9 * max(abs(a), abs(b)) for a, b in zip(ours, theirs, strict=True))


if __name__ == "__main__":
    sys.exit(main())
