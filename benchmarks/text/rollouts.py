"""Measures what sampling adds to the official client: rate, CPU time of a generation, memory.

    python benchmarks/text/rollouts.py

A provider in a process of its own answers every request after 50 ms. Three contestants ask it for the same answers,
in processes of their own, in turns, several times: the official client alone in a loop of asyncio; the same requests by
the sampler of mlkernel-text through its back end `openai`; and, for what the machine's noise does to a difference of
two large numbers, the sampler with a back end that sends nothing. Figures are medians; CPU time is that of the asking
process.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from mlkernel_text.answers.answer_service import AnswerService
from mlkernel_text.answers.answer_store import AnswerStore
from mlkernel_text.answers.budget import Budget
from mlkernel_text.answers.limits_config import LimitsConfig
from mlkernel_text.backends.backend import Capabilities, Estimate, Sample, SampleRequest, SampleResult, Usage
from mlkernel_text.backends.backend_context import BackendContext
from mlkernel_text.backends.openai_backend import OpenAIBackend
from mlkernel_text.backends.openai_config import OpenAIConfig
from mlkernel_text.rollouts.episode_journal import EpisodeJournal
from mlkernel_text.rollouts.episode_sampler import EpisodeSampler
from mlkernel_text.rollouts.episode_task import EpisodeTask
from mlkernel_text.rollouts.player import Player
from mlkernel_text.rollouts.sampling_config import SamplingConfig
from mlkernel_text.scenarios.cards import Cards
from mlkernel_text.scenarios.cards_config import CardsConfig

LATENCY = 0.05
TURNS = 2
"""Generations of an episode of cards."""
TEXTS = ("a3/7", "a3/7 yes")


def cards() -> Cards:
    """The game, with enough problems."""
    return Cards(CardsConfig(train_size=8192), 0)


def chats(episodes: int) -> list[list[dict[str, str]]]:
    """What a client alone asks: the chats of first turns, one for each generation."""
    scenario = cards()
    instances = scenario.instances("train")
    turns = [scenario.begin(instances[index], index).turns()[0] for index in range(episodes)]
    return [[dict(message) for message in turn.chat] for turn in turns for _ in range(TURNS)]


async def ask_client(episodes: int, concurrency: int, url: str) -> dict[str, float]:
    """Send the requests by the official client alone."""
    from openai import AsyncOpenAI

    waiting = iter(enumerate(chats(episodes)))
    async with AsyncOpenAI(api_key="none", base_url=url, max_retries=0) as client:

        async def work() -> None:
            for number, chat in waiting:
                answer = await client.chat.completions.create(
                    model="m",
                    messages=chat,
                    n=1,
                    max_completion_tokens=256,
                    seed=number,
                    temperature=1.0,
                    top_p=1.0,
                )
                assert answer.choices[0].message.content

        return await measured(asyncio.gather(*(work() for _ in range(concurrency))))


class Silent:
    """A back end that sends nothing."""

    name = "silent"
    capabilities = Capabilities(seed=True, n=True, metered=True)

    async def sample(self, request: SampleRequest) -> SampleResult:
        """Wait as long as the provider would."""
        await asyncio.sleep(LATENCY)
        text = TEXTS["?" in request.chat[-1]["content"]]
        return SampleResult(
            samples=(Sample(outcome="ok", text=text),), usage=Usage(prompt_tokens=50, completion_tokens=5)
        )

    def estimate(self, what: SampleRequest) -> Estimate:
        """The most that a request may take."""
        return Estimate(tokens=50 + what.max_tokens)


async def ask_sampler(episodes: int, concurrency: int, backend: Any) -> dict[str, float]:
    """Sample whole episodes: prompts, cache, budget, limits, journal."""
    with tempfile.TemporaryDirectory() as folder:
        store, budget = AnswerStore(Path(folder) / "answers.sqlite"), Budget(Path(folder) / "budget.sqlite")
        limits = LimitsConfig(concurrency=concurrency)
        answers = AnswerService(backend, store=store, budget=budget, options=limits)
        scenario = cards()
        players = {agent.name: Player(model="m") for agent in scenario.agents}
        options = SamplingConfig(episodes_in_flight=2 * concurrency)
        sampler = EpisodeSampler(scenario, answers, players, options, 0)
        instances = scenario.instances("train")
        tasks = [
            EpisodeTask(iteration=0, split="train", index=index, instance=instances[index])
            for index in range(episodes)
        ]
        result = await measured(sampler.sample(tasks, EpisodeJournal(Path(folder) / "train.jsonl")))
        store.close()
        budget.close()
        return result


async def measured(work: Any) -> dict[str, float]:
    """Seconds and CPU seconds of *work*, and the most memory that the process ever held, in MB."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    wall, cpu = time.perf_counter(), time.process_time()
    await work
    seconds, cpu_seconds = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "cpu": cpu_seconds, "peak": peak, "grown": peak - before}


