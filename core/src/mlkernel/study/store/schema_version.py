"""Stores of other versions are refused; how to bring their studies along is said."""

from __future__ import annotations

from mlkernel.errors import UsageError
from mlkernel.study.store.tables import SCHEMA_VERSION


def require_version(found: int, store: str) -> None:
    """Refuse the store *store* unless it is of the version that this module reads.

    :raises UsageError: it was made by a newer or an older mlkernel.
    """
    if found > SCHEMA_VERSION:
        raise UsageError(
            f"{store} was made by a newer mlkernel: its tables have version {found}, this one knows {SCHEMA_VERSION}",
            hint="Update mlkernel. Nothing was changed.",
        )
    if found < SCHEMA_VERSION:
        raise UsageError(
            f"{store} was made by an older mlkernel: its tables have version {found}, this one knows {SCHEMA_VERSION}",
            hint="Write its studies with that version's kernel study export, and read them with kernel study import.",
        )
