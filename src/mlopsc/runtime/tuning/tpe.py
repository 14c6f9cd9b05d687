"""TPE: what Optuna's sampler proposes, given the trials that are done.

Bergstra, Bardenet, Bengio and Kégl (2011), "Algorithms for hyper-parameter optimization". A study is made anew for each
round from the recorded trials, so that what is proposed depends on them, the seed and the round alone.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mlopsc.diagnostics.errors import StepFailed
from mlopsc.runtime.tuning.best import sign_of
from mlopsc.vocabulary.operations import Propose
from mlopsc.vocabulary.tuning import Choice, Dimension, Floats, Integers, LogUniform, listed

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

Params = dict[str, Any]


def suggest(config: Propose, earlier: Sequence[Mapping[str, Any]]) -> list[Params]:
    """Return the parameters of the round's trials; raises StepFailed where Optuna is not installed."""
    try:
        import optuna
    except ImportError as error:
        raise StepFailed(
            "`search: tpe` needs Optuna, which is not installed", help="pip install 'mlopsc[tune]'"
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    seed = int(np.random.RandomState([config.seed, config.round]).randint(2**31))
    # What runs beside a trial counts as bad until it is done (constant liar), else a round would try one thing often.
    sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, constant_liar=True)
    study = optuna.create_study(
        sampler=sampler, direction="maximize" if sign_of(config.metric) > 0 else "minimize"
    )
    space = {name: _distribution(config.space[name]) for name in sorted(config.space)}
    for one in earlier:
        if one["status"] == "ok":
            params = {name: _told(config.space[name], one["params"][name]) for name in space}
            study.add_trial(optuna.trial.create_trial(params=params, distributions=space, value=one["mean"]))
    asked = [study.ask(space) for _ in range(config.size)]
    return [{name: _value(config.space[name], trial.params[name]) for name in space} for trial in asked]


def _distribution(dimension: Dimension) -> "BaseDistribution":
    """Return a dimension in Optuna's words; of listed numbers their places, which are exact."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    match dimension:
        case Choice():
            return CategoricalDistribution(tuple(range(len(dimension.choice))))
        case LogUniform(loguniform=(low, high)):
            return FloatDistribution(low, high, log=True)
        case Integers(int=(low, high), log=True):
            return IntDistribution(low, high, log=True)
        case Floats(float=(low, high), step=None):
            return FloatDistribution(low, high)
        case _:
            return IntDistribution(0, len(listed(dimension) or ()) - 1)


def _value(dimension: Dimension, told: Any) -> Any:
    """Return a parameter's value for what Optuna says."""
    return told if _by_itself(dimension) else (listed(dimension) or ())[told]


def _told(dimension: Dimension, value: Any) -> Any:
    """Return what Optuna is told of a parameter's value."""
    if _by_itself(dimension):
        return value
    return [json.dumps(one) for one in listed(dimension) or ()].index(json.dumps(value))


def _by_itself(dimension: Dimension) -> bool:
    return listed(dimension) is None
