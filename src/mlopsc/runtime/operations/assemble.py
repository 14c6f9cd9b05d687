"""Assemble: the models of segments in one, which asks of each row the model of its segment."""

from collections.abc import Mapping
from pathlib import Path

from mlopsc.runtime.context import Context
from mlopsc.runtime.learning.fitted import open_model
from mlopsc.runtime.learning.fitting import read_labelled
from mlopsc.runtime.learning.segmented import SegmentedModel
from mlopsc.runtime.models.archive import LoadedModel
from mlopsc.runtime.operations.train import save_trained, write_environment
from mlopsc.vocabulary.operations import Assemble


def run(config: Assemble, inputs: Mapping[str, Path], outputs: Mapping[str, Path], context: Context) -> None:
    """Write the model, trained on all rows of the train part. Raises StoreError for models that cannot be loaded."""
    train, segments = config.train, config.train.for_each
    assert segments is not None, "there are segments"

    def opened(port: str) -> LoadedModel:
        return open_model(inputs[port], config.functions(), context.project, types=config.trusted())

    models = [opened(f"models_{index}") for index in range(len(segments.values))]
    pooled = opened("pooled").estimator if "pooled" in inputs else None
    whole = SegmentedModel(segments.column, segments.values, [one.estimator for one in models], pooled)
    # A search has found the same parameters for all of them.
    train = train.model_copy(update={"params": models[0].signature["params"]})
    rows = read_labelled(inputs["train"], train)
    save_trained(train, inputs["train"], rows, whole, outputs["model"], context)
    write_environment(train, outputs["environment"], context)
