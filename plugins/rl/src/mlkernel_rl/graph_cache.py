"""Compiled graphs on disk: compiling takes most of a minute of CPU time, loading a saved one a hundredth of a second.

A saved graph is used only when nothing that it was made from has changed: versions, processor, options, configuration
and shapes are in its key, and beside it lie the hashes of every module whose code the compiler traced. Compiled or
loaded, the same machine code runs, so results are the same bit for bit.

A graph is machine code, and loading it is running it. The cache is therefore a directory that only its owner may write
to; one that others can write to is neither read nor written.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import stat
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mlkernel_rl.graph_library import GraphFunction, load_library
from mlkernel_rl.module_fingerprint import module_fingerprint

OPTIONS: dict[str, Any] = {
    "cpp_wrapper": True,  # the loops of the graph run in C++ and not in Python
    "cpp_wrapper_build_separate": True,  # a third less to compile, equally fast
    "cpp.enable_unsafe_math_opt_flag": True,  # reassociation; infinities and NaNs keep their meaning
    "cpp.enable_floating_point_contract_flag": "fast",
    "cpp.enable_tiling_heuristics": True,
}


class GraphCache:
    """Compiled graphs in a directory, by key.

    :param announce: told, before it begins, of work that takes long.
    """

    def __init__(self, directory: Path, announce: Callable[[str], None] | None = None) -> None:
        self._directory = directory
        self._announce = announce

    def compiled(
        self, function: GraphFunction, arguments: list[Tensor], key: Mapping[str, Any]
    ) -> tuple[GraphFunction, str]:
        """Return *function* compiled for tensors like *arguments*, and ``"loaded"`` or ``"compiled"``.

        :param function: pure; takes tensors as one ``*flat`` and returns a tuple of them.
        :param arguments: examples of the right shapes, strides and types.
        :param key: everything that the graph depends on besides code and shapes, as JSON values.
        """
        name = _digest(
            {**key, "function": function.__qualname__, "setup": _setup(), "arguments": _shapes(arguments)}
        )
        with _subnormal_numbers_kept():
            loaded = self._load(name)
            return (loaded, "loaded") if loaded else (self._compile(name, function, arguments), "compiled")

    def _compile(self, name: str, function: GraphFunction, arguments: list[Tensor]) -> GraphFunction:
        if self._announce is not None:
            self._announce(
                "compiling the training iteration, which takes about a minute; later runs of its shape load it"
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the compiler warns of what it does to itself
            from mlkernel_rl.graph_compiler import compile_graph  # imports the compiler: several seconds

            graph = compile_graph(function, arguments, OPTIONS)
        if graph.library is None:
            return graph.function
        self._save(name, graph.library, graph.order, graph.modules)
        return load_library(graph.library, graph.order)

    def _load(self, name: str) -> GraphFunction | None:
        library = self._directory / f"{name}.so"
        try:
            if not _private(self._directory):
                return None
            record = json.loads((self._directory / f"{name}.json").read_text(encoding="utf-8"))
            if record["sha256"] != hashlib.sha256(library.read_bytes()).hexdigest():
                return None
        except (OSError, ValueError, KeyError):
            return None
        if any(module_fingerprint(module) != known for module, known in record["modules"].items()):
            return None
        return load_library(library, record["order"])

    def _save(self, name: str, library: Path, order: list[int], modules: list[str]) -> None:
        """Write library and manifest, each atomically; a cache that cannot be written costs the next compilation."""
        record = {
            "sha256": hashlib.sha256(library.read_bytes()).hexdigest(),
            "order": order,
            "modules": {module: module_fingerprint(module) for module in modules},
        }
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _private(self._directory):
                return
            partial = self._directory / f".{name}.{os.getpid()}"
            shutil.copyfile(library, partial)
            partial.replace(self._directory / f"{name}.so")
            partial.write_text(json.dumps(record), encoding="utf-8")
            partial.replace(self._directory / f"{name}.json")
        except OSError:
            return


@contextmanager
def _subnormal_numbers_kept() -> Iterator[None]:
    """Undo what loading does to everyone's arithmetic.

    A library built with reassociation may switch the processor to flushing subnormal numbers to zero when it is loaded.
    """
    flushed_before = _flushes_subnormal_numbers()
    try:
        yield
    finally:
        if _flushes_subnormal_numbers() and not flushed_before:
            torch.set_flush_denormal(False)


def _flushes_subnormal_numbers() -> bool:
    return torch.tensor(sys.float_info.min, dtype=torch.float64).div(2).item() == 0.0


def default_cache_directory() -> Path:
    """Return ``$MLKERNEL_CACHE/graphs``, or ``mlkernel/graphs`` in the user's cache directory."""
    root = os.environ.get("MLKERNEL_CACHE")
    if root:
        return Path(root) / "graphs"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mlkernel" / "graphs"


def _setup() -> dict[str, Any]:
    return {
        "torch": torch.__version__,
        "python": platform.python_version(),
        "processor": _processor(),
        "threads": torch.get_num_threads(),
        "options": OPTIONS,
    }


def _processor() -> str:
    """Return what the machine code was tuned for: the compiler is told to use everything this processor has."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    flags = sorted({line for line in lines if line.startswith(("flags", "Features", "model name"))})
    return f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()} {' '.join(flags)}"


def _shapes(arguments: list[Tensor]) -> list[list[Any]]:
    return [[list(t.shape), list(t.stride()), str(t.dtype), str(t.device)] for t in arguments]


def _digest(key: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:32]


def _private(directory: Path) -> bool:
    status = directory.stat()
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
