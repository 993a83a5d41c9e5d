import numpy as np
import pytest
from mmpose.registry import MODELS

from mmpose_temporal.models.trackers.thresholds import Thresholds
from mmpose_temporal.structures import FramePacket, People
from mmpose_temporal.testing import make_packet


def packet(*joint_scores, boxes=None, box_scores=None, **options) -> FramePacket:
    """A frame with a person for each list of joint scores; ids tell them apart."""
    scores = np.array(joint_scores, np.float32)
    count = len(scores)
    people = People.create(
        keypoints=np.ones((*scores.shape, 2)),
        keypoint_scores=scores,
        boxes=np.array(boxes or [[0, 0, 9, 9]] * count, np.float32),
        box_scores=box_scores,
        track_ids=np.arange(count),
    )
    return make_packet(people, **options)


def test_a_score_at_the_threshold_counts():
    frame = packet([1, 1], [1, 1], box_scores=[0.5, 0.49])
    Thresholds(box_score_thr=0.5).apply(frame)
    assert frame.people.track_ids.tolist() == [0]
    assert frame.dropped == dict(box_score_thr=1)


def test_weak_joints_are_absent_and_people_without_any_are_left_out():
    frame = packet([0.5, 0.4], [0.4, 0.4])
    Thresholds(keypoint_score_thr=0.5).apply(frame)
    assert frame.people.track_ids.tolist() == [0]
    assert frame.people.keypoint_scores.tolist() == [[0.5, 0]]
    assert frame.dropped == dict(no_keypoints=1)


def test_people_without_joints_are_left_out_without_any_threshold():
    frame = packet([0, 0], [0, 0.01])
    Thresholds().apply(frame)
    assert frame.people.track_ids.tolist() == [1]
    assert frame.dropped == dict(no_keypoints=1)


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_boxes_that_are_no_numbers(broken):
    """The third is weak besides, and counts once."""
    boxes = [[0, 0, 9, 9], [0, 0, broken, 9], [broken, 0, 9, 9], [0, 0, 9, 9]]
    frame = packet(*[[1, 1]] * 4, boxes=boxes, box_scores=[1, 1, 0.1, 0.1])
    Thresholds(box_score_thr=0.5).apply(frame)
    assert frame.people.track_ids.tolist() == [0]
    assert frame.dropped == dict(broken_box=2, box_score_thr=1)


def test_boxes_so_large_that_their_sum_is_infinite_are_numbers():
    large = np.finfo(np.float32).max
    frame = packet([1, 1], [1, 1], boxes=[[0, 0, large, large]] * 2)
    with np.errstate(over="ignore"):
        Thresholds().apply(frame)
    assert len(frame.people) == 2
    assert frame.dropped == {}


def test_what_passed_passes_again():
    thresholds = Thresholds(0.5, 0.5)
    frame = packet([0.5, 0.4], [0.4, 0.4], [1, 1], box_scores=[0.5, 1, 0.4])
    thresholds.apply(frame)
    people, dropped = frame.people, dict(frame.dropped)
    thresholds.apply(frame)
    assert frame.people.track_ids.tolist() == people.track_ids.tolist() == [0]
    assert frame.dropped == dropped == dict(box_score_thr=1, no_keypoints=1)


def test_the_output_threshold_waits_for_the_output():
    frame = packet([0.5, 0.4], [0.4, 0.4])
    thresholds = Thresholds(output_keypoint_thr=0.5)
    thresholds.apply(frame)
    assert frame.people.keypoint_scores.max(1).tolist() == pytest.approx([0.5, 0.4])
    thresholds.apply_to_output(frame)
    assert frame.people.track_ids.tolist() == [0]
    assert frame.people.keypoint_scores.tolist() == [[0.5, 0]]
    assert frame.dropped == dict(output_keypoint_thr=1)


@pytest.mark.parametrize("thresholds", [Thresholds(), Thresholds(0.5, 0.5, 0.5)])
def test_nobody(thresholds):
    frame = make_packet(People.empty(17))
    thresholds.apply(frame)
    thresholds.apply_to_output(frame)
    assert (len(frame.people), frame.dropped) == (0, {})


@pytest.mark.parametrize("name", ["box_score_thr", "keypoint_score_thr", "output_keypoint_thr"])
@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_out_of_range(name, value):
    with pytest.raises(ValueError, match=name):
        Thresholds(**{name: value})


@pytest.mark.parametrize("min_length", [1, 2])
@pytest.mark.parametrize("num_frames", [3, None])
def test_association_sees_who_is_not_reported(min_length, num_frames):
    """In frame 1 all joints are too weak for the output: not reported, but the id goes on.

    It holds where frames are held back, and where the video is ended by hand.
    """
    tracker = MODELS.build(
        dict(
            type="PoseOnlyTracker",
            association=dict(type="Association", similarity=dict(type="IoUSimilarity")),
            output_keypoint_thr=0.5,
            min_length=min_length,
        )
    )
    answers = []
    for index, score in enumerate([0.9, 0.4, 0.9]):
        frame = packet([score, score], tick=index, num_frames=num_frames)
        frame.sample.pred_instances = frame.people.to_instances()
        answers += tracker(data_samples=[frame.sample])
    if num_frames is None:
        answers += tracker.end_video("v")
    assert [s.pred_instances.track_ids.tolist() for s in answers] == [[0], [], [0]]
    assert [s.dropped for s in answers] == [{}, dict(output_keypoint_thr=1), {}]
