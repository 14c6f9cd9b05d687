"""File systems of fsspec, opened so that they reach no more than may be reached.

S3 resolves names through `Reach`, and its endpoint is looked at, wherever it was configured. Google's and Azure's
stores live at their providers' public hosts; an option that names another host must be allowed by name, as must the
host of any other protocol, since who connects there is not ours to watch.
"""

import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.sources.remote.reach import Reach

_CLOUDS = ("gs", "gcs", "az", "abfs", "abfss", "adl")
_S3 = ("s3", "s3a")


def open_system(url: str, options: Mapping[str, Any], reach: Reach) -> tuple[Any, str]:
    """Return fsspec's file system of a URL, and the path in it. Raises MlopscError for what may not be reached."""
    import fsspec

    protocol, _, rest = url.partition("://")
    if "::" in url:
        raise MlopscError(f"{url!r} chains file systems", help="name the file itself")
    if protocol in _S3:
        return _s3(url, options, reach)
    if protocol in _CLOUDS:
        for name, value in options.items():
            for host, port in _hosts_in(value):
                reach.require_named(host, port, f"storage option {name!r} names it")
    elif protocol != "memory":
        host, port = _host(f"//{rest}")
        if not host:
            raise MlopscError(f"data are not fetched by {protocol}://", help="name a local file by file://")
        reach.require_named(host, port, f"what {protocol}:// connects to cannot be watched")
        for value in options.values():
            for other, its_port in _hosts_in(value):
                reach.require_named(other, its_port, "a storage option names it")
    system, path = fsspec.core.url_to_fs(url, **options, skip_instance_cache=protocol != "memory")
    return system, path


def _s3(url: str, options: Mapping[str, Any], reach: Reach) -> tuple[Any, str]:
    import fsspec
    from aiohttp.abc import AbstractResolver, ResolveResult

    class Resolver(AbstractResolver):
        """Gives the looked-at addresses alone."""

        async def resolve(
            self,
            host: str,
            port: int = 0,
            family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002
        ) -> list[ResolveResult]:
            try:
                found = reach.addresses(host, port)
            except MlopscError as error:
                raise NotReached(error) from None
            return [_result(host, address, port) for address in found]

        async def close(self) -> None:
            pass

    system, path = fsspec.core.url_to_fs(
        url,
        **options,
        config_kwargs={"connector_args": {"resolver": Resolver()}},
        skip_instance_cache=True,
    )
    client = system.connect() or system.s3
    endpoint = urlsplit(str(client.meta.endpoint_url))
    reach.addresses(endpoint.hostname or "", endpoint.port or (80 if endpoint.scheme == "http" else 443))
    return system, path


class NotReached(OSError):
    """Carries a refusal through a library that knows only OSError."""

    def __init__(self, refusal: MlopscError) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


def _result(host: str, address: str, port: int) -> Any:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return {
        "hostname": host, "host": address, "port": port, "family": family, "proto": 0,
        "flags": socket.AI_NUMERICHOST,
    }  # fmt: skip


def _hosts_in(value: object) -> list[tuple[str, int | None]]:
    """Return the hosts that an option names: as a URL, or as URLs in a connection string."""
    parts = value.split(";") if isinstance(value, str) else []
    urls = [part[part.find("=") + 1 :] if "=" in part else part for part in parts]
    return [_host(url) for url in urls if "://" in url]


def _host(url: str) -> tuple[str, int | None]:
    try:
        parts = urlsplit(url)
        return parts.hostname or "", parts.port
    except ValueError:
        raise MlopscError(f"{url!r} is no URL") from None
