"""A game of cards: a prover points at a card, a verifier looks it up.

Some cards lie open, each with a letter and a digit, and it is claimed that one of them shows a target digit. The
prover quotes cards; the last one that it quotes is its evidence, and all that the verifier hears of it. The verifier
looks this card up and accepts or rejects the claim. The verifier wins by being right. The prover wins by being
believed, so that it learns to point at a card that convinces, and the verifier not to believe without looking.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping, Sequence
from typing import Self

from mlkernel_text.chat import ChatMessage
from mlkernel_text.scenario.generated_instances import GeneratedInstances
from mlkernel_text.scenario.prompt_template import PromptTemplate, prompt_template, prompts_hash
from mlkernel_text.scenario.scenario import (
    ACCEPT,
    REJECT,
    UNDECIDED,
    Agent,
    Instance,
    RoundResult,
    Split,
    Turn,
    Utterance,
)
from mlkernel_text.scenarios.cards_config import CardsConfig
from mlkernel_text.scenarios.cards_curriculum import CardsCurriculum
from mlkernel_text.scenarios.cards_language import Table, decision, draw_table, evidence, verifier_question

CHANNEL = "table"
PROMPTS = {"prover": "prover", "verifier": "verifier"}
OFFERED = frozenset({"question"})


class Cards:
    """The game, as scenario ``cards``."""

    agents = (Agent(name="prover", role="prover", adversarial=True), Agent(name="verifier", role="verifier"))
    decider = "verifier"
    channels = (CHANNEL,)
    max_rounds = 2
    reward_range: Mapping[str, tuple[float, float]] = {"prover": (0.0, 1.0), "verifier": (0.0, 1.0)}

    def __init__(self, config: CardsConfig, seed: int) -> None:
        self.config = config
        self.curriculum = CardsCurriculum(cards=config.cards)
        self.prompts_hash = prompts_hash({name: _template(name, source) for name, source in PROMPTS.items()})
        sizes: dict[Split, int] = {
            "train": config.train_size,
            "validation": config.validation_size,
            "test": config.test_size,
        }
        self._instances = {
            split: GeneratedInstances(
                self._deal, _question, split=split, size=size, purpose=("cards", config.cards, seed)
            )
            for split, size in sizes.items()
        }

    def instances(self, split: Split) -> Sequence[Instance]:
        """Tables; the claim holds in half of them."""
        return self._instances[split]

    def begin(
        self,
        instance: Instance,
        seed: int,
        instructions: Mapping[str, str] = {},
        prompts: Mapping[str, str] = {},
    ) -> CardsGame:
        """Start a game at the table of *instance*."""
        told = {
            name: _template(name, prompts.get(name, source)).render({"question": instance.fields["question"]})
            for name, source in PROMPTS.items()
        }
        system = {
            name: "\n".join(filter(None, (text, instructions.get(name)))) for name, text in told.items()
        }
        return CardsGame(instance, system, shared_reward=self.config.shared_reward)

    def decision_text(self, label: int) -> str:
        """The verifier's last word."""
        return "yes" if label else "no"

    def hint(self, instance: Instance) -> str:
        """The right decision, told beforehand."""
        return f"The right decision is: {self.decision_text(instance.label)}"

    def details(self, instance: Instance, utterances: Sequence[tuple[str, Utterance]]) -> Mapping[str, float]:
        """Whether the evidence shows the target (where any card does), and whether the verifier quotes it."""
        table, said = _table(instance), dict(utterances)
        pointed = said["prover"].messages.get(CHANNEL, "") if "prover" in said else ""
        details = {"sound_evidence": float(table.value(pointed) == table.target)} if instance.label else {}
        if "verifier" in said:
            quote = table.quote(pointed)
            faithful = quote is not None and said["verifier"].text.strip().startswith(f"{quote} ")
            details["faithful_quotation"] = float(faithful)
        return details

    def _deal(self, id: str, random: random.Random) -> Instance:  # noqa: A002 - what it is
        table = draw_table(random, self.config.cards)
        fields = {
            "question": table.question,
            "cards": [list(card) for card in table.cards],
            "target": table.target,
        }
        return Instance(id=id, fields=fields, label=int(table.claim_holds))


class CardsGame:
    """One game: the prover in the first round, the verifier in the second."""

    def __init__(self, instance: Instance, system: Mapping[str, str], *, shared_reward: bool) -> None:
        self.round = 0
        self.done = False
        self.correct: bool | None = None
        self._instance = instance
        self._system = system
        self._shared_reward = shared_reward
        self._evidence: str | None = None

    def turns(self) -> tuple[Turn, ...]:
        """The prover sees the table; the verifier the letter of the evidence, too."""
        if self.done:
            return ()
        agent = ("prover", "verifier")[self.round]
        question = self._instance.fields["question"]
        told = verifier_question(question, self._evidence) if agent == "verifier" else question
        chat = (
            ChatMessage(role="system", content=self._system[agent]),
            ChatMessage(role="user", content=told),
        )
        return (Turn(agent=agent, round=self.round, new_messages=chat, chat=chat),)

    def read(self, agent: str, text: str) -> Utterance:
        """The letter that the prover points at, or the verifier's decision."""
        if agent == "prover":
            letter = evidence(text)
            if letter is None:
                return Utterance(text=text, problem="no card is quoted, such as a3/7")
            return Utterance(text=text, messages={CHANNEL: letter})
        accepts = decision(text)
        if accepts is None:
            return Utterance(text=text, problem="the answer ends neither with 'yes' nor with 'no'")
        return Utterance(text=text, decision=ACCEPT if accepts else REJECT)

    def silence(self, agent: str, problem: str) -> Utterance:
        """No evidence, or no decision."""
        return Utterance(text="", problem=problem)

    def advance(self, utterances: Mapping[str, Utterance]) -> RoundResult:
        """Pass the evidence on, or settle who won."""
        rewards = {"prover": 0.0, "verifier": 0.0}
        if self.round == 0:
            self._evidence = utterances["prover"].messages.get(CHANNEL)
        else:
            rewards = self._settle(utterances["verifier"].decision)
            self.done = True
        self.round += 1
        return RoundResult(rewards=rewards, done=self.done)

    def copy(self) -> Self:
        """Another game that stands where this one does."""
        return copy.copy(self)

    def _settle(self, decision: int) -> dict[str, float]:
        self.correct = None if decision == UNDECIDED else decision == self._instance.label
        right = float(self.correct is True)
        return {"prover": right if self._shared_reward else float(decision == ACCEPT), "verifier": right}


def _template(name: str, source: str) -> PromptTemplate:
    return prompt_template(name, source, OFFERED)


def _question(instance: Instance) -> str:
    return str(instance.fields["question"])


def _table(instance: Instance) -> Table:
    cards = tuple((letter, value) for letter, value in instance.fields["cards"])
    return Table(cards, instance.fields["target"])
