"""Refit: train the judged model's training again on all rows, those that it was judged on among them."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mlopsc.runtime.context import Context
from mlopsc.runtime.models.archive import read_signature
from mlopsc.runtime.operations.train import train_on
from mlopsc.runtime.store import digest_of_file
from mlopsc.vocabulary.operations import Refit


def run(config: Refit, inputs: Mapping[str, Path], outputs: Mapping[str, Path], context: Context) -> None:
    """Write the model, whose row hashes are those of both parts. Raises StepFailed as training does.

    What the judged model settled on rows held out stays settled: its parameters, its threshold.
    """
    signature = read_signature(inputs["judged"])
    train = config.train
    params = {**signature["params"], **train.params}
    with TemporaryDirectory(dir=outputs["model"].parent) as folder:
        rows = Path(folder) / "rows.parquet"
        parts = []
        for port in ("train", "test"):
            with inputs[port].open("rb") as file:
                parts.append(pq.read_table(file))
        pq.write_table(pa.concat_tables(parts), rows)
        judged = digest_of_file(inputs["judged"])
        train_on(
            train.model_copy(update={"params": params}),
            rows,
            outputs["model"],
            context,
            judged=judged,
            settled=_thresholds(signature),
        )


def _thresholds(signature: Mapping[str, Any]) -> list[float]:
    """Return the threshold that a model was given, or those of its segments' models."""
    models = signature["segments"]["models"] if "segments" in signature else [signature]
    return [one["threshold"] for one in models if "threshold" in one]
