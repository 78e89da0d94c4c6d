"""A step after the trials: it is called with ``-exp_dir FOLDER``, the folder of the study, and reads its best."""

import sys
from pathlib import Path

from mlkernel.study.study_directory import StudyDirectory

study = StudyDirectory(Path(sys.argv[sys.argv.index("-exp_dir") + 1]))
store = study.open()
best = store.best(study.name, maximise=True, limit=1)[0]
(study.path / "best.txt").write_text(f"{best.parameters}")
store.close()
