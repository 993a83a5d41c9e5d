import numpy as np
import pytest

from mmpose_temporal.evaluation.point_errors import PointErrors


def test_shares_of_the_diagonal_and_the_median():
    """A box of diagonal 100: at most 5 and 10 pixels; the first point of nobody is left out."""
    errors = PointErrors(
        {"a": np.array([99.0, 1, 5, 6, 20]), "b": np.array([0.0, 11, 11, 11, 11])},
        np.array([np.nan, 100, 100, 100, 100]),
    )
    assert errors.figures() == {
        "a": {"PCK@0.05": 50.0, "PCK@0.1": 75.0, "median": 5.5},
        "b": {"PCK@0.05": 0.0, "PCK@0.1": 0.0, "median": 11.0},
    }
    assert errors.figures([0.2])["a"] == {"PCK@0.2": 100.0, "median": 5.5}


def test_points_of_nobody_have_a_median_only():
    found = PointErrors({"a": np.array([1.0, 3])}, np.full(2, np.nan)).figures([0.1])["a"]
    assert np.isnan(found["PCK@0.1"]) and found["median"] == 2
    nothing = PointErrors({"a": np.zeros(0)}, np.zeros(0)).figures()["a"]
    assert np.isnan(list(nothing.values())).all()


def test_of_people_and_together():
    points = {"a": np.array([[[3.0, 4], [0, 0]], [[1, 0], [0, 2]]])}
    counted = np.array([[True, False], [True, True]])
    errors = PointErrors.of(points, np.zeros((2, 2, 2)), counted, np.array([10.0, 20]))
    assert errors.errors["a"].tolist() == [5, 1, 2]
    assert errors.diagonals.tolist() == [10, 20, 20]
    both = PointErrors.cat([errors, errors])
    assert len(both) == 6 and both.errors["a"].tolist() == [5, 1, 2, 5, 1, 2]


@pytest.mark.parametrize("thresholds", [[], [0.1, 0.0]])
def test_thresholds_are_above_zero(thresholds):
    with pytest.raises(ValueError, match="above 0"):
        PointErrors({"a": np.ones(1)}, np.ones(1)).figures(thresholds)
