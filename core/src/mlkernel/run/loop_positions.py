"""How far each loop of a run is, and which loops are being run now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlkernel.errors import UsageError


class LoopPositions:
    """Completed iterations by path. The path of an inner loop holds the names of those around it: ``train/epoch``."""

    def __init__(self) -> None:
        self.completed: dict[str, int] = {}
        self.totals: dict[str, int | None] = {}
        """Totals of the loops entered by this attempt."""
        self.resumable: set[str] = set()
        """Paths of the loops at whose boundaries a run can stop and go on."""
        self.active: list[str] = []
        """Paths of the loops being run, the outermost first."""
        self._ended: dict[str, int | None] = {}
        """The total that a loop had when it was left for good; another total opens it again."""
        self._advanced: set[str] = set()

    def enter(self, name: str, total: int | None, *, resumable: bool | None = None) -> str:
        """Open the loop *name* inside those that are active, and tell its path.

        :param resumable: by default an outermost loop is; one inside a loop that is not never is.
        :raises UsageError: this attempt already ran a loop of that name here, or it is no name.
        """
        if not name or "/" in name:
            raise UsageError(
                f"{name!r} is no name of a loop", hint="A slash joins the names of nested loops."
            )
        path = f"{self.active[-1]}/{name}" if self.active else name
        if path in self.totals:
            raise UsageError(
                f"two loops are named {path!r}: a resumed run could not tell them apart",
                hint="Give each loop at the same level its own name.",
            )
        self.completed.setdefault(path, 0)
        self.totals[path] = total
        is_around = all(around in self.resumable for around in self.active)
        if is_around and (resumable or (resumable is None and not self.active)):
            self.resumable.add(path)
        self.active.append(path)
        return path

    def has_ended(self, path: str, total: int | None) -> bool:
        """Whether an earlier attempt left the loop for good, with the same total."""
        return path in self._ended and self._ended[path] == total

    def advance(self, path: str, completed: int) -> None:
        """Note that an iteration of the loop at *path* ended."""
        self.completed[path] = completed
        if path not in self._advanced:
            self._advanced.add(path)
            self._forget(self._later_siblings(path))
        if len(self.completed) > 1:
            self._forget([other for other in self.completed if other.startswith(f"{path}/")])

    def leave(self, path: str) -> None:
        """Close the loop at *path* for good."""
        self._ended[path] = self.totals[path]
        self.active.remove(path)

    def state_dict(self) -> dict[str, Any]:
        """Everything that a later attempt needs."""
        return {"completed": dict(self.completed), "ended": dict(self._ended), "active": list(self.active)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where :meth:`state_dict` was taken; no loop is active yet."""
        self.completed = dict(state["completed"])
        self._ended = dict(state["ended"])

    def _later_siblings(self, path: str) -> list[str]:
        """Loops that follow *path* at its level: a run that was extended does them again."""
        parent = path.rpartition("/")[0]
        order = list(self.completed)
        following = order[order.index(path) + 1 :]
        return [other for other in following if not parent or other.startswith(f"{parent}/")]

    def _forget(self, paths: list[str]) -> None:
        for path in paths:
            del self.completed[path]
            self._ended.pop(path, None)
            self.totals.pop(path, None)
            self.resumable.discard(path)
            self._advanced.discard(path)
