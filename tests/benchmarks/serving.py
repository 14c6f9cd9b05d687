"""How long a request for features takes: wall time of `mlopsc.online_features`, in milliseconds.

A view of ten columns and 200,000 entities in the embedded store, one entity asked for at a time, the store warm:
the view alone, and a training that has a feature which a function makes of each row besides.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

_SPEC = """\
apiVersion: mlopsc/v1
project: {name: bench, owner: bench}
datasets:
  users: {source: {type: parquet, path: users.parquet}, event_time: seen}
features:
  of_user: {dataset: users, entity: [user], ttl: 30d, columns: [COLUMNS]}
  ratio: {python: "bench_rows:ratio", rows: [c0, c1], columns: {ratio: float64}}
training:
  t:
    entities: {dataset: users, label: flag}
    features: [of_user, ratio]
    estimator: sklearn.linear_model.LogisticRegression
    metrics: [roc_auc]
"""
_CODE = """\
import pandas


def ratio(table):
    return pandas.DataFrame({"ratio": table["c0"] / (table["c1"] + 1)})
"""
_ENTITIES = 200_000


def milliseconds(folder: Path, requests: int = 2000) -> dict[str, tuple[float, float]]:
    """Return the median and the 99th percentile of a request, for the view and for the training."""
    import duckdb

    import mlopsc

    columns = [f"c{n}" for n in range(10)]
    numbers = ", ".join(f"hash(range + {n}) % 1000 as {name}" for n, name in enumerate(columns))
    fixed = "range as user, timestamptz '2026-01-01' as seen, range % 2 = 0 as flag"
    query = f"select {fixed}, {numbers} from range({_ENTITIES})"
    with duckdb.connect() as connection:
        connection.execute(f"copy ({query}) to '{folder / 'users.parquet'}'")
    (folder / "bench_rows.py").write_text(_CODE, "utf-8")
    (folder / "mlops.yaml").write_text(_SPEC.replace("COLUMNS", ", ".join(columns)), "utf-8")
    command = [
        str(Path(sys.executable).parent / "mlopsc"),
        "features",
        "materialize",
        "--until",
        "2026-01-02",
    ]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    found = {}
    asked: dict[str, tuple[str | list[str], int]] = {"view": (["of_user"], 10), "training": ("t", 11)}
    for what, (features, width) in asked.items():
        taken = []
        for number in range(requests):
            entity = {"user": number * 7919 % _ENTITIES}
            start = time.perf_counter()
            answer = mlopsc.online_features(features, entity, project=folder)
            taken.append((time.perf_counter() - start) * 1000)
            assert len(answer[0]) == width
        found[what] = statistics.median(taken), statistics.quantiles(taken, n=100)[98]
    return found
