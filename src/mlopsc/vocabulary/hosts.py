"""Names of network hosts, as a spec allows them."""

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")


def normal_host(name: str) -> str:
    """Return a host's name in the form that is compared: lower case, IDNA, no final dot, no brackets."""
    name = name.strip("[]").rstrip(".").lower()
    try:
        return str(ipaddress.ip_address(name.partition("%")[0]))
    except ValueError:
        pass
    try:
        return name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


def split_host(text: str) -> tuple[str, int | None]:
    """Return the host of `host`, `host:port`, `[v6]:port` or an IPv6 address, and its port."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return normal_host(host), int(rest[1:]) if rest[1:].isdigit() else None
    host, colon, port = text.rpartition(":")
    if colon and port.isdigit() and ":" not in host:
        return normal_host(host), int(port)
    return normal_host(text), None


def _host(text: str) -> str:
    host, _ = split_host(text)
    try:
        ipaddress.ip_address(host)
    except ValueError:
        if not host or not all(_LABEL.fullmatch(label) for label in host.split(".")):
            raise ValueError(
                f"{text!r} is no host: expected a name or address such as data.internal, localhost:9000 or 10.0.0.5"
            ) from None
    return text


Host = Annotated[str, AfterValidator(_host)]
"""A host's name or address, for all of its ports or, as `host:port`, for one."""
