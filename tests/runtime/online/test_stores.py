"""What every online store does: a view is replaced whole, never by older values, whoever dies or reads meanwhile."""

import multiprocessing
import os
import signal
import threading

import pytest

from mlopsc.diagnostics.errors import LeaseLost, OnlineStoreError
from mlopsc.runtime.online.location import open_online_store
from tests.runtime.online.states import nothing, state


def rows(*numbers, value=0):
    return [(f'["{number}"]', f"[0,{value}]") for number in numbers]


def everything(store, project, view="weather", keys=range(10)):
    found = store.read(project, lambda _: [f'["{key}"]' for key in keys], [view])
    return found.get(view)


def test_before_anything_is_written_there_is_nothing(store, project):
    assert everything(store, project) is None
    assert store.states(project) == ()
    assert store.trainings(project) == {}
    store.forget(project, ["weather"])


def test_a_view_is_replaced_whole(store, project):
    assert store.replace(project, state(), rows(1, 2, 3), {"late": "[]"}, nothing) == "written"
    assert store.replace(project, state(hours=1), rows(2, 4, value=1), {"late": "[]"}, nothing) == "written"
    held, found = everything(store, project)
    assert found == {'["2"]': "[0,1]", '["4"]': "[0,1]"}
    assert held == state(hours=1, rows=2)
    assert store.states(project) == (held,)
    assert store.trainings(project) == {"late": "[]"}


def test_older_values_never_take_the_place_of_newer_ones(store, project):
    store.replace(project, state(hours=2), rows(1, value=2), {}, nothing)
    assert store.replace(project, state(hours=1), rows(1, value=1), {"late": "[]"}, nothing) == "superseded"
    assert everything(store, project)[1] == {'["1"]': "[0,2]"}
    assert store.trainings(project) == {}
    assert store.replace(project, state(hours=2, source="t"), rows(1, value=3), {}, nothing) == "written"


def test_projects_and_views_are_apart(store, project):
    store.replace(project, state(), rows(1), {}, nothing)
    store.replace(project, state("other"), rows(1, value=5), {}, nothing)
    store.replace(f"{project}x", state(), rows(1, value=7), {}, nothing)
    store.forget(project, ["weather"])
    assert everything(store, project) is None
    assert everything(store, project, "other")[1] == {'["1"]': "[0,5]"}
    assert everything(store, f"{project}x")[1] == {'["1"]': "[0,7]"}


def test_many_keys_are_read_at_once(store, project):
    store.replace(project, state(), rows(*range(0, 40_000, 2)), {}, nothing)
    assert len(everything(store, project, keys=range(20_000))[1]) == 10_000


def test_a_writer_that_may_not_write_leaves_what_was_there(store, project):
    store.replace(project, state(), rows(1), {}, nothing)

    def refuse() -> None:
        raise LeaseLost("somebody else")

    with pytest.raises(LeaseLost):
        store.replace(project, state(hours=1), rows(2), {}, refuse)
    assert everything(store, project) == (state(rows=1), {'["1"]': "[0,0]"})


def _write(location, folder, project, hours, moment=None):
    """Write 3000 entities that all say which writer theirs is; at `moment` stop for ever."""
    store = open_online_store(location, {}, folder)

    def made():
        yield from rows(*range(3000), value=hours)
        if moment == "rows":
            os.kill(os.getpid(), signal.SIGKILL)

    def guard() -> None:
        if moment == "guard":
            os.kill(os.getpid(), signal.SIGKILL)

    store.replace(project, state(hours=hours), made(), {}, guard)


@pytest.mark.parametrize("moment", ["rows", "guard"])
def test_a_killed_writer_leaves_what_was_there(location, store, project, tmp_path, moment):
    _write(location, tmp_path, project, 1)
    process = multiprocessing.get_context("spawn").Process(
        target=_write, args=(location, tmp_path, project, 2, moment)
    )
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert set(everything(store, project, keys=range(3000))[1].values()) == {"[0,1]"}
    _write(location, tmp_path, project, 2)
    assert set(everything(store, project, keys=range(3000))[1].values()) == {"[0,2]"}


def test_writers_at_once_end_with_the_latest_and_readers_never_see_half_a_view(
    location, store, project, tmp_path
):
    _write(location, tmp_path, project, 0)
    seen, done = [], threading.Event()

    def look() -> None:
        while not done.is_set():
            held, found = everything(store, project, keys=range(3000))
            seen.append((len(found), {f"[0,{held.until.hour}]"} == set(found.values())))

    reader = threading.Thread(target=look)
    reader.start()
    try:
        spawn = multiprocessing.get_context("spawn")
        writers = [
            spawn.Process(target=_write, args=(location, tmp_path, project, hours)) for hours in (3, 1, 4, 2)
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
            assert writer.exitcode == 0
    finally:
        done.set()
        reader.join()
    assert set(seen) == {(3000, True)}
    assert set(everything(store, project, keys=range(3000))[1].values()) == {"[0,4]"}


def test_what_is_no_store_is_told(tmp_path):
    (tmp_path / "file").write_text("no database, but long enough to look like something" * 100)
    with pytest.raises(OnlineStoreError, match="file is not a database"):
        open_online_store("file", {}, tmp_path).states("p")
    with pytest.raises(OnlineStoreError, match="is a folder"):
        open_online_store(".", {}, tmp_path)
    with pytest.raises(OnlineStoreError, match="cannot be kept in 'mysql'"):
        open_online_store("mysql://host/db", {}, tmp_path)


def test_a_server_that_is_not_there_is_told_without_its_password(tmp_path):
    pytest.importorskip("redis")
    store = open_online_store("redis://user:geheim@127.0.0.1:1/0", {}, tmp_path)
    with pytest.raises(OnlineStoreError, match="the online store in Redis failed") as caught:
        store.states("p")
    assert "geheim" not in str(caught.value) + str(caught.value.help)
    store.close()
