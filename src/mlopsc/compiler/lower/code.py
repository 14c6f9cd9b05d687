"""The user code behind a fitted model."""

from mlopsc.spec.training import Training
from mlopsc.vocabulary.estimators import CustomEstimator


def model_code(training: Training) -> tuple[str, ...]:
    """Return the user functions whose modules hold classes that the fitted model consists of."""
    own = training.estimator.functions() if isinstance(training.estimator, CustomEstimator) else ()
    return own + training.preprocess.functions()
