"""Explain: what a model's answers about the test part hang on."""

from collections.abc import Mapping
from pathlib import Path

from mlopsc.runtime.context import Context
from mlopsc.runtime.decisions import write_json
from mlopsc.runtime.learning.explaining import explained
from mlopsc.runtime.learning.explaining.explanation import chosen_rows
from mlopsc.runtime.learning.fitted import answers_of, metric_functions, open_model
from mlopsc.runtime.learning.frames import features_from
from mlopsc.runtime.learning.scoring import Answers
from mlopsc.vocabulary.operations import Explain


def run(config: Explain, inputs: Mapping[str, Path], outputs: Mapping[str, Path], context: Context) -> None:
    """Write importance and dependence. Raises StepFailed when the metric does not fit the task."""
    model = open_model(inputs["model"], config.code, context.project, types=config.trust)
    whole = answers_of(model, inputs["test"])
    chosen = chosen_rows(len(whole.truth), config.explanation.rows, config.seed)
    answers = Answers(model.estimator, whole.table.iloc[chosen], whole.truth[chosen])
    functions = metric_functions([config.metric], context.project)
    features = features_from(model.signature)
    found = explained(answers, features, config.metric, functions, config.explanation, config.seed)
    about = {"training": config.training, "seed": config.seed, "test_rows": len(whole.truth)}
    write_json(outputs["explanation"], about | found)
