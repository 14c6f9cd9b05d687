"""Secrets kept out of what a step prints and out of what it raises."""

import base64
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import TextIOBase
from typing import TextIO
from urllib.parse import quote, quote_plus

from mlopsc.diagnostics.errors import MlopscError, StepFailed

MASK = "***"
_SHORTEST = 4
"""Shorter values stand in too many innocent words."""


def redact(text: str, values: Sequence[str]) -> str:
    """Return the text with each value masked: as it is, escaped, base64 or URL encoded."""
    for form in _forms(values):
        text = text.replace(form, MASK)
    return text


@contextmanager
def redacting(values: Sequence[str]) -> Iterator[None]:
    """Mask the values in what Python code prints meanwhile, and in an exception that passes through.

    An exception that holds none of them passes as it is; another becomes one of the same kind (of mlopsc), or
    StepFailed, after its masked traceback went to standard error. Not seen: what native code and child processes write.
    """
    if not any(len(value) >= _SHORTEST for value in values):
        yield
        return
    try:
        with (
            redirect_stdout(_Masked(sys.stdout, values)),
            redirect_stderr(_Masked(sys.stderr, values)),
        ):
            yield
    except Exception as error:
        text = "".join(traceback.format_exception(error))
        if redact(text, values) == text:
            raise
        print(redact(text, values), file=sys.stderr)
        message = redact(str(error), values)
        if isinstance(error, MlopscError):
            help = None if error.help is None else redact(error.help, values)
            raise type(error)(message, help=help) from None
        raise StepFailed(f"{type(error).__name__}: {message}") from None


class _Masked(TextIOBase):
    """A stream that masks what is written to it."""

    def __init__(self, stream: TextIO, values: Sequence[str]) -> None:
        self._stream = stream
        self._values = values

    def write(self, text: str) -> int:
        self._stream.write(redact(text, self._values))
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

    def fileno(self) -> int:
        return self._stream.fileno()


def _forms(values: Sequence[str]) -> list[str]:
    """Return how values may be written, longest first, so that no form is cut by a shorter one."""
    forms: set[str] = set()
    for value in values:
        if len(value) < _SHORTEST:
            continue
        data = value.encode("utf-8", "surrogateescape")
        forms |= {value, repr(value)[1:-1], quote(data), quote(data, safe=""), quote_plus(data)}
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            forms |= {encode(data).decode(), encode(data).decode().rstrip("=")}
    return sorted(forms, key=lambda form: (-len(form), form))
