"""The field of a configuration class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import NOTHING, field

from mlkernel.config.secret import Secret

HELP = "mlkernel.help"
SECRET = "mlkernel.secret"  # noqa: S105 - the name of a metadata entry


def option(
    default: Any = NOTHING,
    *,
    help: str,  # noqa: A002 - the field's term, as in argparse
    validator: Callable[[Any, Any, Any], Any] | list[Callable[[Any, Any, Any], Any]] | None = None,
    secret: bool = False,
    factory: Callable[[], Any] | None = None,
) -> Any:
    """Declare one option of a configuration class, which is decorated with ``attrs.frozen(kw_only=True)``.

    The annotation is the type that files and overrides are checked against: ``bool``, ``int``, ``float``, ``str``,
    ``pathlib.Path``, ``typing.Literal``, an ``Enum``, another configuration class, ``list[X]``, ``tuple[X, ...]``,
    ``dict[str, X]``, unions of these with each other and with ``None``, and ``typing.Any`` for plain JSON values.

    :param default: the value when nothing is given; without one (and without *factory*) the option is required.
    :param help: one sentence for ``--help`` and the documentation; name the unit where there is one.
    :param validator: one of ``attrs.validators``, or several; ranges appear in ``--help`` and in the JSON Schema.
    :param secret: the value is a :class:`Secret` (annotate ``Secret``): an environment variable is named, its value is
        read when it is used, and it is never printed nor written.
    :param factory: makes the default anew for each configuration.
    """
    return field(
        default=default,
        factory=factory,
        validator=validator,
        converter=_as_secret if secret else None,
        metadata={HELP: help, SECRET: secret},
    )


def _as_secret(value: Any) -> Secret | None:
    return value if value is None or isinstance(value, Secret) else Secret(value)
