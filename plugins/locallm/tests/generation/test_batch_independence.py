"""An answer is a function of its prompt: not of its batch, not of its place in it."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from mlkernel_locallm.generation.prompt import Generation, Prompt
from mlkernel_locallm.generation.sampler import Sampler
from mlkernel_locallm.model.transformer import Transformer


def in_batches(sampler: Sampler, prompts: Sequence[Prompt], size: int) -> list[Generation]:
    return [
        answer
        for start in range(0, len(prompts), size)
        for answer in sampler.generate(prompts[start : start + size])
    ]


@pytest.fixture(scope="module")
def together(shipped: Transformer, mixed_prompts: list[Prompt]) -> list[Generation]:
    return Sampler(shipped).generate(mixed_prompts)


@pytest.mark.parametrize(("size", "count"), [(1, 64), (7, 256), (32, 512), (512, 512)])
def test_answers_and_their_log_probabilities_are_the_same_in_every_batch(
    shipped: Transformer,
    mixed_prompts: list[Prompt],
    together: list[Generation],
    size: int,
    count: int,
) -> None:
    order = list(range(len(mixed_prompts)))
    random.Random(size).shuffle(order)
    order = order[:count]
    answers = in_batches(Sampler(shipped), [mixed_prompts[index] for index in order], size)
    assert answers == [together[index] for index in order]


def test_the_answers_that_are_compared_differ_among_each_other(together: list[Generation]) -> None:
    assert len({answer.text for answer in together}) > 100
    assert {answer.finish for answer in together} == {"stop", "length"}


def test_a_short_text_beside_a_long_prompt_is_written_to_its_own_limit(tiny: Transformer) -> None:
    limit = tiny.config.context
    prompts = [Prompt(tokens=tuple(range(length)), seed=length, max_tokens=limit) for length in (5, 40, 90)]
    sampler = Sampler(tiny)
    assert sampler.generate(prompts) == in_batches(sampler, prompts, 1)
