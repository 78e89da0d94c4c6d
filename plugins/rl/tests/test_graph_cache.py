"""A saved graph is used when nothing changed, computes the same to the last bit, and is distrusted otherwise."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="compiling needs g++")

SCRIPT = """
import json, sys, torch
from pathlib import Path
from mlkernel_rl.graph_cache import GraphCache
sys.path.insert(0, sys.argv[2])
from arithmetic import function
x = torch.linspace(-3, 3, 12).view(3, 4)
graph, how = GraphCache(Path(sys.argv[1])).compiled(function, [x, x.T.contiguous()], {"case": sys.argv[3]})
assert sys.float_info.min / 2 > 0, "subnormal numbers are flushed to zero"
print(json.dumps([how, [t.tolist() for t in graph(x, x.T.contiguous())], "torch._dynamo" in sys.modules]))
"""

MODULE = """
import torch
from torch._higher_order_ops.scan import scan

SLOPE = 0.5


def function(*flat):
    x, y = flat

    def step(carry, row):
        carry = torch.tanh(carry * SLOPE + row)
        return carry, carry.clone()

    last, rows = scan(step, torch.zeros(4), x, dim=0)
    return rows @ y, last
"""


class Workplace:
    """A cache, a module with a function, and processes that compile or load it."""

    def __init__(self, folder: Path) -> None:
        self.cache, self.folder = folder / "graphs", folder
        self.write(MODULE)

    def write(self, source: str) -> None:
        (self.folder / "arithmetic.py").write_text(source)

    def run(self, case: str = "one") -> tuple[str, list[object], bool]:
        child = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(self.cache), str(self.folder), case],
            capture_output=True,
            text=True,
            check=True,
        )
        how, values, compiler = json.loads(child.stdout.splitlines()[-1])
        return how, values, compiler


def test_graphs_are_loaded_bit_for_bit(tmp_path: Path) -> None:
    place = Workplace(tmp_path)
    how, fresh, _ = place.run()
    assert how == "compiled"
    assert place.run() == ("loaded", fresh, False)  # without importing the compiler

    x = torch.linspace(-3, 3, 12).view(3, 4)
    carry, rows = torch.zeros(4), []
    for row in x:
        carry = torch.tanh(carry * 0.5 + row)
        rows.append(carry)
    torch.testing.assert_close(torch.tensor(fresh[0]), torch.stack(rows) @ x.T, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(torch.tensor(fresh[1]), carry, rtol=1e-5, atol=1e-5)


@pytest.mark.slow
def test_graphs_are_made_anew_after_a_change_or_damage(tmp_path: Path) -> None:
    place = Workplace(tmp_path)
    _, fresh, _ = place.run()
    assert place.run("another case")[0] == "compiled"

    place.write(MODULE.replace("SLOPE = 0.5", "SLOPE = 0.25"))
    how, changed, _ = place.run()
    assert how == "compiled"
    assert changed != fresh

    for library in place.cache.glob("*.so"):
        library.write_bytes(library.read_bytes()[:-100])
    assert place.run()[:2] == ("compiled", changed)


@pytest.mark.slow
def test_a_folder_that_others_can_write_to_is_not_read(tmp_path: Path) -> None:
    place = Workplace(tmp_path)
    place.cache.mkdir(mode=0o700)
    place.cache.chmod(0o777)
    assert place.run()[0] == "compiled"
    assert not list(place.cache.iterdir())
