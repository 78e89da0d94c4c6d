"""All pictures of a study, in the order of the report."""

from __future__ import annotations

from mlkernel.errors import UsageError
from mlkernel.study.report.picture import Picture
from mlkernel.study.report.pictures.contours import draw_contours
from mlkernel.study.report.pictures.distribution import draw_distribution
from mlkernel.study.report.pictures.heat_maps import draw_heat_maps
from mlkernel.study.report.pictures.history import draw_history
from mlkernel.study.report.pictures.importance_bars import draw_importance
from mlkernel.study.report.pictures.learning_curves import draw_learning_curves
from mlkernel.study.report.pictures.parallel_coordinates import draw_parallel_coordinates
from mlkernel.study.report.pictures.pareto_plot import draw_pareto
from mlkernel.study.report.pictures.seed_spread import draw_seed_spread
from mlkernel.study.report.pictures.slices import draw_slices
from mlkernel.study.report.pictures.timeline import draw_timeline
from mlkernel.study.statistics.importance import parameter_importance
from mlkernel.study.statistics.parameter_axis import parameter_axes
from mlkernel.study.statistics.study_results import StudyResults


def draw_all(results: StudyResults) -> list[Picture]:
    """Draw whatever the study has data for; the others say what they need."""
    shares, why_not = _importance(results)
    leading = shares[0] if shares else {}
    axes = sorted(parameter_axes(results).values(), key=lambda axis: -leading.get(axis.name, 0.0))
    pictures = [
        draw_history(results),
        draw_pareto(results),
        draw_parallel_coordinates(results, axes),
        draw_importance(results.objectives, shares, why_not),
        draw_slices(results, axes),
        draw_contours(results, axes),
        draw_heat_maps(results, axes),
        draw_learning_curves(results),
        draw_seed_spread(results),
        draw_timeline(results),
        draw_distribution(results),
    ]
    return [picture for picture in pictures if picture is not None]


def _importance(results: StudyResults) -> tuple[list[dict[str, float]], str | None]:
    try:
        return [parameter_importance(results, place) for place in range(len(results.objectives))], None
    except UsageError as error:
        return [{} for _ in results.objectives], f"{error.message}. {error.hint or ''}"
