"""The tables of a store, in SQL that SQLite and PostgreSQL both understand."""

from __future__ import annotations

SCHEMA_VERSION = 1
"""Raised when the tables change; a store of another version is refused."""

_TABLES = (
    "CREATE TABLE mlkernel_schema (version INTEGER NOT NULL)",
    """CREATE TABLE mlkernel_studies (
        id {identity},
        name TEXT NOT NULL UNIQUE,
        configuration TEXT NOT NULL,
        state TEXT NOT NULL,
        created DOUBLE PRECISION NOT NULL,
        revision INTEGER NOT NULL,
        changes BIGINT NOT NULL
    )""",
    """CREATE TABLE mlkernel_revisions (
        study BIGINT NOT NULL,
        revision INTEGER NOT NULL,
        configuration TEXT NOT NULL,
        PRIMARY KEY (study, revision)
    ) {clustered}""",
    """CREATE TABLE mlkernel_trials (
        study BIGINT NOT NULL,
        number BIGINT NOT NULL,
        parameters TEXT NOT NULL,
        state TEXT NOT NULL,
        until DOUBLE PRECISION,
        parent BIGINT,
        source BIGINT,
        result TEXT,
        first_result DOUBLE PRECISION,
        reason TEXT,
        sequence BIGINT,
        created DOUBLE PRECISION NOT NULL,
        ended DOUBLE PRECISION,
        PRIMARY KEY (study, number)
    ) {clustered}""",
    """CREATE UNIQUE INDEX mlkernel_trial_ends ON mlkernel_trials (study, sequence)
        WHERE sequence IS NOT NULL""",
    """CREATE INDEX mlkernel_trial_results ON mlkernel_trials (study, first_result)
        WHERE first_result IS NOT NULL""",
    """CREATE TABLE mlkernel_runs (
        study BIGINT NOT NULL,
        trial BIGINT NOT NULL,
        place INTEGER NOT NULL,
        seed TEXT NOT NULL,
        fold INTEGER,
        state TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        failures INTEGER NOT NULL DEFAULT 0,
        driver TEXT,
        handle TEXT,
        directory TEXT,
        step DOUBLE PRECISION,
        result TEXT,
        metrics TEXT,
        error TEXT,
        started DOUBLE PRECISION,
        ended DOUBLE PRECISION,
        PRIMARY KEY (study, trial, place)
    ) {clustered}""",
    """CREATE TABLE mlkernel_reports (
        study BIGINT NOT NULL,
        position BIGINT NOT NULL,
        trial BIGINT NOT NULL,
        place INTEGER NOT NULL,
        step DOUBLE PRECISION NOT NULL,
        result TEXT NOT NULL,
        metrics TEXT NOT NULL,
        time DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (study, position)
    ) {clustered}""",
    """CREATE TABLE mlkernel_pauses (
        study BIGINT NOT NULL,
        sequence BIGINT NOT NULL,
        trial BIGINT NOT NULL,
        step DOUBLE PRECISION NOT NULL,
        parameters TEXT NOT NULL,
        result TEXT NOT NULL,
        PRIMARY KEY (study, sequence)
    ) {clustered}""",
    """CREATE TABLE mlkernel_drivers (
        study BIGINT NOT NULL,
        name TEXT NOT NULL,
        host TEXT NOT NULL,
        pid BIGINT NOT NULL,
        heartbeat DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (study, name)
    ) {clustered}""",
)

OF_A_STUDY = ("revisions", "trials", "runs", "reports", "pauses", "drivers")
"""Tables, without their prefix, whose rows belong to a study."""


def creation(identity: str, clustered: str) -> list[str]:
    """The statements that make an empty store.

    :param identity: type of a key that is never given twice.
    :param clustered: option of a table that lies in the order of its primary key.
    """
    tables = [text.format(identity=identity, clustered=clustered) for text in _TABLES]
    return [*tables, f"INSERT INTO mlkernel_schema VALUES ({SCHEMA_VERSION})"]
