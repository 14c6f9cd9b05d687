"""A workbench for operations on models: feature tables, a context of its own, and steps that run for real."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import read_json, write_json
from mlopsc.runtime.operations import (
    evaluate,
    explain,
    judge_champion,
    judge_metric,
    profile,
    register,
    resolve_champion,
    train,
)
from mlopsc.vocabulary.operations import (
    Evaluate,
    Explain,
    JudgeChampion,
    JudgeMetric,
    Profile,
    Register,
    ResolveChampion,
    Train,
)

LOGISTIC = "sklearn.linear_model.LogisticRegression"
GATES = {
    "good": {"type": "metric", "training": "t", "metric": "roc_auc", "min": 0.6},
    "better": {"type": "champion", "training": "t", "metric": "roc_auc"},
}


@dataclass(frozen=True)
class Workbench:
    """Runs operations in a folder, one output file each, named by the caller."""

    folder: Path
    context: Context

    def write(self, name: str, columns: Mapping[str, Any], first_row: int = 0) -> Path:
        """Write a feature table; rows are numbered from `first_row`."""
        table = pa.table(dict(columns))
        rows = pa.array(np.arange(first_row, first_row + table.num_rows), pa.uint64())
        pq.write_table(table.add_column(0, "__row__", rows), self.folder / name)
        return self.folder / name

    def sample(self, name: str, rows: int = 400, first_row: int = 0, noise: float = 1.0, **more: Any) -> Path:
        """Write a table whose binary label depends on `a`, the more surely the less noise."""
        random = np.random.default_rng(first_row + 1)
        a = random.normal(size=rows)
        label = a + noise * random.normal(size=rows) > 0
        kind = pa.array(random.choice(["x", "y", None], rows).tolist(), pa.string())
        columns = {"a": a, "b": random.integers(0, 9, rows), "c": kind} | more
        return self.write(name, columns | {"__label__": columns.pop("__label__", label)}, first_row)

    def train(self, table: Path, name: str = "model", *, threads: int = 1, **config: Any) -> Path:
        given = {"training": "t", "estimator": LOGISTIC, "features": ["a", "b", "c"], "label": "y", "seed": 7}
        context = replace(self.context, threads=threads)
        outputs = {"model": self.folder / name, "environment": self.folder / f"{name}.environment"}
        train.run(Train.model_validate(given | config), {"train": table}, outputs, context)
        return self.folder / name

    def evaluate(
        self,
        model: Path,
        test: Path,
        *metrics: Any,
        code: tuple[str, ...] = (),
        train: Path | None = None,
        **config: Any,
    ) -> Path:
        """Score a model; without a train part its labels are taken to be those of the test part."""
        given = {"training": "t", "metrics": metrics or ["roc_auc"], "code": code}
        operation = Evaluate.model_validate(given | config)
        outputs = {port: self.folder / f"{model.name}.{port}" for port in operation.output_ports()}
        evaluate.run(operation, {"model": model, "test": test, "train": train or test}, outputs, self.context)
        return outputs["metrics"]

    def explain(self, model: Path, test: Path, metric: Any = "roc_auc", **config: Any) -> Path:
        given = {"training": "t", "metric": metric, "seed": 3}
        out = self.folder / f"{model.name}.explanation"
        operation = Explain.model_validate(given | config)
        explain.run(operation, {"model": model, "test": test}, {"explanation": out}, self.context)
        return out

    def profile(self, table: Path) -> Path:
        out = self.folder / f"{table.name}.profile"
        config = Profile(training="t", features=("a", "b", "c"))
        profile.run(config, {"train": table}, {"profile": out}, self.context)
        return out

    def champion(self, stage: str = "staging") -> Path:
        out = self.folder / f"champion.{stage}"
        config = ResolveChampion(model="m", stage=stage)
        resolve_champion.run(config, {}, {"champion": out}, self.context)
        return out

    def judge_metric(self, metrics: Path, **gate: Any) -> Path:
        out = self.folder / f"{metrics.name}.good"
        config = JudgeMetric.model_validate({"name": "good", "gate": GATES["good"] | gate})
        judge_metric.run(config, {"metrics": metrics}, {"decision": out}, self.context)
        return out

    def judge_champion(
        self, candidate: Path, champion: Path, test: Path, *, metric: Any = "roc_auc", **gate: Any
    ) -> Path:
        out = self.folder / f"{candidate.name}.better"
        given = {"name": "better", "gate": GATES["better"] | gate, "metric": metric}
        inputs = {"candidate": candidate, "champion": champion, "test": test}
        judge_champion.run(JudgeChampion.model_validate(given), inputs, {"decision": out}, self.context)
        return out

    def candidate(self, table: Path, test: Path, name: str = "model", **config: Any) -> dict[str, Path]:
        """Run everything that comes before a registration; returns its inputs."""
        model = self.train(table, name, **config)
        metrics = self.evaluate(model, test)
        report = self.folder / f"{name}.report"
        write_json(report, {"dataset": "d", "data_digest": f"sha256:{'1' * 64}"})
        return {
            "model": model,
            "metrics": metrics,
            "curves": metrics.with_suffix(".curves"),
            "profile": self.profile(table),
            "test": test,
            "environment": self.folder / f"{name}.environment",
            "report_d": report,
            "decision_good": self.judge_metric(metrics),
            "decision_better": self.judge_champion(model, self.champion(), test),
        }

    def register(self, inputs: Mapping[str, Path], **config: Any) -> dict[str, Any]:
        out = self.folder / "registration"
        register.run(self.registration(**config), inputs, {"decision": out}, self.context)
        found: dict[str, Any] = read_json(out)
        return found

    def registration(self, **config: Any) -> Register:
        given = {
            "model": "m",
            "training": "t",
            "stages": [
                {"stage": "staging", "gates": ["good", "better"]},
                {"stage": "live", "gates": ["good"]},
            ],
            "gates": GATES,
            "metrics": ["roc_auc"],
            "datasets": ["d"],
            "parameters": {"as_of": "2026-01-01"},
            "spec_digest": f"sha256:{'2' * 64}",
        }
        return Register.model_validate(given | config)


@pytest.fixture
def workbench(tmp_path: Path) -> Workbench:
    """A workbench whose registry and store are in a folder of its own."""
    folder = tmp_path / "files"
    folder.mkdir()
    return Workbench(folder, Context(project=tmp_path, actor="tester", run="run-1"))
