"""Studies that are hurt are driven, as those of the engine's tests are."""

from core.tests.study.engine.conftest import collect_ignore_glob

__all__ = ["collect_ignore_glob"]
