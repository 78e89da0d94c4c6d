import attrs
from core.tests.study.made_results import made_results

from mlkernel.study.report.markdown_report import escaped, render_markdown


def test_the_report_tells_what_came_out():
    results = made_results(100)
    text = render_markdown(results)
    best = results.best(1)[0]
    assert text.startswith("# made\n")
    assert f"(trial {best.number})" in text
    assert "- trials: 100 (70 finished, 20 stopped, 10 failed)" in text
    assert "| 10 | ValueError: &lt;no&gt; luck &amp; no hope |" in text
    assert "## Importance for loss" in text


def test_every_row_of_a_table_has_all_columns():
    results = made_results(30)
    named = attrs.evolve(results, study=attrs.evolve(results.study, name="a | b\n# c"))
    lines = render_markdown(named).splitlines()
    assert lines[0] == r"# a \| b \# c"
    widths = {line.replace(r"\|", "").count("|") for line in lines if line.startswith("| 1")}
    assert widths


def test_markup_is_escaped():
    assert escaped("<b>*x*</b> [y](z) `c`") == r"&lt;b&gt;\*x\*&lt;/b&gt; \[y\](z) \`c\`"


def test_a_study_without_trials_has_a_report():
    assert "no trial has ended with a value" in render_markdown(made_results(0))
