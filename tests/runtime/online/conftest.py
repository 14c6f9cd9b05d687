"""An online store to test: an SQLite file, and a Redis server where MLOPSC_TEST_REDIS_URL names one."""

import os
import uuid
from pathlib import Path

import pytest

from mlopsc.runtime.online.location import open_online_store

KINDS = ["sqlite", pytest.param("redis", marks=pytest.mark.redis)]


@pytest.fixture(params=KINDS)
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return where a fresh store is."""
    if request.param == "sqlite":
        return str(tmp_path / "online.db")
    url = os.environ.get("MLOPSC_TEST_REDIS_URL")
    if not url:
        pytest.skip("MLOPSC_TEST_REDIS_URL names no server: tests/engines/redis.sh COMMAND starts one")
    return url


@pytest.fixture
def store(location: str, tmp_path: Path):
    """Return the store, opened."""
    opened = open_online_store(location, {}, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def project() -> str:
    """Return the name of a project that no other test has: stores are shared."""
    return f"p{uuid.uuid4().hex}"
