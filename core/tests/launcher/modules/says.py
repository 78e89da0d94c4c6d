"""A module for jobs: ``python -m says CODE`` executes the code."""

import random  # noqa: F401 - so that it is there before the forks
import sys

if __name__ == "__main__":
    exec(sys.argv[1])
