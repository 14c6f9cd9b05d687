"""A real S3 server for tests: moto's, in a process of its own, so that it can be killed and stopped in the middle."""

import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

_SERVE = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", int(sys.argv[1]), verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


@dataclass
class S3Server:
    """`url` is its endpoint; what it holds is gone when it stops."""

    process: subprocess.Popen[str]
    port: int
    buckets: list[str] = field(default_factory=list)

    @classmethod
    def start(cls, port: int = 0) -> "S3Server":
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", _SERVE, str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        return cls(process, int(process.stdout.readline()))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a client needs in its environment."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "tester",
            "AWS_SECRET_ACCESS_KEY": "canary-secret",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def make_bucket(self, name: str) -> None:
        """Make a bucket, as its owner would: mlopsc makes none."""
        request = urllib.request.Request(f"{self.url}/{name}", data=b"", method="PUT")
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 200

    def pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            self.process.kill()
        self.process.communicate()


@contextmanager
def s3_server(port: int = 0) -> Iterator[S3Server]:
    """Run a server for a while."""
    server = S3Server.start(port)
    try:
        yield server
    finally:
        server.kill()
