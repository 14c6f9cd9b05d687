"""Trial: one set of parameters of a search, drawn or proposed, and scored on folds of the train part."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import number, read_json, write_json
from mlopsc.runtime.learning.fitting import read_labelled
from mlopsc.runtime.tuning.draws import drawn
from mlopsc.runtime.tuning.folds import make_folds, thinned
from mlopsc.runtime.tuning.trying import try_out
from mlopsc.vocabulary.metrics import metric_name
from mlopsc.vocabulary.operations import Trial


def run(config: Trial, inputs: Mapping[str, Path], outputs: Mapping[str, Path], context: Context) -> None:
    """Write the trial's report. Raises StepFailed when the rows do not suit the training or cannot be folded."""
    began = time.perf_counter()
    candidate = _candidate(config, inputs)
    params, skip, share = candidate.pop("params"), candidate.pop("skip"), candidate.pop("rows")
    if skip is None:
        rows = read_labelled(inputs["train"], config.train)
        folds = make_folds(inputs["train"], rows.label, config.cv, config.seed)
        found = try_out(
            config.train, params, config.metric, rows, thinned(folds, share, config.seed), context
        )
    else:
        found = {"scores": [], "mean": None, "std": None, "status": "skipped", "message": skip}
    name = metric_name(config.metric)
    about = {"training": config.training, "params": params, "metric": name}
    write_json(outputs["report"], about | candidate | found)
    if config.timed:
        write_json(outputs["timing"], {"seconds": time.perf_counter() - began if skip is None else 0.0})
    came_to = found["message"] if found["mean"] is None else f"{name} {number(found['mean'])}"
    print(f"{config.training}: trial {candidate['index']}: {params}: {came_to}")


def _candidate(config: Trial, inputs: Mapping[str, Path]) -> dict[str, Any]:
    """Return `index`, `params`, `rows`, `skip`, and whatever else was said of the trial when it was proposed."""
    if config.draw == "proposed":
        return dict(read_json(inputs["candidates"])["candidates"][config.index])
    params = drawn(config.draw, config.space, config.seed, config.index)
    return {"index": config.index, "params": params, "rows": 1.0, "skip": None}
