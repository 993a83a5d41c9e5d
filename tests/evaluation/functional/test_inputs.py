"""What the evaluation refuses, and how it says so."""

from dataclasses import replace

import numpy as np
import pytest

from mmpose_temporal.evaluation.functional import (
    JOINT_NAMES,
    SCORED_GROUPS,
    GroundTruthFrame,
    PredictionFrame,
    VideoInput,
    pair_videos,
)


def _truth(*ids, **changes):
    frame = GroundTruthFrame(
        keypoints=np.zeros((len(ids), 15, 2)),
        visible=np.ones((len(ids), 15), bool),
        head_sizes=np.ones(len(ids)),
        track_ids=np.array(ids, int),
    )
    return replace(frame, **changes)


def _prediction(*ids, **changes):
    frame = PredictionFrame(
        keypoints=np.zeros((len(ids), 15, 2)),
        present=np.ones((len(ids), 15), bool),
        scores=np.ones((len(ids), 15)),
        track_ids=np.array(ids, int),
    )
    return replace(frame, **changes)


def test_layout():
    assert len(JOINT_NAMES) == 15
    assert not any("ear" in name for name in JOINT_NAMES)
    named = {group: [JOINT_NAMES[i] for i in index] for group, index in SCORED_GROUPS.items()}
    assert named["Head"] == ["nose", "head_bottom", "head_top"]
    assert named["Ankl"] == ["left_ankle", "right_ankle"]
    assert sorted(i for index in SCORED_GROUPS.values() for i in index) == list(range(15))


def test_people_are_stacked_in_order():
    video = VideoInput("v", [_truth(4, 2), _truth(), _truth(7)], [_prediction()] * 3)
    assert video.truth_people.frames.tolist() == [0, 0, 2]
    assert video.truth_people.track_ids.tolist() == [4, 2, 7]
    assert len(video.predicted_people) == 0
    assert video.predicted_people.scores.shape == (0, 15)


def test_video_without_frames():
    video = VideoInput("v", [], [])
    assert len(video.truth_people) == 0


def test_the_same_id_in_other_frames_is_no_repetition():
    VideoInput("v", [_truth(1, 2), _truth(2, 1)], [_prediction(5), _prediction(5)])


def _nan(shape, *where):
    array = np.zeros(shape)
    array[where] = np.nan
    return array


@pytest.mark.parametrize(
    ("truth", "prediction", "message"),
    [
        (
            _truth(3, 1, 3),
            _prediction(),
            r"'v', frame 1: ground truth .*\(3\) is repeated",
        ),
        (_truth(), _prediction(8, 8), r"'v', frame 1: prediction track_ids .*\(8\) is repeated"),
        (
            _truth(-1),
            _prediction(),
            r"frame 1: ground truth track_ids .*\(-1\) is neg",
        ),
        (_truth(), _prediction(2, -4), r"frame 1: prediction track_ids of person 1 \(-4\) is neg"),
        (
            _truth(),
            _prediction(1, track_ids=np.array([1.5])),
            "frame 1: prediction: track_ids must be integers",
        ),
        (
            _truth(1, keypoints=_nan((1, 15, 2), 0, 2, 1)),
            _prediction(),
            r"frame 1: ground truth keypoints of person 0 \(head_top\) has a present keypoint",
        ),
        (
            _truth(),
            _prediction(1, 2, keypoints=_nan((2, 15, 2), 1, 0, 0)),
            r"frame 1: prediction keypoints of person 1 \(nose\) has a present",
        ),
        (
            _truth(),
            _prediction(1, scores=_nan((1, 15), 0, 14)),
            r"frame 1: prediction scores of person 0 \(right_ankle\)",
        ),
        (
            _truth(),
            _prediction(1, keypoints=np.zeros((1, 17, 2))),
            r"frame 1: prediction keypoints has the shape \(1, 17, 2\), expected \(1, 15, 2\)",
        ),
        (
            _truth(1, visible=np.ones((1, 17), bool)),
            _prediction(),
            r"frame 1: ground truth visible has the shape \(1, 17\), expected \(1, 15\)",
        ),
        (
            _truth(1, head_sizes=np.array([np.nan])),
            _prediction(),
            "frame 1: ground truth head_sizes of person 0 .* needs a head box",
        ),
        (
            _truth(ignore_regions=[np.zeros((2, 2))]),
            _prediction(),
            "frame 1: ignore_regions must be polygons",
        ),
    ],
)
def test_errors_name_video_frame_and_field(truth, prediction, message):
    with pytest.raises(ValueError, match=message):
        VideoInput("v", [_truth(0), truth], [_prediction(0), prediction])


def test_nan_in_absent_keypoints_is_no_error():
    absent = np.ones((1, 15), bool)
    absent[0, 3] = False
    points = _nan((1, 15, 2), 0, 3)
    VideoInput(
        "v",
        [_truth(1, keypoints=points, visible=absent)],
        [_prediction(1, keypoints=points, present=absent, scores=_nan((1, 15), 0, 3))],
    )


def test_different_frame_counts():
    with pytest.raises(ValueError, match=r"'v': the ground truth has 2 .* has 1"):
        VideoInput("v", [_truth(), _truth()], [_prediction()])


def test_different_videos_are_all_named():
    with pytest.raises(ValueError, match=r"missing predictions of \['a', 'c'\], .*truth \['d'\]"):
        pair_videos({"a": [], "b": [], "c": []}, {"b": [], "d": []})


def test_videos_are_sorted():
    videos = pair_videos({"b": [], "a": []}, {"a": [], "b": []})
    assert [video.video_id for video in videos] == ["a", "b"]
