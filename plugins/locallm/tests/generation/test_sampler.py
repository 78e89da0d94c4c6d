"""What the sampler writes is what the network says, and ends where it should."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from attrs import evolve

from mlkernel import UsageError
from mlkernel_locallm.generation.decoder import ANSWERABLE
from mlkernel_locallm.generation.prompt import Generation, Prompt
from mlkernel_locallm.generation.sampler import Sampler
from mlkernel_locallm.model.byte_chat import END
from mlkernel_locallm.model.transformer import Transformer

PROMPT = Prompt(tokens=(256, 259, *b"some question", 257, 260), max_tokens=40, logprobs=True)


def probabilities(model: Transformer, tokens: tuple[int, ...]) -> torch.Tensor:
    """Of the token that follows, by the network that is trained."""
    with torch.no_grad():
        logits: torch.Tensor = model(torch.tensor([tokens]))[0, -1, list(ANSWERABLE)]
    return logits.softmax(-1)


def answer(model: Transformer, prompt: Prompt) -> Generation:
    return Sampler(model).generate([prompt])[0]


def test_log_probabilities_are_those_of_the_trained_network(tiny: Transformer) -> None:
    padded = [evolve(PROMPT, tokens=PROMPT.tokens[: 4 + length], seed=length) for length in range(12)]
    for prompt, written in zip(padded, Sampler(tiny).generate(padded), strict=True):
        assert written.logprobs is not None
        for place, (token, logprob) in enumerate(zip(written.tokens, written.logprobs, strict=True)):
            told = probabilities(tiny, prompt.tokens + written.tokens[:place])[ANSWERABLE.index(token)]
            assert logprob == pytest.approx(told.log().item(), abs=1e-4)


def test_temperature_zero_takes_the_likeliest_token(tiny: Transformer) -> None:
    written = answer(tiny, evolve(PROMPT, temperature=0.0, max_tokens=8))
    for place, token in enumerate(written.tokens):
        assert token == ANSWERABLE[probabilities(tiny, PROMPT.tokens + written.tokens[:place]).argmax()]


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_tokens_are_drawn_with_their_probabilities(tiny: Transformer, temperature: float) -> None:
    draws = 4000
    prompts = [evolve(PROMPT, stream=index, temperature=temperature, max_tokens=1) for index in range(draws)]
    counts = Counter(written.tokens[0] for written in Sampler(tiny).generate(prompts))
    expected = probabilities(tiny, PROMPT.tokens).pow(1 / temperature)
    expected = expected / expected.sum()
    likeliest = expected.topk(5).indices.tolist()
    for index in likeliest:
        share, probability = counts[ANSWERABLE[index]] / draws, expected[index].item()
        assert abs(share - probability) < 5 * (probability * (1 - probability) / draws) ** 0.5


def test_top_p_draws_from_the_nucleus_alone(tiny: Transformer) -> None:
    ordered = probabilities(tiny, PROMPT.tokens).sort(descending=True)
    size = int((ordered.values.cumsum(0) < 0.5).sum()) + 1
    nucleus = {ANSWERABLE[index] for index in ordered.indices[:size]}
    prompts = [evolve(PROMPT, stream=index, top_p=0.5, max_tokens=1) for index in range(300)]
    drawn = {written.tokens[0] for written in Sampler(tiny).generate(prompts)}
    assert drawn == nucleus


def test_seeds_and_streams_give_different_answers_again_and_again(tiny: Transformer) -> None:
    prompts = [evolve(PROMPT, seed=seed, stream=stream) for seed in (0, 1, 2**63) for stream in (0, 1)]
    first, second = Sampler(tiny).generate(prompts), Sampler(tiny).generate(prompts)
    assert first == second
    assert len({written.tokens for written in first}) == len(prompts)


def test_an_answer_ends_before_a_stop_string(shipped: Transformer, mixed_prompts: list[Prompt]) -> None:
    free = evolve(mixed_prompts[1], temperature=0.0, max_tokens=24, stop=())
    whole = answer(shipped, free)
    cut = answer(shipped, evolve(free, stop=("never", whole.text[3:5])))
    assert whole.text.startswith(cut.text)
    assert cut.text == whole.text[: whole.text.index(whole.text[3:5])]
    assert cut.finish == "stop"
    assert len(cut.tokens) == len(cut.text)


def test_an_answer_is_cut_at_its_limit_and_at_the_end_of_the_context(tiny: Transformer) -> None:
    limited = [evolve(PROMPT, seed=seed, max_tokens=5) for seed in range(20)]
    assert {
        len(written.tokens) for written in Sampler(tiny).generate(limited) if written.finish == "length"
    } == {5}
    room = tiny.config.context - len(PROMPT.tokens)
    endless = [evolve(PROMPT, seed=seed, max_tokens=10_000) for seed in range(40)]
    longest = max(Sampler(tiny).generate(endless), key=lambda written: len(written.tokens))
    assert (longest.finish, len(longest.tokens)) == ("length", room)


def test_a_prompt_without_room_is_refused(tiny: Transformer) -> None:
    with pytest.raises(UsageError, match=r"prompt 1 has 96 tokens.*context of 96"):
        Sampler(tiny).generate([PROMPT, evolve(PROMPT, tokens=(65,) * 96)])


def test_a_listener_hears_every_token_as_it_is_written(tiny: Transformer) -> None:
    heard: dict[int, list[tuple[int, float]]] = {}
    prompts = [evolve(PROMPT, tokens=PROMPT.tokens[: 3 + index], seed=index) for index in range(9)]
    answers = Sampler(tiny).generate(
        prompts, lambda index, token, logprob: heard.setdefault(index, []).append((token, logprob))
    )
    for index, written in enumerate(answers):
        assert written.logprobs is not None
        assert heard[index] == list(zip(written.tokens, written.logprobs, strict=True))
        assert (written.tokens[-1] == END) == (written.finish == "stop")


def test_training_afterwards_changes_no_answer(tiny: Transformer) -> None:
    sampler = Sampler(tiny)
    before = sampler.generate([PROMPT])
    with torch.no_grad():
        tiny.embedding.mul_(-1.0)
    assert sampler.generate([PROMPT]) == before


def test_nothing_is_taken_from_the_random_numbers_of_others(tiny: Transformer) -> None:
    before = torch.get_rng_state()
    answer(tiny, PROMPT)
    assert torch.equal(torch.get_rng_state(), before)
