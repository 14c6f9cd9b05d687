"""A lease ends by the clock that its holder and its reader share, and by nothing else."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mlopsc.diagnostics.errors import UsageError
from mlopsc.runtime.leases import SignOfLife, lease_seconds, sign_of_life, silence


def elsewhere(seconds: float) -> SignOfLife:
    """A sign of life of another machine, so many seconds ago by its clock."""
    return SignOfLife("another boot", 1.0, datetime.now(UTC) - timedelta(seconds=seconds))


def test_a_holder_that_was_heard_of_is_alive():
    assert silence(sign_of_life(), 30) is None


def test_on_the_same_boot_the_clock_that_nobody_sets_counts():
    here = sign_of_life()
    assert here.boot
    late = replace(here, tick=time.monotonic() - 31)
    assert silence(late, 30) == "no sign of life for 31 s (a lease lasts 30 s)"
    for days in (-400, 400):  # the wall clock was set
        assert silence(replace(here, at=here.at + timedelta(days=days)), 30) is None


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (29, None),
        (39, None),  # the clocks of two machines differ
        (50, "no sign of life for 50 s (a lease lasts 30 s)"),
        (-39, None),
        (-50, "its last sign of life is dated 50 s ahead of the clock here"),
    ],
)
def test_between_machines_wall_clocks_count_with_a_tolerance(ago, said):
    assert silence(elsewhere(ago), 30) == said


def test_without_a_clock_since_boot_the_wall_clock_counts():
    assert silence(SignOfLife("", None, datetime.now(UTC)), 30) is None
    assert silence(SignOfLife("", None, datetime.now(UTC) - timedelta(minutes=1)), 30) is not None


def test_its_length_is_a_setting(monkeypatch):
    monkeypatch.delenv("MLOPSC_LEASE", raising=False)
    assert lease_seconds() == 30
    monkeypatch.setenv("MLOPSC_LEASE", "2m")
    assert lease_seconds() == 120
    for text, said in (("soon", "MLOPSC_LEASE: expected a duration"), ("0s", "a second at least")):
        monkeypatch.setenv("MLOPSC_LEASE", text)
        with pytest.raises(UsageError, match=said):
            lease_seconds()
