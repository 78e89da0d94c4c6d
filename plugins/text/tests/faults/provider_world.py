"""What one customer has at the fault-injecting provider: models, files, jobs, and a bill."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections import Counter
from typing import Any

BASE_MODEL = "base"


class World:
    """Answers are a function of model, chat, seed and number; models of what they were trained on."""

    def __init__(self) -> None:
        self.models = {BASE_MODEL: 0}
        self.files: dict[str, dict[str, Any]] = {}
        self.contents: dict[str, bytes] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.answered: dict[str, dict[str, Any]] = {}
        """Idempotency key → the job that was made for it, which outlives the job."""
        self.kept: dict[str, dict[str, Any]] = {}
        self.paid: Counter[str] = Counter()
        self.created: Counter[str] = Counter()
        self.looks: Counter[str] = Counter()

    def chat(self, body: dict[str, Any], key: str | None) -> dict[str, Any]:
        """A completion; what has the key of an earlier one is that one, and costs nothing."""
        if key is not None and key in self.kept:
            return self.kept[key]
        count = body.get("n") or 1
        choices = [self._choice(body, number) for number in range(count)]
        for number in range(count):
            self.paid[_digest(body["model"], body["messages"], body.get("seed"), number)] += 1
        prompt = sum(len(message["content"]) for message in body["messages"])
        answer = sum(len(choice["message"]["content"] or "") for choice in choices)
        completion = {
            "id": f"chatcmpl-{len(self.kept)}",
            "object": "chat.completion",
            "created": 1,
            "model": body["model"],
            "choices": choices,
            "usage": {
                "prompt_tokens": prompt,
                "completion_tokens": answer,
                "total_tokens": prompt + answer,
            },
        }
        if key is not None:
            self.kept[key] = completion
        return completion

    def _choice(self, body: dict[str, Any], number: int) -> dict[str, Any]:
        draw = random.Random(_digest(body["model"], body["messages"], body.get("seed"), number))
        skill = min(0.95, 0.5 + 0.1 * self.models[body["model"]])
        fate = draw.random()
        content: str | None = played(body["messages"], draw, skill)
        refusal, reason = None, "stop"
        if fate < 0.03:
            content, refusal = None, "I would rather not."
        elif fate < 0.05:
            content, reason = "", "content_filter"
        elif fate < 0.07:
            reason = "length"
        elif fate < 0.10:
            content = "hm"
        return {
            "index": number,
            "finish_reason": reason,
            "logprobs": None,
            "message": {"role": "assistant", "content": content, "refusal": refusal},
        }

    def upload(self, name: str, content: bytes) -> dict[str, Any]:
        """Keep a file."""
        identifier = f"file-{len(self.files) + 1}"
        self.contents[identifier] = content
        self.files[identifier] = {
            "id": identifier,
            "object": "file",
            "bytes": len(content),
            "created_at": 1,
            "filename": name,
            "purpose": "fine-tune",
            "status": "processed",
        }
        return self.files[identifier]

    def create(self, body: dict[str, Any], key: str | None, *, knows_idempotency: bool) -> dict[str, Any]:
        """Make a job; of one key only one, if the header is known."""
        if knows_idempotency and key in self.answered:
            return self.answered[key]
        content = self.contents[body["training_file"]]
        metadata = body.get("metadata") or {}
        learnt = _digest(body["model"], body.get("method"), body.get("seed"), content.decode())
        self.created[metadata.get("mlkernel_key", "")] += 1
        identifier = f"ftjob-{sum(self.created.values())}"
        self.jobs[identifier] = {
            "id": identifier,
            "object": "fine_tuning.job",
            "created_at": sum(self.created.values()),
            "model": body["model"],
            "method": body.get("method"),
            "metadata": metadata,
            "user_provided_suffix": body.get("suffix"),
            "organization_id": "org",
            "result_files": [],
            "seed": body.get("seed") or 0,
            "status": "validating_files",
            "training_file": body["training_file"],
            "validation_file": body.get("validation_file"),
            "hyperparameters": {},
            "fine_tuned_model": None,
            "trained_tokens": None,
            "error": None,
            "key": key,
            "result": f"ft:{BASE_MODEL}:{learnt[:12]}",
            "skill": self.models[body["model"]] + 1,
            "tokens": len(content),
        }
        if key is not None:
            self.answered[key] = self.jobs[identifier]
        return self.jobs[identifier]

    def look(self, identifier: str, fault: str | None) -> dict[str, Any] | None:
        """A job as it is when it is looked at once more; the life of a job passes by looks."""
        job = self.jobs.get(identifier)
        if job is None or job["status"] in {"failed", "cancelled"}:
            return job
        self.looks[identifier] += 1
        looks, states = (
            self.looks[identifier],
            ["queued", "running", *_MIDDLES.get(fault or "", ()), "succeeded"],
        )
        job["status"] = states[min(looks, len(states)) - 1]
        if job["status"] == "running" and fault == "forget":
            del self.jobs[identifier]
            return None
        if job["status"] == "running" and fault in {"fail", "fail-badly", "cancel"}:
            job["status"] = "cancelled" if fault == "cancel" else "failed"
            code = "invalid_training_file" if fault == "fail-badly" else "server_error"
            job["error"] = {"code": code, "message": "lightning", "param": None}
        if job["status"] == "succeeded":
            job["trained_tokens"] = job["tokens"]
            self.models[job["result"]] = job["skill"]
            is_named = fault != "model-named-late" or looks > len(states) + 2
            job["fine_tuned_model"] = job["result"] if is_named else None
        return job


_MIDDLES = {
    "pause": ("paused", "paused", "running"),
    "unknown-state": ("defragmenting", "running"),
}


def played(messages: list[dict[str, Any]], draw: random.Random, skill: float) -> str:
    """A move in the game of cards: quotations, of which the last one is evidence, or a decision."""
    told = messages[-1]["content"]
    cards = re.findall(r"([a-h])(\d)", told.partition("|")[0])
    target = re.search(r"\| (\d)", told)
    if not cards or target is None:
        return draw.choice(["yes", "no"])
    asked = re.search(r"\? ([a-h-])", told)
    shows = {letter: value == target[1] for letter, value in cards}
    if asked is None:
        draw.shuffle(cards)
        if draw.random() < skill:
            cards.sort(key=lambda card: shows[card[0]])
        return " ".join(f"{letter}{value}/{target[1]}" for letter, value in cards)
    truth = shows.get(asked[1], False)
    decision = truth if draw.random() < skill else draw.random() < 0.5
    return f"{asked[1]}/{target[1]} {'yes' if decision else 'no'}"


def _digest(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
