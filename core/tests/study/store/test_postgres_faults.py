"""What goes wrong with a server is said."""

from __future__ import annotations

from contextlib import closing

import pytest

from mlkernel.errors import StorageError, UsageError
from mlkernel.study.store.opening import open_store
from mlkernel.study.store.study_store import NewTrialRecord


def test_a_lost_connection_is_said_and_costs_nothing_that_was_complete(new_database) -> None:
    import psycopg

    url = new_database()
    store = open_store(url)
    store.create("s", {})
    store.add_trials("s", "me", lambda _first: [NewTrialRecord(parameters={"x": 1}, runs=((0, None),))])
    with psycopg.connect(url) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    with pytest.raises(StorageError, match="lost the connection"):
        store.start_run("s", 0, 0, driver="me", directory="r", until=None)
    store.close()
    with closing(open_store(url)) as again:
        assert again.counts("s") == {"waiting": 1}


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
