"""Object stores: a real S3 server, whose address must be allowed however it was configured."""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pyarrow.parquet as pq
import pytest
from pydantic import TypeAdapter

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.sources.load import load_source
from mlopsc.runtime.sources.opening import fingerprint_source
from mlopsc.runtime.sources.remote.reach import Reach
from mlopsc.runtime.sources.remote.systems import open_system
from mlopsc.vocabulary.sources import Source
from tests.s3 import S3Server, s3_server

SOURCE: TypeAdapter[Any] = TypeAdapter(Source)
HERE = Reach.of(["127.0.0.1"])
KEYS = {"key": "tester", "secret": {"secret": "s3"}}


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as found:
        found.make_bucket("data")
        system = _writer(found)
        for name in ("b", "a"):
            system.pipe(f"data/{name}.csv", f"x\n{name}\n".encode())
        yield found


def _writer(server: S3Server) -> Any:
    return fsspec.filesystem(
        "s3", key="tester", secret="x", endpoint_url=server.url, skip_instance_cache=True
    )


def _source(server: S3Server | None, path: str = "s3://data/*.csv", **keys: Any) -> Any:
    options = KEYS | ({"endpoint_url": server.url} if server else {})
    return SOURCE.validate_python({"type": "csv", "path": path, "storage_options": options, **keys})


def _load(project: Path, source: Any, reach: Reach = HERE, seen: str | None = None) -> list[Any]:
    load_source(
        source,
        {},
        project=project,
        out=project / "out",
        reach=reach,
        seen=seen,
        secrets=lambda name: "canary",
    )
    return pq.read_table(project / "out")["x"].to_pylist()


def test_objects_are_read_in_the_order_of_their_names(server: S3Server, tmp_path: Path) -> None:
    assert _load(tmp_path, _source(server)) == ["a", "b"]


def test_an_endpoint_that_is_not_allowed_is_refused(server: S3Server, tmp_path: Path) -> None:
    with pytest.raises(MlopscError, match=r"127.0.0.1, a loopback address") as caught:
        _load(tmp_path, _source(server), Reach())
    assert "canary" not in str(caught.value)


def test_an_endpoint_by_name_is_resolved_to_allowed_addresses_alone(server: S3Server, tmp_path: Path) -> None:
    source = _source(server)
    options = source.storage_options | {"endpoint_url": server.url.replace("127.0.0.1", "localhost")}
    named = source.model_copy(update={"storage_options": options})
    with pytest.raises(MlopscError, match=r"'localhost' is (127.0.0.1|::1), a loopback address"):
        _load(tmp_path, named)
    assert _load(tmp_path, named, Reach.of(["localhost"])) == ["a", "b"]


def test_an_endpoint_of_the_environment_is_looked_at_too(
    server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(MlopscError, match="a loopback address"):
        _load(tmp_path, _source(None), Reach())
    assert _load(tmp_path, _source(None)) == ["a", "b"]


def test_names_are_looked_at_again_when_the_client_connects(
    server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The endpoint looked innocent at first: the client still connects to looked-at addresses alone."""
    asked: list[str] = []

    def addresses(self: Reach, host: str, port: int) -> list[str]:
        asked.append(host)
        if len(asked) > 1:
            raise MlopscError(f"host {host!r} is another one by now")
        return ["93.184.216.34"]

    monkeypatch.setattr(Reach, "addresses", addresses)
    source = _source(server)
    options = source.storage_options | {"endpoint_url": "http://rebinding.example.com"}
    with pytest.raises(MlopscError, match="is another one by now"):
        _load(tmp_path, source.model_copy(update={"storage_options": options}), Reach())
    assert len(asked) > 1


def test_objects_are_fetched_once_and_known_by_their_etags(server: S3Server, tmp_path: Path) -> None:
    system, source = _writer(server), _source(server, "s3://data/once-*.csv")
    system.pipe("data/once-1.csv", b"x\n1\n")
    look = lambda seen=None: fingerprint_source(  # noqa: E731
        source, project=tmp_path, secrets=lambda name: "canary", reach=HERE, seen=seen
    )
    seen = look()
    assert seen == f"sha256:{hashlib.sha256(b'x' + bytes([10]) + b'1' + bytes([10])).hexdigest()}"
    assert _load(tmp_path, source, seen=seen) == [1]
    assert look(seen) == look() == seen
    system.pipe("data/once-2.csv", b"x\n2\n")
    assert look() != seen
    assert "canary" not in "".join(path.read_text() for path in tmp_path.rglob("note.json"))


def test_limits_of_files_and_bytes(server: S3Server, tmp_path: Path) -> None:
    with pytest.raises(MlopscError, match="matches 2 files, more than 1"):
        _load(tmp_path, _source(server, "s3://data/[ab].csv", limits={"files": 1}))
    with pytest.raises(MlopscError, match="more than 7 bytes, the limit of a download"):
        _load(tmp_path, _source(server, "s3://data/[ab].csv", limits={"download": "7"}))


def test_what_is_missing_or_refused_is_told_without_secrets(server: S3Server, tmp_path: Path) -> None:
    with pytest.raises(MlopscError, match=r"no such file: 's3://data/c.csv'"):
        _load(tmp_path, _source(server, "s3://data/c.csv"))
    with pytest.raises(MlopscError, match="no file matches"):
        _load(tmp_path, _source(server, "s3://data/c*.csv"))


@pytest.mark.parametrize(
    ("url", "options", "message"),
    [
        ("simplecache::http://127.0.0.1/x.csv", {}, "chains file systems"),
        ("zip://x.csv::http://127.0.0.1/x.zip", {}, "chains file systems"),
        ("ftp://127.0.0.1/x.csv", {}, "host '127.0.0.1' is not allowed"),
        ("sftp://data.example.com/x.csv", {}, "host 'data.example.com' is not allowed"),
        ("webhdfs://namenode:9870/x.csv", {}, "host 'namenode' is not allowed"),
        ("local:///etc/passwd", {}, "data are not fetched by local://"),
        ("reference://x", {"fo": "http://127.0.0.1/x"}, "host 'x' is not allowed"),
        (
            "gs://bucket/x.csv",
            {"endpoint_url": "http://127.0.0.1:4443"},
            "storage option 'endpoint_url' names it",
        ),
        (
            "abfs://box/x.csv",
            {"connection_string": "A=b;BlobEndpoint=http://10.0.0.1:10000/dev"},
            "host '10.0.0.1' is not allowed: storage option 'connection_string' names it",
        ),
    ],
)
def test_protocols_that_cannot_be_watched_need_a_name(
    url: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(MlopscError) as caught:
        open_system(url, options, Reach())
    assert message in str(caught.value)


def test_a_host_of_another_protocol_is_allowed_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def opening(url: str, **options: Any) -> tuple[Any, str]:
        opened.append(url)
        return io.BytesIO(), url

    monkeypatch.setattr(fsspec.core, "url_to_fs", opening)
    open_system("sftp://data.example.com/x.csv", {}, Reach.of(["data.example.com"]))
    assert opened == ["sftp://data.example.com/x.csv"]
