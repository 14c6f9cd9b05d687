"""What a model's answers hang on: how much worse it is without a feature, and how its answers move with one."""

from mlopsc.runtime.learning.explaining.explanation import explained

__all__ = ["explained"]
