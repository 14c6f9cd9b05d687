"""HTTP and HTTPS: one GET, whose redirects are followed by hand, each to an address that has been looked at.

No proxy is used, no cookie kept, and no content coding asked for: what comes are the file's bytes.
"""

import base64
import http.client
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.sources.remote.reach import Reach

OPTIONS = ("user", "password", "token", "timeout")
"""The `storage_options` of an HTTP source: Basic or Bearer authentication, and the seconds that a read may take."""
_REDIRECTS = 10
_TIMEOUT = 60
_SAFE = "/%:=&?~#+!$,;'@()*[]|"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Answer:
    """What a server answered, the body still to be read."""

    response: http.client.HTTPResponse
    etag: str | None
    """A strong validator of the body, if the server gives one."""
    length: int | None

    @property
    def unchanged(self) -> bool:
        """Whether the server says that what was asked about is still the same."""
        return self.response.status == 304


@contextmanager
def get(url: str, options: Mapping[str, Any], reach: Reach, *, etag: str | None = None) -> Iterator[Answer]:
    """GET a URL; with `etag`, only if it is another one by now.

    Raises MlopscError when a host may not be reached, a redirect leads nowhere, or the status is an error's.
    """
    unknown = sorted(options.keys() - set(OPTIONS))
    if unknown:
        raise MlopscError(
            f"{url!r} takes no storage option {unknown[0]!r}", help=f"expected {', '.join(OPTIONS)}"
        )
    headers = {"User-Agent": "mlopsc", "Accept": "*/*", "Accept-Encoding": "identity"}
    if etag is not None:
        headers["If-None-Match"] = etag
    secret, home, here = _authorization(options), _origin(url), url
    for _ in range(_REDIRECTS + 1):
        own = headers | ({"Authorization": secret} if secret and _origin(here) == home else {})
        connection = _connection(here, float(options.get("timeout", _TIMEOUT)), reach)
        try:
            connection.request("GET", _target(here), headers=own)
            response = connection.getresponse()
            if response.status in (301, 302, 303, 307, 308):
                here = _next(here, response.getheader("Location"))
                continue
            if response.status not in (200, 304):
                raise MlopscError(
                    f"{url!r}: the server answered {response.status} {response.reason}".rstrip()
                )
            yield Answer(response, _strong(response.getheader("ETag")), response.length)
            return
        finally:
            connection.close()
    raise MlopscError(f"{url!r}: more than {_REDIRECTS} redirects")


def _connection(url: str, timeout: float, reach: Reach) -> http.client.HTTPConnection:
    """Return a connection to one of the looked-at addresses of a URL's host. Raises MlopscError, OSError."""
    parts = _parts(url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    plain: socket.socket | None = None
    for address in (addresses := reach.addresses(host, port)):
        try:
            plain = socket.create_connection((address, port), timeout)
            break
        except OSError:
            if address == addresses[-1]:
                raise
    assert plain is not None, "a host has an address"
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.sock = (
            _tls().wrap_socket(plain, server_hostname=host) if parts.scheme == "https" else plain
        )
    except BaseException:
        plain.close()
        raise
    if parts.scheme == "https":
        connection.default_port = _PORTS["https"]  # so that the Host header names no port
    return connection


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _parts(url: str) -> Any:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise MlopscError(f"{url!r} is no URL: {error}") from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise MlopscError(f"{url!r} is no URL of http or https")
    if parts.username is not None:
        raise MlopscError(
            "a URL of http or https names no user or password",
            help="say `storage_options: {user: …, password: {secret: …}}`",
        )
    return parts


def _origin(url: str) -> tuple[str, str, int]:
    parts = _parts(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]


def _target(url: str) -> str:
    parts = _parts(url)
    return urlunsplit(("", "", quote(parts.path or "/", safe=_SAFE), quote(parts.query, safe=_SAFE), ""))


def _next(here: str, location: str | None) -> str:
    """Return where a redirect leads; never from https to http."""
    if not location:
        raise MlopscError(f"{here!r}: a redirect that leads nowhere")
    there = urljoin(here, location.encode("latin-1").decode("utf-8", "replace"))
    if _parts(here).scheme == "https" and _parts(there).scheme != "https":
        raise MlopscError(f"{here!r}: a redirect from https to http is not followed")
    return there


def _authorization(options: Mapping[str, Any]) -> str | None:
    if "token" in options:
        return f"Bearer {options['token']}"
    if "user" in options or "password" in options:
        pair = f"{options.get('user', '')}:{options.get('password', '')}"
        return "Basic " + base64.b64encode(pair.encode()).decode()
    return None


def _strong(etag: str | None) -> str | None:
    return etag if etag and etag.startswith('"') and etag.endswith('"') and len(etag) > 2 else None