def provide(port: int) -> None:
    """Be the provider: answer after the latency, with as little work as possible."""
    usage = '"usage":{"prompt_tokens":50,"completion_tokens":5,"total_tokens":55}'
    tail = f'"finish_reason":"stop","logprobs":null}}],{usage}}}'
    bodies = [
        (
            '{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":'
            f'{{"role":"assistant","content":"{text}","refusal":null}},{tail}'
        ).encode()
        for text in TEXTS
    ]
    heads = [
        f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode()
        for body in bodies
    ]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                content = await reader.readexactly(length)
                await asyncio.sleep(LATENCY)
                which = b" ? " in content
                writer.write(heads[which] + bodies[which])
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def listen() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", port, backlog=4096)
        print("ready", flush=True)
        await server.serve_forever()

    asyncio.run(listen())


def contest(contestant: str, episodes: int, concurrency: int, url: str) -> dict[str, float]:
    """One contestant in a process of its own."""
    command = [sys.executable, __file__, "--contestant", contestant, "--episodes", str(episodes)]
    command += ["--concurrency", str(concurrency), "--url", url]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    result: dict[str, float] = json.loads(done.stdout)
    return result


def be_contestant(arguments: argparse.Namespace) -> None:
    """Ask, and print the figures as JSON."""
    episodes, concurrency = arguments.episodes, arguments.concurrency
    if arguments.contestant == "client":
        result = asyncio.run(ask_client(episodes, concurrency, arguments.url))
    else:
        config = OpenAIConfig(model="m", base_url=arguments.url, api_key_env=None)
        context = BackendContext(directory=Path(tempfile.gettempdir()), run_id="benchmark", seed=0)
        backend = Silent() if arguments.contestant == "silent" else OpenAIBackend(config, context)
        result = asyncio.run(ask_sampler(episodes, concurrency, backend))
    print(json.dumps(result))


def compare(arguments: argparse.Namespace, url: str) -> None:
    """Print the table."""
    names = ("client", "sampler", "silent")
    print(
        f"{LATENCY * 1000:g} ms latency, {arguments.concurrency} requests in flight, {TURNS} generations an episode"
    )
    print("episodes  who      rate of what is possible  CPU ms/generation  peak MB  grown MB")
    for episodes in (arguments.episodes, 4 * arguments.episodes):
        rounds: dict[str, list[dict[str, float]]] = {name: [] for name in names}
        for _ in range(arguments.rounds):
            for name in names:
                rounds[name].append(contest(name, episodes, arguments.concurrency, url))
        ideal = TURNS * episodes * LATENCY / arguments.concurrency
        cpu = {}
        for name, results in rounds.items():
            middle = {key: statistics.median(one[key] for one in results) for key in results[0]}
            cpu[name] = 1000 * middle["cpu"] / episodes / TURNS
            rate = ideal / middle["seconds"]
            print(
                f"{episodes:8}  {name:8} {rate:23.1%}  {cpu[name]:17.3f}  {middle['peak']:7.1f}  {middle['grown']:8.1f}"
            )
        print(f"{episodes:8}  sampler over client: {cpu['sampler'] - cpu['client']:+.3f} ms/generation")


def main() -> None:
    """Run the comparison, or one part of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--episodes", type=int, default=1000, help="of the smaller comparison; the larger has four times"
    )
    parser.add_argument("--concurrency", type=int, default=10, help="requests in flight")
    parser.add_argument("--rounds", type=int, default=5, help="how often each contestant asks")
    parser.add_argument("--contestant", choices=("client", "sampler", "silent"), help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--provide", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.provide is not None:
        provide(arguments.provide)
    elif arguments.contestant is not None:
        be_contestant(arguments)
    else:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, __file__, "--provide", str(port)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as provider:
            assert provider.stdout is not None
            provider.stdout.readline()
            try:
                compare(arguments, f"http://127.0.0.1:{port}/v1")
            finally:
                provider.terminate()


if __name__ == "__main__":
    main()
