"""A registry in each database: SQLite always, PostgreSQL where MLOPSC_TEST_POSTGRES_URL names a server."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mlopsc.runtime.registry import Candidate, Registry
from mlopsc.runtime.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres"))
    return str(tmp_path / ".mlopsc" / "registry.db")


@pytest.fixture
def registry(location: str, store: Store) -> Iterator[Registry]:
    with Registry.open(location, store=store) as opened:
        yield opened


@pytest.fixture
def candidate(store: Store) -> Callable[..., Candidate]:
    """Make the candidate whose model is the bytes of a text."""

    def make(model: str = "a model", **changes: object) -> Candidate:
        artifacts = {
            "model": store.put_bytes(model.encode()),
            "metrics": store.put_bytes(b'{"roc_auc":0.7}\n'),
        }
        given: dict[str, object] = {
            "artifacts": artifacts,
            "stages": {"staging": ("good_enough",), "production": ("beats_champion",)},
            "gates": {"good_enough": {"min": 0.65}, "beats_champion": {"min_delta": 0.0}},
            "metrics": {"roc_auc": 0.7},
            "lineage": {"spec": "sha256:00", "parameters": {"as_of": "2013-12-31"}},
            "decisions": {"good_enough": {"verdict": "pass", "value": 0.7}},
            "run": "run-1",
        }
        return Candidate(**given | changes)  # type: ignore[arg-type]

    return make


@pytest.fixture
def three(registry: Registry, candidate: Callable[..., Candidate]) -> Registry:
    """A registry with versions 1, 2 and 3 of the model `late_arrival`, none of which holds a stage."""
    for model in ("one", "two", "three"):
        registry.register("late_arrival", candidate(model), actor="ana")
    return registry
