"""What trial schedulers may ask of what is trained."""

from __future__ import annotations

from attrs import frozen


@frozen(kw_only=True)
class Abilities:
    """What a target can do beside training from beginning to end."""

    ends_at_steps: bool = True
    """It can be ended at an earlier step than its last one."""
    resumes: bool = True
    """A run that rested goes on from there; otherwise it begins anew, and what it reported counts only once."""
    copies: bool = True
    """It can go on from another run's checkpoint."""
