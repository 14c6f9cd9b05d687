"""Cards of versions made by hand: no text becomes markup, and what is lost is told."""

from datetime import UTC, datetime

import pytest
from markdown import markdown

from mlopsc.reporting import Judged
from mlopsc.reporting.cards import as_html, as_markdown, card_of
from mlopsc.runtime.registry import LedgerEntry, Version
from tests.reporting.reading import read
from tests.reporting.runs import BINARY, DIGEST, EXPLANATION, GOOD, HOSTILE, METRICS, validation
from tests.reporting.test_page import TAGS

AT = datetime(2026, 1, 2, tzinfo=UTC)
KEYS = ("intended_use", "out_of_scope", "limitations", "contacts", "licence", "data", "risks")
MARKED = (
    *HOSTILE,
    "*a* _b_ `c` [d](javascript:alert(1)) | e",
    "# heading\n\n- item\n\n1. one\n\n> quote",
    "1. one",
    "---",
    "![x](http://example.com/x.png)",
    "<b onclick=alert(1)>",
)


def version(said="m", **lineage):
    about = {"spec_digest": DIGEST, "datasets": {}, "parameters": {"p": said}, "code": None, **lineage}
    return Version(
        model="m", number=1, digest=DIGEST, lineage_digest=DIGEST, artifacts={}, metrics={}, gates={},
        stages={said: (said,)}, lineage=about, decisions={}, created_at=AT, actor=said, run=said,
    )  # fmt: skip


def judged(said="m", **more):
    entry = LedgerEntry(
        sequence=1, at=AT, actor=said, action="register", model="m", version=1, stage=said, from_version=None,
        digest=DIGEST, evidence={},
    )  # fmt: skip
    card = {key: said if key in ("intended_use", "licence", "data") else [said, said] for key in KEYS}
    given = {
        "curves": BINARY,
        "explanation": EXPLANATION | {"metric": said},
        "decisions": (GOOD | {"name": said, "reason": said, "type": "fairness"},),
        "datasets": (validation(dataset=said),),
        "signature": {
            "rows": 3, "estimator": said, "params": {said: said}, "label": said, "seed": 1,
            "features": [{"name": said, "type": said, "kind": "string", "categories": [said]}],
        },
        "version": version(said, card=card, owner=said),
        "entries": (entry,),
        "unread": (said,),
    }  # fmt: skip
    given |= {"project": "p", "training": "t", "metrics": METRICS | {"notes": [said]}}
    return Judged(**(given | more))


@pytest.mark.parametrize("evil", MARKED)
def test_no_text_becomes_markup(evil):
    card = card_of(judged(evil))
    page = as_html(card)
    assert read(page).unclosed == []
    assert {tag for tag, _, _ in read(page).attributes} <= TAGS | {"html", "meta"}
    rendered = markdown(as_markdown(card), extensions=["tables"])
    found = read(rendered)
    tags = {tag for tag, _, _ in found.attributes} | set(_tags(rendered))
    assert tags <= {"h1", "h2", "p", "em", "strong", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"}
    plain = _tags(markdown(as_markdown(card_of(judged("plain"))), extensions=["tables"]))
    assert _tags(rendered) == plain  # not one heading, item or cell more


def test_digests_may_be_broken_and_short_cells_may_not():
    page = as_html(card_of(judged()))
    assert f'<td data-label="digest" class="long"><bdi>{DIGEST}</bdi></td>' in page
    assert '<td data-label="verdict"><bdi>passed</bdi></td>' in page


def _tags(text):
    import re

    return re.findall(r"<([a-z]+\d?)[ >]", text)


def test_what_is_not_known_of_a_version_is_told():
    card = card_of(Judged("p", "t", METRICS, version=version()))
    text = as_markdown(card)
    for said in (
        "- **Owner**: not declared",
        "- **Intended use**: not declared",
        "No report on a dataset is kept with the version.",
        "the spec is not kept",
        "- **Recipe**: not kept with the version",
        "No gate judges it.",
    ):
        assert said in text, said
    assert read(as_html(card)).unclosed == []


def test_a_refused_gate_of_fairness_stands_in_the_card():
    refused = GOOD | {"name": "fair", "type": "fairness", "verdict": "fail", "reason": "0.3 apart"}
    text = as_markdown(card_of(judged(decisions=(refused,))))
    assert "**refused**: 1 of 1 gate refused it: fair." in text
    assert "| fair | fail | 0.3 apart |" in text
