"""Generated repositories: what they hold, what Feast cannot express, and that real Feast joins them as we do.

Golden files are written anew with MLOPSC_WRITE_GOLDEN=1.
"""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mlopsc_feast import backend

from mlopsc import point_in_time_join
from mlopsc.building import check_spec
from tests.peers import run_peer
from tests.specs import FLIGHTS, compiled, merged

ROOT = Path(__file__).parents[3]
GOLDEN = Path(__file__).parent / "golden"
START = datetime(2026, 1, 1, tzinfo=UTC)
TIME = pa.timestamp("us", tz="UTC")
RETRIEVE = """
import sys
import pyarrow as pa
import pyarrow.parquet as pq
from feast import FeatureStore

store = FeatureStore(sys.argv[1])
entities = pq.read_table(sys.argv[2]).to_pandas()
service = store.get_feature_service(sys.argv[3])
found = store.get_historical_features(entity_df=entities, features=service).to_df()
pq.write_table(pa.Table.from_pandas(found.sort_values("n"), preserve_index=False), sys.argv[4])
"""
SPEC = """\
apiVersion: mlopsc/v1
project: {name: shop, owner: o}
datasets:
  orders: {source: {type: parquet, path: orders.parquet}, primary_key: [n], event_time: event_timestamp}
  levels: {source: {type: parquet, path: levels.parquet}, event_time: seen}
  credits: {source: {type: parquet, path: credits.parquet}, event_time: seen}
features:
  level:
    dataset: levels
    entity: {cust: customer, shop: shop}
    ttl: 4h
    created: told
    where: kept
    columns: [level, share, name]
  credit: {dataset: credits, entity: [cust], available_after: 1h, ttl: 3h, columns: [credit]}
  open: {dataset: credits, entity: [cust], columns: [limit]}
training:
  returned:
    entities: {dataset: orders, label: n % 2 = 0}
    features: [level, credit, open]
    estimator: sklearn.tree.DecisionTreeClassifier
    metrics: [roc_auc]
"""


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Return a project with ties, late rows, nulls, unmatched and repeated entities, and rows at every bound."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "mlops.yaml").write_text(SPEC)
    orders = [
        {"cust": cust, "shop": shop, "event_timestamp": at(hours)}
        for hours in (6, 0, 1, 2, 5, 5, 9)
        for cust in (1, 2, 3, 9)
        for shop in ("a", "b")
    ]
    kinds = pa.schema(
        [("cust", pa.int64()), ("shop", pa.string()), ("event_timestamp", TIME), ("n", pa.int64())]
    )
    listed = [{**order, "n": n} for n, order in enumerate(orders)]
    pq.write_table(pa.Table.from_pylist(listed, kinds), folder / "orders.parquet")
    levels = [
        (1, "a", 1, 5, 10, True), (1, "a", 1, 7, 11, True), (1, "a", 1, 6, 12, True),  # the last told wins
        (1, "b", 1, None, 20, True), (1, "b", 1, None, 21, True),  # the last row wins
        (2, "a", 2, 1, 30, True), (2, "a", 5, 1, None, True),  # a null in the newest row stays null
        (2, "b", 2, 1, 40, True), (2, "b", 4, 1, 41, False),  # left out: the older one joins
        (3, None, 1, 1, 50, True), (None, "a", 1, 1, 60, True), (3, "a", None, 1, 70, True),
    ]  # fmt: skip
    names = ["customer", "shop", "seen", "told", "level", "kept", "share", "since", "name"]
    rows = [
        (
            c,
            s,
            None if t is None else at(t),
            None if k is None else at(k),
            v,
            keep,
            (v or 0) / 8,
            at(v or 0),
            f"v{v}",
        )
        for c, s, t, k, v, keep in levels
    ]
    kinds = pa.schema(
        [("customer", pa.int64()), ("shop", pa.string()), ("seen", TIME), ("told", TIME), ("level", pa.int64()),
         ("kept", pa.bool_()), ("share", pa.float64()), ("since", TIME), ("name", pa.string())]
    )  # fmt: skip
    pq.write_table(
        pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], kinds),
        folder / "levels.parquet",
    )
    credits = [
        {"cust": cust, "seen": at(hours), "credit": cust * 100 + hours / 2, "limit": 2**40 + hours}
        for cust in (1, 2)
        for hours in (0, 1, 5)
    ]
    kinds = pa.schema([("cust", pa.int64()), ("seen", TIME), ("credit", pa.float64()), ("limit", pa.int64())])
    pq.write_table(pa.Table.from_pylist(credits, kinds), folder / "credits.parquet")
    return folder


