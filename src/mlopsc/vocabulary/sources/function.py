"""A user's function as a source."""

from typing import Any, Literal

from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.names import FunctionReference


class PythonSource(Frozen):
    """A function that returns a pandas, polars or pyarrow table, or the path of a file: `f(**args)`."""

    type: Literal["python"] = "python"
    python: FunctionReference
    """The function, `package.module:function`."""
    args: dict[str, Any] = {}
    """Its keyword arguments; what is secret is written `{secret: name}`."""
