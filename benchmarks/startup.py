"""What it costs to ask the ``kernel`` command something: CPU time until the answer is there.

    python benchmarks/startup.py

Run it in an environment in which torch, torchrl, ray and transformers are installed as well: they shall not be noticed.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys

ROUNDS = 11
BUDGETS = {
    ("--help",): 100.0,
    ("plugin", "list"): 150.0,
    ("run", "--trainer", "ppo", "--help"): 400.0,
}
"""Words after ``kernel``: milliseconds of CPU time that they may take."""


def measure(words: tuple[str, ...]) -> float:
    """CPU time of one call in milliseconds, user and system."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "mlkernel", *words], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1e3 * (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)


def main() -> int:
    """Print the table; 1 if a budget is exceeded."""
    for words in BUDGETS:  # the index of entry points is made by the first command in an environment
        measure(words)
    rounds = [{words: measure(words) for words in BUDGETS} for _ in range(ROUNDS)]
    medians = {words: statistics.median(one[words] for one in rounds) for words in BUDGETS}
    print("ms of CPU   budget   command")
    for words, budget in BUDGETS.items():
        print(f"{medians[words]:9.0f}   {budget:6.0f}   kernel {' '.join(words)}")
    return int(any(medians[words] > budget for words, budget in BUDGETS.items()))


if __name__ == "__main__":
    sys.exit(main())
