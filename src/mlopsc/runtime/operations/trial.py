"""Trial: one set of parameters of a search, drawn and scored on folds of the train part."""

from collections.abc import Mapping
from pathlib import Path

from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import number, write_json
from mlopsc.runtime.learning.fitting import read_labelled
from mlopsc.runtime.tuning.draws import drawn
from mlopsc.runtime.tuning.folds import make_folds
from mlopsc.runtime.tuning.trying import try_out
from mlopsc.vocabulary.metrics import metric_name
from mlopsc.vocabulary.operations import Trial


def run(config: Trial, inputs: Mapping[str, Path], outputs: Mapping[str, Path], context: Context) -> None:
    """Write the trial's report. Raises StepFailed when the rows do not suit the training or cannot be folded."""
    params = drawn(config.draw, config.space, config.seed, config.index)
    rows = read_labelled(inputs["train"], config.train)
    folds = make_folds(inputs["train"], rows.label, config.cv, config.seed)
    found = try_out(config.train, params, config.metric, rows, folds, context)
    name = metric_name(config.metric)
    about = {"training": config.training, "index": config.index, "params": params, "metric": name}
    write_json(outputs["report"], about | found)
    came_to = found["message"] if found["mean"] is None else f"{name} {number(found['mean'])}"
    print(f"{config.training}: trial {config.index}: {params}: {came_to}")
