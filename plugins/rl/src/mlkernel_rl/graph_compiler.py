"""Compiling a function of tensors into one graph and finding the shared library that came of it."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, fx
from torch._guards import TracingContext
from torch._inductor import config
from torch._inductor.compile_fx import compile_fx

from mlkernel_rl.graph_library import ENTRY, GraphFunction, load_library


class CompiledGraph(NamedTuple):
    """What the compiler made."""

    function: GraphFunction
    library: Path | None  # the graph alone as a shared library, when it can stand alone
    order: list[int]  # the arguments that the library takes
    modules: list[str]  # whose code was traced, those of torch left out


def compile_graph(function: GraphFunction, arguments: list[Tensor], options: dict[str, Any]) -> CompiledGraph:
    """Compile *function*, which must be pure, for tensors like *arguments*."""
    order: list[int] = []
    modules: set[str] = set()

    def backend(graph: fx.GraphModule, inputs: list[Tensor]) -> Any:
        names = [node.name for node in graph.graph.nodes if node.op == "placeholder"]
        order.extend(int(match[1]) if (match := re.search(r"_(\d+)_$", name)) else -1 for name in names)
        modules.update(_traced_modules())
        return compile_fx(graph, inputs, config_patches=options)

    loaded_before = set(sys.modules)
    # One thread: there is one file to compile, and a pool of workers would import torch once each.
    with torch.no_grad(), config.patch(compile_threads=1):
        compiled = torch.compile(function, fullgraph=True, dynamic=False, backend=backend)
        expected = compiled(*arguments)
    libraries = [name for name in sys.modules if name.endswith(ENTRY) and name not in loaded_before]
    library = Path(str(sys.modules[libraries[0]].__file__)) if len(libraries) == 1 else None
    if library is not None and not _stands_alone(library, order, arguments, expected):
        library = None
    return CompiledGraph(compiled, library, order, sorted(modules))


def _stands_alone(
    library: Path, order: list[int], arguments: list[Tensor], expected: tuple[Tensor, ...]
) -> bool:
    """Check that the library by itself computes what the compiled function does, to the last bit."""
    if -1 in order:
        return False
    results = load_library(library, order)(*arguments)
    return len(results) == len(expected) and all(
        torch.equal(result.nan_to_num(), wanted.nan_to_num())
        for result, wanted in zip(results, expected, strict=True)
    )


def _traced_modules() -> set[str]:
    context = TracingContext.try_get()
    codes = (context.traced_code if context is not None else None) or []
    names = {module.__name__ for code in codes if (module := inspect.getmodule(code)) is not None}
    return {name for name in names if name.partition(".")[0] != "torch"}
