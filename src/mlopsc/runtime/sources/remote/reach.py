"""Which addresses data may be fetched from: those of the public internet, and hosts that the spec allows by name.

A name is resolved once, every address that it has is looked at, and the connection is made to one of these: a name
that resolves to something else a moment later (DNS rebinding) leads nowhere else. How an address is spelled
(`2130706433`, `0x7f.1`, `::ffff:127.0.0.1`) does not matter, since what counts is what it resolves to.
"""

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.vocabulary.hosts import normal_host, split_host

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_INNER = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "168.63.129.16/32", "64:ff9b:1::/48")))
"""Public to some of Python's versions, but where clouds keep metadata of their machines, or NAT64 a network's own."""


@dataclass(frozen=True)
class Reach:
    """Which hosts may be reached besides the public internet's."""

    allowed: frozenset[tuple[str, int | None]] = frozenset()

    @classmethod
    def of(cls, hosts: Iterable[str]) -> "Reach":
        """Return what a spec's `allow_hosts` says."""
        return cls(frozenset(map(split_host, hosts)))

    def names(self, host: str, port: int | None) -> bool:
        """Whether the host is allowed by name."""
        name = normal_host(host)
        return (name, None) in self.allowed or (name, port) in self.allowed

    def require_named(self, host: str, port: int | None, why: str) -> None:
        """Raise MlopscError unless the host is allowed by name, whatever its address."""
        if not self.names(host, port):
            raise MlopscError(f"host {host!r} is not allowed: {why}", help=_help(host))

    def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host, in the order in which to try them.

        Raises MlopscError when it has none, or one that is not of the public internet and the host is not allowed
        by name.
        """
        try:
            found = socket.getaddrinfo(host.rstrip("."), port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise MlopscError(f"host {host!r} cannot be found: {_why(error)}") from None
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not self.names(host, port):
            for address in addresses:
                kind = private_kind(address)
                if kind is not None:
                    shown = address if address == host else f"{host!r} is {address}"
                    raise MlopscError(
                        f"{shown}, {kind}, not of the public internet: data are not fetched from there",
                        help=_help(host),
                    )
        return addresses


PUBLIC = Reach()
"""The public internet alone."""


def private_kind(address: str) -> str | None:
    """Say what an address is that is not of the public internet: a loopback address, …; None when it is."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = _within(ip)
    if inner is not None:
        return private_kind(str(inner))
    for kind, found in (
        ("an unspecified address", ip.is_unspecified),
        ("a loopback address", ip.is_loopback),
        ("a link-local address", ip.is_link_local),
        ("a multicast address", ip.is_multicast),
        ("a private address", ip.is_private or not ip.is_global or any(ip in net for net in _INNER)),
        ("a reserved address", ip.is_reserved),
    ):
        if found:
            return kind
    return None


def _within(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for, in any of the ways to write one."""
    if isinstance(ip, ipaddress.IPv4Address):
        return None
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip.sixtofour is not None:
        return ip.sixtofour
    if ip.teredo is not None:
        return ip.teredo[1]
    if ip in _NAT64 or (int(ip) >> 32 == 0 and int(ip) > 1):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return None


def _help(host: str) -> str:
    return f"if that is meant, allow it by name: infrastructure: {{allow_hosts: [{normal_host(host)}]}}"


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or "it is no host's name"
