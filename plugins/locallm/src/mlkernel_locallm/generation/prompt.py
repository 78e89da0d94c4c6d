"""What is asked of the sampler, and what it answers."""

from __future__ import annotations

from typing import Literal

from attrs import field, frozen
from attrs.validators import and_, ge, gt, le, lt, min_len

Finish = Literal["stop", "length"]
"""The answer ended by itself or at a stop string; or it was cut at its limit or the end of the context."""


@frozen(kw_only=True)
class Prompt:
    """Ask for one answer. The answer is a function of the model and of these fields, and of nothing else."""

    tokens: tuple[int, ...] = field(validator=min_len(1))
    """What the answer follows, from :func:`mlkernel_locallm.model.byte_chat.encode_prompt`."""
    seed: int = field(default=0, validator=and_(ge(0), lt(2**64)))
    stream: int = field(default=0, validator=and_(ge(0), lt(2**64)))
    """Which of several answers with one seed; their randomness is independent."""
    temperature: float = field(default=1.0, validator=ge(0.0))
    """0.0 takes the likeliest token always."""
    top_p: float = field(default=1.0, validator=and_(gt(0.0), le(1.0)))
    """Sample from the fewest tokens that have this probability together (Holtzman et al. 2020, section 3.1)."""
    max_tokens: int = field(default=256, validator=ge(1))
    stop: tuple[str, ...] = ()
    """The answer ends before the first of these."""
    logprobs: bool = False
    """Whether to tell how likely each token was."""


@frozen(kw_only=True)
class Generation:
    """One answer."""

    text: str
    tokens: tuple[int, ...]
    """As sampled, the special token of the end included where the answer ended by itself; a stop string is not."""
    logprobs: tuple[float, ...] | None
    """Natural-log probability of each token at temperature 1, where the prompt asked for it."""
    finish: Finish
