"""An estimator: a function that makes any object with scikit-learn's interface, here one of our own."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge


class ResidualBoosting(RegressorMixin, BaseEstimator):
    """A ridge regression, and boosted trees for what it leaves unexplained."""

    def __init__(self, alpha: float = 1.0, max_iter: int = 100, random_state: int | None = None) -> None:
        self.alpha = alpha
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> "ResidualBoosting":
        """Fit the linear part, then the trees on its residuals."""
        self.linear_ = Ridge(alpha=self.alpha).fit(X, y)
        self.trees_ = HistGradientBoostingRegressor(
            max_iter=self.max_iter, learning_rate=0.05, max_leaf_nodes=4, random_state=self.random_state
        ).fit(X, y - self.linear_.predict(X))
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the sum of both parts."""
        return self.linear_.predict(X) + self.trees_.predict(X)


def residual_boosting(params: dict[str, Any], seed: int) -> ResidualBoosting:
    """Return the estimator for the `params` and `seed` of a training."""
    return ResidualBoosting(**params, random_state=seed)
