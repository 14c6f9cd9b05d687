"""A user's function as a source."""

from typing import Any, Literal

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.names import FunctionReference


class PythonSource(Frozen):
    """A function, `f(**args)`, that returns a pandas, polars or pyarrow table, an iterator of these, or a path."""

    type: Literal["python"] = "python"
    python: FunctionReference
    """The function, `package.module:function`."""
    args: dict[str, Any] = {}
    """Its keyword arguments; what is secret is written `{secret: name}`."""
