"""AP by hand."""

import numpy as np
import pytest

from mmpose_temporal.evaluation.functional import JointDetections, average_precision


def _detections(scores, correct, num_truth, joint=0):
    counts = np.zeros(15, int)
    counts[joint] = num_truth
    return JointDetections(
        scores=np.array(scores, float),
        joints=np.full(len(scores), joint),
        correct=np.array(correct, bool),
        num_truth=counts,
    )


def test_by_hand():
    # sorted: right, wrong, right, wrong; precisions at the hits 1/1 and 2/3, 4 annotated joints
    figures = average_precision(_detections([0.1, 0.9, 0.5, 0.7], [0, 1, 1, 0], 4))
    assert figures[0] == pytest.approx(100 * (1 + 2 / 3) / 4)


def test_the_envelope_lifts_earlier_precisions():
    # sorted: wrong, right, right: precisions 1/2 and 2/3, the first is lifted to 2/3
    figures = average_precision(_detections([0.9, 0.8, 0.7], [0, 1, 1], 2))
    assert figures[0] == pytest.approx(100 * 2 / 3)


def test_perfect_and_useless():
    assert average_precision(_detections([0.3, 0.2], [1, 1], 2))[0] == 100
    assert average_precision(_detections([0.3, 0.2], [0, 0], 2))[0] == 0
    assert average_precision(_detections([], [], 2))[0] == 0


def test_never_annotated():
    predicted = _detections([0.5], [0], 0)
    assert np.isnan(average_precision(predicted)[0])
    assert np.isnan(average_precision(predicted, protocol="strict")[0])
    # joint 1 is neither annotated nor predicted
    assert average_precision(predicted)[1] == 0
    assert np.isnan(average_precision(predicted, protocol="strict")[1])


def test_joints_do_not_mix():
    both = _detections([0.9], [1], 1, joint=3) + _detections([0.8, 0.95], [1, 0], 1, joint=4)
    figures = average_precision(both)
    assert figures[3] == 100
    assert figures[4] == 50


def test_detections_of_videos_are_pooled():
    # right 0.9, wrong 0.8, right 0.7 -> (1 + 2/3) / 2; the mean of the two videos would be 75 %
    pooled = _detections([0.9], [1], 1) + _detections([0.8, 0.7], [0, 1], 1)
    assert average_precision(pooled)[0] == pytest.approx(100 * (1 + 2 / 3) / 2)
    assert average_precision(pooled)[0] != pytest.approx(75)


def test_equal_scores_keep_their_order():
    assert average_precision(_detections([0.5, 0.5], [1, 0], 1))[0] == 100
    assert average_precision(_detections([0.5, 0.5], [0, 1], 1))[0] == 50
