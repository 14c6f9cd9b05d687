"""Prints what training and evaluating through mlopsc costs beside a script that does the same with scikit-learn alone.

    python tests/benchmarks/training.py [--repeat N] [--adult FOLDER]

CPU seconds of whole processes with all their descendants, least of several, interleaved: a first run, into an empty
store, with metrics, a gate and a registration, against load, split, fit and score by hand. Adult lies in no repository:
without adult_train.parquet in the folder --adult its line is left out. Exit status 1 when a limit is exceeded, or when
the two disagree about a score.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
MLOPSC = str(Path(sys.executable).parent / "mlopsc")
LIMIT = 1.25
ADULT = ROOT.parent / "shared" / "data" / "adult_train.parquet"
_TOLERANCE = 0.02
"""How far the two areas under the curve may lie apart: each side draws its own test part."""
_SPEC = """\
apiVersion: mlopsc/v1
project: {{name: bench, owner: o}}
datasets:
  rows: {{source: {{type: parquet, path: rows.parquet}}{more}}}
training:
  model:
    entities: {{dataset: rows, label: "{label}"}}
    features: [{features}]
    split: {split}
    estimator: sklearn.ensemble.HistGradientBoostingClassifier
    metrics: [roc_auc, average_precision, neg_brier_score]
gates:
  good: {{type: metric, training: model, metric: roc_auc, min: 0.6}}
registry:
  model: {{training: model, stages: {{live: {{gates: [good]}}}}}}
"""
_PLAIN = """\
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

rows = pd.read_parquet("rows.parquet")
{split}
numbers, texts = {numbers}, {texts}
codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=float("nan"))
model = make_pipeline(
    make_column_transformer(("passthrough", numbers), (codes, texts)),
    HistGradientBoostingClassifier(
        random_state=0, categorical_features=list(range(len(numbers), len(numbers) + len(texts)))
    ),
)
model.fit(train[numbers + texts], train["label"])
score = model.predict_proba(test[numbers + texts])[:, 1]
print(average_precision_score(test["label"], score), brier_score_loss(test["label"], score))
print(roc_auc_score(test["label"], score))
"""


@dataclass(frozen=True)
class Case:
    """One table with what is learned from it, as a spec and by hand."""

    name: str
    numbers: tuple[str, ...]
    texts: tuple[str, ...]
    label: str
    split: str
    by_hand: str
    """Statements that make `train` and `test`, with the column `label`, of `rows`."""
    more: str = ""

    def write(self, folder: Path) -> None:
        """Write spec and script beside the table."""
        features = ", ".join((*self.numbers, *self.texts))
        spec = _SPEC.format(label=self.label, features=features, split=self.split, more=self.more)
        (folder / "mlops.yaml").write_text(spec, "utf-8")
        script = _PLAIN.format(numbers=list(self.numbers), texts=list(self.texts), split=self.by_hand)
        (folder / "plain.py").write_text(script, "utf-8")


CASES = (
    Case(
        name="Adult",
        numbers=(
            "age",
            "fnlwgt",
            "education_num",
            "capital_gain",
            "capital_loss",
            "hours_per_week",
        ),
        texts=(
            "workclass",
            "education",
            "marital_status",
            "occupation",
            "relationship",
            "race",
            "sex",
            "native_country",
        ),
        label="income = '>50K'",
        split="{type: stratified, test: 0.2}",
        by_hand="""\
from sklearn.model_selection import train_test_split
rows["label"] = rows["income"] == ">50K"
train, test = train_test_split(rows, test_size=0.2, stratify=rows["label"], random_state=0)""",
    ),
    Case(
        name="flights",
        numbers=("distance", "hour"),
        texts=("carrier", "origin", "dest"),
        label="arr_delay > 15",
        split="{type: time, test: 30d}",
        more=", primary_key: [time_hour, carrier, flight], event_time: time_hour",
        by_hand="""\
rows = rows.dropna(subset=["arr_delay"])
rows["label"] = rows["arr_delay"] > 15
late = rows["time_hour"] > rows["time_hour"].max() - pd.Timedelta("30d")
train, test = rows[~late], rows[late]""",
    ),
)


@dataclass(frozen=True)
class Measured:
    """One line of the table."""

    what: str
    measured: str
    value: float
    limit: float = LIMIT


def measured(rounds: int, folder: Path, adult: Path = ADULT) -> list[Measured]:
    """Return the quotient of each case whose data are there; raises SystemExit when the two sides disagree."""
    tables = {"Adult": adult, "flights": ROOT / "examples/flights/data/flights.parquet"}
    rows = []
    for case in CASES:
        if tables[case.name].is_file():
            place = folder / case.name
            place.mkdir()
            shutil.copyfile(tables[case.name], place / "rows.parquet")
            case.write(place)
            rows.append(_compared(case, place, rounds))
    return rows


def _compared(case: Case, folder: Path, rounds: int) -> Measured:
    def ours() -> float:
        shutil.rmtree(folder / ".mlopsc", ignore_errors=True)
        seconds, said = cpu_and_output([MLOPSC, "run", "--local", "--json"], folder)
        scores["mlopsc"] = json.loads(said)["metrics"]["model"]["roc_auc"]
        return seconds

    def plain() -> float:
        seconds, said = cpu_and_output([sys.executable, "plain.py"], folder)
        scores["plain"] = float(said.split()[-1])
        return seconds

    scores: dict[str, float] = {}
    least = least_of({"mlopsc": ours, "plain": plain}, rounds)
    if abs(scores["mlopsc"] - scores["plain"]) > _TOLERANCE:
        raise SystemExit(f"{case.name}: the scores differ: {scores}")
    told = f"{least['mlopsc'] * 1000:.0f} / {least['plain'] * 1000:.0f} ms"
    what = f"train, score, judge: {case.name} / plain script"
    return Measured(what, told, least["mlopsc"] / least["plain"])


def least_of(measures: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    least = dict.fromkeys(measures, float("inf"))
    for number in range(rounds + 1):
        for name, measure in measures.items():
            seconds = measure()
            least[name] = min(least[name], seconds if number else float("inf"))
    return least


def cpu_and_output(command: list[str], folder: Path) -> tuple[float, str]:
    """Return CPU seconds, with those of all descendants, and what was printed; raises SystemExit on failure."""
    # Modules are compiled once and kept, as wherever a package is installed.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=errors, env=env)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read().decode(errors="replace")
        if process.returncode:
            errors.seek(0)
            raise SystemExit(
                f"{' '.join(command)}: exit {process.returncode}\n{text}{errors.read().decode()}"
            )
    return usage.ru_utime + usage.ru_stime, text


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="rounds of each measure")
    parser.add_argument("--adult", type=Path, default=ADULT.parent, metavar="FOLDER", help="where Adult lies")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = measured(given.repeat, Path(folder), given.adult / ADULT.name)
    for row in rows:
        print(f"{row.what}  {row.measured}  {row.value:.2f}×  (at most {row.limit:g}×)")
    return 0 if all(row.value <= row.limit for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
