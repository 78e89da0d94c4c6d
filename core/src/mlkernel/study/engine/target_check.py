"""Whether the trainer of a study is there, and takes the space's parameters, before anything starts.

What is installed tells its options without its code. Anything else is imported, in a process of its own, so that the
driver stays small whatever a trainer imports: ``python -m mlkernel.study.engine.target_check``.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from mlkernel.config.files import read_config_file
from mlkernel.config.layers import Assignment
from mlkernel.config.problems import raise_problems
from mlkernel.config.sections import build, sections_of
from mlkernel.discovery.name_resolution import resolve
from mlkernel.errors import ConfigError, KernelError, UsageError
from mlkernel.study.engine.bound_check import bound_problems
from mlkernel.study.engine.study_problem import CONFIGURATION, search_space
from mlkernel.study.space.option_check import option_problems
from mlkernel.study.space.search_space import SearchSpace
from mlkernel.study.study_config import StudyConfig
from mlkernel.study.worker.abilities import Abilities

SECONDS = 300.0
"""For the import of what is to be trained."""


def check_target(config: StudyConfig) -> Abilities:
    """See that what is to be trained exists, and that the space's parameters are options of it.

    :param config: settled.
    :returns: what trial schedulers may ask of it.
    :raises UsageError: says everything that is wrong.
    """
    if config.directory is not None and not Path(config.directory).is_dir():
        raise UsageError(f"there is no folder {config.directory}, in which trials are to start")
    for file in (*config.config, *config.configurations):
        if not Path(file).is_file():
            raise UsageError(f"the configuration file {file} does not exist")
        raise_problems(list(read_config_file(file).problems))
    if config.trainer.endswith((".py", ".sh")):
        if not Path(config.trainer).is_file():
            raise UsageError(f"the script {config.trainer} does not exist")
        return Abilities(resumes=False, copies=False)
    if config.script_options:
        raise UsageError(
            f"script_options are for scripts, and {config.trainer} is none",
            hint="Give what all trials share with --set path=value.",
        )
    if _is_direct(config.trainer):
        return _checked_in_child(config)
    check_trainer(config.trainer, config)
    return Abilities()


def check_trainer(name: str, config: StudyConfig) -> None:
    """See that the space's parameters, and the values that trials share, are options of a kernel trainer.

    :raises UsageError: says everything that is wrong.
    """
    component = resolve("trainer", name)
    config_class = component.config_class()
    space = search_space(config)
    searched = SearchSpace(
        parameters=[one for one in space.parameters if one.name != CONFIGURATION],
        constraints=[one for one in space.constraints if CONFIGURATION not in one.parameters],
    )
    sections = sections_of(config_class)
    raise_problems(option_problems(searched, sections))
    point = space.sample(random.Random(config.seed))  # noqa: S311 - an example
    files = [*config.config, *([point.pop(CONFIGURATION)] if config.configurations else [])]
    layers = [read_config_file(file) for file in files]

    def build_point(point: Mapping[str, Any]) -> None:
        values = {**config.set, **point}
        given = [Assignment(path=path, value=value, origin="the study") for path, value in values.items()]
        build(config_class, layers, given, descriptor=component.descriptor)

    raise_problems(bound_problems(searched, point, sections, build_point))
    build_point(point)


def _is_direct(trainer: str) -> bool:
    """Whether *trainer* names an object in a file or module."""
    place, colon, _ = trainer.rpartition(":")
    return bool(colon) and (place.endswith(".py") or all(part.isidentifier() for part in place.split(".")))


def _checked_in_child(config: StudyConfig) -> Abilities:
    from mlkernel.study.engine.study_settings import plain_study

    place = config.trainer.rpartition(":")[0]
    if place.endswith(".py") and not Path(place).is_file():
        raise UsageError(f"the file {place} does not exist")
    command = (sys.executable, "-m", "mlkernel.study.engine.target_check")
    try:
        done = subprocess.run(
            command,
            input=json.dumps(plain_study(config)),
            cwd=config.directory,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"{config.trainer} was not imported within {SECONDS:g} s") from error
    answer = _answer(done.stdout)
    if answer is None:
        raise KernelError(
            f"{config.trainer} cannot be imported: exit code {done.returncode}\n{done.stderr[-2000:]}"
        )
    if answer["error"] is not None:
        raise ConfigError(answer["error"], hint=answer["hint"])
    return Abilities(**answer["abilities"])


def _answer(output: str) -> dict[str, Any] | None:
    """The last line of *output*: what is imported may print what it likes before."""
    try:
        answer: dict[str, Any] = json.loads(output.splitlines()[-1])
    except (ValueError, IndexError):
        return None
    return answer if "error" in answer else None


def main(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Import the target of a study, and say what is wrong with it."""
    from mlkernel.config.layers import Layer
    from mlkernel.study.engine.study_settings import SECTION, build_study
    from mlkernel.study.worker.target import find_target

    config = build_study([Layer(tree={SECTION: plain}, source="the study")], [])
    try:
        target = find_target({"name": config.trainer})
        if type(target).__name__ == "TrainerTarget":
            check_trainer(config.trainer, config)
    except KernelError as error:
        return {"error": error.message, "hint": error.hint}
    return {"error": None, "hint": None, "abilities": attrs.asdict(target.abilities)}


if __name__ == "__main__":
    print("\n" + json.dumps(main(json.load(sys.stdin))))  # noqa: T201 - the answer
