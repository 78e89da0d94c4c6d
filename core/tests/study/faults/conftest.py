"""Databases for the tests of shared studies."""

from core.tests.study.store.conftest import new_database, postgres_folder

__all__ = ["new_database", "postgres_folder"]
