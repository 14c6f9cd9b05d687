"""SQL as the spec holds it: with run-time parameters in it, which binding replaces by samples of their type."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mlopsc.vocabulary.parameters import Parameter
from mlopsc.vocabulary.references import Scalar, format_scalar

_TOKEN = re.compile(r"\$\$\{|\$\{params\.([A-Za-z_][A-Za-z0-9_]*)\}")
_SAMPLES: dict[str, Scalar] = {
    "string": "text",
    "int": 1,
    "float": 1.5,
    "bool": True,
    "timestamp": "2000-01-01T00:00:00Z",
    "duration": "1d",
}


@dataclass(frozen=True)
class SampledSql:
    """SQL with samples in place of references; offsets in it lead back to the text as written."""

    text: str
    shifts: tuple[tuple[int, int, int], ...] = ()
    """(start in `text`, length in `text`, start in the written text) of each replaced piece, with its end."""
    ends: tuple[int, ...] = ()

    def written(self, offset: int) -> int:
        """Return the offset in the written text of an offset in `text`."""
        delta = 0
        for (start, length, written), end in zip(self.shifts, self.ends, strict=True):
            if offset < start:
                break
            if offset < start + length:
                return written
            delta = end - (start + length)
        return offset + delta


def sample_sql(sql: str, parameters: Mapping[str, Parameter | None]) -> SampledSql:
    """Return SQL whose references are replaced: by the parameter's default, else a sample of its type."""
    parts: list[str] = []
    shifts: list[tuple[int, int, int]] = []
    ends: list[int] = []
    at = size = 0
    for token in _TOKEN.finditer(sql):
        parts.append(sql[at : token.start()])
        size += token.start() - at
        value = _value(token.group(1), parameters)
        shifts.append((size, len(value), token.start()))
        ends.append(token.end())
        parts.append(value)
        size += len(value)
        at = token.end()
    return SampledSql("".join([*parts, sql[at:]]), tuple(shifts), tuple(ends))


def _value(name: str | None, parameters: Mapping[str, Parameter | None]) -> str:
    if name is None:
        return "${"
    parameter = parameters.get(name)
    if parameter is None:
        return "1"
    default = parameter.default
    return format_scalar(_SAMPLES[parameter.type] if default is None else default)
