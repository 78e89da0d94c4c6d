"""How long a follower tries again."""

from __future__ import annotations

from mlkernel.tracker.follower import Follower, Patience


class ResumedWork:
    """A run that had ended, is trained on, and ends again; its tracker is in order from the seventh call on."""

    def __init__(self) -> None:
        self.calls = 0

    def step(self) -> bool:
        self.calls += 1
        if self.calls < 7:
            raise ConnectionError("out of order")
        return True

    def may_end(self) -> bool:
        return self.calls in (1, 6)

    def close(self) -> None:
        pass


def test_the_patience_begins_anew_when_a_run_was_trained_on():
    said: list[str] = []
    # Pauses of 0.05, 0.1 ... 1.6 s: the second end is 1.55 s after the first, and the next pause is shorter than
    # the patience, but not both together.
    patience = Patience(after_the_end=2.5, first_pause=0.05)
    assert Follower(ResumedWork(), patience, said.append).follow()
    assert said == ["ConnectionError: out of order"]
