"""A source is told by its type, or by `python`."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from mlopsc.vocabulary.sources import CsvSource, PythonSource, SecretHandle, Source

SOURCE: TypeAdapter[Any] = TypeAdapter(Source)


def test_python_needs_no_type() -> None:
    assert SOURCE.validate_python({"python": "sources:load"}) == PythonSource(python="sources:load")
    assert SOURCE.validate_json(SOURCE.dump_json(PythonSource(python="a.b:c"))).python == "a.b:c"


def test_secrets_are_handles() -> None:
    source = SOURCE.validate_python(
        {"type": "parquet", "path": "s3://b/x", "storage_options": {"key": {"secret": "aws"}, "anon": False}}
    )
    assert source.storage_options == {"key": SecretHandle(secret="aws"), "anon": False}


def test_lists_of_nulls() -> None:
    source = SOURCE.validate_python({"type": "csv", "path": "x.csv", "nulls": ["NA"]})
    assert source == CsvSource(path="x.csv", nulls=("NA",))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"path": "x.csv"}, "expected `type: parquet"),
        ({"type": "xls", "path": "x"}, "expected `type: parquet"),
        ({"type": "csv", "path": ""}, "at least 1 character"),
        ({"type": "csv", "path": "x.csv", "delimiter": '"'}, "are both"),
        ({"type": "csv", "path": "x.csv", "quote": "\n"}, "cannot be a line break"),
        ({"type": "csv", "path": "x.csv", "storage_options": {"a": 1}}, "belong to a URL"),
        ({"type": "csv", "path": "x.csv "}, "is no path"),
        ({"python": "load"}, "String should match pattern"),
    ],
)
def test_mistakes_are_refused(source: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        SOURCE.validate_python(source)
