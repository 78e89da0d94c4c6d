"""Projects: the complete configuration of a study in a folder, with all that it needs.

==================  ==============================================================
``project.yaml``    ``study``: what is searched and how, paths within the folder;
                    ``project``: what it was made of, and by which versions
``scripts/``        copies of the scripts
``config/``         copies of the trainer's configuration files
==================  ==============================================================
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from mlkernel.config.choice import chosen_components
from mlkernel.config.files import format_tree, read_config_file
from mlkernel.config.layers import Layer
from mlkernel.config.problems import raise_problems
from mlkernel.discovery.name_resolution import resolve
from mlkernel.errors import ConfigError
from mlkernel.records.atomic_file import storage_errors, write_text
from mlkernel.study.engine.study_settings import SECTION
from mlkernel.study.pieces.piece_kind import PROJECT
from mlkernel.study.pieces.script_copy import copy_scripts
from mlkernel.study.study_config import StudyConfig

FILE, SCRIPTS, CONFIG = "project.yaml", "scripts", "config"
FILES = ("config", "configurations")
"""Keys of a study that list files."""


def snapshot_folder(path: str | Path) -> Path | None:
    """The folder of the project that *path* names, itself or by its file; ``None`` if it names none."""
    folder = Path(path).parent if Path(path).name == FILE else Path(path)
    return folder if (folder / FILE).is_file() else None


def read_snapshot(folder: Path) -> Layer:
    """Read a project as a layer with the section ``study``, whose paths lead into *folder*.

    :raises ConfigError: its file cannot be read, or is none of a project.
    """
    layer = written_snapshot(folder)
    return attrs.evolve(layer, tree={SECTION: at_folder(folder.absolute(), dict(layer.tree[SECTION]))})


def written_snapshot(folder: Path) -> Layer:
    """The file of a project as it is written: ``study``, and what the project says of itself in ``project``.

    :raises ConfigError: as :func:`read_snapshot` does.
    """
    layer = read_config_file(folder / FILE)
    raise_problems(layer.problems)
    if not all(isinstance(layer.tree.get(section), Mapping) for section in (SECTION, PROJECT)):
        raise ConfigError(
            f"{layer.source} is no project: the sections {PROJECT} and {SECTION} are needed",
            hint="Make it anew with kernel config recreate project.",
        )
    return layer


def write_snapshot(folder: Path, about: Mapping[str, Any], study: Mapping[str, Any]) -> None:
    """Write the file of a project whose scripts and configuration files lie in *folder* already."""
    path = folder / FILE
    write_text(path, format_tree({"version": 1, PROJECT: dict(about), SECTION: dict(study)}, path))


def copy_snapshot(folder: Path, target: Path) -> Layer:
    """Copy a project to *target*, in place of what is there, and read it.

    :raises StorageError: there is no room for it.
    """
    shutil.rmtree(target, ignore_errors=True)
    with storage_errors(target):
        copy_scripts(folder, target)
    return read_snapshot(target)


def versions(config: StudyConfig) -> dict[str, str]:
    """The versions of the distributions that *config* chooses from."""
    import mlkernel

    components = chosen_components(config)
    if is_installed(config.trainer):
        components.append(resolve("trainer", config.trainer))
    found = {"mlkernel": mlkernel.__version__}
    for component in components:
        if component.distribution is not None:
            found[component.distribution] = component.version or "unknown"
    return found


def is_installed(trainer: str) -> bool:
    """Whether *trainer* is the name of one that a distribution provides, not a file or an object in one."""
    return ":" not in trainer and not trainer.endswith((".py", ".sh"))


def other_versions(folder: Path, config: StudyConfig) -> list[str]:
    """Where the versions that are installed are not those that the project was made with, in words."""
    made_with = written_snapshot(folder).tree[PROJECT].get("requires", {})
    return [
        f"made with {name} {made_with[name]}, and {version} is installed"
        for name, version in versions(config).items()
        if made_with.get(name, version) != version
    ]


def at_folder(folder: Path, values: dict[str, Any]) -> dict[str, Any]:
    """Return *values* with every path within the project made absolute."""
    for key in FILES:
        if isinstance(values.get(key), list):
            values[key] = [str(folder / str(file)) for file in values[key]]
    trainer = values.get("trainer")
    if isinstance(trainer, str) and trainer.startswith(f"{SCRIPTS}/"):
        values["trainer"] = str(folder / trainer)
    if isinstance(values.get("directory"), str):
        values["directory"] = str(folder / values["directory"])
    return values
