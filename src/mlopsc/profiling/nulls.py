"""Which texts of a CSV file mean that nothing is there, as far as its columns tell."""

from collections.abc import Sequence
from functools import partial

from mlopsc.runtime.engine.connection import connect
from mlopsc.runtime.engine.statement import column, fragment, named, select, text
from mlopsc.runtime.sources.csv_text import csv_table
from mlopsc.runtime.sources.found import SourceFile
from mlopsc.runtime.sources.text import infer
from mlopsc.runtime.sources.values import TEXT_CANDIDATES, parse_text
from mlopsc.vocabulary.sources import CsvSource

CLEAR = ("NA", "N/A", "n/a", "#N/A", "NULL", "null", "NaN", "nan", "?", "\\N")
"""Texts that mean null in any column."""
VAGUE = ("None", "none", "-", "--", ".", "..", "na", "missing", "Missing", "unknown", "Unknown")
"""Texts that may be a category; among numbers, dates or truth values they mean null."""
_MOST = 16


def null_words(source: CsvSource, files: Sequence[SourceFile]) -> dict[str, tuple[str, ...]]:
    """Return the texts to list under `nulls`, each with the columns that it occurs in, in the order of the file.

    A blank text, or one of CLEAR, means null wherever it stands. One of VAGUE does where the rest of the column are
    numbers, dates or truth values. Raises MlopscError for a malformed file.
    """
    with connect(*(file.path for file in files)) as connection:
        table, names = csv_table(source, files)
        words = [
            named(
                fragment(
                    f"list_sort(list(distinct $x) filter (where trim($x) = '' or $x in $words))[1:{_MOST}]",
                    x=column(name), words=_tuple([*CLEAR, *VAGUE]),
                ),
                name,
            )
            for name in names
        ]  # fmt: skip
        row = connection.execute(text(select(*words, source=table))).fetchall()[0]
        found = {name: list(some) for name, some in zip(names, row, strict=True) if some}
        if not found:
            return {}
        everything = tuple(dict.fromkeys(word for some in found.values() for word in some))
        without, _ = csv_table(source.model_copy(update={"nulls": everything}), files)
        guess = partial(parse_text, timezone="UTC", declared=False)
        types = infer(connection, without, dict.fromkeys(found, TEXT_CANDIDATES), guess)
        used: dict[str, list[str]] = {}
        for name, some in found.items():
            for word in some:
                if types[name] != "string" or word in CLEAR or not word.strip():
                    used.setdefault(word, []).append(name)
    return {word: tuple(columns) for word, columns in used.items()}


def _tuple(words: Sequence[str]) -> object:
    from sqlglot import exp

    return exp.Tuple(expressions=[exp.Literal.string(word) for word in words])
