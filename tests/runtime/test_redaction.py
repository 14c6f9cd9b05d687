"""Secrets are masked in whatever form they are said."""

import base64
import sys
from urllib.parse import quote_plus

import pytest

from mlopsc.diagnostics.errors import StepFailed, StoreError
from mlopsc.runtime.redaction import redact, redacting

SECRET = "p/ss w+rd\n'=="


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        repr({"key": SECRET})[8:-1],
        quote_plus(SECRET),
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("="),
    ],
    ids=["raw", "repr", "url", "base64", "base64-url"],
)
def test_every_form_is_masked(form):
    text = redact(f"before {form} after", [SECRET])
    assert text.startswith("before ")
    assert "***" in text
    assert "ss w" not in text
    assert form not in text


def test_a_secret_that_contains_another_leaves_no_rest():
    assert redact("alpha-beta alpha", ["alpha", "alpha-beta"]) == "*** ***"


def test_values_too_short_to_tell_are_left():
    assert redact("as in cats", ["as"]) == "as in cats"


def test_prints_are_masked_and_the_streams_given_back(capsys):
    streams = sys.stdout, sys.stderr
    with redacting([SECRET]):
        print("say", SECRET)
        print("whisper", SECRET, file=sys.stderr)
    assert (sys.stdout, sys.stderr) == streams
    assert capsys.readouterr() == ("say ***\n", "whisper ***\n")


def test_an_exception_that_tells_becomes_one_that_does_not(capsys):
    with pytest.raises(StepFailed) as failed, redacting([SECRET]):
        raise ValueError(f"refused {SECRET}")
    assert str(failed.value) == "ValueError: refused ***"
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__
    assert "ValueError: refused ***" in capsys.readouterr().err


def test_an_exception_of_mlopsc_keeps_its_kind(capsys):
    with pytest.raises(StoreError) as failed, redacting([SECRET]):
        raise StoreError(f"no {SECRET}", help=f"try without {SECRET}")
    assert (str(failed.value), failed.value.help) == ("no ***", "try without ***")


def test_any_other_exception_passes_as_it_is():
    error = KeyError("x")
    with pytest.raises(KeyError) as failed, redacting([SECRET]):
        raise error
    assert failed.value is error
