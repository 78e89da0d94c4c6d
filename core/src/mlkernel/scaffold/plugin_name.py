"""The name of a new plugin, in all the forms that its package needs."""

from __future__ import annotations

import importlib.util
import keyword
import re
import sys

from attrs import frozen

from mlkernel.discovery.entry_point_index import read_index
from mlkernel.errors import UsageError

ALLOWED = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")


@frozen
class PluginName:
    """Made by :func:`checked_name`."""

    name: str
    """As users choose the component, such as ``my-trainer``; the distribution's name, too."""

    @property
    def package(self) -> str:
        """The module that Python imports, such as ``my_trainer``."""
        return self.name.replace("-", "_")

    @property
    def class_name(self) -> str:
        """Such as ``MyTrainer``."""
        return "".join(word.capitalize() for word in self.package.split("_"))


def checked_name(kind: str, group: str, text: str) -> PluginName:
    """Check that a new component of *kind* may be called *text*.

    :raises UsageError: it is no name for a package, or it is taken.
    """
    if not ALLOWED.fullmatch(text):
        raise UsageError(
            f"{text!r} cannot name a package",
            hint="Use lower-case letters and digits, and single hyphens between words, as in my-trainer.",
        )
    name = PluginName(text)
    if keyword.iskeyword(name.package) or name.package in sys.stdlib_module_names:
        raise UsageError(f"{name.package!r} is a word of Python itself", hint=f"Try my-{text}.")
    providers = [row.distribution for row in read_index().rows(group) if row.name == text]
    if providers:
        raise UsageError(
            f"there is a {kind} {text!r} already, in {', '.join(providers)}", hint=f"Try my-{text}."
        )
    if importlib.util.find_spec(name.package) is not None:
        raise UsageError(f"a module {name.package!r} is installed already", hint=f"Try my-{text}.")
    return name
