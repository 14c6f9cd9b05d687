"""Which addresses may be reached: the public internet's, however they are spelled, and hosts allowed by name."""

import socket
from typing import Any

import pytest

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.sources.remote.reach import PUBLIC, Reach, private_kind


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "a loopback address"),
        ("127.8.9.10", "a loopback address"),
        ("::1", "a loopback address"),
        ("0.0.0.0", "an unspecified address"),
        ("::", "an unspecified address"),
        ("169.254.169.254", "a link-local address"),
        ("fe80::1%eth0", "a link-local address"),
        ("fd00:ec2::254", "a private address"),
        ("10.1.2.3", "a private address"),
        ("172.16.0.1", "a private address"),
        ("192.168.1.1", "a private address"),
        ("100.64.0.1", "a private address"),
        ("100.100.100.200", "a private address"),
        ("192.0.0.192", "a private address"),
        ("168.63.129.16", "a private address"),
        ("64:ff9b:1::a00:1", "a private address"),
        ("224.0.0.1", "a multicast address"),
        ("255.255.255.255", "a private address"),
        ("::ffff:127.0.0.1", "a loopback address"),
        ("::ffff:169.254.169.254", "a link-local address"),
        ("::ffff:0a00:0001", "a private address"),
        ("::127.0.0.1", "a loopback address"),
        ("64:ff9b::7f00:1", "a loopback address"),
        ("64:ff9b::a9fe:a9fe", "a link-local address"),
        ("2002:7f00:1::", "a loopback address"),
        ("2002:a9fe:a9fe::1", "a link-local address"),
        ("93.184.216.34", None),
        ("2606:2800:220:1:248:1893:25c8:1946", None),
        ("::ffff:93.184.216.34", None),
        ("64:ff9b::5db8:d822", None),
    ],
)
def test_addresses_are_of_the_public_internet_or_not(address: str, kind: str | None) -> None:
    assert private_kind(address) == kind


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "localhost", "LOCALHOST",
        "localhost.", "::1", "::ffff:127.0.0.1", "0", "0.0.0.0", "169.254.169.254", "2852039166",
    ],
)  # fmt: skip
def test_every_spelling_of_an_address_is_refused(host: str) -> None:
    with pytest.raises(MlopscError, match="not of the public internet") as caught:
        PUBLIC.addresses(host, 80)
    assert caught.value.help is not None
    assert "allow_hosts" in caught.value.help


@pytest.mark.parametrize(
    ("allowed", "host", "port"),
    [
        ("localhost", "localhost", 80),
        ("localhost", "LOCALHOST.", 9000),
        ("localhost:9000", "localhost", 9000),
        ("127.0.0.1", "127.0.0.1", 1),
        ("[::1]:81", "::1", 81),
        ("::1", "::1", 81),
    ],
)
def test_a_host_is_allowed_by_its_name(allowed: str, host: str, port: int) -> None:
    assert Reach.of([allowed]).addresses(host, port)


@pytest.mark.parametrize(
    ("allowed", "host", "port"),
    [
        ("localhost:9000", "localhost", 9001),
        ("localhost", "127.0.0.1", 80),
        ("127.0.0.1", "localhost", 80),
        ("127.0.0.1", "2130706433", 80),
        ("ocalhost", "localhost", 80),
    ],
)
def test_another_name_of_an_allowed_host_is_not_allowed(allowed: str, host: str, port: int) -> None:
    with pytest.raises(MlopscError, match="not of the public internet"):
        Reach.of([allowed]).addresses(host, port)


def test_a_name_with_one_public_address_and_one_other_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, 1, 6, "", (address, port)) for address in ("93.184.216.34", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with pytest.raises(MlopscError, match=r"'data.example.com' is 10.0.0.1, a private address"):
        PUBLIC.addresses("data.example.com", 443)


def test_a_name_that_is_none_is_told() -> None:
    for host in ("no-such-host.invalid", "a" * 300, "ex ample"):
        with pytest.raises(MlopscError, match="cannot be found"):
            PUBLIC.addresses(host, 80)
