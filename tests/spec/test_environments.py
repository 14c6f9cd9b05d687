# ruff: noqa: E501 - one case is one line
import pytest

from mlopsc.spec.environments import Resolved, resolve
from mlopsc.spec.yaml_load import parse_document

SPEC = """\
vars:
  late: {type: int, default: 15}
  share: {type: float, default: 1}
  on: {type: bool, default: true}
  ttl: {type: duration, default: 3h}
  bucket: {type: string, default: dev}
parameters:
  as_of: {type: timestamp, default: 2013-12-31}
environments:
  prod:
    vars: {late: 30, bucket: live}
    datasets:
      flights: {source: {path: prod.parquet}, key: [a]}
      extra: {path: "${vars.bucket}/x"}
datasets:
  flights:
    source: {type: parquet, path: "s3://${vars.bucket}/f"}
    key: [b, c]
label: "delay > ${vars.late} and ${vars.on} or '${params.as_of}' = '$${vars.late}'"
alone: ["${vars.late}", "${vars.share}", "${vars.on}", "${vars.ttl}", "${params.as_of}"]
"""


def resolved(text: str, environment: str | None = None, **overrides: str) -> Resolved:
    document = parse_document(text)
    assert document.diagnostics == ()
    return resolve(document, environment, overrides)


def told(
    text: str, environment: str | None = None, **overrides: str
) -> list[tuple[str, str, str | None, str]]:
    found = resolved(text, environment, **overrides).diagnostics
    lines = text.split("\n")
    return [
        (
            f.code,
            f.message,
            f.help,
            lines[f.span.line - 1][f.span.column - 1 : f.span.end_column - 1] if f.span else "",
        )
        for f in found
    ]


def test_without_an_environment_defaults_hold() -> None:
    result = resolved(SPEC)
    assert result.diagnostics == ()
    assert result.document.value == {
        "parameters": {"as_of": {"type": "timestamp", "default": "2013-12-31"}},
        "datasets": {"flights": {"source": {"type": "parquet", "path": "s3://dev/f"}, "key": ["b", "c"]}},
        "label": "delay > 15 and true or '${params.as_of}' = '$${vars.late}'",
        "alone": [15, 1.0, True, "3h", "${params.as_of}"],
    }
    assert result.used == {"late", "on", "bucket", "share", "ttl"}


def test_maps_of_an_environment_merge_and_lists_and_scalars_replace() -> None:
    result = resolved(SPEC, "prod", late="45")
    assert result.diagnostics == ()
    assert result.variables["late"] == 45
    assert result.document.value["datasets"] == {
        "flights": {"source": {"type": "parquet", "path": "prod.parquet"}, "key": ["a"]},
        "extra": {"path": "live/x"},
    }


def test_places_follow_a_value_to_where_it_was_written() -> None:
    document = resolved(SPEC, "prod").document
    assert document.value_span(("datasets", "flights", "source", "path")).line == 13
    assert document.value_span(("datasets", "flights", "source", "type")).line == 17
    assert document.value_span(("datasets", "flights", "key", 0)).line == 13
    assert document.key_span(("datasets", "extra", "path")).line == 14
    assert document.key_span(("datasets", "flights")).line == 16


def test_a_place_in_a_text_allows_for_what_variables_put_in() -> None:
    text = "vars: {v: {type: string, default: a long value}}\nq: 'x ${vars.v} BAD ${vars.v} END'\n"
    document = resolved(text).document
    value = document.value["q"]
    line = text.split("\n")[1]

    def at(part: str) -> str:
        span = document.scalar_span(("q",), value.index(part), len(part))
        return line[span.column - 1 : span.end_column - 1]

    assert at("x") == "x"
    assert at("long") == "${vars.v}"
    assert at("BAD") == "BAD"
    assert at("END") == "END"
    assert at("value BAD") == "${vars.v} BAD"
    assert at("BAD a") == "BAD ${vars.v}"


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("${vars.lat}", ("MLC110", "undefined variable 'lat'", "did you mean 'late'?", "${vars.lat}")),
        ("it''s ${params.asof}!", ("MLC111", "undefined parameter 'asof'", "did you mean 'as_of'?", "${params.asof}")),
        ("${env.X}", ("MLC114", "unknown namespace 'env' in '${env.X}'", "a literal '${' is written '$${'", "${env.X}")),
        ("${vars.a-b}", ("MLC114", "'${vars.a-b}' is neither ${vars.name} nor ${params.name}", "a literal '${' is written '$${'", "${vars.a-b}")),
        ("a ${vars.late", ("MLC114", "a '${' that is never closed", "a literal '${' is written '$${'", "${")),
    ],
)  # fmt: skip
def test_a_reference_that_cannot_be_resolved_is_told_at_its_place(
    written: str, fault: tuple[str, str, str, str]
) -> None:
    text = "vars: {late: {type: int, default: 1}}\nparameters: {as_of: {type: int}}\n" + f"x: '{written}'\n"
    assert told(text) == [fault]


def test_variables_are_checked_in_every_environment_chosen_or_not() -> None:
    text = """\
vars:
  late: {type: int, default: 15}
  ttl: {type: duration, default: 3 hours}
environments:
  dev: {vars: {late: true}}
  prod: {vars: {lat: 5}, apiVersion: x}
"""
    assert told(text) == [
        ("MLC107", "variable 'ttl': expected a duration such as 30d, 3h or 1h30m, found text '3 hours'", None, "3 hours"),
        ("MLC103", "variable 'late': expected a whole number, found true", None, "true"),
        ("MLC116", "an environment cannot change 'apiVersion'", None, "apiVersion"),
        ("MLC110", "undefined variable 'lat'", "did you mean 'late'?", "lat"),
    ]  # fmt: skip


def test_an_unknown_environment_is_told_with_the_nearest() -> None:
    assert told("environments: {prod: {}}\n", "prdo") == [
        ("MLC113", "unknown environment 'prdo'", "did you mean 'prod'?", "environments")
    ]
    assert told("a: 1\n", "prod") == [
        ("MLC113", "unknown environment 'prod'", "declare it under `environments`", "")
    ]


def test_a_variable_needs_a_value_from_somewhere() -> None:
    text = "vars: {bucket: {type: string}}\nenvironments: {prod: {vars: {bucket: b}}}\nx: '${vars.bucket}'\n"
    assert [(code, where) for code, _, _, where in told(text)] == [("MLC115", "bucket")]
    assert told(text, "prod") == []
    assert told(text, bucket="c") == []


def test_a_value_of_the_command_line_is_read_by_the_variables_type() -> None:
    text = (
        "vars: {n: {type: int, default: 1}, b: {type: bool, default: false}}\nx: ['${vars.n}', '${vars.b}']\n"
    )
    assert resolved(text, n="5", b="true").document.value["x"] == [5, True]
    assert [(c, m) for c, m, _, _ in told(text, n="five", m="1")] == [
        ("MLC103", "variable 'n': expected a whole number, found text 'five'"),
        ("MLC110", "undefined variable 'm'"),
    ]


def test_sections_of_the_wrong_shape_are_told_and_passed_over() -> None:
    assert [(c, m) for c, m, _, _ in told("vars: [a]\nenvironments: x\n")] == [
        ("MLC103", "'vars': expected a map, found a list"),
        ("MLC103", "'environments': expected a map, found text 'x'"),
    ]
