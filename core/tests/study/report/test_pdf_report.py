import re

import pytest
from core.tests.study.made_results import made_results

from mlkernel.study.report.pdf_report import write_pdf


@pytest.mark.parametrize(("count", "pictures"), [(0, 0), (2, 5), (30, 8)])
def test_the_pdf_holds_the_pictures_that_paper_can_show(count, pictures, tmp_path):
    path = tmp_path / "report" / "study.pdf"
    write_pdf(made_results(count, objectives=2, name="λ <b>$x$</b>"), path)
    content = path.read_bytes()
    assert content.startswith(b"%PDF-")
    assert len(re.findall(rb"/Subtype /Image\b", content)) >= pictures
    assert b"/DCTDecode" not in content
