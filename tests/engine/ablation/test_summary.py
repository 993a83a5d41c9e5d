import pytest
from rich.console import Console

from mmpose_temporal.engine.ablation.summary import summarize, table


def test_mean_and_range():
    found = summarize(
        {"a": [{"AP": 50, "alpha": 0.8}, {"AP": 53, "alpha": 0.9}], "b": [{"AP": 1}]}
    )
    assert found["a"]["AP"] == dict(mean=51.5, min=50, max=53, values=[50, 53])
    assert found["a"]["alpha"]["mean"] == pytest.approx(0.85)
    assert found["b"] == dict(AP=dict(mean=1, min=1, max=1, values=[1]))


def test_table():
    figures = summarize(
        {"a": [{"AP": 50, "alpha": 0.8}, {"AP": 53, "alpha": 0.9}], "b": [{"AP": 1}]}
    )
    console = Console(width=120)
    with console.capture() as shown:
        console.print(table(figures, ("AP", "alpha")))
    cells = [[c.strip() for c in line.split("│")] for line in shown.get().splitlines()]
    assert ["", "a", "51.50 (50.00 to 53.00)", "0.85 (0.80 to 0.90)", ""] in cells
    assert ["", "b", "1.00 (1.00 to 1.00)", "", ""] in cells  # it has no alpha
