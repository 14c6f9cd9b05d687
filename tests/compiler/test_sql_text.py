"""SQL with parameters, and the way back from what binding saw to what was written."""

import pytest

from mlopsc.compiler.sql_text import sample_sql
from mlopsc.vocabulary.parameters import Parameter

PARAMETERS = {
    "far": Parameter(type="float", default=100.5),
    "word": Parameter(type="string"),
    "t": Parameter(type="timestamp", default="2013-06-30"),
    "broken": None,
}


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("a > ${params.far}", "a > 100.5"),
        ("a = '${params.word}'", "a = 'text'"),
        ("a < timestamptz '${params.t}'", "a < timestamptz '2013-06-30T00:00:00Z'"),
        ("a = '$${x}'", "a = '${x}'"),
        ("a > ${params.broken} and b > ${vars.gone}", "a > NULL and b > NULL"),
        ("select 1 from {batch}", 'select 1 from "my ""t"'),
    ],
)
def test_references_are_replaced_by_samples(written: str, seen: str) -> None:
    assert sample_sql(written, PARAMETERS, batch='my "t').text == seen


@pytest.mark.parametrize(
    ("written", "token"),
    [
        ("${params.far} < a and b", "b"),
        ("a < ${params.far} and '$${x}' <> b", "b"),
        ("b < ${params.far}", "b"),
        ("a < ${params.far}", "${params.far}"),
    ],
)
def test_places_lead_back_to_what_was_written(written: str, token: str) -> None:
    sampled = sample_sql(written, PARAMETERS)
    seen = "100.5" if token.startswith("$") else token
    start, length = sampled.written(sampled.text.rindex(seen), len(seen))
    assert written[start : start + length] == token
