"""The hooks of one run: registered plugins, isolated notifications, and questions."""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import pluggy

from mlkernel.errors import HookError, PluginError
from mlkernel.hookspecs import FAMILIES, PROJECT

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

FAILURES_ALLOWED = 3
"""After so many failures a listener is not called again during the run."""


Listener = tuple[str, Callable[..., None], tuple[str, ...]]
"""Plugin name, function, and the names of the arguments it takes."""


class Notifier:
    """Calls every listener of one notification; false when there is none, so that a hot loop can skip it."""

    def __init__(self, bus: HookBus, name: str) -> None:
        self._bus = bus
        self._name = name
        self._listeners: list[Listener] = []

    def __bool__(self) -> bool:
        """Whether anyone listens."""
        return bool(self._listeners)

    def __call__(self, /, **arguments: Any) -> None:
        """Tell everyone.

        :raises PluginError: under strict plugins, after all were told, when a listener raised.
        """
        failures: list[tuple[str, BaseException]] = []
        for plugin, function, names in self._listeners:
            try:
                function(*[arguments[name] for name in names])
            except (Exception, SystemExit) as error:  # noqa: BLE001 - isolation is the purpose
                failures.append((plugin, error))
        for plugin, failure in failures:
            self._bus.note_failure(plugin, self._name, failure)

    def listen(self, listeners: list[Listener]) -> None:
        """Replace who listens."""
        self._listeners = listeners

    def drop(self, plugin: str) -> None:
        """Call the listeners of *plugin* no more."""
        self._listeners = [listener for listener in self._listeners if listener[0] != plugin]


class HookBus:
    """One plugin manager for one run, so that runs in one process do not meet.

    Plugins are called in the order of their registration. Register them all, then :meth:`seal`.

    :param strict: re-raise what a listener raises, for tests and continuous integration.
    """

    def __init__(self, logger: FilteringBoundLogger, *, strict: bool = False) -> None:
        self._logger = logger
        self._strict = strict
        self._manager = pluggy.PluginManager(PROJECT)
        for family in FAMILIES:
            self._manager.add_hookspecs(family)
        self._specifications = {
            name: getattr(self._manager.hook, name)
            for family in FAMILIES
            for name in vars(family)
            if name[0] != "_"
        }
        self._notifiers = {
            name: Notifier(self, name) for name in self._specifications if name.startswith("on_")
        }
        self._failures: dict[str, int] = {}

    def register(self, plugin: object, name: str) -> None:
        """Add the hook implementations of *plugin*.

        :raises HookError: one of them asks for an argument that the specification lacks.
        """
        try:
            self._manager.register(plugin, name)
        except pluggy.PluginValidationError as error:
            raise HookError(f"plugin {name!r} implements a hook wrongly: {_one_line(error)}") from error

    def seal(self) -> None:
        """Check that every implementation belongs to a specification, and freeze who listens to what.

        May be called again after a late registration.

        :raises HookError: a plugin implements a hook that does not exist, or wraps a notification.
        """
        for name, caller in vars(self._manager.hook).items():
            if name not in self._specifications:
                self._refuse_unknown(name, caller)
        for name, notifier in self._notifiers.items():
            notifier.listen(self._listeners_of(name))

    def notifier(self, name: str) -> Notifier:
        """What calls the listeners of the notification *name*."""
        return self._notifiers[name]

    def ask(self, name: str, /, **arguments: Any) -> Any:
        """The first answer to the question *name* that is not ``None``.

        :raises Exception: whatever an answering plugin raises, with a note that names the question.
        """
        try:
            return self._specifications[name](**arguments)
        except Exception as error:
            error.add_note(f"raised while plugins were asked {name}")
            raise

    def _listeners_of(self, name: str) -> list[Listener]:
        listeners = []
        for implementation in self._specifications[name].get_hookimpls():
            if implementation.wrapper or implementation.hookwrapper:
                raise HookError(
                    f"plugin {implementation.plugin_name!r} wraps {name}, which is a notification",
                    hint="Only questions can be wrapped; implement the notification without wrapper=True.",
                )
            if self._failures.get(implementation.plugin_name, 0) < FAILURES_ALLOWED:
                listeners.append(
                    (implementation.plugin_name, implementation.function, implementation.argnames)
                )
        return listeners

    def _refuse_unknown(self, name: str, caller: pluggy.HookCaller) -> None:
        for implementation in caller.get_hookimpls():
            if not implementation.optionalhook:
                close = get_close_matches(name, self._specifications, n=1)
                raise HookError(
                    f"plugin {implementation.plugin_name!r} implements the hook {name!r}, which does not exist",
                    hint=f"Did you mean {close[0]!r}?" if close else "The hook reference lists all hooks.",
                )

    def note_failure(self, plugin: str, hook: str, error: BaseException) -> None:
        """Count what a listener raised; after too many failures it is not called any more.

        :raises PluginError: under strict plugins.
        """
        error.add_note(f"raised by plugin {plugin!r} in {hook}")
        if self._strict:
            raise PluginError(f"plugin {plugin!r} raised in {hook}: {error!r}") from error
        failures = self._failures[plugin] = self._failures.get(plugin, 0) + 1
        if failures == 1:
            self._logger.warning(
                "a listener raised; the run goes on", plugin=plugin, hook=hook, exc_info=error
            )
        if failures == FAILURES_ALLOWED:
            self._logger.warning(
                "a listener raised again and is not called any more", plugin=plugin, hook=hook
            )
            for notifier in self._notifiers.values():
                notifier.drop(plugin)


def _one_line(error: Exception) -> str:
    return re.sub(r"\s+", " ", str(error)).strip()
