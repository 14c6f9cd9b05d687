import math
import subprocess
import sys
from pathlib import Path

import pytest

from mlopsc.diagnostics.diagnostic import Span
from mlopsc.spec.document import Document
from mlopsc.spec.yaml_load import MAX_BYTES, MAX_FAULTS, load_document, parse_document


def marked(document: Document, span: Span) -> str:
    """Return the text that a span covers."""
    lines = document.text.split("\n")
    if span.line == span.end_line:
        return lines[span.line - 1][span.column - 1 : span.end_column - 1]
    first, last = lines[span.line - 1][span.column - 1 :], lines[span.end_line - 1][: span.end_column - 1]
    return "\n".join([first, *lines[span.line : span.end_line - 1], last])


def faults(text: str) -> list[tuple[str, str]]:
    document = parse_document(text)
    return [(f.code, marked(document, f.span)) for f in document.diagnostics if f.span]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1e-4", 1e-4),
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("12:30:45", "12:30:45"),
        ("1_000", "1_000"),
        ("0b1", "0b1"),
        ("0o755", 493),
        ("0xfF", 255),
        ("-7", -7),
        ("+3", 3),
        ("1.", 1.0),
        (".5", 0.5),
        ("-.inf", -math.inf),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("nil", "nil"),
        ("2013-12-31", "2013-12-31"),
        ("2013-12-31T00:00:00Z", "2013-12-31T00:00:00Z"),
        ("'5'", "5"),
        ('"true"', "true"),
        ("|\n  5", "5\n"),
        ("=", "="),
    ],
)
def test_scalars_follow_the_core_schema_of_yaml_1_2(written: str, value: object) -> None:
    document = parse_document(f"a: {written}\n")
    assert document.diagnostics == ()
    assert document.value == {"a": value}
    assert type(document.value["a"]) is type(value)


def test_not_a_number_is_one() -> None:
    assert math.isnan(parse_document("a: .nan").value["a"])


def test_keys_that_yaml_1_1_takes_for_booleans_are_text() -> None:
    assert parse_document("on: 1\nno: 2\ny: 3").value == {"on": 1, "no": 2, "y": 3}


def test_a_number_with_leading_zeros_is_decimal_with_a_warning_at_each_place() -> None:
    document = parse_document("a: 0755\nb: 0755\n")
    assert document.value == {"a": 755, "b": 755}
    assert [(f.code, f.severity, f.help) for f in document.diagnostics] == [
        ("MLC014", "warning", "write 755, or 0o755 if octal is meant, or quote it as text")
    ] * 2


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: 1\nb: 2\na: 3\n", ("MLC005", "a")),
        ("a: !!python/object/apply:os.system [x]\n", ("MLC006", "!!python/object/apply:os.system")),
        ("a: &x !t v\n", ("MLC006", "!t")),
        ("a: ! v\n", ("MLC006", "!")),
        ("a: 1\n---\nb: 2\n", ("MLC007", "---")),
        ("a: {1: x}\n", ("MLC008", "1")),
        ("a: {true: x}\n", ("MLC008", "true")),
        ("[a]: x\n", ("MLC008", "[a]")),
        ("a: &x {b: 1}\nc: {<<: *x}\n", ("MLC009", "<<")),
        ("a: 1e999\n", ("MLC015", "1e999")),
        ("- a\n", ("MLC013", "a")),
        ("a:b\n", ("MLC013", "a:b")),
        ("a: \x07\n", ("MLC003", "\x07")),
        ("a: 1\rb: 2\n", ("MLC003", "\r")),
        ("a: &a [*a]\n", ("MLC012", "[")),
        ("a:\n\tb: 1\n", ("MLC004", "\t")),
        ("a: 1\nb\nc: 2\n", ("MLC004", "b")),
        ("a: 'abc\nb: 2\n", ("MLC004", "'")),
        ("a: b: c\n", ("MLC004", ":")),
        ('a: "x\\q"\n', ("MLC004", "\\q")),
        ("a: *nope\n", ("MLC004", "*nope")),
        ("a: @x\n", ("MLC004", "@")),
        ("a: [1, 2\nb: 3\n", ("MLC004", ":")),
        ("a:\n  - x\n  y: 2\n", ("MLC004", "y: 2")),
        ("a: - b\n", ("MLC004", "-")),
    ],
)
def test_what_is_wrong_with_the_yaml_is_told_once_at_its_place(text: str, fault: tuple[str, str]) -> None:
    if fault[0] == "MLC012":
        assert [code for code, _ in faults(text)] == ["MLC012"]
    else:
        assert faults(text) == [fault]


