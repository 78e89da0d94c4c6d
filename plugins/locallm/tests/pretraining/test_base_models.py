"""Base models: the shipped one is what its record says, others are made once."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from mlkernel import UsageError
from mlkernel_locallm.generation.prompt import Prompt
from mlkernel_locallm.generation.sampler import Sampler
from mlkernel_locallm.model.byte_chat import encode_prompt
from mlkernel_locallm.model.model_config import ModelConfig
from mlkernel_locallm.model.transformer import Transformer
from mlkernel_locallm.model.weights import load_model, load_notes
from mlkernel_locallm.pretraining import base_models
from mlkernel_locallm.pretraining.base_models import base_model, identity_of
from mlkernel_locallm.pretraining.recipe import Recipe
from mlkernel_text.scenarios.cards import Cards
from mlkernel_text.scenarios.cards_curriculum import CardsCurriculum

SMALL = Recipe(model=ModelConfig(width=16, layers=1, heads=2, hidden=24), steps=12, batch_size=8, warm_up=2)


class Parrot:
    """A curriculum of one sentence."""

    def __init__(self, word: str = "polly") -> None:
        self.word = word

    @property
    def identity(self) -> Mapping[str, Any]:
        return {"scenario": "parrot", "word": self.word}

    def examples(self, random: random.Random, progress: float) -> list[list[dict[str, Any]]]:
        answer = {"role": "assistant", "content": self.word * random.randint(1, 2)}
        return [[{"role": "user", "content": "who?"}, answer]]


def verifier_accuracy(model: Transformer, cards: Cards, temperature: float) -> float:
    """How often the verifier decides rightly after the prover spoke; the model plays both."""
    games = [cards.begin(instance, 0) for instance in cards.instances("test")]
    for agent in ("prover", "verifier"):
        prompts = [
            Prompt(
                tokens=encode_prompt(game.turns()[0].chat), seed=seed, temperature=temperature, max_tokens=32
            )
            for seed, game in enumerate(games)
        ]
        for game, answer in zip(games, Sampler(model).generate(prompts), strict=True):
            said = game.read(agent, answer.text)
            game.advance({agent: said if said.is_valid else game.silence(agent, str(said.problem))})
    return sum(game.correct is True for game in games) / len(games)


def assert_can_play_and_often_does_not(model: Transformer, cards: Cards) -> None:
    assert 0.58 <= verifier_accuracy(model, cards, 1.0) <= 0.76
    assert verifier_accuracy(model, cards, 0.0) >= 0.93


def test_the_shipped_model_is_the_one_for_the_game_of_cards_as_it_is() -> None:
    model = base_model(CardsCurriculum())
    assert model.path.parent == base_models.WEIGHTS
    assert model == base_model(None)
    assert load_notes(model.path)["curriculum"] == CardsCurriculum().identity
    assert model.path.stat().st_size < 300_000


def test_the_shipped_model_can_play_and_often_does_not(shipped: Transformer, cards: Cards) -> None:
    assert_can_play_and_often_does_not(shipped, cards)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_recipe_makes_a_model_like_the_shipped_one(cards: Cards) -> None:
    assert_can_play_and_often_does_not(Recipe().pretrain(CardsCurriculum()), cards)


def test_a_damaged_model_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(base_models.WEIGHTS, tmp_path / "weights")
    monkeypatch.setattr(base_models, "WEIGHTS", tmp_path / "weights")
    assert base_model(None).path.parent == tmp_path / "weights"
    with base_model(None).path.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x55")
    with pytest.raises(UsageError, match="is damaged"):
        base_model(None)


def test_another_curriculum_gets_a_model_of_its_own_once(tmp_path: Path) -> None:
    lines: list[str] = []
    first = base_model(Parrot(), recipe=SMALL, cache=tmp_path, announce=lines.append)
    content = first.path.read_bytes()
    assert any("12 of 12" in line for line in lines)
    lines.clear()
    assert base_model(Parrot(), recipe=SMALL, cache=tmp_path, announce=lines.append) == first
    assert not lines
    other = base_model(Parrot("jack"), recipe=SMALL, cache=tmp_path)
    assert other.path != first.path
    assert first.path.read_bytes() == content
    assert json.dumps(load_notes(other.path)["curriculum"]) == json.dumps(Parrot("jack").identity)


def test_a_recipe_makes_the_same_model_again_and_learns() -> None:
    losses: list[float] = []
    longer = evolve(SMALL, steps=60)
    first = longer.pretrain(Parrot(), lambda step, steps, loss: losses.append(loss))
    again = longer.pretrain(Parrot())
    assert all((one == two).all() for one, two in zip(first.parameters(), again.parameters(), strict=True))
    assert losses[-1] < 0.5 * losses[0]


def test_the_identity_depends_on_curriculum_and_recipe() -> None:
    identities = {
        identity_of(Parrot(), SMALL),
        identity_of(Parrot("jack"), SMALL),
        identity_of(Parrot(), Recipe()),
    }
    assert len(identities) == 3


def test_a_model_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no model"):
        load_model(tmp_path / "none.safetensors")
    (tmp_path / "torn.safetensors").write_bytes(base_model(None).path.read_bytes()[:1000])
    with pytest.raises(UsageError, match="is no model"):
        load_model(tmp_path / "torn.safetensors")
