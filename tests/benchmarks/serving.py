"""How long a request for features takes: wall time of `mlopsc.online_features`, in milliseconds.

A view of ten columns and 200,000 entities in the embedded store, one entity asked for at a time, the store warm.
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
training:
  t:
    entities: {dataset: users, label: flag}
    features: [of_user]
    estimator: sklearn.linear_model.LogisticRegression
    metrics: [roc_auc]
"""
_ENTITIES = 200_000


def milliseconds(folder: Path, requests: int = 2000) -> tuple[float, float]:
    """Return the median and the 99th percentile of a request."""
    import duckdb

    import mlopsc

    columns = [f"c{n}" for n in range(10)]
    numbers = ", ".join(f"hash(range + {n}) % 1000 as {name}" for n, name in enumerate(columns))
    fixed = "range as user, timestamptz '2026-01-01' as seen, range % 2 = 0 as flag"
    query = f"select {fixed}, {numbers} from range({_ENTITIES})"
    with duckdb.connect() as connection:
        connection.execute(f"copy ({query}) to '{folder / 'users.parquet'}'")
    (folder / "mlops.yaml").write_text(_SPEC.replace("COLUMNS", ", ".join(columns)), "utf-8")
    command = [
        str(Path(sys.executable).parent / "mlopsc"),
        "features",
        "materialize",
        "--until",
        "2026-01-02",
    ]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    taken = []
    for number in range(requests):
        entity = {"user": number * 7919 % _ENTITIES}
        start = time.perf_counter()
        found = mlopsc.online_features(["of_user"], entity, project=folder)
        taken.append((time.perf_counter() - start) * 1000)
        assert len(found[0]) == len(columns)
    return statistics.median(taken), statistics.quantiles(taken, n=100)[98]
