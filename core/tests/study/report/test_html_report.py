import base64
import gzip
import json
import re
import shutil

import attrs
import pytest
from core.tests.study.made_results import made_results
from core.tests.study.report.chromium_page import open_page

from mlkernel.study.report.html_report import render_html, write_html

DRAW = """(async (most) => {
  const faults = [];
  while (!document.querySelector('.plot[data-drawn]')) await new Promise((done) => setTimeout(done, 100));
  for (const picture of data.pictures) {
    const section = document.getElementById(picture.key);
    for (let place = 0; place < Math.min(picture.variants.length, most); place++) {
      await draw(section, picture, place);
      const plot = section.querySelector('.plot');
      const box = plot.querySelector('.main-svg')?.getBoundingClientRect();
      if (!box || box.height < 100) faults.push(`${picture.key} ${place}: nothing is drawn`);
      if (plot.textContent.includes('WebGL is not supported')) faults.push(`${picture.key}: no WebGL`);
    }
  }
  return faults;
})(%d)"""
PICTURES = {2: 9, 200: 11, 5000: 10}
HOSTILE = "</script><img src=x onerror=alert(1)> & \"'"


def hostile_results():
    results = made_results(
        30, name=HOSTILE, space={"lr": "uniform(0, 1)", "kind": f"[{json.dumps(HOSTILE)}, b]"}
    )
    study = attrs.evolve(
        results.study,
        configuration={
            **results.study.configuration,
            "trainer": HOSTILE,
            "objectives": [{"metric": HOSTILE, "mode": "min"}],
        },
    )
    trials = [attrs.evolve(trial, reason=HOSTILE) for trial in results.trials]
    return attrs.evolve(results, study=study, trials=tuple(trials))


def element(page, name):
    return re.search(rf'<script type="[^"]*" id="{name}">(.*?)</script>', page, re.DOTALL).group(1)


def test_the_page_needs_nothing_from_outside():
    page = render_html(made_results(20))
    outside_of_library = page.replace(element(page, "library"), "")
    assert "http://" not in outside_of_library
    assert "https://" not in outside_of_library
    assert re.findall(r"<(?:link|iframe|img|script[^>]* src)", outside_of_library) == []
    assert "default-src 'none'" in page
    library = gzip.decompress(base64.b64decode(element(page, "library"))).decode()
    assert "plotly.js" in library[:200]


def test_the_page_holds_all_trials():
    results = made_results(20)
    data = json.loads(element(render_html(results), "data"))
    assert len(data["trials"]["rows"]) == 20
    state, reason, values, parameters, runs = data["trials"]["rows"]["7"]
    assert (state, values) == ("failed", [])
    assert reason == "ValueError: <no> luck & no hope"
    assert len(parameters) == len(data["trials"]["parameters"]) == 5
    assert len(runs) == 3


def test_strings_of_users_are_no_markup():
    page = render_html(hostile_results())
    assert "<img" not in page
    assert page.count("</script>") == 3
    assert json.loads(element(page, "data"))["trials"]["rows"]["0"][1] == HOSTILE


def test_the_same_study_gives_the_same_page():
    assert render_html(made_results(20)) == render_html(made_results(20))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium")
@pytest.mark.parametrize(("count", "objectives", "views"), [(2, 2, 99), (200, 2, 2), (5000, 1, 1)])
def test_chromium_draws_every_picture(count, objectives, views, tmp_path):
    write_html(made_results(count, objectives=objectives), tmp_path / "report.html")
    with open_page(tmp_path / "report.html") as page:
        faults = page.evaluate(DRAW % views)
        assert faults == []
        assert page.evaluate("document.querySelectorAll('.plot:not([data-drawn])').length") == 0
        assert page.evaluate("document.querySelectorAll('.plot').length") == PICTURES[count]
        page.evaluate("showTrial(1)")
        assert page.evaluate("document.querySelector('#trial h3').textContent").endswith("Trial 1")
        assert page.requests == [f"file://{tmp_path}/report.html"]
        assert page.errors == []


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium")
def test_strings_of_users_stay_strings_in_chromium(tmp_path):
    write_html(hostile_results(), tmp_path / "report.html")
    with open_page(tmp_path / "report.html") as page:
        assert page.evaluate(DRAW % 1) == []
        page.evaluate("showTrial(0)")
        assert (
            page.evaluate("document.querySelectorAll('main img, aside img, svg image[href^=x]').length") == 0
        )
        assert page.evaluate("document.querySelector('#trial dd').textContent").endswith(HOSTILE)
        assert len(page.requests) == 1
