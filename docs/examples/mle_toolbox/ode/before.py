"""A step before the trials: it is called with ``-size 3 -exp_dir FOLDER``, the folder of the study."""

import sys
from pathlib import Path

given = dict(zip(sys.argv[1::2], sys.argv[2::2], strict=True))
(Path(given["-exp_dir"]) / "prepared.txt").write_text(given["-size"])
