"""The seam between a tracker and a propagation; the propagations are in test_pasted_boxes.py."""

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmpose_temporal.models.trackers import TemporalOKS
from mmpose_temporal.models.trackers.propagation import (
    DETECTED,
    Candidates,
    MergedPoses,
    Propagation,
    confidence,
    turns,
)
from mmpose_temporal.structures import People
from mmpose_temporal.testing import make_frame, template_keypoints, template_tracker_config

A, B = [4, 6, 16, 38], [24, 6, 36, 38]


class MovedPoses(Propagation):
    """Offers everyone's pose ``shift`` pixels to the right, without the estimator."""

    def __init__(self, shift: float):
        super().__init__(max_propagated=3, min_confidence=0.0)
        self.shift = shift

    def propose(self, memory, image, boxes, scores):
        if not len(memory):
            return Candidates.of_detections(boxes, scores)
        moved = memory.poses.replace(
            keypoints=memory.poses.keypoints + np.float32([self.shift, 0]),
            boxes=memory.poses.boxes + np.float32([self.shift, 0, self.shift, 0]),
        )
        return Candidates(
            boxes=boxes,
            scores=scores,
            sources=np.concatenate([np.full(len(boxes), DETECTED), np.arange(len(moved))]),
            unseen=np.concatenate([np.zeros(len(boxes), np.int64), memory.unseen + 1]),
            poses=moved,
        )

    def merge(self, memory, poses, sources, unseen):
        detected = (sources == DETECTED).any()
        rows = np.flatnonzero(sources == DETECTED) if detected else np.arange(len(poses))
        stays = self.may_stay(poses[rows], unseen[rows])
        rows = rows[stays]
        return MergedPoses(rows, poses[rows], unseen[rows], num_given_up=int((~stays).sum()))


def tracker_with(propagation: Propagation, **options):
    torch.manual_seed(0)
    tracker = MODELS.build(template_tracker_config(**options)).eval()
    tracker.propagation = propagation
    return tracker


def run(tracker, *boxes) -> list:
    """The finished samples of a video; each frame by itself."""
    finished = []
    for index, found in enumerate(boxes):
        frame, sample = make_frame(
            video_id="a", frame_index=index, num_frames=len(boxes), boxes=found
        )
        finished += tracker([frame], [sample], mode="predict")
    return finished


def test_poses_that_need_no_estimator():
    """A is not detected in frames 1 and 2 and is moved by 1 pixel in each."""
    answers = run(tracker_with(MovedPoses(shift=1)), [A], [], [])
    for step, answer in enumerate(answers):
        np.testing.assert_allclose(
            answer.pred_instances.keypoints[0], template_keypoints([A])[0] + [step, 0], atol=1e-4
        )
        assert answer.pred_instances.track_ids.tolist() == [0]


def test_the_tracks_life_is_counted_from_the_last_detection():
    """3 frames at most: 1 to 3 and, after the detection of 4, 5 to 7."""
    answers = run(tracker_with(MovedPoses(shift=0)), [A], [], [], [], [A], [], [], [], [])
    assert [len(s.pred_instances) for s in answers] == [1, 1, 1, 1, 1, 1, 1, 1, 0]
    assert [s.dropped.get("propagation", 0) for s in answers] == [0] * 8 + [1]


def test_poses_offered_are_dropped_by_the_trackers_thresholds():
    """Joints of 0.9 pass a threshold of 0.9 in every frame; the box score of 0.5 never does."""
    tracker = tracker_with(MovedPoses(shift=0), keypoint_score_thr=0.9, box_score_thr=0.6)
    frame, sample = make_frame(video_id="a", frame_index=0, num_frames=1, boxes=[A], scores=[0.5])
    (answer,) = tracker([frame], [sample], mode="predict")
    assert answer.dropped == dict(box_score_thr=1)
    assert [len(s.pred_instances) for s in run(tracker, [A], [])] == [1, 1]


def test_memory_is_one_frame_and_ends_with_the_video():
    tracker = tracker_with(MovedPoses(shift=0))
    state = tracker.start_video("a", 3)
    for index, found in enumerate([[A, B], [A], []]):
        frame, sample = make_frame(video_id="a", frame_index=index, num_frames=3, boxes=found)
        tracker([frame], [sample], mode="predict")
        assert len(state.propagation) == (2, 1, 1)[index]
    assert tracker._videos == {}


def test_poses_without_an_id_are_not_remembered():
    """0.4 x 0.9 = 0.36 starts no track at 0.5, so nobody is offered in frame 1."""
    tracker = tracker_with(MovedPoses(shift=0), association=dict(new_track_thr=0.5))
    frames = [
        make_frame(video_id="a", frame_index=i, num_frames=2, boxes=b, scores=s)
        for i, (b, s) in enumerate((([A], [0.4]), ([], [])))
    ]
    answers = [tracker([f], [s], mode="predict")[0] for f, s in frames]
    assert [len(s.pred_instances) for s in answers] == [0, 0]
    assert [s.dropped for s in answers] == [dict(new_track_thr=1), {}]


def test_poses_given_to_track_are_remembered():
    """`track` may be called with poses of another estimator, without an image."""
    tracker = tracker_with(MovedPoses(shift=0))
    (_, first), (frame, second) = (
        make_frame(video_id="a", frame_index=i, num_frames=2) for i in range(2)
    )
    tracker.track(first, People.create(keypoints=template_keypoints([A])))
    (answer,) = tracker([frame], [second], mode="predict")
    assert answer.pred_instances.track_ids.tolist() == [0]


def test_only_the_estimator_is_trained():
    """Distributed training waits for the gradient of every parameter that asks for one."""
    association = dict(
        type="HistoryAssociation",
        similarity=dict(type="PoseEntailment", network=dict(num_layers=1, hidden=8, num_heads=2)),
        max_age=4,
    )
    tracker = MODELS.build(template_tracker_config(association=association))
    parameters = dict(tracker.named_parameters())
    assert [name for name, p in parameters.items() if p.requires_grad] == ["estimator.unused"]
    assert any(name.startswith("association.similarity.") for name in parameters)


def test_confidence_counts_absent_joints_as_nothing():
    scores = np.array([[0.8] * 2 + [0] * 2, [0.5] * 4, [-1, 0.4, 0.4, 0.4]])
    poses = People.create(keypoints=np.zeros((3, 4, 2)), keypoint_scores=scores)
    np.testing.assert_allclose(confidence(poses), [1.6 / 4, 0.5, 1.2 / 4], rtol=1e-6)
    assert confidence(People.empty(17)).shape == (0,)


def test_turns_keep_the_order_of_each_video():
    samples = [
        make_frame(video_id=name, frame_index=0, num_frames=9)[1]
        for name in ("a", "b", "b", "a", "b")
    ]
    assert turns(samples) == [[0, 1], [2, 3], [4]]
    assert turns([]) == []


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (dict(max_propagated=0, min_confidence=0.0), "max_propagated must be 1 frame or more"),
        (dict(max_propagated=1, min_confidence=1.5), "min_confidence must be in"),
    ],
)
def test_limits_out_of_range(option, message):
    with pytest.raises(ValueError, match=message):
        TemporalOKS(**option)


def test_candidates_that_do_not_fit():
    with pytest.raises(ValueError, match="a score for each of their 2 boxes"):
        Candidates(boxes=np.zeros((2, 4)), scores=np.zeros(2), sources=np.zeros(1), unseen=[0])
