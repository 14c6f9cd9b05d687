"""A small project with data, and specs over it: the flagship's shape, for tests of what the compiler says."""

import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

from mlopsc.compiler.compile import Compiled, compile_file
from mlopsc.diagnostics.diagnostic import Diagnostic, Span
from mlopsc.runtime.sources.peek import peek_schema

FLIGHTS = """\
apiVersion: mlopsc/v1
project: {name: flights, owner: ops-ml}
vars:
  late_after: {type: int, default: 15}
parameters:
  as_of: {type: timestamp, default: 2013-12-31T00:00:00Z}
datasets:
  flights:
    source: {type: parquet, path: data/flights.parquet}
    primary_key: [time_hour, carrier, flight]
    event_time: time_hour
    columns:
      origin: {type: string, nullable: false, allowed: [EWR, JFK, LGA]}
      distance: {type: float64, min: 0}
    checks:
      - {expect: table_row_count_to_be_between, min_value: 1}
      - {expect: column_values_to_not_be_null, column: arr_delay, mostly: 0.95, on_failure: warn}
  weather:
    source: {type: parquet, path: data/weather.parquet}
    primary_key: [origin, time_hour]
    event_time: time_hour
features:
  origin_weather:
    dataset: weather
    entity: [origin]
    ttl: 3h
    columns: [visib, wind_speed]
training:
  late_arrival:
    entities: {dataset: flights, label: "arr_delay > ${vars.late_after}", until: "${params.as_of}"}
    features: [origin_weather, distance, carrier, hour]
    split: {type: time, test: 30d}
    estimator: sklearn.ensemble.HistGradientBoostingClassifier
    params: {max_iter: 200}
    metrics: [roc_auc, average_precision]
    seed: 7
    policy: {retries: 1, timeout: 30m, cpu: 2, memory: 4Gi}
gates:
  good_enough: {type: metric, training: late_arrival, metric: roc_auc, min: 0.65}
  beats_champion: {type: champion, training: late_arrival, metric: roc_auc}
registry:
  late_arrival:
    training: late_arrival
    stages:
      staging: {gates: [good_enough]}
      production: {gates: [beats_champion]}
monitors:
  weather_drift:
    model: late_arrival
    stage: staging
    current: {dataset: flights, window: 30d, until: "${params.as_of}"}
    tests: {numeric: [psi, ks], categorical: [psi, chi2], missing: 0.1}
    schedule: {cron: "0 3 * * 1", timezone: UTC}
"""
SMALL = """\
apiVersion: mlopsc/v1
project: {name: small}
datasets:
  flights: {source: {type: parquet, path: data/flights.parquet}, event_time: time_hour}
training:
  late:
    entities: {dataset: flights, label: arr_delay > 15}
    features: [distance, hour]
    split: {type: time, test: 0.2}
    estimator: sklearn.linear_model.LogisticRegression
    metrics: [roc_auc]
"""

_TABLES = {
    "flights": "select timestamptz '2013-01-01 05:00:00Z' + to_hours(i) as time_hour, 'UA' as carrier, "
    "i::int as flight, 'EWR' as origin, 1400.0::double as distance, 5::int as hour, 2.0::double as dep_delay, "
    "11.0::double as arr_delay from range(3) t(i)",
    "weather": "select 'EWR' as origin, timestamptz '2013-01-01 05:00:00Z' as time_hour, 10.0::double as visib, "
    "8.0::double as wind_speed, 0.0::double as precip",
    "mixed": "select 1 as id, [1, 2] as tags, true as ok, date '2013-01-01' as day, 'x' as word, 2.5::double as number",
}
_MODULES = {
    "loaders.py": "def load_orders():\n    return None\n",
    "rules.py": "def calm(metrics, *, least, most=1.0):\n    return True\n",
    "own.py": "def train(table, label, params, seed, folder):\n    return None\n\n\n"
    "def old(table, label, *, params):\n    return None\n\n\ndef open_model(folder):\n    return None\n",
    "models.py": "SETTINGS = {'a': 1}\n\n\ndef winsorized(params, seed):\n    lost = 1\n    return lost\n",
}


@cache
def _data() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        for name, query in _TABLES.items():
            connection.execute(f"copy ({query}) to '{folder}/{name}.parquet'")
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def project(folder: Path) -> Path:
    """Write data and modules into a folder, and return it."""
    (folder / "data").mkdir(exist_ok=True)
    for name, content in _data().items():
        (folder / "data" / name).write_bytes(content)
    (folder / "data/notes.txt").write_text("nothing to see\n")
    (folder / "data/text.csv").write_text("t,n\n2013-01-01 yes,1\n")
    for name, text in _MODULES.items():
        (folder / name).write_text(text)
    return folder


def compiled(folder: Path, text: str, **options: Any) -> Compiled:
    """Compile a text as the project's spec."""
    path = project(folder) / "mlops.yaml"
    path.write_text(text)
    return compile_file(path, peek=peek_schema, **options)


def merged(base: str, fragment: str) -> str:
    """Return a spec with a fragment put into it: maps merge (an empty one replaces), the rest is replaced."""
    return yaml.safe_dump(_merge(yaml.safe_load(base), yaml.safe_load(fragment)), sort_keys=False)


def told(folder: Path, text: str, **options: Any) -> list[str]:
    """Compile a text and return what is said of it, each as `MLC201 «token» message | help`."""
    return shown(text, compiled(folder, text, **options).diagnostics)


def shown(text: str, diagnostics: Sequence[Diagnostic]) -> list[str]:
    """Return diagnostics as `MLC201 «token» message | help`; warnings as `MLC403? …`."""
    return [
        f"{d.code}{'?' if d.severity == 'warning' else ''} «{_under(text, d.span)}» {d.message}"
        + (f" | {d.help}" if d.help else "")
        for d in diagnostics
    ]


def _under(text: str, span: Span | None) -> str:
    if span is None:
        return ""
    line = text.split("\n")[span.line - 1]
    return line[span.column - 1 : span.end_column - 1 if span.end_line == span.line else None]


def _merge(base: Any, layer: Any) -> Any:
    if isinstance(base, dict) and isinstance(layer, dict) and layer:
        return base | {key: _merge(base.get(key), value) for key, value in layer.items()}
    return layer
