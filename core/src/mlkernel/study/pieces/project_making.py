"""From pieces to a project: what they say is laid together, and what it needs is copied."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
from attrs import field, frozen

from mlkernel.config.layers import Layer
from mlkernel.errors import ConfigError, KernelError
from mlkernel.study.engine.study_problem import check_study
from mlkernel.study.engine.study_settings import SECTION, build_study, plain_study
from mlkernel.study.engine.target_check import check_target
from mlkernel.study.pieces.piece_folder import PieceFolder
from mlkernel.study.pieces.piece_kind import PROJECT, owner
from mlkernel.study.pieces.project_snapshot import (
    CONFIG,
    FILES,
    SCRIPTS,
    at_folder,
    is_installed,
    read_snapshot,
    versions,
    write_snapshot,
    written_snapshot,
)
from mlkernel.study.pieces.script_copy import copy_scripts
from mlkernel.study.study_config import StudyConfig


@frozen(kw_only=True)
class ProjectParts:
    """What a project is made of."""

    pieces: Mapping[str, Mapping[str, Any]]
    """Kind → what the piece of that kind says."""
    names: Mapping[str, str] = field(factory=dict)
    """Kind → name of the piece."""
    scripts: Path | None = None
    """A script, or the folder of all scripts."""
    overrides: Sequence[str] = ()
    """``path=value``, laid over the pieces."""
    former: Path | None = None
    """The folder of a project that this one changes: what is not given stays as it is there."""


def make_project(folder: PieceFolder, name: str, parts: ProjectParts, *, imports: bool = True) -> Path:
    """Make a project, or put it in the place of its namesake, which moves to ``backup``; the caller holds the lock.

    :param imports: whether what trains is imported to see that it is there.
    :raises UsageError: something is wrong with the parts, or with the study that they make; nothing was changed.
    """
    config = build_study(_layers(name, parts), parts.overrides)
    check_study(config)
    place = folder.place(PROJECT, name)
    with folder.staged_project(name) as staged:
        values = _carried(dict(plain_study(config)), parts, staged, folder)
        if imports:
            _check_imports(values, staged, place)
        former = written_snapshot(parts.former).tree[PROJECT] if parts.former else {}
        about = {
            "name": name,
            "made": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "from": {**former.get("from", {}), **parts.names},
            "requires": versions(config),
        }
        write_snapshot(staged, about, values)
    return place


def study_layers(pieces: Mapping[str, Mapping[str, Any]]) -> list[Layer]:
    """The layers that pieces make in a study."""
    return [Layer(tree={SECTION: _effective(kind, values)}, source=kind) for kind, values in pieces.items()]


def _effective(kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a grid without its launcher are kept in the piece; other launchers would refuse them."""
    return {} if kind == "launcher" and "launcher" not in values else dict(values)


def _layers(name: str, parts: ProjectParts) -> list[Layer]:
    layers = [Layer(tree={SECTION: {"name": name}}, source="the project")]
    if parts.former is not None:
        layer = read_snapshot(parts.former)
        layers.append(attrs.evolve(layer, tree={SECTION: _without(layer.tree[SECTION], parts.pieces)}))
    return [*layers, *study_layers(parts.pieces)]


def _without(values: Mapping[str, Any], kinds: Mapping[str, Any]) -> dict[str, Any]:
    """*values* but for those that belong to *kinds*."""
    kept = {key: value for key, value in values.items() if key == "name" or owner(key) not in kinds}
    resources = {
        key: value
        for key, value in values.get("resources", {}).items()
        if owner(f"resources.{key}") not in kinds
    }
    return {**kept, "resources": resources}


