"""A Docker engine through its own command: is it there, has it an image, build one, run one."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from mlopsc.diagnostics.errors import MlopscError
from mlopsc.runtime.store import digest_of_bytes

CAPTURED = "captured"
"""Stands for an image that is built from the version's captured environment."""
_PULL_SECONDS = 600
_NEVER_STARTED = 125
"""Exit status of `docker run` when it is the engine that failed."""
_LAST_LINES = 12
_COLOUR = re.compile(r"\x1b\[[\d;]*m")


def require_engine() -> None:
    """Raise MlopscError where there is no docker command, or no engine answers it."""
    if shutil.which("docker") is None:
        raise MlopscError(
            "there is no docker command here, which `--image` needs",
            help="install Docker, or leave `--image` out: the version is made again in this environment then",
        )
    asked = _docker("version", "--format", "{{.Server.Version}}")
    if asked.returncode != 0:
        raise MlopscError(
            f"no Docker engine answers: {last_words(asked.stderr, 1)}",
            help="start it, or set DOCKER_HOST to where it listens",
        )


def has_image(image: str) -> bool:
    """Whether the engine has an image of this name."""
    return _docker("image", "inspect", image).returncode == 0


def obtain(image: str) -> bool:
    """Whether the engine has an image, or could fetch it."""
    return has_image(image) or _docker("pull", "--quiet", image, timeout=_PULL_SECONDS).returncode == 0


def build(name: str, context: Mapping[str, bytes]) -> str:
    """Build an image from the files of its context, unless the same files were built before; return its name.

    Raises MlopscError with what the build said last.
    """
    content = b"".join(
        b"%s\0%d\0%s" % (file.encode(), len(data), data) for file, data in sorted(context.items())
    )
    image = f"{name}:{digest_of_bytes(content).removeprefix('sha256:')[:16]}"
    if has_image(image):
        return image
    with tempfile.TemporaryDirectory(prefix="mlopsc-image-") as folder:
        for file, data in context.items():
            (Path(folder) / file).write_bytes(data)
        arguments = [f"--build-arg={one}" for one in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL")]
        built = _docker("build", "--network=host", "--tag", image, *arguments, folder)
    if built.returncode != 0:
        raise MlopscError(
            f"the image of the captured environment cannot be built:\n{last_words(built.stdout + built.stderr)}",
            help="where a package's version is not to be had any more, build an image with what there is, and give "
            "its name: --image IMAGE",
        )
    return image


def run(
    image: str,
    command: Sequence[str],
    *,
    folder: Path,
    mounts: Mapping[Path, str],
    variables: Sequence[str],
    user: str,
) -> tuple[int, str, str]:
    """Run a command in a container that is gone afterwards; return its exit status, output and errors.

    It works in `folder`; `mounts` are folders and files that it sees where they lie here, `rw` or `ro`. `variables` are
    names whose values it takes from this environment: none stands on a command line. It shares this machine's network,
    for registry, store and data may be anywhere. Raises MlopscError when the engine cannot start it.
    """
    arguments = [
        "--rm",
        "--init",
        "--network=host",
        f"--user={user}",
        f"--workdir={folder}",
        "--env=HOME=/tmp",
    ]
    arguments += [f"--volume={path}:{path}:{mode}" for path, mode in mounts.items()]
    arguments += [f"--env={name}" for name in variables]
    done = _docker("run", *arguments, "--entrypoint", command[0], image, *command[1:])
    if done.returncode == _NEVER_STARTED:
        raise MlopscError(f"no container of {image} can be started: {last_words(done.stderr, 1)}")
    return done.returncode, done.stdout, done.stderr


def last_words(text: str, lines: int = _LAST_LINES) -> str:
    """Return the last lines of what a process said, without colours and empty ones."""
    plain = _COLOUR.sub("", text).splitlines()
    return "\n".join([line for line in plain if line.strip()][-lines:]) or "it said nothing"


def _docker(*arguments: str, timeout: float | None = None) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            ["docker", *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(arguments, _NEVER_STARTED, "", str(error))
