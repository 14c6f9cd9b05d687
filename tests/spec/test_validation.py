# ruff: noqa: E501 - one case is one line
from enum import StrEnum
from typing import Annotated, Literal

import pytest
from pydantic import Field, StringConstraints, TypeAdapter, model_validator

from mlopsc.spec.validation import validate_entry
from mlopsc.spec.yaml_load import parse_document
from mlopsc.vocabulary.base import Frozen
from mlopsc.vocabulary.time import Duration, Timestamp


class Size(StrEnum):
    SMALL = "small"
    LARGE = "large"


class Random(Frozen):
    type: Literal["random"]
    test: Annotated[float, Field(gt=0, lt=1)] = 0.2


class Time(Frozen):
    type: Literal["time"]
    test: Duration | float


class Column(Frozen):
    name: str
    low: float | None = None


class Entry(Frozen):
    split: Annotated[Random | Time, Field(discriminator="type")]
    size: Size = Size.SMALL
    columns: tuple[str, ...] = ()
    described: tuple[Column, ...] | str = ()
    count: int = 0
    limit: int | float | None = None
    flag: bool = False
    since: Timestamp | None = None
    ttl: Duration | None = None
    by_name: dict[str, Column] = {}
    name: Annotated[str, StringConstraints(pattern=r"^[a-z]+$")] = "x"

    @model_validator(mode="after")
    def _rule(self) -> "Entry":
        if self.flag and not self.count:
            raise ValueError("`flag` needs a `count`")
        return self


ENTRY = TypeAdapter(Entry)


def read(body: str) -> tuple[Entry | None, list[tuple[str, str, str | None, str]]]:
    text = "top:\n  entry:\n    split: {type: random}\n" + "".join(
        f"    {line}\n" for line in body.split("\n")
    )
    if body.startswith("split"):
        text = text.replace("    split: {type: random}\n", "", 1)
    document = parse_document(text)
    assert document.diagnostics == ()
    lines = text.split("\n")
    checked = validate_entry(ENTRY, document.value["top"]["entry"], ("top", "entry"), document)
    model, found = checked
    spans = [f.span for f in found]
    return model, [
        (f.code, f.message, f.help, lines[s.line - 1][s.column - 1 : s.end_column - 1])
        for f, s in zip(found, spans, strict=True)
        if s
    ]


