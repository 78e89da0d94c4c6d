"""Tuning: what it learns, that it repeats itself, and that it can be interrupted."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from mlkernel import UsageError
from mlkernel_locallm.model.byte_chat import encode_answer, encode_prompt
from mlkernel_locallm.model.transformer import Transformer
from mlkernel_locallm.model.weights import save_model
from mlkernel_locallm.tuning.objective import RowError
from mlkernel_locallm.tuning.tuning import Tuning
from mlkernel_locallm.tuning.tuning_options import TuningOptions

CHAT = [{"role": "user", "content": "which?"}]


def fingerprint(model: Transformer) -> str:
    content = b"".join(weight.numpy().tobytes() for weight in model.state_dict().values())
    return hashlib.sha256(content).hexdigest()


def tuned(model: Transformer, rows: list[Any], method: str, **options: Any) -> Transformer:
    tuning = Tuning(model, rows, method, TuningOptions.for_method(method, options))
    for _ in tuning:
        pass
    return tuning.model


def log_likelihood(model: Transformer, answer: str) -> float:
    prompt, tokens = encode_prompt(CHAT), encode_answer(answer)
    with torch.no_grad():
        logprobs = model(torch.tensor([prompt + tokens])).log_softmax(-1)[0, len(prompt) - 1 : -1]
    return float(logprobs.gather(1, torch.tensor(tokens)[:, None]).sum())


def demonstration(answer: str, **more: Any) -> dict[str, Any]:
    return {"messages": [*CHAT, {"role": "assistant", "content": answer}], **more}


def pair(preferred: str, rejected: str) -> dict[str, Any]:
    return {
        "input": {"messages": CHAT},
        "preferred_output": [{"role": "assistant", "content": preferred}],
        "non_preferred_output": [{"role": "assistant", "content": rejected}],
    }


def test_demonstrations_become_likely(tiny: Transformer) -> None:
    after = tuned(tiny, [demonstration("this")] * 8, "sft", epochs=20, learning_rate=1e-2)
    assert log_likelihood(after, "this") > log_likelihood(tiny, "this") + 5


def test_a_row_of_weight_zero_and_a_message_of_weight_zero_teach_nothing(tiny: Transformer) -> None:
    silent = demonstration("that", weight=0.0)
    with_silent = tuned(tiny, [demonstration("this"), silent], "sft", batch_size=2)
    assert log_likelihood(with_silent, "this") == pytest.approx(
        log_likelihood(tuned(tiny, [demonstration("this")], "sft"), "this"), abs=1e-3
    )
    before = {"role": "assistant", "content": "that", "weight": 0}
    row = {"messages": [*CHAT, before, *CHAT, {"role": "assistant", "content": "this"}]}
    heavier = {"messages": [*CHAT, {**before, "weight": 1}, *CHAT, {"role": "assistant", "content": "this"}]}
    assert log_likelihood(tuned(tiny, [row], "sft"), "that") < log_likelihood(
        tuned(tiny, [heavier], "sft"), "that"
    )


def test_the_heavier_of_two_rows_is_learned_more(tiny: Transformer) -> None:
    rows = [demonstration("this", weight=4.0), demonstration("that", weight=0.25)]
    after = tuned(tiny, rows, "sft", epochs=10, batch_size=2)
    gain = {
        answer: log_likelihood(after, answer) - log_likelihood(tiny, answer) for answer in ("this", "that")
    }
    assert gain["this"] > gain["that"]


def test_the_preferred_answer_gains_on_the_other_and_stays_likely(tiny: Transformer) -> None:
    after = tuned(tiny, [pair("this", "that")] * 8, "dpo", epochs=4)
    margin = log_likelihood(after, "this") - log_likelihood(after, "that")
    assert margin > log_likelihood(tiny, "this") - log_likelihood(tiny, "that") + 1
    assert log_likelihood(after, "this") > log_likelihood(tiny, "this")


def test_the_likelihood_term_is_what_keeps_it_likely(tiny: Transformer) -> None:
    rows = [pair("this", "thus")] * 8
    without = tuned(tiny, rows, "dpo", epochs=8, nll_coefficient=0.0)
    with_term = tuned(tiny, rows, "dpo", epochs=8, nll_coefficient=1.0)
    assert log_likelihood(with_term, "this") > log_likelihood(without, "this")


def test_answers_with_advantage_become_likelier_than_those_without(tiny: Transformer) -> None:
    rows = [
        {"messages": CHAT, "completion": answer, "advantage": advantage}
        for answer, advantage in (("this", 1.0), ("that", -1.0))
    ]
    after = tuned(tiny, rows * 4, "grpo", epochs=6)
    assert log_likelihood(after, "this") > log_likelihood(tiny, "this")
    assert log_likelihood(after, "that") < log_likelihood(tiny, "that")


def test_the_divergence_term_holds_the_model_where_it_was(tiny: Transformer) -> None:
    rows = [{"messages": CHAT, "completion": "this", "advantage": 1.0}] * 8
    free = tuned(tiny, rows, "grpo", epochs=20, batch_size=8, clip=10.0)
    held = tuned(tiny, rows, "grpo", epochs=20, batch_size=8, clip=10.0, kl_coefficient=10.0)
    moved = [abs(log_likelihood(model, "this") - log_likelihood(tiny, "this")) for model in (free, held)]
    assert moved[1] < 0.5 * moved[0]


def test_a_grader_is_followed(shipped: Transformer, demonstrations: list[dict[str, Any]]) -> None:
    rows = [{"messages": row["messages"][:-1]} for row in demonstrations]
    options = TuningOptions.for_method("rft", {"epochs": 3, "batch_size": 8, "max_tokens": 16})
    tuning = Tuning(
        shipped,
        rows,
        "rft",
        options,
        grader=lambda answers: [float(text.endswith("yes")) for _, text in answers],
    )
    rewards = [step.metrics["mean_reward"] for step in tuning]
    assert sum(rewards[-3:]) > sum(rewards[:3]) + 0.3


@pytest.mark.parametrize("method", ["sft", "dpo", "grpo", "rft"])
def test_a_tuning_that_was_interrupted_ends_as_one_that_was_not(tiny: Transformer, method: str) -> None:
    rows = {
        "sft": [demonstration(f"a{index}") for index in range(9)],
        "dpo": [pair(f"a{index}", "b") for index in range(9)],
        "grpo": [
            {"messages": CHAT, "completion": f"a{index}", "advantage": index - 4.0} for index in range(9)
        ],
        "rft": [{"messages": CHAT, "number": index} for index in range(9)],
    }[method]
    options = TuningOptions.for_method(method, {"batch_size": 4, "epochs": 2, "max_tokens": 4, "seed": 5})

    def begin() -> Tuning:
        grader = (lambda answers: [float(len(text)) for _, text in answers]) if method == "rft" else None
        return Tuning(tiny, rows, method, options, grader=grader)

    whole, first, second = begin(), begin(), begin()
    losses = [step.loss for step in whole]
    assert whole.total_steps == 6
    for _ in range(4):
        first.advance()
    second.load_state_dict(first.state_dict())
    assert [step.loss for step in second] == losses[4:]
    assert fingerprint(second.model) == fingerprint(whole.model)
    assert second.trained_tokens == whole.trained_tokens


SCRIPT = """
import json, sys, torch
from pathlib import Path
from mlkernel_locallm.model.weights import load_model, save_model
from mlkernel_locallm.tuning.tuning import Tuning
from mlkernel_locallm.tuning.tuning_options import TuningOptions
torch.set_num_threads(1)
torch.manual_seed(int(sys.argv[4]))
tuning = Tuning(load_model(Path(sys.argv[1])), json.loads(sys.argv[2]), "sft", TuningOptions(seed=3))
list(tuning)
save_model(tuning.model, Path(sys.argv[3]))
"""


def test_the_same_bytes_come_out_in_another_process(tiny: Transformer, tmp_path: Path) -> None:
    start = tmp_path / "start.safetensors"
    save_model(tiny, start)
    rows = json.dumps([demonstration(f"answer {index}") for index in range(50)])
    for number in ("1", "2"):
        arguments = [str(start), rows, str(tmp_path / number), number]
        subprocess.run([sys.executable, "-c", SCRIPT, *arguments], check=True)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes() != start.read_bytes()


def test_the_order_of_rows_depends_on_the_seed(tiny: Transformer) -> None:
    rows = [demonstration(f"a{index}") for index in range(20)]
    results = {fingerprint(tuned(tiny, rows, "sft", batch_size=4, epochs=1, seed=seed)) for seed in (0, 0, 1)}
    assert len(results) == 2


def test_neither_the_model_nor_the_random_numbers_of_others_are_touched(tiny: Transformer) -> None:
    before, generator = fingerprint(tiny), torch.get_rng_state()
    tuned(tiny, [demonstration("this")] * 4, "sft")
    assert fingerprint(tiny) == before
    assert torch.equal(torch.get_rng_state(), generator)


@pytest.mark.parametrize(
    ("method", "row", "problem"),
    [
        ("sft", {}, "'messages' is missing"),
        ("sft", {"messages": CHAT}, "no answer to learn"),
        ("sft", demonstration("x", weight=-1), "'weight' must be a finite number"),
        ("sft", {"messages": [{"role": "wizard", "content": "x"}]}, "role is 'wizard'"),
        ("dpo", {"input": {"messages": CHAT}, "preferred_output": []}, "'preferred_output' must be a list"),
        ("grpo", {"messages": CHAT, "completion": "x"}, "'advantage' must be a finite number"),
        ("grpo", {"messages": CHAT, "tokens": [999], "advantage": 1.0}, "whole numbers from 0 to 257"),
        ("rft", demonstration("x"), "must be by the user"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(tiny: Transformer, method: str, row: Any, problem: str) -> None:
    good: dict[str, Any] = {
        "sft": demonstration("x"),
        "dpo": pair("x", "y"),
        "grpo": {"messages": CHAT, "completion": "x", "advantage": 1.0},
        "rft": {"messages": CHAT},
    }
    with pytest.raises(RowError, match=problem) as caught:
        Tuning(tiny, [good[method], row], method, TuningOptions.for_method(method))
    assert caught.value.row == 2


def test_options_that_cannot_be_used_are_named() -> None:
    with pytest.raises(UsageError, match="unknown option of tuning: speed"):
        TuningOptions.for_method("sft", {"speed": 3})
    with pytest.raises(UsageError, match="epochs"):
        TuningOptions.for_method("sft", {"epochs": 0})
    assert TuningOptions.for_method("sft", {"epochs": "auto", "seed": None}) == TuningOptions.for_method(
        "sft"
    )
    assert TuningOptions.for_method("dpo", {"learning_rate": "auto"}) == TuningOptions.for_method("dpo")
