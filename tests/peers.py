"""Great Expectations, pandera and Feast in environments of their own, for comparisons with them."""

import os
import subprocess
from pathlib import Path
from typing import Literal

import pytest

VARIABLE = "MLOPSC_PEERS"  # another folder than the repository's .venv-peers
ROOT = Path(__file__).parents[1]
Peer = Literal["gx", "pandera", "feast"]


def peer_python(peer: Peer) -> Path:
    """Return the path of the peer's interpreter; skips the test when its environment is not installed."""
    environment = ROOT / os.environ.get(VARIABLE, ".venv-peers") / peer
    if not (environment / "installed.txt").exists():
        pytest.skip(f"{peer} is not installed in {environment}: make bench-peers")
    return environment / "bin/python"


def run_peer(peer: Peer, script: str, *arguments: str | Path, folder: Path) -> str:
    """Return what a script of Python prints that the peer's interpreter runs in a folder; raises with what it wrote."""
    command = [str(peer_python(peer)), "-W", "ignore", "-c", script, *map(str, arguments)]
    quiet = {"FEAST_USAGE": "False", "GX_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
    apart = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    ran = subprocess.run(command, cwd=folder, env={**apart, **quiet}, capture_output=True, text=True)
    assert ran.returncode == 0, f"{peer}: exit {ran.returncode}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout
