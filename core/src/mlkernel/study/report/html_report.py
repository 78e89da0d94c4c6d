"""The report as one HTML file: everything that it needs is inside, and it asks no network."""

from __future__ import annotations

import base64
import gzip
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from mlkernel.errors import UsageError
from mlkernel.records.atomic_file import storage_errors, write_text
from mlkernel.study.report.digest import digest
from mlkernel.study.report.gallery import draw_all
from mlkernel.study.report.picture import numbers
from mlkernel.study.statistics.parameter_axis import label
from mlkernel.study.statistics.study_results import StudyResults

PAGE = "page.html.jinja"


def write_html(results: StudyResults, path: Path) -> None:
    """Write the report to *path*.

    :raises UsageError: plotly or jinja2 is not installed.
    :raises StorageError: the file cannot be written.
    """
    page = render_html(results)
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, page)


def render_html(results: StudyResults) -> str:
    """The page as text.

    :raises UsageError: plotly or jinja2 is not installed.
    """
    try:
        import jinja2
        from plotly.offline import get_plotlyjs
    except ImportError as error:
        raise UsageError(
            f"the HTML report needs {error.name}, which is not installed",
            hint="pip install 'mlkernel[report]', or write Markdown with --format markdown",
        ) from None
    folder = files("mlkernel.study.report") / "page"
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string((folder / PAGE).read_text("utf-8"))
    pictures = draw_all(results)
    data = {"pictures": [_plain(picture) for picture in pictures], "trials": _trials(results)}
    return template.render(
        digest=digest(results),
        pictures=pictures,
        data=_script_json(data),
        style=(folder / "page.css").read_text("utf-8"),
        script=(folder / "page.js").read_text("utf-8"),
        library=base64.b64encode(gzip.compress(get_plotlyjs().encode(), 9, mtime=0)).decode(),
    )


def _plain(picture: Any) -> dict[str, Any]:
    import attrs

    return attrs.asdict(
        picture,
        filter=lambda attribute, _: (
            attribute.name in ("key", "variants", "label", "traces", "layout", "height")
        ),
    )


def _trials(results: StudyResults) -> dict[str, Any]:
    """What the page tells of a trial that is clicked: columns of parameters, so that names stand there once."""
    return {
        "parameters": results.parameters,
        "metrics": [objective.metric for objective in results.objectives],
        "rows": {
            trial.number: [
                trial.state,
                trial.reason or next((run.error for run in trial.runs if run.error), ""),
                numbers(trial.values or ()),
                [
                    label(trial.parameters[name]) if name in trial.parameters else None
                    for name in results.parameters
                ],
                [[run.seed, run.fold, run.state, numbers(run.values or ())] for run in trial.runs],
            ]
            for trial in results.trials
        },
    }


def _script_json(data: Any) -> str:
    """JSON that may stand inside of a script element: nothing in it can end the element."""
    plain = json.dumps(data, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        plain = plain.replace(character, f"\\u{ord(character):04x}")
    return plain
