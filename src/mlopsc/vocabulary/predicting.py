"""What compiler, runtime and command line agree on about predictions: names of pipelines, parameters and columns."""

INPUT = "input"
"""The parameter of a predict pipeline that names its input."""
VERSION = "version"
"""The parameter of a predict pipeline that says with which version of the model."""

ROW = "row"
"""Column of predictions: the number of the input's row, from 1, where no primary key identifies it."""
PREDICTION = "prediction"
PROBABILITY = "probability_"
"""Prefix of a column of predictions: the probability of the class that follows."""
DIGEST = "model_digest"


def predict_pipeline(model: str) -> str:
    """Return the name of the pipeline that predicts with a model."""
    return f"predict_{model}"
