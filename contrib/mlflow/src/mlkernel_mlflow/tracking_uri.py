"""The address of an MLflow server, database or folder."""

from __future__ import annotations

import os
import re
from pathlib import Path

_FILE = "sqlite:///"
_PASSWORD = re.compile(r"^(\w[\w+.-]*://[^/?#@:]*):[^/?#]*@")
_PASSWORD_OPTION = re.compile(r"(?<=[?&])(?:ssl)?password=[^&]*&?", re.IGNORECASE)
_NAMED = re.compile(r"databricks(-uc)?|uc")
"""Servers that MLflow knows by a word."""


def tracking_uri(asked: str | None, remembered: str | None) -> str:
    """The address to use, with its password if the environment has one.

    :param remembered: the address that was used before; the run is there, whatever is asked now.
    """
    named = os.environ.get("MLFLOW_TRACKING_URI")
    chosen = asked or named or f"{_FILE}{Path('mlflow.db').absolute()}"
    if remembered is None:
        return _absolute(chosen)
    return named if named is not None and _kept(named) == remembered else remembered


def artifact_location(uri: str) -> str | None:
    """Where a new experiment keeps copies of files: beside its database's file; ``None`` to let the server say.

    MLflow itself takes the current folder, which is another one each time.
    """
    if not uri.startswith(_FILE) or uri == f"{_FILE}:memory:":
        return None
    return Path(uri.removeprefix(_FILE)).with_name("mlruns").as_uri()


def _kept(uri: str) -> str:
    return without_password(_absolute(uri))


def without_password(uri: str) -> str:
    """*uri* as it may be written down."""
    shown = _PASSWORD_OPTION.sub("", _PASSWORD.sub(r"\1@", uri))
    return uri if shown == uri else shown.rstrip("?&")


def _absolute(uri: str) -> str:
    """*uri* so that it means the same in another folder."""
    if uri.startswith(_FILE) and not uri.startswith(f"{_FILE}/") and uri != f"{_FILE}:memory:":
        return f"{_FILE}{Path(uri.removeprefix(_FILE)).absolute()}"
    return (
        uri if "://" in uri or _NAMED.fullmatch(uri) else Path(uri.removeprefix("file:")).absolute().as_uri()
    )
