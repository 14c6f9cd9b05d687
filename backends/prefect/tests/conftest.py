"""Plans made by hand, and the session's Prefect server for tests that call it from this process."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def plans() -> ModuleType:
    """The module `tests/plans.py`."""
    spec = importlib.util.spec_from_file_location("plans_for_prefect", ROOT / "tests" / "plans.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def prefect_server(prefect_environment, monkeypatch):
    """The server, named by this process's environment."""
    for name, value in prefect_environment.items():
        monkeypatch.setenv(name, value)
    return prefect_environment["PREFECT_API_URL"]
