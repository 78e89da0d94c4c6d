"""Databases for the tests of shared studies."""

from core.tests.study.engine.conftest import collect_ignore_glob
from core.tests.study.store.conftest import new_database, postgres_folder

__all__ = ["collect_ignore_glob", "new_database", "postgres_folder"]
