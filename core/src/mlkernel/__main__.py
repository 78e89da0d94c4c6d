"""``python -m mlkernel`` is the ``kernel`` command."""

from __future__ import annotations

import sys

from mlkernel.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
