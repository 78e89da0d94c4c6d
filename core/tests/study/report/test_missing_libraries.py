import sys

import pytest
from core.tests.study.made_results import made_results

from mlkernel.errors import UsageError
from mlkernel.study.report.gallery import draw_all
from mlkernel.study.report.html_report import render_html
from mlkernel.study.report.markdown_report import render_markdown
from mlkernel.study.report.pdf_report import write_pdf


@pytest.mark.parametrize("module", ["jinja2", "plotly.offline"])
def test_the_page_says_what_it_lacks(monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UsageError, match=module.split(".")[0]) as raised:
        render_html(made_results(2))
    assert "mlkernel[report]" in raised.value.hint


def test_the_pdf_says_what_it_lacks(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "fpdf", None)
    with pytest.raises(UsageError, match="fpdf"):
        write_pdf(made_results(2), tmp_path / "report.pdf")
    assert list(tmp_path.iterdir()) == []


def test_without_optuna_the_picture_of_importance_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    (picture,) = (picture for picture in draw_all(made_results(40)) if picture.key == "importance")
    assert not picture.variants
    assert "mlkernel[report]" in picture.caption


def test_markdown_needs_no_library(monkeypatch):
    for module in ("optuna", "scipy.special", "scipy.stats", "moocore", "plotly"):
        monkeypatch.setitem(sys.modules, module, None)
    results = made_results(40, objectives=2)
    text = render_markdown(results)
    assert "Pareto front" in text
    assert "Importance" not in text
    assert "±" not in text
