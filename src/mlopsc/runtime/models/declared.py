"""Types that a training declares as trusted: estimators of other packages than scikit-learn.

A declared name is no permission to call what it names. It must be a class, where its name says, and an estimator; and
building it from a file must run no code of its own, which the file would tell what to do. So a class is refused that
has a say in that, by itself or by a base outside of scikit-learn.
"""

import importlib
from typing import Any

from mlopsc.vocabulary.estimators import BUILDING

_HARMLESS = ("builtins", "abc", "typing")


def fault_of(full: str) -> str | None:
    """Return why files may not hold objects of a declared type, None where they may; its module is imported."""
    module, _, name = full.rpartition(".")
    try:
        found: Any = getattr(importlib.import_module(module), name, None)
    except Exception as error:  # noqa: BLE001 - another's module may raise anything
        return f"its module cannot be imported here: {error}"
    if not isinstance(found, type):
        return f"{module} has no such class"
    if (found.__module__, found.__qualname__) != (module, name):
        return f"it is defined as {found.__module__}.{found.__qualname__}: trust that"
    from sklearn.base import BaseEstimator

    if not issubclass(found, BaseEstimator):
        return "it is no estimator: it does not derive from sklearn.base.BaseEstimator"
    for base in found.__mro__:
        if base.__module__ in _HARMLESS or base.__module__.startswith("sklearn."):
            continue
        if own := [hook for hook in BUILDING if hook in vars(base)]:
            return (
                f"{base.__module__}.{base.__qualname__} defines {', '.join(own)}, which a file could misuse"
            )
    return None
