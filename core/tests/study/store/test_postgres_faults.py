"""What goes wrong with a server is said."""

from __future__ import annotations

from contextlib import closing

import pytest

from mlkernel.errors import UsageError
from mlkernel.study.store.database import ConnectionLostError
from mlkernel.study.store.opening import open_store
from mlkernel.study.store.study_store import NewTrialRecord

NEW = NewTrialRecord(parameters={"x": 1}, runs=((0, None),))


def cut(url: str) -> None:
    """End all other connections to the database."""
    import psycopg

    with psycopg.connect(url) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture
def url(new_database) -> str:
    return new_database()


@pytest.fixture
def store(url):
    opened = open_store(url)
    opened.create("s", {})
    opened.add_trials("s", "me", lambda _first: [NEW])
    yield opened
    opened.close()


def test_a_connection_that_is_lost_between_transactions_is_opened_anew(url, store) -> None:
    cut(url)
    with pytest.warns(UserWarning, match="(?s)lost the connection to postgresql://.*was opened anew") as told:
        run = store.start_run("s", 0, 0, driver="me", directory="r", until=None)
    assert "pa:ss" not in str(told[0].message)
    assert run is not None
    cut(url)
    with pytest.warns(UserWarning, match="lost the connection"):
        assert store.counts("s") == {"running": 1}
    cut(url)
    with pytest.warns(UserWarning, match="lost the connection"):
        assert store.trial("s", 0).runs[0].attempt == 1
    assert store.report("s", 0, 0, step=1, values=[0.5], metrics={}, attempt=1)


def test_a_connection_that_is_lost_inside_of_a_transaction_is_an_error_and_nothing_was_changed(
    url, store
) -> None:
    def half() -> None:
        with store.together("s"):
            store.add_trials("s", "me", lambda _first: [NEW])
            cut(url)
            store.start_run("s", 0, 0, driver="me", directory="r", until=None)

    with pytest.raises(ConnectionLostError, match="lost the connection"):
        half()
    assert store.counts("s") == {"waiting": 1}


def test_a_server_that_is_away_is_said_until_it_is_back(url, store, new_database) -> None:
    import psycopg

    (name,) = psycopg.conninfo.conninfo_to_dict(url)["dbname"].split()
    elsewhere = new_database()
    with psycopg.connect(elsewhere, autocommit=True) as other:
        other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        for _ in range(2):
            with pytest.raises(ConnectionLostError, match="lost the connection to postgresql://") as lost:
                store.counts("s")
            assert "pa:ss" not in str(lost.value)
        other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    assert store.counts("s") == {"waiting": 1}


def test_a_database_without_tables_is_not_a_store(new_database) -> None:
    with pytest.raises(UsageError, match="no tables of mlkernel"):
        open_store(new_database(), must_exist=True)


def test_another_version_is_refused(new_database) -> None:
    import psycopg

    url = new_database()
    open_store(url).close()
    with psycopg.connect(url) as other:
        other.execute("UPDATE mlkernel_schema SET version = 2")
    with pytest.raises(UsageError, match="newer mlkernel"):
        open_store(url)


def test_tables_of_others_in_the_database_do_no_harm(new_database) -> None:
    import psycopg

    url = new_database()
    with psycopg.connect(url) as other:
        other.execute("CREATE TABLE studies (study_id int); CREATE TABLE trials (trial_id int)")
    with closing(open_store(url)) as store:
        assert store.studies() == []


@pytest.mark.parametrize("url", ["mysql://host/db", "redis://host"])
def test_databases_that_cannot_keep_studies_are_refused(url: str) -> None:
    with pytest.raises(UsageError, match="postgresql://"):
        open_store(url)
