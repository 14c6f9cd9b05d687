"""Prints what a search of 20 trials on 5 folds costs through mlopsc, beside scikit-learn's RandomizedSearchCV.

    python tests/benchmarks/tuning.py [--repeat N] [--rows N]…

CPU seconds of whole processes with all their descendants, least of several, interleaved: a first run, into an empty
store, against a script that loads, splits, searches, fits the best again and scores it. Both try the same combinations,
those that mlopsc drew, and neither side has threads that wait for a core: the script has one. Rows are those of the
example `flights`. Exit status 1 when the limit is exceeded at the greatest number of rows, or when the two disagree
about the best score. With few rows the steps' own cost is all that there is to see: those are told and not judged.
"""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

import pyarrow.parquet as pq

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.benchmarks.training import MLOPSC, cpu_and_output, least_of  # noqa: E402

LIMIT = 1.3
ROWS = (2_000, 50_000)
_TOLERANCE = 0.02
"""How far the best scores may lie apart: each side draws its own test part and folds."""
_SPEC = """\
apiVersion: mlopsc/v1
project: {name: bench}
datasets:
  rows: {source: {type: parquet, path: rows.parquet}}
training:
  model:
    entities: {dataset: rows, label: "arr_delay > 15"}
    features: [distance, hour, carrier, origin, dest]
    split: {type: random, test: 0.2}
    estimator: sklearn.ensemble.HistGradientBoostingClassifier
    params: {max_iter: 30}
    metrics: [roc_auc]
    tune:
      search: random
      trials: 20
      space:
        learning_rate: {loguniform: [0.01, 0.5]}
        max_leaf_nodes: {int: [7, 63]}
        l2_regularization: {float: [0, 1]}
"""
_PLAIN = """\
import json
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold, RandomizedSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

rows = pd.read_parquet("rows.parquet").dropna(subset=["arr_delay"])
rows["label"] = rows["arr_delay"] > 15
train, test = train_test_split(rows, test_size=0.2, random_state=0)
numbers, texts = ["distance", "hour"], ["carrier", "origin", "dest"]
codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=float("nan"))
model = make_pipeline(
    make_column_transformer(("passthrough", numbers), (codes, texts)),
    HistGradientBoostingClassifier(max_iter=30, random_state=0, categorical_features=[2, 3, 4]),
)
tried = [
    {f"histgradientboostingclassifier__{name}": [value] for name, value in params.items()}
    for params in json.load(open("params.json"))
]
folds = KFold(5, shuffle=True, random_state=0)
search = RandomizedSearchCV(model, tried, n_iter=20, scoring="roc_auc", cv=folds, random_state=0)
search.fit(train[numbers + texts], train["label"])
print(roc_auc_score(test["label"], search.predict_proba(test[numbers + texts])[:, 1]))
print(search.best_score_)
"""


def compared(rows: int, folder: Path, rounds: int) -> tuple[str, float]:
    """Return what was measured on so many rows, and the quotient; raises SystemExit when the two sides disagree."""
    table = pq.read_table(ROOT / "examples/flights/data/flights.parquet")
    pq.write_table(table.slice(0, rows), folder / "rows.parquet")
    (folder / "mlops.yaml").write_text(_SPEC, "utf-8")
    (folder / "plain.py").write_text(_PLAIN, "utf-8")
    best: dict[str, float] = {}

    def ours() -> float:
        shutil.rmtree(folder / ".mlopsc", ignore_errors=True)
        seconds, said = cpu_and_output([MLOPSC, "run", "--local", "--json"], folder)
        search = json.loads(said)["searches"]["model"]
        best["mlopsc"] = max(one["mean"] for one in search["trials"])
        (folder / "params.json").write_text(json.dumps([one["params"] for one in search["trials"]]))
        return seconds

    def plain() -> float:
        seconds, said = cpu_and_output(["env", "OMP_NUM_THREADS=1", sys.executable, "plain.py"], folder)
        best["plain"] = float(said.split()[-1])
        return seconds

    least = least_of({"mlopsc": ours, "plain": plain}, rounds)
    if abs(best["mlopsc"] - best["plain"]) > _TOLERANCE:
        raise SystemExit(f"{rows} rows: the best scores differ: {best}")
    told = f"{least['mlopsc']:.1f} / {least['plain']:.1f} s"
    return told, least["mlopsc"] / least["plain"]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="rounds of each measure")
    parser.add_argument("--rows", type=int, action="append", metavar="N", help=f"by default {ROWS}")
    given = parser.parse_args()
    sizes = sorted(given.rows or ROWS)
    for rows in sizes:
        with tempfile.TemporaryDirectory() as folder:
            told, quotient = compared(rows, Path(folder), given.repeat)
        limit = f"at most {LIMIT:g}×" if rows == sizes[-1] else "not judged"
        print(
            f"20 trials × 5 folds, {rows:,} rows / RandomizedSearchCV  {told}  {quotient:.2f}×  ({limit})",
            flush=True,
        )
    return 0 if quotient <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
