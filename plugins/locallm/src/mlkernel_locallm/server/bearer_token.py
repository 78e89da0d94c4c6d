"""The token that clients must show."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from mlkernel import ConfigError

NAME = "token"


def token_from_environment(variable: str) -> str:
    """The token that the user chose.

    :raises ConfigError: when the variable is not set or empty.
    """
    token = os.environ.get(variable, "")
    if not token or not token.isascii() or any(character.isspace() for character in token):
        raise ConfigError(
            f"token_env names {variable}, which holds no token (one word in ASCII)",
            hint=f'export {variable}="$(openssl rand -hex 24)"',
        )
    return token


def kept_token(folder: Path) -> str:
    """The token of *folder*, made when it is first asked for; only its owner may read the file."""
    path = folder / NAME
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        path.chmod(0o600)
        token = path.read_text(encoding="ascii").strip()
        if token:
            return token
        descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)
    token = f"sk-local-{secrets.token_urlsafe(24)}"
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(token + "\n")
    return token
