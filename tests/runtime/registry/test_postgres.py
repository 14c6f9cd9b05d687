"""PostgreSQL as it fails: no server, no database, no right, a connection that breaks; nothing is lost or half done."""

import os
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy

from mlopsc.diagnostics.errors import RegistryError
from mlopsc.runtime.registry import Candidate, Registry, registration
from mlopsc.runtime.registry.location import locate
from mlopsc.runtime.store import Store

pytestmark = pytest.mark.postgres
Make = Callable[..., Candidate]


@pytest.fixture
def opened(postgres: str, store: Store) -> Iterator[Registry]:
    with Registry.open(postgres, store=store) as registry:
        yield registry


def break_others(url: str) -> None:
    """End every other connection to this test's schema, as an administrator or a restart would."""
    engine = sqlalchemy.create_engine(locate(url), poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(
            "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
            " and application_name = current_setting('application_name')"
        )


@pytest.fixture
def named(postgres: str, request: pytest.FixtureRequest) -> str:
    """The URL under an application name of its own, so that only this test's connections are broken."""
    url = sqlalchemy.make_url(postgres).update_query_dict(
        {"application_name": f"test_{os.getpid()}_{id(request)}"}
    )
    return url.render_as_string(hide_password=False)


def test_a_url_without_a_driver_means_psycopg(postgres: str, store: Store, candidate: Make) -> None:
    plain = postgres.replace("postgresql+psycopg://", "postgresql://")
    with Registry.open(plain, store=store) as registry:
        assert registry.register("late_arrival", candidate(), actor="ana").version.number == 1


def test_an_idle_connection_that_broke_is_replaced(named: str, store: Store, candidate: Make) -> None:
    with Registry.open(named, store=store) as registry:
        registry.register("late_arrival", candidate(), actor="ana")
        break_others(named)
        assert registry.models() == ("late_arrival",)


def test_a_registration_whose_connection_breaks_leaves_nothing_and_can_be_repeated(
    named: str, store: Store, candidate: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Registry.open(named, store=store) as registry:
        registry.register("late_arrival", candidate("one"), actor="ana")
        real = registration.register

        def breaking(*arguments: object, **options: object) -> object:
            done = real(*arguments, **options)  # type: ignore[arg-type]
            break_others(named)
            return done

        with monkeypatch.context() as patched:
            patched.setattr(registration, "register", breaking)
            with pytest.raises(RegistryError, match="failed: ") as caught:
                registry.register("late_arrival", candidate("two"), actor="ana", promote=True)
        assert "run again" in str(caught.value.help)
        assert len(registry.versions("late_arrival")) == 1
        assert len(registry.history()) == 1
        assert registry.register("late_arrival", candidate("two"), actor="ana").version.number == 2


def test_a_database_that_is_not_there_is_said(postgres: str) -> None:
    missing = sqlalchemy.make_url(postgres).set(database="no_such_database")
    with pytest.raises(RegistryError, match='database "no_such_database" does not exist') as caught:
        Registry.open(missing.render_as_string(hide_password=False))
    assert "createdb" in str(caught.value.help)


def test_a_role_that_is_not_there_is_said_without_its_password(postgres: str) -> None:
    other = sqlalchemy.make_url(postgres).set(username="nobody_here", password="canary")
    with pytest.raises(RegistryError, match='role "nobody_here" does not exist') as caught:
        Registry.open(other.render_as_string(hide_password=False))
    assert "canary" not in f"{caught.value} {caught.value.help}"


def test_a_reader_without_the_right_to_write_reads_and_is_told(
    postgres: str, opened: Registry, store: Store, candidate: Make
) -> None:
    opened.register("late_arrival", candidate("one"), actor="ana")
    reading = sqlalchemy.make_url(postgres)
    options = f"{reading.query['options']} -cdefault_transaction_read_only=on"
    reading = reading.update_query_dict({"options": options})
    with Registry.open(reading.render_as_string(hide_password=False), store=store) as registry:
        assert registry.models() == ("late_arrival",)
        with pytest.raises(RegistryError, match="read-only transaction"):
            registry.register("late_arrival", candidate("two"), actor="ana")
    assert len(opened.versions("late_arrival")) == 1
