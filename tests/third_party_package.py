"""A small package of another maker, as if it were installed: estimators, and classes that nobody should trust."""

from pathlib import Path

NAME = "cleansing"
CODE = '''
import numpy as np
from os import system
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline


class Clip(TransformerMixin, BaseEstimator):
    """Clips to what it saw between two quantiles."""

    def __init__(self, share=0.1):
        self.share = share

    def fit(self, X, y=None):
        X = np.asarray(X, dtype=float)
        self.low_, self.high_ = np.quantile(X, [self.share, 1 - self.share], axis=0)
        return self

    def transform(self, X):
        return np.clip(np.asarray(X, dtype=float), self.low_, self.high_)


class Clipped(Pipeline):
    """A pipeline of its own class, as resampling libraries have."""


def clipped(**params):
    return Clipped([("clip", Clip()), ("logistic", LogisticRegression(**params))])


class Restored(BaseEstimator):
    def __setstate__(self, state):
        eval(state["code"])


class Heir(Restored):
    """Does nothing itself, and inherits what a file could misuse."""


class Plain:
    pass


class Outer:
    class Inner(BaseEstimator):
        pass


def call(code):
    eval(code)


def __getattr__(name):
    return call if name == "Anything" else None


Renamed = Clip
'''


def install(folder: Path) -> Path:
    """Write the package, version 1.2, below a folder, and return the folder for `sys.path`."""
    package = folder / NAME
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from ._clip import Clip, Clipped, clipped\n")
    (package / "_clip.py").write_text(CODE)
    about = folder / f"{NAME}-1.2.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.2\n")
    (about / "top_level.txt").write_text(f"{NAME}\n")
    return folder
