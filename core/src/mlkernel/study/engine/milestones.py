"""What a driver has done of its study and does not do again."""

from __future__ import annotations

from attrs import define


@define
class Milestones:
    """How far a driver has come that begins anew whenever the connection to its store was lost."""

    is_prepared: bool = False
    """The commands before the study were seen to."""
    is_begun: bool = False
    """The store was told that the study goes on; whoever asks it to stop from then on is heard."""
    is_ending: bool = False
    """It is this driver that ends the study: if the store's answer was lost, nobody else can say whose end it tells."""
    is_over: bool = False
    """The commands after the study were run."""
