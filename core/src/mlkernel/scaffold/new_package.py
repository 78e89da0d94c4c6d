"""``kernel plugin new``: an installable package, or one file, around a component that already works."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from mlkernel.descriptors import Kind
from mlkernel.discovery.entry_point_index import read_index
from mlkernel.discovery.loading import load_entry_point
from mlkernel.errors import UsageError
from mlkernel.records.atomic_file import storage_errors
from mlkernel.scaffold.plugin_name import PluginName, checked_name
from mlkernel.scaffold.template_folder import TemplateFolder

PACKAGE = "mlkernel.scaffold.package"
"""Templates of what every package has."""


def create(kind: str, name: str, directory: Path = Path(), *, single_file: bool = False) -> str:
    """Write a new plugin and return what to tell its author: where it is, and what to type next.

    :param kind: such as ``trainer``.
    :param name: such as ``my-trainer``.
    :param directory: the folder in which the package's own folder, or the file, is made.
    :param single_file: write one file, to be named by its path, instead of a package.
    :raises UsageError: there is no such template, the name will not do, or something is there already.
    :raises StorageError: the folder cannot be written.
    """
    return write_plugin(_declared(kind), name, directory, single_file=single_file)


def write_plugin(kind: Kind, name: str, directory: Path = Path(), *, single_file: bool = False) -> str:
    """Do what :func:`create` does, for a kind that was found."""
    if kind.template is None:
        raise UsageError(
            f"there is no template for a {kind.name}", hint="Its documentation may tell how to begin."
        )
    template, plugin = TemplateFolder(kind.template), checked_name(kind.name, kind.group, name)
    target = directory / (f"{plugin.package}.py" if single_file else plugin.name)
    if target.exists() or target.is_symlink():
        raise UsageError(
            f"{target} exists, and nothing is overwritten", hint="Choose another name or --directory."
        )
    if single_file:
        content = template.single_file(
            _values(kind, plugin, template, f"./{target.name}:{plugin.class_name}")
        )
        if content is None:
            raise UsageError(
                f"a {kind.name} cannot be a single file", hint="Write a package, without --single-file."
            )
        _write({target: content})
        return f"{target}\n  kernel run --{kind.name} {target}:{plugin.class_name}"
    values = _values(kind, plugin, template, name)
    contents = {**TemplateFolder(PACKAGE).package_files(values), **template.package_files(values)}
    _write({target / path: content for path, content in contents.items()})
    return f"{target}\n  pip install --editable {target}\n  kernel plugin check {name}"


def _declared(kind: str) -> Kind:
    rows = {row.name: row for row in read_index().rows("mlkernel.kinds")}
    if kind not in rows:
        raise UsageError(f"there is no kind {kind!r}", hint=f"There are: {', '.join(sorted(rows))}.")
    declared: Kind = load_entry_point(rows[kind], asked_by=f"kind {kind!r}")
    return declared


def _values(kind: Kind, plugin: PluginName, template: TemplateFolder, reference: str) -> dict[str, str]:
    """Everything that templates may ask for.

    :param reference: how users name the component.
    """
    values = {
        "name": plugin.name,
        "package": plugin.package,
        "class_name": plugin.class_name,
        "group": kind.group,
        "reference": reference,
        "mlkernel": _requirement(version("mlkernel")),
    }
    return {**values, **template.fragments(values)}


def _requirement(installed: str) -> str:
    """Ask for the mlkernel that the package was written with, and for none that may break it."""
    major, minor = (int(part) for part in installed.split(".")[:2])
    below = f"0.{minor + 1}" if major == 0 else str(major + 1)
    return f"mlkernel>={major}.{minor},<{below}"


def _write(contents: dict[Path, str]) -> None:
    for path, content in contents.items():
        with storage_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:  # never over something that came meanwhile
                file.write(content)
