"""Matching of joints and of people."""

from dataclasses import replace

import numpy as np

from mmpose_temporal.evaluation.functional import (
    GroundTruthFrame,
    PredictionFrame,
    VideoInput,
    assign_people,
    head_sizes,
    match_joints,
    select_labeled,
    select_scored,
)


def _truth(points, head=10.0, **more):
    points = np.array(points, float).reshape(-1, 15, 2)
    return GroundTruthFrame(
        keypoints=points,
        visible=np.ones(points.shape[:2], bool),
        head_sizes=np.full(len(points), head),
        track_ids=np.arange(len(points)),
        **more,
    )


def _prediction(points, scores=0.5):
    points = np.array(points, float).reshape(-1, 15, 2)
    return PredictionFrame(
        keypoints=points,
        present=np.ones(points.shape[:2], bool),
        scores=np.full(points.shape[:2], scores),
        track_ids=np.arange(len(points)),
    )


def _person(x, good=15, off=100.0):
    """All joints at (x, 0), those from ``good`` on far away."""
    points = np.full((15, 2), [x, 0.0])
    points[good:, 1] = off
    return points


def _matches(truth, predictions, **options):
    return match_joints(select_scored(VideoInput("v", truth, predictions), **options))


def test_head_size_is_0_6_of_the_diagonal():
    # 3-4-5: 0.6 * 50 = 30
    sizes = head_sizes(np.array([[10, 10, 40, 50], [0, 0, 0, 0], [np.nan] * 4]))
    np.testing.assert_allclose(sizes, [30, 0, np.nan])
    assert head_sizes(np.zeros((0, 4))).shape == (0,)


def test_half_a_head_is_within_reach():
    matches = _matches([_truth([_person(0)])], [_prediction([_person(5), _person(5.01)])])
    assert matches.pair_truth.tolist() == [0, 0]
    assert matches.pair_predicted.tolist() == [0, 1]
    np.testing.assert_allclose(matches.distances[:, 0], [0.5, 0.501])
    assert matches.matched[:, 0].tolist() == [True, False]


def test_head_size_0_matches_nothing():
    matches = _matches([_truth([_person(0)], head=0.0)], [_prediction([_person(0)])])
    assert not matches.matched.any()


def test_pairs_are_of_the_same_frame():
    truth = [_truth([_person(0), _person(50)]), _truth([_person(0)])]
    matches = _matches(truth, [_prediction([_person(0)]), _prediction([_person(0), _person(9)])])
    # frame 0: prediction 0 with people 0 and 1; frame 1: predictions 1 and 2 with person 2
    pairs = list(zip(matches.pair_predicted.tolist(), matches.pair_truth.tolist(), strict=True))
    assert pairs == [(0, 0), (0, 1), (1, 2), (2, 2)]


def test_the_better_prediction_gets_the_person():
    # 14 of 15 joints beat 10 of 15; the loser is not given the other person
    truth = [_truth([_person(0), _person(50)])]
    predictions = [_prediction([_person(0, good=10), _person(0, good=14)])]
    matches = _matches(truth, predictions)
    assigned = assign_people(matches)
    assert assigned[0] == -1
    assert matches.pair_truth[assigned[1]] == 0


def test_ties_go_to_the_first_listed():
    matches = _matches([_truth([_person(0), _person(1)])], [_prediction([_person(0), _person(0)])])
    assigned = assign_people(matches)
    assert matches.pair_truth[assigned[0]] == 0
    assert assigned[1] == -1


def test_pckh_is_a_share_of_the_annotated_joints():
    # prediction matches 2 of person 0's 15 joints and 1 of person 1's single joint: 2/15 < 1/1
    truth = _truth([_person(0), _person(100)])
    truth.visible[1, 1:] = False
    points = _person(0, good=2)
    points[0] = [100, 0]
    points[2] = [0, 0]
    matches = _matches([truth], [_prediction([points])])
    assert matches.matched.sum(1).tolist() == [2, 1]
    assert matches.pair_truth[assign_people(matches)[0]] == 1


def test_low_scores_are_dropped_and_equal_ones_kept():
    video = VideoInput("v", [_truth([_person(0)])], [_prediction([_person(0)], scores=0.5)])
    assert select_scored(video, score_thr=0.5).predicted.present.all()
    assert not select_scored(video, score_thr=0.51).predicted.present.any()


def test_frames_without_people():
    truth = [_truth([_person(0)]), _truth([]), _truth([], labeled=False), _truth([_person(0)])]
    video = VideoInput("v", truth, [_prediction([_person(0)])] * 4)
    kept = select_scored(video)
    assert kept.num_frames == 2
    assert kept.predicted.frames.tolist() == [0, 1]
    strict = select_scored(video, protocol="strict")
    assert strict.num_frames == 3
    assert strict.predicted.frames.tolist() == [0, 1, 2]
    assert strict.truth.frames.tolist() == [0, 2]


def test_a_listed_frame_without_people_is_scored_by_poseval():
    # PoseTrack17 files list people without joints: poseval drops them, but scores the frame
    nobody = GroundTruthFrame(
        np.zeros((0, 15, 2)), np.zeros((0, 15), bool), np.zeros(0), np.zeros(0, int), listed=True
    )
    found = _prediction(_person(0)[None])
    video = VideoInput("v", [nobody, replace(nobody, listed=False)], [found, found])
    assert select_scored(video).num_frames == 1
    assert select_scored(video, protocol="strict").num_frames == 2
    unlabeled = replace(nobody, labeled=False)
    video = VideoInput("v", [unlabeled], [found])
    assert select_scored(video).num_frames == 1
    assert select_scored(video, protocol="strict").num_frames == 0
    assert select_labeled(video).num_frames == 0


def test_ignore_regions_take_joints_and_people():
    region = np.array([[-10, -10], [10, -10], [10, 10], [-10, 10]])
    truth = _truth([_person(0), _person(0, good=4), _person(50)], ignore_regions=[region])
    video = VideoInput("v", [truth], [_prediction([_person(0)])])
    scored = select_scored(video)
    assert scored.truth.track_ids.tolist() == [1, 2]
    assert scored.truth.present.sum(1).tolist() == [11, 15]
    assert len(scored.predicted) == 0
    assert scored.num_frames == 1


def test_no_people_at_all():
    matches = _matches([_truth([])], [_prediction([])], protocol="strict")
    assert matches.distances.shape == (0, 15)
    assert assign_people(matches).shape == (0,)