def test_yaml_lists_words_and_whole_numbers_fit_tuples_enums_and_floats() -> None:
    model, found = read(
        "size: large\ncolumns: [a, b]\nlimit: 5\nttl: 3h\ndescribed: [{name: a, low: 1}]\nby_name: {x: {name: a}}"
    )
    assert found == []
    assert model is not None
    assert (model.size, model.columns, model.limit) == (Size.LARGE, ("a", "b"), 5)
    assert model.described == (Column(name="a", low=1.0),)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("colums: [a]", ("MLC101", "unknown key 'colums'", "did you mean 'columns'?", "colums")),
        ("by_name: {x: {name: a, lo: 1}}", ("MLC101", "unknown key 'lo'", "keys here are low, name", "lo")),
        ("by_name: {x: {nam: a}}", ("MLC101", "unknown key 'nam'", "did you mean 'name'?", "nam")),
        ("split: {type: random, tset: 0.1}", ("MLC101", "unknown key 'tset'", "did you mean 'test'?", "tset")),
        ("split: {type: time}", ("MLC102", "'split' lacks the key 'test'", None, "split")),
        ("split: {test: 0.1}", ("MLC102", "'split' lacks the key 'type'", "one of random, time", "split")),
        ("described: [{low: 1}]", ("MLC102", "entry 1 of 'described' lacks the key 'name'", None, "{low: 1}")),
        ("count: '5'", ("MLC103", "expected a whole number, found text '5'", "write 5, without quotes", "'5'")),
        ("count: 1.5", ("MLC103", "expected a whole number, found the number 1.5", None, "1.5")),
        ("count: true", ("MLC103", "expected a whole number, found true", None, "true")),
        ("count:", ("MLC103", "expected a whole number, found nothing", None, "count")),
        ("limit: true", ("MLC103", "expected a whole number or a number, found true", None, "true")),
        ("flag: yes", ("MLC103", "expected true or false, found text 'yes'", "write true, without quotes", "yes")),
        ("columns: a", ("MLC103", "expected a list, found text 'a'", "write [a]", "a")),
        ("columns: {a: 1}", ("MLC103", "expected a list, found a map", None, "{a: 1}")),
        ("columns: [a, 5]", ("MLC103", "expected text, found the number 5", "write it in quotes: '5'", "5")),
        ("described: [{name: a, low: x}]", ("MLC103", "expected a number, found text 'x'", None, "x")),
        ("split: random", ("MLC103", "expected a map, found text 'random'", "write {type: …}, one of random, time", "random")),
        ("size: larg", ("MLC104", "expected one of small, large, found text 'larg'", "did you mean 'large'?", "larg")),
        ("split: {type: randm}", ("MLC104", "expected one of random, time, found text 'randm'", "did you mean 'random'?", "randm")),
        ("split: {type: random, test: 1.5}", ("MLC105", "must be less than 1, found the number 1.5", None, "1.5")),
        ("name: A-1", ("MLC106", "expected text of the form ^[a-z]+$, found text 'A-1'", None, "A-1")),
        ("ttl: 3 hours", ("MLC107", "expected a duration such as 30d, 3h, 15m or 1h30m, found '3 hours'", None, "3 hours")),
        ("since: 31.12.2013", ("MLC108", "expected a timestamp such as 2013-12-31T00:00:00Z, found '31.12.2013'", None, "31.12.2013")),
        ("flag: true", ("MLC109", "`flag` needs a `count`", None, "entry")),
        ("count: ${params.n}", ("MLC112", "a run-time parameter cannot stand in 'count'", "use ${vars.name}, which is settled when the spec is compiled", "${params.n}")),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_told_in_the_specs_words_at_its_place(
    body: str, fault: tuple[str, str, str | None, str]
) -> None:
    _, found = read(body)
    assert found == [fault]


def test_all_faults_of_an_entry_are_told_at_once() -> None:
    _, found = read("split: {type: random, test: 2}\ncolums: [a]\ncount: x")
    assert sorted(code for code, *_ in found) == ["MLC101", "MLC103", "MLC105"]


def test_a_key_that_is_called_like_a_tag_of_its_union_is_not_mistaken_for_it() -> None:
    class Inner(Frozen):
        type: Literal["metric"]
        metric: dict[str, int]

    class Other(Frozen):
        type: Literal["other"]

    adapter: TypeAdapter[Inner | Other] = TypeAdapter(Annotated[Inner | Other, Field(discriminator="type")])
    document = parse_document("gate: {type: metric, metric: {metric: x}}")
    _, found = validate_entry(adapter, document.value["gate"], ("gate",), document)
    assert [str(f.span) for f in found] == ["mlops.yaml:1:39"]


def test_a_misspelt_key_is_read_as_the_one_that_was_meant_and_a_strange_one_is_left_out() -> None:
    model, found = read("colums: [a]")
    assert model is not None
    assert model.columns == ("a",)
    assert [code for code, *_ in found] == ["MLC101"]
    assert read("zzzzzz: 1")[0] is not None


def test_a_fault_below_the_entrys_own_keys_leaves_a_model_to_check_further() -> None:
    model, found = read("split: {type: random, test: 1.5}")
    assert model is not None
    assert [code for code, *_ in found] == ["MLC105"]


@pytest.mark.parametrize("body", ["count: text", "split: {test: 0.1}", "ttl: soon"])
def test_a_fault_of_an_entrys_own_key_leaves_no_model(body: str) -> None:
    assert read(body)[0] is None
