"""JSON lines as a source."""

from typing import Literal

from mlopsc.vocabulary.sources.base import Files


class JsonLinesSource(Files):
    """One JSON object a line; a key that a line lacks is null."""

    type: Literal["jsonl"] = "jsonl"
