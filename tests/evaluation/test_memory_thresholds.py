"""Thresholds of a memory, by hand."""

import numpy as np
import pytest

from mmpose_temporal.evaluation.memory_thresholds import (
    JointQualities,
    Thresholds,
    are_right,
    as_record,
    by_quality,
    distributions,
    effect,
    suggest_thresholds,
)


def of_one_joint(*groups: tuple[float, int, int]) -> JointQualities:
    """People of one annotated joint: (quality, right ones, wrong ones)."""
    quality = np.concatenate([[q] * (right + wrong) for q, right, wrong in groups])
    right = np.concatenate([[True] * right + [False] * wrong for _, right, wrong in groups])
    quality = np.float32(quality)[:, None]
    return JointQualities(quality, np.ones_like(quality, bool), right[:, None])


def test_thresholds_by_hand() -> None:
    """Below 0.7: 30 joints, 10 right. Below 0.9: 60, 35 right, more than half.

    Above 0.85: 130, 120 right, 92 %; above 1.05: 100, 95 right.
    """
    found = of_one_joint((0.655, 10, 20), (0.855, 25, 5), (1.055, 25, 5), (1.255, 95, 5))
    found = suggest_thresholds(found)
    assert found.low_thr == pytest.approx(0.85)  # of those below 0.85 a third is right
    assert found.high_thr == pytest.approx(1.06)  # the lowest step with only 1.255 above it
    assert found.heatmap_thr == pytest.approx(1.0)  # of the right: 10, 25, 25, 95; a quarter at 38


def test_shares_are_options() -> None:
    found = of_one_joint((0.655, 10, 20), (0.855, 25, 5), (1.055, 25, 5), (1.255, 95, 5))
    # above 0.85: 145 of 160, 91 %; below 1.05: 35 of 60, 58 %
    assert suggest_thresholds(found, precision=0.9).high_thr == pytest.approx(0.85)
    assert suggest_thresholds(found, replaced_right=0.6).low_thr == pytest.approx(1.05)
    # high_thr is not below low_thr
    high = suggest_thresholds(found, precision=0.9, replaced_right=0.6)
    assert high.high_thr == high.low_thr == pytest.approx(1.05)
    for name, value in (("precision", 0), ("precision", 1.1), ("replaced_right", 1)):
        with pytest.raises(ValueError, match=f"{name} must be in"):
            suggest_thresholds(found, **{name: value})


def test_where_no_value_keeps_to_the_rule() -> None:
    """All wrong: anything may be replaced, nothing saved. All right: the other way round."""
    wrong = suggest_thresholds(of_one_joint((0.6, 0, 30), (1.2, 0, 30)))
    assert wrong == Thresholds(None, 1.5, None)
    right = suggest_thresholds(of_one_joint((0.6, 30, 0), (1.2, 30, 0)))
    assert right == Thresholds(0.5, None, 0.6)
    few = suggest_thresholds(of_one_joint((0.6, 0, 19)))
    assert few == Thresholds(None, None, None)


def test_joints_that_are_not_annotated_do_not_count() -> None:
    """30 right ones at 1.2 with as many at 1.3 that nobody has annotated."""
    quality = np.float32([[1.2, 1.3]] * 30)
    annotated = np.tile([True, False], (30, 1))
    found = JointQualities(quality, annotated, annotated.copy())
    assert suggest_thresholds(found).high_thr == 0.5
    assert found.well_found.all()
    groups = distributions(found)
    assert groups["not annotated"]["count"] == groups["right joints"]["count"] == 30
    assert groups["wrong joints"] == dict(count=0, percentiles=None)
    np.testing.assert_allclose(groups["sum: found well"]["percentiles"], 2.5, rtol=1e-6)
    [row] = by_quality(found)
    assert row == dict(low=1.2, high=1.3, count=30, right=1.0)
    with pytest.raises(ValueError, match="no joint is annotated"):
        JointQualities(quality, ~annotated & False, annotated)
    with pytest.raises(ValueError, match=r"must be \(P, K\)"):
        JointQualities(quality, annotated[:3], annotated)


def test_people_who_were_found_well() -> None:
    """4 of 5 annotated joints are 80 %; 2 of 3 are not."""
    annotated = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [0] * 5], bool)
    right = np.array([[1, 1, 1, 1, 0], [1, 1, 0, 0, 0], [0] * 5], bool)
    quality = np.full((3, 5), 1.25, np.float32)
    found = JointQualities(quality, annotated, right)
    assert found.well_found.tolist() == [True, False, False]
    assert suggest_thresholds(found).heatmap_thr == pytest.approx(6.2)  # 6.25, rounded down


def test_effect_and_record() -> None:
    found = of_one_joint((0.6, 1, 3), (1.2, 4, 2))
    said = effect(found, Thresholds(1.0, 0.7, 1.1))
    assert said["high_thr"] == dict(share=0.6, right=pytest.approx(4 / 6))
    assert said["low_thr"] == dict(share=0.4, right=0.25)
    assert said["heatmap_thr"] == dict(share=0.6, right=pytest.approx(4 / 6))
    nothing = as_record(found, Thresholds(1.4, None, None))
    assert nothing["effect"] == dict(high_thr=dict(share=0.0, right=None))
    assert nothing["thresholds"] == dict(high_thr=1.4, low_thr=None, heatmap_thr=None)
    assert (nothing["people"], nothing["keypoints"]) == (10, 1)


def test_right_is_near_by_the_head() -> None:
    """A head box of 30 x 40 has the size 0.6 * 50 = 30, so 15 pixels are right.

    A box of 60 x 80 without a head stands for 0.1 * 100: 5 pixels.
    """
    keypoints = np.array([[[15, 0], [16, 0], [0, 0]]] * 3, float)
    keypoints[1:, 0] = 5, 0
    annotated = np.tile([[0, 0, 1], [0, 0, 1], [0, 0, 0]], (3, 1, 1)).astype(float)
    boxes = np.tile([0, 0, 60, 80.0], (3, 1))
    heads = np.array([[0, 0, 30, 40], [np.nan] * 4, [5, 5, 5, 5.0]])
    found = are_right(keypoints, annotated, boxes, heads)
    assert found.tolist() == [[True, False, False]] * 3
    keypoints[1:, 0] = 5.1, 0
    assert not are_right(keypoints, annotated, boxes, heads)[1:].any()
