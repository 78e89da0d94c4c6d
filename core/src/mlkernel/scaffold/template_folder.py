"""A folder of templates, filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath
from string import Template

TEMPLATE = ".template"
FRAGMENT = ".fragment"
SINGLE_FILE = f"single_file.py{TEMPLATE}"


class TemplateFolder:
    """The templates in a package such as ``mlkernel.scaffold.trainer``.

    Its ``.fragment`` files are texts to be used in the others: ``summary.fragment`` is what ``$summary`` stands for.
    """

    def __init__(self, package: str) -> None:
        self._root = files(package)

    def fragments(self, values: Mapping[str, str]) -> dict[str, str]:
        """Return the fragments by the first word of their names, filled in with *values*."""
        return {
            file.name.partition(".")[0]: _fill(file, values).rstrip("\n")
            for file in self._root.iterdir()
            if file.name.endswith(FRAGMENT)
        }

    def package_files(self, values: Mapping[str, str]) -> dict[str, str]:
        """Return path and content of every file of a package; paths are relative, with slashes."""
        return {
            str(path).replace("__package__", values["package"]).removesuffix(TEMPLATE): _fill(file, values)
            for path, file in _walk(self._root, PurePosixPath())
            if path.name.endswith(TEMPLATE) and path.name != SINGLE_FILE
        }

    def single_file(self, values: Mapping[str, str]) -> str | None:
        """Return the content of a plugin in one file, if there is a template for that."""
        file = self._root / SINGLE_FILE
        return _fill(file, values) if file.is_file() else None


def _walk(folder: Traversable, path: PurePosixPath) -> Iterator[tuple[PurePosixPath, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, path / entry.name)
        else:
            yield path / entry.name, entry


def _fill(file: Traversable, values: Mapping[str, str]) -> str:
    return Template(file.read_text(encoding="utf-8")).substitute(values)
