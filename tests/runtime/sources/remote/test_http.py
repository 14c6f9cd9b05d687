"""Files over HTTP: every hop is looked at, every byte counted, and what breaks off is no file."""

import gzip
import hashlib
import socket
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pydantic import TypeAdapter

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.sources.load import load_source
from mlopsc.runtime.sources.opening import fingerprint_source
from mlopsc.runtime.sources.remote.reach import Reach
from mlopsc.vocabulary.sources import Source
from tests.http_server import Handler, body, http_server, redirect

SOURCE: TypeAdapter[Any] = TypeAdapter(Source)
HERE = Reach.of(["127.0.0.1"])
CSV = b"x\n1\n2\n"


def _source(url: str, **keys: Any) -> Any:
    return SOURCE.validate_python({"type": "csv", "path": url, **keys})


def _load(project: Path, url: str, reach: Reach = HERE, seen: str | None = None, **keys: Any) -> list[Any]:
    load_source(_source(url, **keys), {}, project=project, out=project / "out", reach=reach, seen=seen)
    return pq.read_table(project / "out")["x"].to_pylist()


def test_a_file_is_fetched_from_an_allowed_host(tmp_path: Path) -> None:
    with http_server({"/ü x.csv".encode().decode("latin-1"): body(CSV), "/x.csv": body(CSV)}) as server:
        assert _load(tmp_path, server.url("/x.csv")) == [1, 2]
        assert _load(tmp_path, server.url("/x.csv?sig=a*b&c=[1]")) == [1, 2]
    assert server.paths() == ["/x.csv", "/x.csv?sig=a*b&c=[1]"]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "2130706433", "0x7f.0.0.1", "localhost.", "[::ffff:127.0.0.1]"]
)
def test_loopback_is_refused_and_not_even_connected_to(tmp_path: Path, host: str) -> None:
    with (
        http_server({"/x.csv": body(CSV)}) as server,
        pytest.raises(MlopscError, match="not of the public internet"),
    ):
        _load(tmp_path, server.url("/x.csv", host), Reach())
    assert server.asked == []


@pytest.mark.parametrize(
    "to",
    [
        "http://localhost:{port}/x.csv",
        "//localhost:{port}/x.csv",
        "http://[::ffff:127.0.0.1]:{port}/x.csv",
        "http://2130706433:{port}/x.csv",
        "http://169.254.169.254/latest/meta-data/",
        "http://0.0.0.0:{port}/x.csv",
    ],
)
def test_a_redirect_to_a_host_that_is_not_allowed_is_not_followed(tmp_path: Path, to: str) -> None:
    with http_server({"/x.csv": body(CSV)}) as server:
        server.answers["/go"] = redirect(to.format(port=server.port))
        with pytest.raises(MlopscError, match="not of the public internet"):
            _load(tmp_path, server.url("/go"))
    assert server.paths() == ["/go"]


def test_redirects_among_allowed_hosts_are_followed_without_the_credentials(tmp_path: Path) -> None:
    with http_server({"/x.csv": body(CSV)}) as other, http_server({"/b": redirect("/c")}) as server:
        server.answers |= {"/a": redirect("b", 301), "/c": redirect(other.url("/x.csv"), 307)}
        options = {"user": "me", "password": {"secret": "pw"}}
        source = _source(server.url("/a"), storage_options=options)
        load_source(
            source,
            {},
            project=tmp_path,
            out=tmp_path / "out",
            reach=HERE,
            secrets={"pw": "canary"}.__getitem__,
        )
    assert server.paths() == ["/a", "/b", "/c"]
    assert all(headers["Authorization"] == "Basic bWU6Y2FuYXJ5" for _, headers in server.asked)
    assert "Authorization" not in other.asked[0][1]


@pytest.mark.parametrize(
    ("to", "message"),
    [
        ("file:///etc/passwd", "is no URL of http or https"),
        ("ftp://127.0.0.1/x", "is no URL of http or https"),
        ("", "leads nowhere"),
        ("/go", "more than 10 redirects"),
        ("http://me:pw@127.0.0.1/x", "names no user or password"),
        ("http://127.0.0.1:notaport/", "is no URL"),
    ],
)
def test_bad_redirects(tmp_path: Path, to: str, message: str) -> None:
    with http_server({"/go": redirect(to)}) as server, pytest.raises(MlopscError, match=message):
        _load(tmp_path, server.url("/go"))


