"""AP and recall of hidden and of seen joints, worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from mmpose_temporal.evaluation.functional import (
    HIDDEN_FIGURES,
    GroundTruthFrame,
    PredictionFrame,
    VideoInput,
    add_counts,
    evaluate_video,
    evaluate_videos,
    figure_keys,
    summarize,
)

REACH = 5.0  # half of the head size


def _truth(places, hidden=(), joints=3, **more):
    """People whose first joints are annotated at (x, 0); ``hidden``: pairs of person and joint."""
    points = np.zeros((len(places), 15, 2))
    points[..., 0] = np.array(places, float).reshape(-1, 1)
    visible, covered = np.zeros((2, len(places), 15), bool)
    visible[:, :joints] = True
    covered[tuple(np.array(hidden, int).reshape(-1, 2).T)] = True
    return GroundTruthFrame(
        keypoints=points,
        visible=visible,
        head_sizes=np.full(len(places), 2 * REACH),
        track_ids=np.arange(len(places)),
        hidden=covered,
        **more,
    )


def _prediction(places, scores, wrong=(), absent=()):
    """People with the first three joints at (x, 0); those of ``wrong`` are 50 pixels off."""
    points = np.zeros((len(places), 15, 2))
    points[..., 0] = np.array(places, float).reshape(-1, 1)
    for pair in wrong:
        points[pair][1] = 50
    present, values = np.zeros((len(places), 15), bool), np.zeros((len(places), 15))
    present[:, :3] = True
    for pair in absent:
        present[pair] = False
    values[:, :3] = np.array(scores, float).reshape(-1, 3)
    return PredictionFrame(
        keypoints=points, present=present, scores=values, track_ids=np.arange(len(places))
    )


def _figures(*videos, **options):
    options = {"metrics": ("AP",), "joints": "annotated", "hidden_joints": True, **options}
    return evaluate_videos(videos, **options)


TRUTH = _truth([0, 100], hidden=[(0, 0)])
PREDICTED = _prediction(
    [0, 100, 300],
    [[0.9, 0.8, 0.7], [0.6, 0.5, 0.4], [0.95, 0.1, 0.1]],
    wrong=[(0, 2)],
)
"""Person 0's joint 0 is hidden and found, its joint 2 is missed; person 1 is perfect; the third
prediction belongs to nobody."""


def test_by_hand():
    figures = _figures(VideoInput("v", [TRUTH], [PREDICTED]))
    joints = figures.per_joint
    # All predictions of joint 0: wrong 0.95, right 0.9, right 0.6; the envelope is 2/3.
    np.testing.assert_allclose(joints["AP"][0], 100 * 2 / 3)
    # Hidden: right 0.9 of person 0. Seen: right 0.6 of person 1. The third counts in neither.
    assert joints["AP_hidden"][0] == joints["AP_seen"][0] == 100
    # Joint 2, seen: wrong 0.7, right 0.4: one of two found, with precision 1/2.
    np.testing.assert_allclose(joints["AP_seen"][:3], [100, 100, 25])
    np.testing.assert_allclose(joints["PCKh_seen"][:3], [100, 100, 50])
    np.testing.assert_allclose(joints["PCKh_hidden"][0], 100)
    assert np.isnan(joints["AP_hidden"][1:]).all() and np.isnan(joints["PCKh_hidden"][1:]).all()
    assert np.isnan(joints["AP_seen"][3:]).all() and np.isnan(joints["PCKh_seen"][3:]).all()
    assert figures.totals["AP_hidden"] == figures.totals["PCKh_hidden"] == 100
    assert figures.totals["AP_seen"] == pytest.approx(75)
    assert figures.totals["PCKh_seen"] == pytest.approx(250 / 3)


def test_hidden_joints_that_are_wrong_absent_or_of_nobody_are_missed():
    truth = [_truth([0], hidden=[(0, 0)])] * 4
    predicted = [
        _prediction([0], [0.9, 0.8, 0.7]),
        _prediction([0], [0.95, 0.8, 0.7], wrong=[(0, 0)]),
        _prediction([0], [0.9, 0.8, 0.7], absent=[(0, 0)]),
        _prediction([], []),
    ]
    # Hidden joint 0: wrong 0.95, right 0.9: one of four found, with precision 1/2.
    figures = _figures(VideoInput("v", truth, predicted))
    np.testing.assert_allclose(figures.per_joint["AP_hidden"][0], 12.5)
    np.testing.assert_allclose(figures.per_joint["PCKh_hidden"][0], 25)
    assert figures.totals["PCKh_seen"] == 75  # joints 1 and 2, three of four each


def test_people_are_assigned_by_all_their_joints():
    # The second prediction alone is right about the hidden joint, but the first one has the
    # person: it matches two joints of three.
    truth = _truth([0], hidden=[(0, 0)])
    predicted = _prediction(
        [0, 0], [[0.9, 0.8, 0.7], [0.6, 0.5, 0.4]], wrong=[(0, 0), (1, 1), (1, 2)]
    )
    figures = _figures(VideoInput("v", [truth], [predicted]))
    assert figures.totals["AP_hidden"] == figures.totals["PCKh_hidden"] == 0
    assert figures.totals["AP_seen"] == 100


def test_what_is_not_annotated_is_not_hidden():
    # Only joint 0 is annotated; the mask says something of joint 1 as well.
    truth = _truth([0], hidden=[(0, 1)], joints=1)
    figures = _figures(VideoInput("v", [truth], [_prediction([0], [0.9, 0.8, 0.7])]))
    assert np.isnan(figures.totals["AP_hidden"])
    assert figures.totals["AP_seen"] == 100


def test_ignore_regions_and_thresholds_apply():
    region = np.array([[-10.0, -10], [10, -10], [10, 10], [-10, 10]])
    truth = _truth([0, 100], hidden=[(0, 0), (1, 1)], ignore_regions=[region])
    figures = _figures(VideoInput("v", [truth], [PREDICTED]))
    # Person 0 lies in the region; person 1's joint 1 is hidden.
    assert np.isnan(figures.per_joint["AP_hidden"][0])
    assert figures.per_joint["AP_hidden"][1] == 100
    figures = _figures(VideoInput("v", [truth], [PREDICTED]), ap_score_thr=0.55)
    assert figures.per_joint["AP_hidden"][1] == 0  # its score is 0.5


def test_counts_of_videos_are_added_and_other_figures_stay():
    videos = [VideoInput(name, [TRUTH], [PREDICTED]) for name in "ab"]
    videos.append(VideoInput("c", [_truth([])], [_prediction([], [])]))
    options = dict(metrics=("AP", "MOTA"), protocol="strict")
    both = evaluate_videos(videos, hidden_joints=True, **options)
    # Joint 2, seen: wrong, wrong 0.7, right, right 0.4: 2 of 4 with precision 1/2.
    np.testing.assert_allclose(both.per_joint["AP_seen"][2], 25)
    plain = evaluate_videos(videos, **options)
    assert not set(HIDDEN_FIGURES) & set(plain.totals)
    rest = {k: v for k, v in both.as_dict().items() if k not in HIDDEN_FIGURES}
    np.testing.assert_equal(rest, plain.as_dict())
    assert tuple(both.as_dict()) == figure_keys(("AP", "MOTA"), hidden_joints=True)
    assert tuple(plain.as_dict()) == figure_keys(("AP", "MOTA"))
    with pytest.raises(ValueError, match="cannot be added to counts without"):
        add_counts([evaluate_video(v, hidden_joints=v is videos[0]) for v in videos[:2]])


def test_truth_without_people():
    figures = _figures(VideoInput("v", [_truth([])], [_prediction([0], [1, 1, 1])]), joints="all")
    assert all(np.isnan(figures.totals[name]) for name in HIDDEN_FIGURES)
    empty = VideoInput("v", [replace(_truth([]), hidden=None)], [_prediction([], [])])
    assert summarize(evaluate_video(empty, hidden_joints=True)).totals.keys() >= {*HIDDEN_FIGURES}


def test_truth_that_does_not_mark_hidden_joints_is_refused():
    frames = [TRUTH, replace(TRUTH, hidden=None)]
    video = VideoInput("v1", frames, [PREDICTED] * 2)
    with pytest.raises(ValueError, match=r"video 'v1'.*does not say.*'keypoints_hidden'"):
        evaluate_video(video, hidden_joints=True)
    assert evaluate_video(video).hidden is None
    with pytest.raises(ValueError, match="needs 'AP' among the metrics"):
        evaluate_video(
            VideoInput("v", [TRUTH], [PREDICTED]), metrics=("MOTA",), hidden_joints=True
        )
    with pytest.raises(ValueError, match=r"frame 1: ground truth hidden has the shape \(2, 14\)"):
        VideoInput("v", [TRUTH, replace(TRUTH, hidden=np.zeros((2, 14)))], [PREDICTED] * 2)
