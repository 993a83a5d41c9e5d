import numpy as np
import pytest

from mmpose_temporal.evaluation.functional import area_under_curve, correspondence_figures


def queries(**changes):
    """Six queries, cells of 4 pixels.

    Four keypoints of a person whose box has the diagonal 100: errors 0, 5, 10 and 10.1, the last
    one visible, too; one keypoint that is hidden; one random point with the error 40.
    """
    nan = float("nan")
    fields = dict(
        errors=[0, 5, 10, 10.1, 99, 40],
        raw_errors=[6, 6, 12, 12, 99, 40],
        scores=[0.9, 0.8, 0.4, 0.2, 0.3, 0.6],
        diagonals=[100, 100, 100, 100, 100, nan],
        cells=[4] * 6,
        valid=[True] * 6,
        visible=[True, True, True, True, False, True],
        is_keypoint=[True, True, True, True, True, False],
    )
    return {name: np.array(value) for name, value in (fields | changes).items()}


def test_figures_by_hand():
    """At 0.05 two of four, at 0.1 three. Errors in cells 0, 1.25, 2.5, 2.525, 10: median 2.5.

    Of five visible queries four score above the hidden one's 0.3: 0.8.
    """
    assert correspondence_figures(**queries()) == pytest.approx(
        {
            "PCK@0.05": 50,
            "PCK@0.1": 75,
            "raw_PCK@0.05": 0,
            "raw_PCK@0.1": 50,
            "median_cells": 2.5,
            "raw_median_cells": 3,
            "AUC_visible": 0.8,
        }
    )


def test_queries_that_are_none_do_not_count():
    """Without the last two of the person: one of two, and no hidden one is left to compare."""
    figures = correspondence_figures(
        **queries(valid=np.array([True, True, False, False, False, True])), thresholds=(0.01,)
    )
    assert figures["PCK@0.01"] == 50
    assert figures["median_cells"] == 1.25
    assert np.isnan(figures["AUC_visible"])


def test_random_points_only():
    figures = correspondence_figures(**queries(is_keypoint=np.zeros(6, bool)))
    assert np.isnan(figures["PCK@0.1"])
    assert np.isnan(figures["raw_PCK@0.05"])
    assert figures["median_cells"] == 2.5


def test_nothing_visible():
    with pytest.raises(ValueError, match="none of 6 queries is visible"):
        correspondence_figures(**queries(visible=np.zeros(6, bool)))


def test_area_under_curve():
    """Of 2 x 2 pairs: 0.9 beats both, 0.5 beats one and ties with the other."""
    assert area_under_curve(np.array([0.9, 0.5]), np.array([0.5, 0.1])) == 3.5 / 4
    assert area_under_curve(np.array([1.0]), np.array([0.0])) == 1
    assert area_under_curve(np.array([0.0]), np.array([1.0])) == 0
    assert np.isnan(area_under_curve(np.array([1.0]), np.array([])))
    with pytest.raises(ValueError, match="scores hold NaN"):
        area_under_curve(np.array([np.nan]), np.array([1.0]))
