"""From the configured name to environments: native ones, Gymnasium ids, and factories that a user names."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mlkernel import UnknownNameError, UsageError, resolve
from mlkernel_rl.environments.native import NativeEnvironment, NativeVector
from mlkernel_rl.environments.vector import VectorEnvironment

if TYPE_CHECKING:
    import gymnasium

    from mlkernel_rl.rl_config import EnvironmentConfig

Make = Callable[..., Any]


class EnvironmentChoice:
    """An environment that was found, able to make as many of it as are needed.

    Exactly one of :attr:`native` and *make* is there.
    """

    def __init__(
        self, name: str, *, native: NativeEnvironment | None = None, make: Make | None = None
    ) -> None:
        self.name = name
        self.native = native
        self._make = make

    def vector(self, count: int, seed: int) -> VectorEnvironment:
        """Make *count* environments that are stepped together; *seed* decides all their randomness."""
        if self.native is not None:
            return NativeVector(self.native, count, seed)
        assert self._make is not None
        from mlkernel_rl.environments.gymnasium_vector import GymnasiumVector

        return GymnasiumVector([_as_gymnasium(self._make()) for _ in range(count)], seed)

    def rendered(self) -> gymnasium.Env[Any, Any]:
        """Make one Gymnasium environment that renders frames; a native one is rendered by Gymnasium's of its name.

        :raises UsageError: there is none, it cannot render, or a package that it needs for that is missing.
        """
        import gymnasium

        try:
            if self._make is None:
                environment = gymnasium.make(self.name, render_mode="rgb_array")
            else:
                environment = self._make(render_mode="rgb_array")
            environment.reset()
            environment.render()
        except (AttributeError, TypeError, ImportError, gymnasium.error.Error) as error:
            raise UsageError(f"{self.name} cannot be rendered: {error}") from error
        if not isinstance(environment, gymnasium.Env):
            raise UsageError(f"{self.name} cannot be rendered: its factory makes no gymnasium.Env")
        return environment


def choose_environment(config: EnvironmentConfig) -> EnvironmentChoice:
    """Find the configured environment.

    :raises UnknownNameError: nothing of that name is installed; says what comes close.
    :raises UsageError: the factory returned something else, or a package that Gymnasium needs is missing.
    """
    if ":" in config.name:
        return _from_factory(config)
    if config.backend == "native" or (config.backend == "auto" and not config.kwargs):
        try:
            native = resolve("environment", config.name).factory()(**config.kwargs)
        except UnknownNameError:
            if config.backend == "native":
                raise
        else:
            return EnvironmentChoice(config.name, native=native)
    return _from_gymnasium(config)


def _from_factory(config: EnvironmentConfig) -> EnvironmentChoice:
    factory = resolve("environment", config.name).factory()
    made = factory(**config.kwargs)
    if isinstance(made, type) or not (_is_native(made) or _is_gymnasium(made) or _is_torchrl(made)):
        raise UsageError(
            f"env.name={config.name}: the factory returned {made!r}, which is no environment",
            hint="Return a gymnasium.Env, a torchrl EnvBase, or a native environment (mlkernel_rl.NativeEnvironment).",
        )
    if _is_native(made):
        return EnvironmentChoice(config.name, native=made)
    made.close()
    return EnvironmentChoice(config.name, make=lambda **more: factory(**{**config.kwargs, **more}))


def _from_gymnasium(config: EnvironmentConfig) -> EnvironmentChoice:
    import gymnasium

    def make(**more: Any) -> gymnasium.Env[Any, Any]:
        return gymnasium.make(config.name, **{**config.kwargs, **more})

    try:
        gymnasium.spec(config.name)
        make().close()
    except gymnasium.error.UnregisteredEnv as error:
        raise _unknown(config.name) from error
    except gymnasium.error.DependencyNotInstalled as error:
        raise UsageError(
            f"env.name={config.name}: {error}", hint="Install what the message names."
        ) from error
    except (gymnasium.error.Error, TypeError) as error:
        raise UsageError(
            f"env.name={config.name}: {error}", hint="Look at env.name and env.kwargs."
        ) from error
    return EnvironmentChoice(config.name, make=make)


def _unknown(name: str) -> UnknownNameError:
    import gymnasium

    close = difflib.get_close_matches(name, gymnasium.registry, n=3, cutoff=0.5)
    suggestion = f"Did you mean {' or '.join(close)}? " if close else ""
    return UnknownNameError(
        f"env.name={name}: no native environment and no Gymnasium id of this name is installed",
        hint=f"{suggestion}Environments of your own: env.name=package.module:factory or ./file.py:factory.",
    )


def _as_gymnasium(made: Any) -> gymnasium.Env[Any, Any]:
    if not _is_torchrl(made):
        environment: gymnasium.Env[Any, Any] = made
        return environment
    from mlkernel_rl.environments.torchrl_environment import TorchRLEnvironment

    return TorchRLEnvironment(made)


def _is_native(made: Any) -> bool:
    return all(
        hasattr(made, name) for name in ("random_size", "observation_size", "observe", "step", "reset")
    )


def _is_gymnasium(made: Any) -> bool:
    import gymnasium

    return isinstance(made, gymnasium.Env)


def _is_torchrl(made: Any) -> bool:
    """Tell a TorchRL environment without importing TorchRL: whoever made one has imported it."""
    return any(
        cls.__module__.startswith("torchrl.") and cls.__name__ == "EnvBase" for cls in type(made).__mro__
    )
