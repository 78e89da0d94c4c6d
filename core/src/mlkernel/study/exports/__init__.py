"""Studies for other programs, and from other places."""

from __future__ import annotations

from mlkernel.study.exports.export import FORMATS, export_study
from mlkernel.study.exports.study_document import import_study

__all__ = ["FORMATS", "export_study", "import_study"]
