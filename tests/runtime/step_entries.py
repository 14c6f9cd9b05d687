"""Entries that test_workers.py has carried out in processes of their own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from mlopsc.diagnostics.errors import Refusal, StepFailed


def echo(request: Any) -> Any:
    print("said", flush=True)
    print("warned", file=sys.stderr)
    return request


def surroundings(names: list[str]) -> dict[str, Any]:
    return {
        "cwd": str(Path.cwd()),
        "env": {name: os.environ.get(name) for name in names},
        "group": os.getpgid(0) == os.getpid(),
        "stdin": sys.stdin.read(),
        "modules": [name for name in names if name in sys.modules],
        "parent": os.getppid(),
        "path": sys.path,
    }


def refuse(_: Any) -> None:
    raise Refusal("too few rows", help="load more")


def fail(_: Any) -> None:
    raise StepFailed("cannot fit", help="try another")


def crash(_: Any) -> None:
    secretless = {}
    secretless["missing"]


def signal_itself(name: str) -> None:
    os.kill(os.getpid(), getattr(signal, name))


def leave(status: int) -> None:
    os._exit(status)


def return_nonsense(_: Any) -> Any:
    return object()


def hang(note: str) -> None:
    """Start a child that hangs too, note both process ids, and hang."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(note + ".new").write_text(f"{os.getpid()} {child.pid}")
    Path(note + ".new").rename(note)
    time.sleep(600)


def leave_a_child(note: str) -> int:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(note).write_text(str(child.pid))
    return child.pid


def compute(_: Any) -> list[float]:
    """Use what has threads of its own: OpenMP in scikit-learn, BLAS in numpy, DuckDB's and Arrow's pools."""
    import duckdb
    import numpy as np
    import pyarrow as pa
    from sklearn.ensemble import HistGradientBoostingClassifier

    x = np.random.default_rng(0).normal(size=(2000, 8))
    model = HistGradientBoostingClassifier(max_iter=5, random_state=0).fit(x, x[:, 0] > 0)
    numbers = pa.table({"a": pa.chunked_array([x[:, 0], x[:, 1]])})
    with duckdb.connect() as connection:
        connection.register("numbers", numbers)
        found = connection.execute("select count(*) from numbers").fetchone()
    assert found is not None
    return [float(model.score(x, x[:, 0] > 0)), float((x @ x.T).shape[0]), float(found[0])]
