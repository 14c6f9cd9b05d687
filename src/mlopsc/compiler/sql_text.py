"""SQL as the spec holds it: with run-time parameters in it, which binding replaces by samples of their type."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mlopsc.vocabulary.parameters import Parameter
from mlopsc.vocabulary.references import format_scalar, references

_ESCAPE = "$${"
_BATCH = "{batch}"


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of the sampled text, `[start, end)`, and where what it replaced stands in the written one."""

    start: int
    end: int
    written_start: int
    written_end: int


@dataclass(frozen=True)
class SampledSql:
    """SQL with samples in place of references; offsets in it lead back to the text as written."""

    text: str
    pieces: tuple[_Piece, ...] = ()

    def written(self, start: int, length: int) -> tuple[int, int]:
        """Return start and length in the written text of a stretch of `text`."""
        begin, end = self._offset(start, last=False), self._offset(start + max(length, 1), last=True)
        return begin, max(end - begin, 1)

    def _offset(self, offset: int, *, last: bool) -> int:
        shift = 0
        for piece in self.pieces:
            if offset < piece.end or (offset == piece.end and last):
                if offset > piece.start or (offset == piece.start and not last):
                    return piece.written_end if last else piece.written_start
                break
            shift = piece.written_end - piece.end
        return offset + shift


def sample_sql(
    sql: str, parameters: Mapping[str, Parameter | None], *, batch: str | None = None
) -> SampledSql:
    """Return SQL whose references are replaced: by the parameter's default, else a sample of its type.

    What leads nowhere, which has been told, is replaced by NULL. `batch` is the table that `{batch}` stands for,
    where it may stand.
    """
    replaced = [
        (found.start, found.end, _sample(parameters.get(found.name) if found.namespace == "params" else None))
        for found in references(sql)
    ]
    replaced += [(at, at + len(_ESCAPE), "${") for at in _all(sql, _ESCAPE)]
    if batch is not None:
        name = '"' + batch.replace('"', '""') + '"'
        replaced += [(at, at + len(_BATCH), name) for at in _all(sql, _BATCH) if sql[at - 1 : at] != "$"]
    parts: list[str] = []
    pieces: list[_Piece] = []
    at = size = 0
    for start, end, value in sorted(replaced):
        parts += [sql[at:start], value]
        size += start - at
        pieces.append(_Piece(size, size + len(value), start, end))
        size += len(value)
        at = end
    return SampledSql("".join([*parts, sql[at:]]), tuple(pieces))


def _all(text: str, token: str) -> list[int]:
    return [found.start() for found in re.finditer(re.escape(token), text)]


def _sample(parameter: Parameter | None) -> str:
    return "NULL" if parameter is None else format_scalar(parameter.sample)