def test_a_duplicate_key_points_at_the_first_which_is_kept() -> None:
    document = parse_document("a: 1\n'a': 2\n")
    assert document.value == {"a": 1}
    assert [str(label.span) for label in document.diagnostics[0].labels] == ["mlops.yaml:1:1"]


def test_a_tag_in_text_or_a_comment_is_none() -> None:
    assert parse_document("a: x != 1  # !t\nb: '! v'\nc: wow!\n").diagnostics == ()


def test_an_empty_file_is_no_spec() -> None:
    assert [f.message for f in parse_document("# nothing\n").diagnostics] == ["the file is empty"]


def test_many_faults_end_the_reading() -> None:
    assert len(parse_document("a: 1\n" * 5000).diagnostics) == MAX_FAULTS


def test_aliases_repeat_values_with_the_places_of_the_anchor() -> None:
    document = parse_document("a: &x {b: [1, 2]}\nc: *x\n")
    assert document.value == {"a": {"b": [1, 2]}, "c": {"b": [1, 2]}}
    assert document.value["a"] is not document.value["c"]
    assert marked(document, document.value_span(("c", "b", 1))) == "2"


SPEC = """\
# comment
plain: some text  # why
single: 'it''s'
nested:
  list:
    - first
    - key: value
      'quoted key': "x"
  flow: {a: [1, 22], b: }
anchored: &name deep
literal: |
  one
  two

last: é𝒳 end
"""


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        (("plain",), "plain", "some text"),
        (("single",), "single", "'it''s'"),
        (("nested",), "nested", "nested"),
        (("nested", "list"), "list", "list"),
        (("nested", "list", 0), "first", "first"),
        (("nested", "list", 1), "key", "key"),
        (("nested", "list", 1, "quoted key"), "'quoted key'", '"x"'),
        (("nested", "flow"), "flow", "{a: [1, 22], b: }"),
        (("nested", "flow", "a", 1), "22", "22"),
        (("nested", "flow", "b"), "b", "b"),
        (("anchored",), "anchored", "deep"),
        (("literal",), "literal", "|\n  one\n  two"),
        (("last",), "last", "é𝒳 end"),
        (("nested", "absent", "x"), "nested", "nested"),
        ((), "plain", "plain"),
    ],
)
def test_every_key_and_value_knows_its_place(path: tuple[str | int, ...], key: str, value: str) -> None:
    for text in (SPEC, "\ufeff" + SPEC):
        document = parse_document(text)
        assert marked(document, document.key_span(path)) == key
        assert marked(document, document.value_span(path)) == value


def test_lines_may_end_as_on_windows() -> None:
    document = parse_document(SPEC.replace("\n", "\r\n"))
    assert str(document.value_span(("last",))) == "mlops.yaml:15:7"
    assert document.value["literal"] == "one\ntwo\n"


def test_places_are_right_far_into_a_large_file() -> None:
    document = parse_document("".join(f"key_{number}: {number}\n" for number in range(5000)))
    assert document.value_span(("key_4321",)) == Span("mlops.yaml", 4322, 11, 4322, 15)