def _carried(
    values: dict[str, Any], parts: ProjectParts, staged: Path, folder: PieceFolder
) -> dict[str, Any]:
    """*values* with paths within *staged*, to which everything that they lead to was copied."""
    if parts.scripts is not None:
        copy_scripts(parts.scripts, staged / SCRIPTS, without=[folder.path])
    elif parts.former is not None and (parts.former / SCRIPTS).is_dir():
        copy_scripts(parts.former / SCRIPTS, staged / SCRIPTS)
    place, colon, attribute = values["trainer"].rpartition(":")
    if values["trainer"].endswith((".py", ".sh")):
        values["trainer"] = _script(Path(values["trainer"]), parts, staged)
    elif colon and place.endswith(".py"):
        values["trainer"] = f"{_script(Path(place), parts, staged)}:{attribute}"
    for key in FILES:
        values[key] = [_config_file(Path(file), parts, staged) for file in values[key]]
    values["directory"] = _directory(values["directory"], parts, staged)
    return values


def _script(path: Path, parts: ProjectParts, staged: Path) -> str:
    """Where in the project the script *path* is."""
    scripts = staged / SCRIPTS
    found = _within(path, parts, scripts)
    if found is None and parts.scripts is None and path.is_file():
        copy_scripts(path, scripts)
        found = Path(path.name)
    if found is None:
        where = f"{parts.scripts} or {Path.cwd()}" if parts.scripts else str(Path.cwd())
        raise ConfigError(
            f"the script {path} is not in {where}",
            hint="--scripts_path names the script, or the folder of all scripts.",
        )
    return f"{SCRIPTS}/{found.as_posix()}"


def _within(path: Path, parts: ProjectParts, scripts: Path) -> Path | None:
    """The part of *path* that leads from *scripts*, the copies, to what it names; ``None`` if it is not there."""
    sources = [parts.scripts, None if parts.former is None else parts.former / SCRIPTS]
    candidates = [] if path.is_absolute() or ".." in path.parts else [path]
    for source in filter(None, sources):
        if source.is_file() and source.name == path.name:
            candidates.append(Path(path.name))
        elif path.resolve().is_relative_to(source.resolve()):
            candidates.append(path.resolve().relative_to(source.resolve()))
    return next((one for one in candidates if (scripts / one).exists()), None)


def _config_file(path: Path, parts: ProjectParts, staged: Path) -> str:
    """Copy a configuration file, which is looked for in the current folder and among the scripts."""
    inside = _within(path, parts, staged / SCRIPTS)
    source = path if path.is_file() or inside is None else staged / SCRIPTS / inside
    if not source.is_file():
        raise ConfigError(f"the configuration file {path} does not exist")
    folder = staged / CONFIG
    folder.mkdir(exist_ok=True)
    names = (path.name, *(f"{number}-{path.name}" for number in range(2, 1000)))
    name = next(name for name in names if not (folder / name).exists())
    shutil.copy(source, folder / name)
    return f"{CONFIG}/{name}"


def _directory(given: str | None, parts: ProjectParts, staged: Path) -> str | None:
    """Where trials start: among the scripts, if there are any, so that they find what lies beside them."""
    scripts = staged / SCRIPTS
    if given is None:
        return SCRIPTS if scripts.is_dir() else None
    inside = _within(Path(given), parts, scripts)
    if inside is None:
        raise ConfigError(
            f"directory: {given} leads out of the project",
            hint="Give it when the project is searched: kernel search --project NAME directory=...",
        )
    return (Path(SCRIPTS) / inside).as_posix()


def _check_imports(values: Mapping[str, Any], staged: Path, place: Path) -> None:
    """See that what trains can be imported from the copies alone, as on another machine.

    :raises UsageError: it cannot.
    """
    config: StudyConfig = build_study(
        [Layer(tree={SECTION: at_folder(staged.absolute(), dict(values))}, source="the project")], []
    )
    try:
        check_target(attrs.evolve(config, directory=config.directory or str(Path.cwd())))
    except KernelError as error:
        error.message = error.message.replace(str(staged.absolute()), str(place))
        if not is_installed(config.trainer):
            way_out = "--no-import makes the project without importing what trains."
            error.hint = way_out if error.hint is None else f"{error.hint} {way_out}"
        raise
    finally:
        for cache in staged.rglob("__pycache__"):
            shutil.rmtree(cache)
