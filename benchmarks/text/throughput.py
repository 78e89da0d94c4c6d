"""How fast the embedded model writes, beside ``generate`` of transformers with a network of the same size.

Both write answers of up to 32 tokens to the same prompts of the game of cards, sampled at temperature 1, on one thread.
Both networks are untrained, so that answers are long and their ends rare; only tokens before the end count. The network
of transformers computes in float32 and its answers depend on the batch; ours computes in float64 and they do not.

    python benchmarks/text/throughput.py

Rounds of the two alternate, and the medians are told, as tokens for each second of processor time. Needs transformers.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from mlkernel_locallm.generation.prompt import Prompt
from mlkernel_locallm.generation.sampler import Sampler
from mlkernel_locallm.model.byte_chat import BEGIN, END, PADDING, encode_prompt
from mlkernel_locallm.model.model_config import VOCABULARY, ModelConfig
from mlkernel_locallm.model.transformer import Transformer
from mlkernel_text.scenarios.cards import Cards
from mlkernel_text.scenarios.cards_config import CardsConfig

NEW_TOKENS = 32
Contestant = Callable[[Sequence[tuple[int, ...]], int], int]
"""Prompts and a seed → number of tokens written."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description="Tokens per second of processor time, ours and transformers'."
    )
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 32, 128])
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    contestants = {"mlkernel-locallm": embedded(), "transformers": peer()}
    print(f"{'batch':>6} {'mlkernel-locallm':>18} {'transformers':>14} {'ratio':>7}")
    for batch in arguments.batches:
        ours, theirs = interleaved(list(contestants.values()), prompts(batch), arguments.rounds)
        print(f"{batch:6} {ours:18,.0f} {theirs:14,.0f} {ours / theirs:7.2f}")


def prompts(count: int) -> list[tuple[int, ...]]:
    """The prover's prompts of *count* games."""
    cards = Cards(CardsConfig(), seed=0)
    return [
        encode_prompt(cards.begin(instance, 0).turns()[0].chat)
        for instance in cards.instances("test")[:count]
    ]


def embedded() -> Contestant:
    """Our sampler."""
    sampler = Sampler(Transformer(ModelConfig(), torch.Generator().manual_seed(0)))

    def write(prompts: Sequence[tuple[int, ...]], seed: int) -> int:
        asked = [
            Prompt(tokens=tokens, seed=seed, stream=index, max_tokens=NEW_TOKENS)
            for index, tokens in enumerate(prompts)
        ]
        return sum(len(answer.tokens) for answer in sampler.generate(asked))

    return write


def peer() -> Contestant:
    """LLaMA of the same width, depth and vocabulary, sampled by ``generate``."""
    config = ModelConfig()
    torch.manual_seed(0)
    network = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=VOCABULARY,
            hidden_size=config.width,
            intermediate_size=config.hidden,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            max_position_embeddings=config.context,
            tie_word_embeddings=True,
            bos_token_id=BEGIN,
            eos_token_id=END,
            pad_token_id=PADDING,
        )
    ).eval()

    def write(prompts: Sequence[tuple[int, ...]], seed: int) -> int:
        torch.manual_seed(seed)
        tokens = torch.tensor(prompts)  # provers' prompts are all of one length
        written = network.generate(
            tokens,
            attention_mask=torch.ones_like(tokens),
            do_sample=True,
            top_k=0,
            max_new_tokens=NEW_TOKENS,
        )
        return int((written[:, tokens.shape[1] :] != PADDING).sum())

    return write


def interleaved(
    contestants: Sequence[Contestant], prompts: Sequence[tuple[int, ...]], rounds: int
) -> list[float]:
    """Median tokens per second of processor time of each; the first round warms up and does not count."""
    rates: list[list[float]] = [[] for _ in contestants]
    for seed in range(rounds + 1):
        for contestant, measured in zip(contestants, rates, strict=True):
            begun = time.process_time()
            written = contestant(prompts, seed)
            measured.append(written / (time.process_time() - begun))
    return [statistics.median(measured[1:]) for measured in rates]


if __name__ == "__main__":
    main()