@pytest.mark.parametrize(
    "written",
    [
        "select a from BAD",
        "select a\n  from\n\n  BAD",
        "'select ''a'' from BAD'",
        "'select\n  ''a'' from BAD or ''BAD'''",
        '"select \\"a\\" \\u00e9 from BAD"',
        '"select \\\n   a from\\n \\x41 BAD"',
        "|\n  select a\n    from t\n  where BAD\n",
        "|2-  # where\n    select a\n  where BAD\n",
        ">\n  select a\n  from t\n\n    where BAD\n",
        ">-\n  é𝒳 select BAD",
        "&anchor 'select BAD'",
    ],
)
def test_a_place_inside_a_text_is_found_for_every_style(written: str) -> None:
    document = parse_document("a:\n  sql: " + written.replace("\n", "\n  ") + "\n")
    assert document.diagnostics == ()
    value = document.value["a"]["sql"]
    span = document.scalar_span(("a", "sql"), value.index("BAD"), 3)
    assert marked(document, span) == "BAD"


def test_a_place_inside_a_quoted_text_covers_its_escapes() -> None:
    document = parse_document("a: 'it''s'\nb: \"x\\u00e9y\"\n")
    assert marked(document, document.scalar_span(("a",), 2, 1)) == "''"
    assert marked(document, document.scalar_span(("b",), 1, 1)) == "\\u00e9"


def test_a_place_behind_the_end_of_a_text_is_its_end() -> None:
    document = parse_document("a: 'x'\n")
    assert document.scalar_span(("a",), 5, 1).column == 6


def test_a_file_that_is_not_there_or_not_text_is_a_diagnostic(tmp_path: Path) -> None:
    assert [f.code for f in load_document(tmp_path / "absent.yaml").diagnostics] == ["MLC001"]
    assert [f.code for f in load_document(tmp_path).diagnostics] == ["MLC001"]
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("a: 1\nb: café\n".encode("latin-1"))
    assert [str(f.span) for f in load_document(latin, name="latin.yaml").diagnostics] == ["latin.yaml:2:7"]
    good = tmp_path / "good.yaml"
    good.write_bytes("\ufeffa: café\n".encode())
    assert load_document(good).value == {"a": "café"}


HOSTILE = {
    "huge": lambda: "\0" * 100_000_000,
    "many values": lambda: "a:\n" + "- b\n" * 1_200_000,
    "wide": lambda: "a:\n" + "- b\n" * 290_000 + f'x: "\U0001f600{"y" * 3_800_000}"\nx: 1\n',
    "deep": lambda: "a: " + "[" * 4_000_000,
    "deep block": lambda: "- " * 2_000_000,
    "bomb": lambda: (
        "b0: &b0 [x]\n" + "".join(f"b{n}: &b{n} [{','.join([f'*b{n - 1}'] * 9)}]\n" for n in range(1, 50))
    ),
    "chain": lambda: "b0: &b0 [x]\n" + "".join(f"b{n}: &b{n} [*b{n - 1}]\n" for n in range(1, 50_000)),
    "duplicates": lambda: "".join(f"k{n}: 1\n" for n in range(70_000)) * 2,
    "tags": lambda: "a:\n" + "- !!python/name:os.system x\n" * 100_000,
}
PROBE = """
import sys
from pathlib import Path
from mlopsc.spec.yaml_load import load_document
found = load_document(Path(sys.argv[1])).diagnostics
assert found and all(f.span for f in found), found
peak = int(next(l for l in open("/proc/self/status") if l.startswith("VmHWM")).split()[1]) / 1024
assert peak < 200, f"{peak} MB"
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of memory from /proc")
@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_files_get_a_located_error_in_bounded_memory(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "mlops.yaml"
    path.write_text(HOSTILE[kind](), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", PROBE, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_limit_on_size_holds_for_texts_too() -> None:
    assert [f.code for f in parse_document("a" * (MAX_BYTES + 1)).diagnostics] == ["MLC010"]
