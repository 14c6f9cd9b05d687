"""Score search: the model that a search on an outer fold comes to, scored on the rows that it never saw."""

from collections.abc import Mapping
from pathlib import Path

from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import write_json
from mlopsc.runtime.learning.fitted import metric_functions
from mlopsc.runtime.learning.fitting import fit_model, read_labelled
from mlopsc.runtime.learning.scoring import Answers, score
from mlopsc.runtime.tuning.best import chosen
from mlopsc.vocabulary.operations import ScoreSearch


def run(
    config: ScoreSearch, inputs: Mapping[str, Path], outputs: Mapping[str, Path], context: Context
) -> None:
    """Write the report. Raises StepFailed when the rows do not suit the training, or a metric the task."""
    params = chosen(inputs["trials"])
    train = config.train.model_copy(update={"params": {**config.train.params, **params}})
    model = fit_model(train, read_labelled(inputs["train"], train), context)
    kept = read_labelled(inputs["test"], train)
    functions = metric_functions(config.metrics, context.project)
    found = score(Answers(model, kept.table, kept.label), config.metrics, functions)
    about = {"training": config.training, "fold": config.fold, "params": params, "rows": len(kept.label)}
    write_json(outputs["report"], about | {"metrics": found.metrics, "notes": found.notes})
    print(f"{config.training}: outer fold {config.fold}: {found.metrics}")
