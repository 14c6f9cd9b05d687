"""Steps take turns where the machine has not enough for all of them."""

import threading

from mlopsc_prefect.machine import Machine, memory_bytes


def test_quantities_are_read_as_kubernetes_writes_them():
    assert [memory_bytes(text) for text in ("0", "7", "2k", "3Mi", "4Gi")] == [
        0,
        7,
        2000,
        3 * 2**20,
        4 * 2**30,
    ]


def test_a_share_is_given_back():
    machine = Machine(2.0, 100)
    with machine.share(1.5, 60):
        assert (machine.cores, machine.memory) == (0.5, 40)
    assert (machine.cores, machine.memory) == (2.0, 100)


def test_who_asks_for_more_than_there_is_gets_all_of_it():
    machine = Machine(2.0, 100)
    with machine.share(64, 10**12):
        assert (machine.cores, machine.memory) == (0.0, 0)


def test_who_finds_too_little_waits():
    machine, order = Machine(2.0, 100), []

    def work():
        with machine.share(2, 0):
            order.append("second")

    with machine.share(1, 0):
        thread = threading.Thread(target=work)
        thread.start()
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_limits_of_the_container_hold(tmp_path):
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    (tmp_path / "memory.max").write_text("4096\n")
    limited = Machine.here(tmp_path)
    assert (limited.cores, limited.memory) == (0.5, 4096)
    (tmp_path / "cpu.max").write_text("max 100000\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert Machine.here(tmp_path).memory > 4096
