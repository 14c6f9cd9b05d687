"""Steps take turns where the machine has not enough for all of them."""

import threading

from mlopsc_prefect.machine import Machine


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
