"""Models, prompts and rows that many tests share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from mlkernel_locallm.generation.prompt import Prompt
from mlkernel_locallm.model.byte_chat import encode_prompt
from mlkernel_locallm.model.model_config import ModelConfig
from mlkernel_locallm.model.transformer import Transformer
from mlkernel_locallm.model.weights import load_model
from mlkernel_locallm.pretraining.base_models import base_model
from mlkernel_text.scenarios.cards import Cards
from mlkernel_text.scenarios.cards_config import CardsConfig


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def tiny() -> Transformer:
    """Untrained, with every weight of a size that matters."""
    config = ModelConfig(width=16, layers=2, heads=2, hidden=24, context=96)
    model = Transformer(config, torch.Generator().manual_seed(1))
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(
                0.2 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(weight.numel()))
            )
    return model


@pytest.fixture(scope="session")
def shipped() -> Transformer:
    return load_model(base_model(None).path)


@pytest.fixture(scope="session")
def cards() -> Cards:
    return Cards(CardsConfig(), seed=0)


@pytest.fixture(scope="session")
def mixed_prompts(cards: Cards) -> list[Prompt]:
    """Prompts of many lengths and kinds, some of them equal."""
    prompts = []
    for index, instance in enumerate(cards.instances("test")):
        chat = list(cards.begin(instance, 0).turns()[0].chat)
        if index % 3 == 0:
            chat[0] = {"role": "system", "content": "verifier " * (index % 9)}
        prompts.append(
            Prompt(
                tokens=encode_prompt(chat if index % 10 else chat[:1]),
                seed=index // 2,
                stream=index % 2,
                temperature=(1.0, 0.7, 0.0, 1.3)[index % 4],
                top_p=(1.0, 0.9)[index % 5 == 0],
                max_tokens=(24, 3, 12)[index % 3],
                stop=("7", "no") if index % 7 == 0 else (),
                logprobs=index % 2 == 0,
            )
        )
    return prompts


@pytest.fixture(scope="session")
def demonstrations(cards: Cards) -> list[dict[str, Any]]:
    """Rows for supervised tuning: truthful verifiers."""
    rows = []
    for instance in cards.instances("train")[:40]:
        game = cards.begin(instance, 0)
        game.advance({"prover": game.read("prover", "a1/1")})
        answer = {"role": "assistant", "content": f"a1/1 {cards.decision_text(instance.label)}"}
        rows.append({"messages": [*game.turns()[0].chat, answer]})
    return rows
