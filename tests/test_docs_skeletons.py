"""The example of docs/skeletons.md runs."""

import doctest
from pathlib import Path


def test_example():
    page = Path(__file__).resolve().parents[1] / "docs" / "skeletons.md"
    text = page.read_text(encoding="utf-8").replace("```", "")
    test = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    assert len(test.examples) == 4
    assert doctest.DocTestRunner().run(test).failed == 0
