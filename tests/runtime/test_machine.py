"""What a process may use: limits of its container come before the size of the machine."""

from mlopsc.runtime.context import Context
from mlopsc.runtime.machine import Capacity, capacity


def test_limits_of_the_container_hold(tmp_path):
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    (tmp_path / "memory.max").write_text("4096\n")
    assert capacity(tmp_path) == Capacity(0.5, 4096)


def test_without_limits_it_is_the_machine(tmp_path):
    unlimited = capacity(tmp_path)
    (tmp_path / "cpu.max").write_text("max 100000\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert capacity(tmp_path) == unlimited
    assert unlimited.cores >= 1
    assert unlimited.memory > 4096


def test_part_of_a_core_is_one_thread(tmp_path, monkeypatch):
    monkeypatch.setattr("mlopsc.runtime.context.capacity", lambda: Capacity(0.5, 4096))
    assert Context(project=tmp_path).threads == 1
    monkeypatch.setattr("mlopsc.runtime.context.capacity", lambda: Capacity(3.5, 4096))
    assert Context(project=tmp_path).threads == 3
