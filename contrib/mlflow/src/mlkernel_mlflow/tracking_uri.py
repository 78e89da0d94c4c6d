"""The address of an MLflow server, database or folder."""

from __future__ import annotations

import os
import re
from pathlib import Path

_PASSWORD = re.compile(r"^(\w[\w+.-]*://[^/?#@:]*):[^/?#]*@")
_PASSWORD_OPTION = re.compile(r"(?<=[?&])(?:ssl)?password=[^&]*&?", re.IGNORECASE)
_NAMED = re.compile(r"databricks(-uc)?|uc")
"""Servers that MLflow knows by a word."""


def tracking_uri(asked: str | None, remembered: str | None) -> str:
    """The address to use, with its password if the environment has one.

    :param remembered: the address that was used before; the run is there, whatever is asked now.
    """
    named = os.environ.get("MLFLOW_TRACKING_URI")
    chosen = asked or named or f"sqlite:///{Path('mlflow.db').absolute()}"
    if remembered is None:
        return _absolute(chosen)
    return named if named is not None and _kept(named) == remembered else remembered


def _kept(uri: str) -> str:
    return without_password(_absolute(uri))


def without_password(uri: str) -> str:
    """*uri* as it may be written down."""
    shown = _PASSWORD_OPTION.sub("", _PASSWORD.sub(r"\1@", uri))
    return uri if shown == uri else shown.rstrip("?&")


def _absolute(uri: str) -> str:
    """*uri* so that it means the same in another folder."""
    prefix = "sqlite:///"
    if uri.startswith(prefix) and not uri.startswith(f"{prefix}/") and uri != f"{prefix}:memory:":
        return f"{prefix}{Path(uri.removeprefix(prefix)).absolute()}"
    return (
        uri if "://" in uri or _NAMED.fullmatch(uri) else Path(uri.removeprefix("file:")).absolute().as_uri()
    )
