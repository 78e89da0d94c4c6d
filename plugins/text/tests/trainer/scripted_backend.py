"""A provider whose models play cards by a script, with a skill that each job raises; quick, and without a network."""

from __future__ import annotations

import json
import os
import random
import re
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import evolve

from mlkernel import FineTuneJob, FineTuneRequest
from mlkernel_text import BackendContext, Capabilities, ChatMessage, Sample, SampleRequest, SampleResult
from mlkernel_text.backends.backend import Estimate, Usage
from mlkernel_text.backends.errors import ProviderError
from mlkernel_text.scenario.curriculum import Curriculum

HERE = Path(__file__)
BACKEND = f"{HERE}:ScriptedBackend"
SECRET = "look the card up"


calls_left = int(os.environ.get("CALLS_UNTIL_DEATH", "-1"))


def die_when_due() -> None:
    """Count a call, and kill this process at the one that was chosen."""
    global calls_left  # noqa: PLW0603 - of the process, as its death is
    calls_left -= 1
    if calls_left == 0:
        os.kill(os.getpid(), signal.SIGKILL)


class ScriptedBackend:
    """Models are called ``skill-0.60``; such a one answers rightly with this probability."""

    name = "scripted"
    capabilities = Capabilities(
        methods=frozenset({"sft", "dpo", "rft", "grpo"}),
        continue_tuned=True,
        row_weight="float",
        seed=True,
        n=True,
        logprobs=True,
        metered=False,
    )

    def __init__(self, context: BackendContext) -> None:
        self._directory = context.directory

    async def prepare(self, curriculum: Curriculum | None) -> str:
        return "skill-0.60"

    async def sample(self, request: SampleRequest) -> SampleResult:
        die_when_due()
        samples = [self._answer(request, number) for number in range(request.n)]
        return SampleResult(samples=tuple(samples), usage=Usage(prompt_tokens=10, completion_tokens=5))

    def _answer(self, request: SampleRequest, number: int) -> Sample:
        source = random.Random(f"{request.seed}/{number}/{request.model}")
        told = "\n".join(message["content"] for message in request.chat)
        if "better instructions" in told:
            return Sample(outcome="ok", text=f"Think first.\n```\n{SECRET}\n```")
        skill = 1.0 if SECRET in told or "right decision is" in told else float(request.model[6:])
        text = play_cards(request.chat, is_right=source.random() < skill)
        codes = tuple(text.encode())
        return Sample(
            outcome="ok",
            text=text,
            tokens=codes if request.logprobs else None,
            logprobs=(-0.5,) * len(codes) if request.logprobs else None,
        )

    def estimate(self, what: SampleRequest | FineTuneRequest) -> Estimate:
        return Estimate(tokens=100)

    async def upload(self, request: FineTuneRequest) -> str:
        return request.sha256

    async def submit(self, request: FineTuneRequest, uploaded: str | None = None) -> FineTuneJob:
        jobs = self._jobs()
        assert request.key not in jobs, "a job is created twice"
        skill = min(0.95, float(request.model[6:]) + 0.1)
        job = FineTuneJob(
            key=request.key,
            provider=self.name,
            identifier=f"job-{len(jobs)}",
            state="succeeded",
            model=f"skill-{skill:.2f}",
            trained_tokens=100,
        )
        self._directory.mkdir(parents=True, exist_ok=True)
        die_when_due()
        path = self._directory / "jobs.jsonl"
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([job.key, job.identifier, job.model]) + "\n")
        die_when_due()
        return evolve(job, state="running")

    def _jobs(self) -> dict[str, FineTuneJob]:
        path = self._directory / "jobs.jsonl"
        rows = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return {
            key: FineTuneJob(
                key=key,
                provider=self.name,
                identifier=name,
                state="succeeded",
                model=model,
                trained_tokens=100,
            )
            for key, name, model in rows
        }

    async def find(self, key: str) -> FineTuneJob | None:
        return self._jobs().get(key)

    async def poll(self, job: FineTuneJob) -> FineTuneJob:
        die_when_due()
        return self._jobs()[job.key]

    async def events(self, job: FineTuneJob, after: str | None = None) -> list[Mapping[str, Any]]:
        return []

    async def checkpoints(self, job: FineTuneJob) -> list[Mapping[str, Any]]:
        return []

    async def cancel(self, job: FineTuneJob) -> FineTuneJob:
        return job

    async def ensure_servable(self, model: str) -> str:
        return model

    async def release(self, model: str) -> None:
        with (self._directory / "released.txt").open("a", encoding="utf-8") as file:
            file.write(f"{model}\n")

    async def aclose(self) -> None:
        return None


class SamplesOnly(ScriptedBackend):
    """As a provider without fine-tuning."""

    capabilities = Capabilities(seed=True, n=True, metered=False)


class FreshTuningOnly(ScriptedBackend):
    """As a provider that cannot tune a tuned model, and knows no weights of rows."""

    capabilities = Capabilities(methods=frozenset({"sft"}), seed=True, n=True, metered=False)


class Ungrateful(ScriptedBackend):
    """As a provider that cannot delete models just now."""

    async def release(self, model: str) -> None:
        raise ProviderError("come back later", kind="server")


class Metered(ScriptedBackend):
    """As a provider that is paid."""

    capabilities = evolve(ScriptedBackend.capabilities, metered=True)


class NamesTunedModels(Metered):
    """As a provider of whose tuned models the beginnings of the names are known."""

    capabilities = evolve(Metered.capabilities, tuned_names="ft:{model}")


class ValidatesRft(ScriptedBackend):
    """As a provider that wants rows for validation."""

    capabilities = evolve(ScriptedBackend.capabilities, validates_rft=True)


class PreferencesOnly(ScriptedBackend):
    """As a provider that trains by preferences only."""

    capabilities = evolve(ScriptedBackend.capabilities, methods=frozenset({"dpo"}))


class SpoiltBySecret(ScriptedBackend):
    """As a model that gives no answer by the rules once its instructions are improved."""

    def _answer(self, request: SampleRequest, number: int) -> Sample:
        told = "\n".join(message["content"] for message in request.chat)
        if SECRET in told and "better instructions" not in told:
            return Sample(outcome="ok", text="I would rather think first.")
        return super()._answer(request, number)


def play_cards(chat: Sequence[ChatMessage], *, is_right: bool) -> str:
    """The prover's or the verifier's answer, right or wrong."""
    question = chat[-1]["content"]
    cards = dict(re.findall(r"([a-h])(\d)", question))
    target = question.partition("| ")[2][0]
    if "?" not in question:
        hits = [letter for letter, digit in cards.items() if digit == target]
        letter = next(iter(hits if hits and is_right else cards))
        return f"{letter}{cards[letter]}/{target}"
    letter = question[-1]
    digit = cards.get(letter, "-")
    truth = digit == target
    return f"{letter}{digit}/{target} {'yes' if truth == is_right else 'no'}"
