"""Events that wait: kept once, in their order, through kills and collections, and told once to each server."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlopsc.runtime.store import Store
from mlopsc.runtime.store.collection import collect
from mlopsc.runtime.tracking.event import event_id
from mlopsc.runtime.tracking.queue import enqueue, is_waiting, sent, settle, waiting

EVENT = {"project": "tiny", "training": "lateness", "metrics": {"accuracy": 0.5}}
SERVER = "https://mlflow.example.com"


@pytest.fixture
def store(tmp_path):
    return Store.open(tmp_path / "store")


def test_an_event_that_waits_keeps_its_first_circumstances(store):
    first = enqueue(store, EVENT, at=1, circumstances={"mlflow.user": "ann"})
    again = enqueue(store, dict(reversed(EVENT.items())), at=2, circumstances={"mlflow.user": "bob"})
    assert again == first
    assert waiting(store, "tiny") == [first]


def test_events_wait_in_the_order_in_which_they_came(store):
    for at, accuracy in ((3, 0.1), (1, 0.2), (2, 0.3)):
        enqueue(store, EVENT | {"metrics": {"accuracy": accuracy}}, at=at, circumstances={})
    assert [one.event["metrics"]["accuracy"] for one in waiting(store, "tiny")] == [0.2, 0.3, 0.1]


def test_projects_that_share_a_store_have_queues_of_their_own(store):
    enqueue(store, EVENT, at=1, circumstances={})
    assert (is_waiting(store, "tiny"), is_waiting(store, "other")) == (True, False)
    assert waiting(store, "other") == []


def test_a_kill_between_note_and_removal_only_has_it_told_again(store, monkeypatch):
    one = enqueue(store, EVENT, at=1, circumstances={})

    def killed(name):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(type(store.files), "remove", lambda self, name: killed(name))
        with pytest.raises(KeyboardInterrupt):
            settle(store, one, SERVER, {"run": "r"})
    assert waiting(store, "tiny") == [one]
    assert sent(store, one.id, SERVER) == {"run": "r"}
    settle(store, one, SERVER, {"run": "r"})
    assert waiting(store, "tiny") == []


def test_another_server_has_not_been_told(store):
    one = enqueue(store, EVENT, at=1, circumstances={})
    settle(store, one, SERVER, {"run": "r"})
    assert sent(store, one.id, "https://other.example.com") is None


def test_a_collection_keeps_what_a_waiting_event_names(store):
    kept, lost = store.put_bytes(b"a model"), store.put_bytes(b"nobody's")
    one = enqueue(store, EVENT | {"model": {"digest": kept}}, at=1, circumstances={})
    later = 10 * 86_400.0
    import time

    now = time.time() + later
    collect(store, unused=86_400, roots=set, now=now)
    assert (store.exists(kept), store.exists(lost)) == (True, False)
    settle(store, one, SERVER, {})
    collect(store, unused=86_400, roots=set, now=now)
    assert not store.exists(kept)


@given(st.dictionaries(st.text(), st.floats(allow_nan=False, allow_infinity=False) | st.text() | st.none()))
def test_equal_events_have_one_id_whatever_their_order(content):
    backwards = dict(reversed(content.items()))
    assert event_id(content) == event_id(backwards) == event_id(json.loads(json.dumps(content)))
