"""skops' reading and writing, as a copy of this process's own without the lists of what skops trusts by itself.

For these lists skops imports every module of scikit-learn, and what NumPy imports only when asked (half a second), and
it goes through them for each object of a model. Here they play no part: `trust.audit` names each type that may be
built. Whoever else imports skops gets the whole of it.
"""

import importlib
import sys
from types import ModuleType
from typing import Any

import numpy as np
import skops

_PACKAGE = "skops.io"
_LISTS = f"{_PACKAGE}._trusted_types"


class _NoLists(ModuleType):
    """Stands for the module of lists; that of NumPy's bit generators says what there is, not what is trusted."""

    NUMPY_RANDOM_BIT_GENERATOR_TYPE_NAMES = tuple(
        f"numpy.random.{kind.__name__}" for kind in np.random.BitGenerator.__subclasses__()
    )

    def __getattr__(self, name: str) -> list[str]:
        if name.startswith("__"):
            raise AttributeError(name)
        return []


def _own_copy() -> tuple[Any, ...]:
    """Import the package anew, and leave no trace of it; return it with its errors and its protocol's number."""
    before = {name: sys.modules.pop(name) for name in [*sys.modules] if _is_part(name)}
    sys.modules[_LISTS] = _NoLists(_LISTS)
    try:
        return tuple(
            map(importlib.import_module, (_PACKAGE, f"{_PACKAGE}.exceptions", f"{_PACKAGE}._protocol"))
        )
    finally:
        for name in [*sys.modules]:
            if _is_part(name):
                del sys.modules[name]
        sys.modules.update(before)
        vars(skops).pop("io", None)
        if _PACKAGE in before:
            vars(skops)["io"] = before[_PACKAGE]


def _is_part(name: str) -> bool:
    return name == _PACKAGE or name.startswith(f"{_PACKAGE}.")


_io, _exceptions, _protocol = _own_copy()
dumps, loads = _io.dumps, _io.loads
UnsupportedTypeException: type[Exception] = _exceptions.UnsupportedTypeException
PROTOCOL: int = _protocol.PROTOCOL
