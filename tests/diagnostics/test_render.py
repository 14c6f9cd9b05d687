import json

from mlopsc.diagnostics.codes import report
from mlopsc.diagnostics.diagnostic import Diagnostic, Label, Span
from mlopsc.diagnostics.render_json import render_json
from mlopsc.diagnostics.render_sarif import render_sarif
from mlopsc.diagnostics.render_text import render_text

SOURCE = """\
datasets:
  weather: {path: a}

features:
  origin_weather: {dataset: weathr}
  weather: {dataset: weather}
"""
UNKNOWN = report(
    "MLC201",
    "unknown dataset 'weathr'",
    Span("mlops.yaml", 5, 29, 5, 35),
    help="did you mean 'weather'?",
)
TWICE = report(
    "MLC208",
    "'weather' is already a dataset",
    Span("mlops.yaml", 6, 3, 6, 10),
    labels=[Label(Span("mlops.yaml", 2, 3, 2, 10), "first defined here")],
)


def shown(line: str, start: int, end: int, **options: bool | int) -> str:
    fault = report("MLC103", "wrong", Span("f", 1, start, 1, end))
    return "\n".join(render_text([fault], {"f": line}, **options).split("\n")[3:5])  # type: ignore[arg-type]


def test_a_report_shows_the_line_the_token_and_what_to_do() -> None:
    assert (
        render_text([UNKNOWN, TWICE], {"mlops.yaml": SOURCE})
        == """\
error[MLC201]: unknown dataset 'weathr'
 --> mlops.yaml:5:29
  |
5 |   origin_weather: {dataset: weathr}
  |                             ^^^^^^
  |
  = help: did you mean 'weather'?

error[MLC208]: 'weather' is already a dataset
 --> mlops.yaml:6:3
  |
2 |   weather: {path: a}
  |   ------- first defined here
...
6 |   weather: {dataset: weather}
  |   ^^^^^^^
  |

2 errors
"""
    )


def test_a_label_in_another_file_gets_its_own_excerpt() -> None:
    label = Label(Span("mlops.lock", 1, 1, 1, 5), "locked here")
    fault = report("MLC602", "gone", Span("mlops.yaml", 2, 3, 2, 10), labels=[label])
    assert (
        render_text([fault], {"mlops.yaml": SOURCE, "mlops.lock": "lock: 1"})
        == """\
warning[MLC602]: gone
 --> mlops.yaml:2:3
  |
2 |   weather: {path: a}
  |   ^^^^^^^
  |
 ::: mlops.lock:1:1
  |
1 | lock: 1
  | ---- locked here
  |

1 warning
"""
    )


def test_a_fault_without_a_place_or_a_source_is_still_told() -> None:
    assert render_text([report("MLC113", "unknown environment 'x'")], {}) == (
        "error[MLC113]: unknown environment 'x'\n\n1 error\n"
    )
    assert render_text([UNKNOWN], {}).startswith(
        "error[MLC201]: unknown dataset 'weathr'\n --> mlops.yaml:5:29"
    )
    assert render_text([], {}) == ""


def test_carets_stand_below_tabs_and_wide_characters() -> None:
    assert shown("\tkey: x", 7, 8) == "1 |     key: x\n  |          ^"
    assert shown("名前: x", 5, 6) == "1 | 名前: x\n  |       ^"
    assert shown("名前: x", 1, 3) == "1 | 名前: x\n  | ^^^^"
    assert shown("é́: x", 5, 6) == "1 | é́: x\n  |    ^"


def test_characters_that_could_fool_a_terminal_are_written_out() -> None:
    assert shown("a\u202eb: \x1b[31m", 4, 5) == "1 | a\\u202eb: \\x1b[31m\n  |         ^"
    spoof = report("MLC103", "found '\x1b]0;x\x07\nerror: fake'", help="a\u2066b\nnext")
    assert render_text([spoof], {}).split("\n")[:3] == [
        "error[MLC103]: found '\\x1b]0;x\\x07\\nerror: fake'",
        " = help: a\\u2066b",
        "         next",
    ]


def test_a_long_line_is_cut_around_the_place() -> None:
    excerpt = shown("a" * 500 + "KEY" + "b" * 500, 501, 504, width=40)
    assert excerpt == f"1 | …{'a' * 18}KEY{'b' * 19}…\n  |  {' ' * 18}^^^"


def test_a_span_of_several_lines_is_marked_on_its_first() -> None:
    fault = report("MLC103", "wrong", Span("f", 1, 4, 3, 2))
    assert render_text([fault], {"f": "a: |\n  x\n  y"}).split("\n")[3:5] == ["1 | a: |", "  |    ^"]


def test_colors_only_when_asked() -> None:
    assert "\x1b" not in render_text([UNKNOWN], {"mlops.yaml": SOURCE})
    colored = render_text([UNKNOWN], {"mlops.yaml": SOURCE}, color=True)
    assert colored.startswith("\x1b[1;31merror[MLC201]\x1b[0m\x1b[1m: unknown dataset 'weathr'\x1b[0m\n")


def test_json_has_exactly_the_published_keys() -> None:
    assert json.loads(render_json([UNKNOWN, report("MLC113", "x")])) == {
        "schema_version": 1,
        "diagnostics": [
            {
                "code": "MLC201",
                "slug": "unknown-dataset",
                "severity": "error",
                "message": "unknown dataset 'weathr'",
                "file": "mlops.yaml",
                "line": 5,
                "column": 29,
                "end_line": 5,
                "end_column": 35,
                "help": "did you mean 'weather'?",
            },
            {
                "code": "MLC113",
                "slug": "unknown-environment",
                "severity": "error",
                "message": "x",
                "file": None,
                "line": None,
                "column": None,
                "end_line": None,
                "end_column": None,
                "help": None,
            },
        ],
    }


def test_sarif_names_rules_places_and_related_places() -> None:
    found: list[Diagnostic] = [UNKNOWN, TWICE, report("MLC113", "x")]
    log = json.loads(render_sarif(found, version="0.1.0"))
    run = log["runs"][0]
    assert log["version"] == "2.1.0"
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["MLC113", "MLC201", "MLC208"]
    assert [(result["ruleId"], result["ruleIndex"]) for result in run["results"]] == [
        ("MLC201", 1),
        ("MLC208", 2),
        ("MLC113", 0),
    ]
    assert run["results"][0]["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "mlops.yaml"},
        "region": {"startLine": 5, "startColumn": 29, "endLine": 5, "endColumn": 35},
    }
    assert run["results"][1]["relatedLocations"][0]["message"] == {"text": "first defined here"}
    assert "locations" not in run["results"][2]