def mlopsc(folder: Path, *arguments: object) -> str:
    command = [str(Path(sys.executable).parent / "mlopsc"), *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def faults(folder: Path, change: str) -> list[tuple[tuple[str | int, ...], str]]:
    (folder / "p").mkdir(exist_ok=True)
    compiled(folder / "p", merged(FLIGHTS, change))  # lays the project out
    (folder / "p" / "mlops.yaml").write_text(merged(FLIGHTS, change))
    plan = check_spec(folder / "p" / "mlops.yaml", serving=True).require()
    return [(fault.path, fault.message) for fault in backend.check(plan, folder)]


@pytest.mark.parametrize("name", ["flights", "shop"])
def test_repositories_are_those_of_the_golden_folder(name, shop, tmp_path):
    project = shop if name == "shop" else ROOT / "examples/flights"
    plan = check_spec(project / "mlops.yaml", targets=["feast"]).require()
    found = {file.path: file.text for file in backend.emit(plan, project)}
    folder = GOLDEN / name
    if os.environ.get("MLOPSC_WRITE_GOLDEN"):
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in found.items():
            (folder / path).write_text(text, encoding="utf-8")
    assert found == {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_a_formatter_and_a_linter_find_nothing_in_the_golden_files():
    files = [str(path) for path in GOLDEN.glob("*/*.py")]
    ruff = Path(sys.executable).with_name("ruff")
    for command in (["format", "--check"], ["check", "--select", "E,F,W,B,UP,I", "--ignore", "E501"]):
        done = subprocess.run(
            [ruff, *command, "--isolated", "--line-length", "100", *files], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout


def test_what_feast_cannot_express_is_told_where_it_stands(tmp_path):
    view = ("features", "origin_weather")
    known = "features: {origin_weather: {known_at: time_hour}}"
    assert faults(tmp_path, known) == [
        ((*view, "known_at"), "Feast joins a row from its event time on, whenever it became known")
    ]
    short = "features: {origin_weather: {ttl: 1h, available_after: 1h}}"
    assert [path for path, _ in faults(tmp_path, short)] == [(*view, "ttl")]
    policy = "targets: {feast: {policy: {retries: 1}}}"
    assert [path for path, _ in faults(tmp_path, policy)] == [("targets", "feast", "policy")]
    cast = """
    features:
      odd:
        sql: "select origin, time_hour, visib::decimal(9,2) as visib, 1 as origin_ from weather"
        event_time: time_hour
      of_odd: {view: odd, entity: {visib: visib}, columns: [origin]}
      other: {view: odd, entity: {origin: origin_}, columns: [visib]}
      same: {view: odd, entity: [origin], columns: [origin]}
    """
    decimal = "'visib' is decimal(9,2), for which Feast has no type"
    assert faults(tmp_path, cast) == [
        (("features", "of_odd", "entity"), decimal),
        (("features", "other", "columns", 0), decimal),
        (
            ("features", "other", "entity"),
            "'origin' is another type here than in view 'origin_weather', and to Feast it is one entity",
        ),
        (
            ("features", "same", "columns", 0),
            "'origin' is the name of a key to Feast, and cannot be that of a feature",
        ),
    ]


def test_aggregates_are_told_too(tmp_path):
    change = """
    features:
      busy: {dataset: weather, entity: [origin], aggregates: {seen: {function: count, window: 1d}}}
    training: {late_arrival: {features: [busy, distance]}}
    """
    assert (("features", "busy", "aggregates")) in [path for path, _ in faults(tmp_path, change)]


def test_functions_of_rows_are_told_too(tmp_path):
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "rows.py").write_text("def ratio(frame):\n    return frame\n")
    change = """
    features:
      of_rows: {python: "rows:ratio", rows: [distance], columns: {ratio: float64}}
    training: {late_arrival: {features: [origin_weather, of_rows, distance]}}
    """
    assert [path for path, _ in faults(tmp_path, change)] == [("features", "of_rows")]


def test_exported_rows_are_those_that_can_win(shop):
    mlopsc(shop, "features", "export", "--out", "out")
    found = pq.read_table(shop / "out" / "level.parquet").to_pylist()
    assert [(row["cust"], row["shop"], row["event_timestamp"], row["level"]) for row in found] == [
        (1, "a", at(1), 11),
        (1, "b", at(1), 21),
        (2, "a", at(2), 30),
        (2, "a", at(5), None),
        (2, "b", at(2), 40),
    ]
    late = pq.read_table(shop / "out" / "credit.parquet").to_pylist()
    assert [row["event_timestamp"] for row in late[:3]] == [at(1), at(2), at(6)]
    assert list(late[0]) == ["cust", "event_timestamp", "credit"]
    names = sorted(path.name for path in (shop / "out").iterdir())
    assert names == ["credit.parquet", "level.parquet", "open.parquet"]


def test_what_is_more_than_rows_is_not_exported(shop):
    spec = SPEC.replace("available_after: 1h, ttl: 3h", "known_at: seen")
    (shop / "mlops.yaml").write_text(spec)
    command = [str(Path(sys.executable).parent / "mlopsc"), "features", "export", "credit", "--out", "out"]
    done = subprocess.run(command, cwd=shop, capture_output=True, text=True)
    assert done.returncode == 2
    assert "view 'credit' cannot be written as rows that join by their time: it has `known_at`" in done.stderr
    assert list((shop / "out").iterdir()) == []


@pytest.mark.peers
@pytest.mark.parametrize("offline", ["duckdb", "dask"])
def test_feast_joins_the_repository_as_training_does(shop, offline):
    settings = f"targets: {{feast: {{offline_store: {offline}}}}}\n"
    (shop / "mlops.yaml").write_text(SPEC + settings)
    mlopsc(shop, "compile", "--target", "feast", "--out", "repo")
    mlopsc(shop, "features", "export", "--out", "repo/data")
    applied = run_peer("feast", "from feast.cli.cli import cli; cli(['apply'])", folder=shop / "repo")
    assert "Created feature service returned" in applied
    result = shop / "found.parquet"
    run_peer("feast", RETRIEVE, shop / "repo", shop / "orders.parquet", "returned", result, folder=shop)
    columns = ["level", "share", "name", "credit", "limit"]
    wanted = trained(shop, columns)
    if offline == "dask":  # it drops rows that match nothing
        matched = set(pq.read_table(result)["n"].to_pylist())
        wanted = [row for row in wanted if row["n"] in matched]
    assert plain(pq.read_table(result, columns=["n", *columns]).to_pylist()) == plain(wanted)
    assert len(wanted) > 20


@pytest.mark.peers
def test_feast_joins_the_flagship_s_repository_as_training_does(tmp_path):
    folder = shutil.copytree(
        ROOT / "examples/flights", tmp_path / "flights", ignore=shutil.ignore_patterns(".mlopsc", "build")
    )
    mlopsc(folder, "compile", "--target", "feast", "--out", "repo")
    mlopsc(folder, "features", "export", "--out", "repo/data")
    run_peer("feast", "from feast.cli.cli import cli; cli(['apply'])", folder=folder / "repo")
    flights = pq.read_table(folder / "data/flights.parquet", columns=["origin", "time_hour"]).slice(0, 20_000)
    entities = flights.rename_columns(["origin", "event_timestamp"]).append_column("n", [list(range(20_000))])
    pq.write_table(entities, folder / "entities.parquet")
    result = folder / "found.parquet"
    run_peer(
        "feast", RETRIEVE, folder / "repo", folder / "entities.parquet", "late_arrival", result, folder=folder
    )
    columns = ["visib", "wind_speed", "precip"]
    ours = point_in_time_join(
        entities,
        folder / "data/weather.parquet",
        entity="origin",
        event_time="event_timestamp",
        feature_time="time_hour",
        ttl=timedelta(hours=3),
        columns=columns,
    )
    theirs = pq.read_table(result, columns=["n", *columns]).to_pandas()
    assert theirs.equals(ours[["n", *columns]])


def trained(folder: Path, columns: list[str]) -> list[dict]:
    """Return what the feature step of training makes, with the entity's number."""
    import mlopsc as api

    summary = api.run_local(folder / "mlops.yaml", only=None)
    digest = summary.result.outputs()["features_returned", "table"]
    from mlopsc.runtime.context import Context

    table = pq.read_table(Context(folder).store().get_path(digest), columns=columns)
    return table.append_column("n", [list(range(len(table)))]).to_pylist()


def plain(rows: list[dict]) -> list[tuple]:
    """Return rows as pandas' frames hold them: NaN and NaT are nulls, whole numbers may be floats."""
    return sorted(
        tuple(
            None if value is None or value != value else float(value) if isinstance(value, int) else value
            for value in (row[name] for name in ("n", "level", "share", "name", "credit", "limit"))
        )
        for row in rows
    )
