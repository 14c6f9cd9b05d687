"""A real HTTP server for tests, whose answers a test writes byte by byte, and which remembers what it was asked."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[["Handler"], None]


@dataclass
class Server:
    """`answers` maps paths to what is done there; `asked` lists (path, headers) of every request."""

    port: int
    answers: dict[str, Answer]
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


class Handler(BaseHTTPRequestHandler):
    """Hands each GET to the answer of its path."""

    server_state: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        state = self.server_state
        state.asked.append((self.path, dict(self.headers.items())))
        answer = state.answers.get(self.path.partition("?")[0])
        if answer is None:
            self.send_error(404)
        else:
            answer(self)

    def log_message(self, *args: Any) -> None:
        pass

    def say(self, body: bytes, status: int = 200, **headers: str) -> None:
        """Answer with a body and its length, unless `Content_Length` says another."""
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **_headers(headers)}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _headers(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def body(data: bytes, **headers: str) -> Answer:
    """Answer with bytes."""
    return lambda handler: handler.say(data, **headers)


def redirect(to: str, status: int = 302) -> Answer:
    """Answer with a redirect."""
    return lambda handler: handler.say(b"", status, Location=to)


@contextmanager
def http_server(answers: dict[str, Answer], host: str = "127.0.0.1") -> Iterator[Server]:
    """Run a server for a while."""
    state = Server(0, answers)
    handler = type("Bound", (Handler,), {"server_state": state})
    server = ThreadingHTTPServer((host, 0), handler)
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