def test_the_connection_is_made_to_the_address_that_was_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that first names a public address, then this machine, is asked once."""
    answers = iter(["93.184.216.34", "127.0.0.1", "127.0.0.1"])
    connected: list[Any] = []

    def rebinding(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    def connect(address: Any, *_: Any, **__: Any) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(MlopscError, match="the connection was refused"):
        _load(tmp_path, "http://rebinding.example.com/x.csv", Reach())
    assert connected == [("93.184.216.34", 80)]


def _chunked(*chunks: bytes, end: bool = True) -> Any:
    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for chunk in chunks:
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        if end:
            handler.wfile.write(b"0\r\n\r\n")
        handler.close_connection = True

    return answer


def _short(handler: Handler) -> None:
    handler.say(CSV, Content_Length="100")
    handler.close_connection = True


def _silent(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "9")
    handler.end_headers()
    handler.wfile.write(b"x\n")
    time.sleep(2)
    handler.close_connection = True


def _gone(handler: Handler) -> None:
    handler.close_connection = True


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (_short, "6 of 100 bytes came"),
        (_chunked(CSV, end=False), "the connection ended in the middle"),
        (_silent, "the server did not answer in time"),
        (_gone, "closed the connection without an answer"),
        (lambda handler: handler.say(b"no", 503), "the server answered 503 Service Unavailable"),
        (lambda handler: handler.say(b"no", 401), "the server answered 401 Unauthorized"),
    ],
)
def test_what_breaks_off_is_no_file(tmp_path: Path, answer: Any, message: str) -> None:
    with http_server({"/x.csv": answer}) as server, pytest.raises(MlopscError, match=message):
        _load(tmp_path, server.url("/x.csv"), storage_options={"timeout": 1})
    assert not (tmp_path / "out").exists()


def test_chunks_and_bodies_of_no_stated_length_are_read_whole(tmp_path: Path) -> None:
    def until_closed(handler: Handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(CSV)
        handler.close_connection = True

    with http_server({"/a.csv": _chunked(b"x\n", b"1\n2\n"), "/b.csv": until_closed}) as server:
        assert _load(tmp_path, server.url("/a.csv")) == [1, 2]
        assert _load(tmp_path, server.url("/b.csv")) == [1, 2]


@pytest.mark.parametrize("answer", [body(CSV * 1000), _chunked(*[CSV] * 1000)])
def test_a_download_has_a_limit(tmp_path: Path, answer: Any) -> None:
    with (
        http_server({"/x.csv": answer}) as server,
        pytest.raises(MlopscError, match="more than 4k bytes, the limit of a download"),
    ):
        _load(tmp_path, server.url("/x.csv"), limits={"download": "4k"})


def test_an_announced_length_over_the_limit_is_refused_before_a_byte_is_read(tmp_path: Path) -> None:
    with (
        http_server({"/x.csv": lambda handler: handler.say(b"", Content_Length="99999999999999")}) as server,
        pytest.raises(MlopscError, match="the limit of a download"),
    ):
        _load(tmp_path, server.url("/x.csv"))


def test_unknown_options_and_a_password_in_the_url_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MlopscError, match="takes no storage option 'proxy'"):
        _load(tmp_path, "http://127.0.0.1/x.csv", storage_options={"proxy": "http://127.0.0.1"})
    with pytest.raises(MlopscError, match="names no user or password"):
        _load(tmp_path, "http://me:pw@127.0.0.1/x.csv")


def test_no_proxy_of_the_environment_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with http_server({"/x.csv": body(CSV)}) as server:
        assert _load(tmp_path, server.url("/x.csv")) == [1, 2]


def test_a_compressed_file_is_unpacked(tmp_path: Path) -> None:
    with http_server({"/x.csv.gz": body(gzip.compress(CSV), Content_Encoding="gzip")}) as server:
        assert _load(tmp_path, server.url("/x.csv.gz")) == [1, 2]


def _once(project: Path, source: Any, seen: str) -> Any:
    load_source(source, {}, project=project, out=project / "out", reach=HERE, seen=seen)
    return fingerprint_source(source, project=project, secrets=str, reach=HERE, seen=seen)


def test_a_look_and_a_load_fetch_once(tmp_path: Path) -> None:
    with http_server({"/x.csv": body(CSV)}) as server:
        source = _source(server.url("/x.csv"))
        seen = fingerprint_source(source, project=tmp_path, secrets=str, reach=HERE)
        assert seen == f"sha256:{hashlib.sha256(CSV).hexdigest()}"
        assert _once(tmp_path, source, seen) == seen
        assert len(server.asked) == 1
        assert pq.read_table(tmp_path / "out")["x"].to_pylist() == [1, 2]
        server.answers["/x.csv"] = body(b"x\n3\n")
        assert fingerprint_source(source, project=tmp_path, secrets=str, reach=HERE) != seen
    assert len(server.asked) == 2


def test_a_strong_etag_saves_the_next_download(tmp_path: Path) -> None:
    sent = []

    def answer(handler: Handler) -> None:
        if handler.headers["If-None-Match"] == '"one"':
            handler.say(b"", 304, ETag='"one"')
        else:
            sent.append(CSV)
            handler.say(CSV, ETag='"one"')

    with http_server({"/x.csv": answer}) as server:
        source = _source(server.url("/x.csv"))
        seen = [fingerprint_source(source, project=tmp_path, secrets=str, reach=HERE) for _ in range(3)]
    assert len(set(seen)) == len(sent) == 1


def test_a_weak_etag_vouches_for_nothing(tmp_path: Path) -> None:
    with http_server({"/x.csv": body(CSV, ETag='W/"one"')}) as server:
        source = _source(server.url("/x.csv"))
        for _ in range(2):
            fingerprint_source(source, project=tmp_path, secrets=str, reach=HERE)
    assert [headers.get("If-None-Match") for _, headers in server.asked] == [None, None]


def test_what_changes_between_look_and_load_is_noticed(tmp_path: Path) -> None:
    """The bytes that were held are gone, and the server has others by now: the result belongs to no key."""
    with http_server({"/x.csv": body(CSV)}) as server:
        source = _source(server.url("/x.csv"))
        seen = str(fingerprint_source(source, project=tmp_path, secrets=str, reach=HERE))
        _once(tmp_path, source, seen)
        server.answers["/x.csv"] = body(b"x\n3\n")
        assert _once(tmp_path, source, seen) != seen


def test_downloads_are_put_away_after_the_load(tmp_path: Path) -> None:
    with http_server({"/x.csv": body(CSV)}) as server:
        source = _source(server.url("/x.csv"))
        seen = str(fingerprint_source(source, project=tmp_path, secrets=str, reach=HERE))
        held = [path for path in (tmp_path / ".mlopsc").rglob("*") if path.is_file()]
        assert len(held) == 2
        _once(tmp_path, source, seen)
    assert [path.name for path in (tmp_path / ".mlopsc").rglob("*") if path.is_file()] == ["note.json"]
