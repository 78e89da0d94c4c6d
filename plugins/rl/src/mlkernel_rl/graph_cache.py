"""Compiling a function of tensors into one graph, and keeping the result on disk for the next process.

Compiling takes tens of CPU seconds, loading a saved graph less than one. A saved graph is used only when nothing that it
was made from has changed: versions, processor, options, configuration and shapes are in its key, and beside it lie the
hashes of every module whose code the compiler inlined. The graph is the same function either way, bit for bit.

A saved graph contains machine code. The cache therefore lies in a directory that only its owner may write to, and a
directory that others can write to is not read.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import json
import os
import platform
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

GraphFunction = Callable[..., tuple[Tensor, ...]]

_OPTIONS: dict[str, Any] = {
    "cpp_wrapper": True,  # the loop over minibatches runs in C++ and not in Python
    "cpp_wrapper_build_separate": True,  # a third less to compile, equally fast
    "cpp.enable_unsafe_math_opt_flag": True,  # reassociation; infinities and NaNs keep their meaning
    "cpp.enable_floating_point_contract_flag": "fast",
    "cpp.enable_tiling_heuristics": True,
}


class GraphCache:
    """Compiled graphs in a directory, by key."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def compiled(
        self, function: GraphFunction, owner: object, arguments: list[Tensor], key: Mapping[str, Any]
    ) -> tuple[GraphFunction, str]:
        """Return *function* compiled for tensors like *arguments*, and ``"loaded"`` or ``"compiled"``.

        Args:
            function: closes over *owner* alone and takes and returns plain tensors.
            owner: holds modules and settings; it is not stored.
            arguments: examples of the right shapes, strides and dtypes.
            key: everything else that the graph depends on, as JSON values.
        """
        name = _digest({**key, "function": function.__qualname__, "setup": _setup(), "arguments": _shapes(arguments)})
        path = self._directory / name
        loaded = self._load(path, function, owner)
        if loaded is not None:
            return loaded, "loaded"
        compiled = _compile(function, arguments)
        self._save(path, compiled, owner)
        return compiled, "compiled"

    def _load(self, path: Path, function: GraphFunction, owner: object) -> GraphFunction | None:
        manifest, graph = path.with_suffix(".json"), path.with_suffix(".graph")
        try:
            if not _private(self._directory):
                return None
            record = json.loads(manifest.read_text())
            data = graph.read_bytes()
        except (OSError, ValueError):
            return None
        if record["sha256"] != hashlib.sha256(data).hexdigest():
            return None
        if any(module_fingerprint(module) != known for module, known in record["modules"].items()):
            return None
        with graph.open("rb") as file:
            loaded = torch.compiler.load_compiled_function(
                file, f_globals=function.__globals__, external_data={"owner": owner}
            )
        loaded.disable_guard_check()  # type: ignore[attr-defined]  # shapes are fixed, as the key says
        return loaded

    def _save(self, path: Path, compiled: Any, owner: object) -> None:
        """Write graph and manifest, each atomically; a cache that cannot be written costs only the next compilation."""
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _private(self._directory):
                return
            graph = path.with_suffix(".graph")
            saved = compiled.save_compiled_function(str(graph), external_data={"owner": owner})
            record = {
                "sha256": hashlib.sha256(saved.serialized_data).hexdigest(),
                "modules": {name: module_fingerprint(name) for name in _inlined_modules(compiled)},
            }
            partial = path.with_suffix(f".{os.getpid()}")
            partial.write_text(json.dumps(record))
            partial.replace(path.with_suffix(".json"))
        except OSError:
            return


def default_cache_directory() -> Path:
    """Return ``$MLKERNEL_CACHE/graphs``, or ``mlkernel/graphs`` in the user's cache directory."""
    root = os.environ.get("MLKERNEL_CACHE")
    if root:
        return Path(root) / "graphs"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mlkernel" / "graphs"


def module_fingerprint(name: str) -> str:
    """Return a hash of a module's source and of the plain constants among its names, or an empty string."""
    try:
        module = importlib.import_module(name)
        source = inspect.getsource(module)
    except (ImportError, OSError, TypeError):
        return ""
    plain = (bool, int, float, str, bytes, tuple, type(None))
    constants = sorted((k, repr(v)) for k, v in vars(module).items() if isinstance(v, plain) and not k.startswith("__"))
    return hashlib.sha256(f"{source}{constants}".encode()).hexdigest()


def _compile(function: GraphFunction, arguments: list[Tensor]) -> Any:
    from torch._inductor import config

    # Guards are left out because the key fixes shapes and everything else is an input. One compile thread: there is one
    # file to compile, and a pool of workers would import torch once each.
    options = {**_OPTIONS, "guard_filter_fn": torch.compiler.skip_all_guards_unsafe}
    with torch.no_grad(), config.patch(compile_threads=1):
        compiled = torch.compile(function, fullgraph=True, dynamic=False, options=options)
        return compiled.aot_compile((tuple(arguments), {}))  # type: ignore[attr-defined]


def _inlined_modules(compiled: Any) -> list[str]:
    modules = {source.module for source in compiled.source_info().inlined_sources}
    return sorted(name for name in modules if name.partition(".")[0] != "torch")


def _setup() -> dict[str, Any]:
    return {
        "torch": torch.__version__,
        "python": platform.python_version(),
        "processor": f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}",
        "threads": torch.get_num_threads(),
        "options": _OPTIONS,
    }


def _shapes(arguments: list[Tensor]) -> list[list[Any]]:
    return [[list(t.shape), list(t.stride()), str(t.dtype), str(t.device)] for t in arguments]


def _digest(key: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:32]


def _private(directory: Path) -> bool:
    status = directory.stat()
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
