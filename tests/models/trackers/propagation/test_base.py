"""What a tracker and a propagation do together; propagations by boxes: test_pasted_boxes.py."""

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmpose_temporal.models.trackers import PersonCandidates, Propagation, TemporalOKS
from mmpose_temporal.models.trackers.propagation.base import (
    DETECTED,
    SOURCE,
    UNSEEN,
    confidence,
    turns,
)
from mmpose_temporal.structures import People
from mmpose_temporal.testing import (
    make_frame,
    make_video,
    template_keypoints,
    template_tracker_config,
    track_frames,
)

A, B = [4, 6, 16, 38], [24, 6, 36, 38]


@MODELS.register_module()
class MovedBoxes(Propagation):
    """Offers everyone's box ``shift`` pixels to the right; with a detection nobody else stays."""

    def __init__(self, shift: float):
        super().__init__(max_propagated=3, min_confidence=0.0)
        self.shift = shift

    def propose(self, last, packet, boxes, scores):
        if not len(last):
            return PersonCandidates.of_detections(boxes, scores)
        moved = last.people.boxes + np.float32([self.shift, 0, self.shift, 0])
        return PersonCandidates(
            boxes=np.concatenate([boxes, moved]),
            scores=np.concatenate([scores, last.people.box_scores]),
            sources=np.concatenate([np.full(len(boxes), DETECTED), np.arange(len(moved))]),
            unseen=np.concatenate([np.zeros(len(boxes), np.int64), last.unseen + 1]),
        )

    def merge(self, last, people):
        detected = people.extras[SOURCE] == DETECTED
        if detected.any():
            people = people[detected]
        stays = self.may_stay(people, people.extras[UNSEEN])
        return people[stays], int((~stays).sum())


def tracker_with(shift: float, **options):
    torch.manual_seed(0)
    propagation = dict(type="MovedBoxes", shift=shift)
    return MODELS.build(template_tracker_config(propagation=propagation, **options)).eval()


def run(tracker, *boxes, **options) -> list:
    """The finished samples of a video; each frame by itself."""
    return track_frames(tracker, make_video("a", *boxes, **options))


def test_a_person_who_is_not_detected_is_estimated_where_the_propagation_says():
    """A is not detected in frames 1 and 2 and is moved by 1 pixel in each."""
    answers = run(tracker_with(shift=1), [A], [], [])
    assert len(answers) == 3
    for step, answer in enumerate(answers):
        np.testing.assert_allclose(
            answer.pred_instances.keypoints[0], template_keypoints([A])[0] + [step, 0], atol=1e-4
        )
        assert answer.pred_instances.track_ids.tolist() == [0]


def test_the_tracks_life_is_counted_from_the_last_detection():
    """3 frames at most: 1 to 3 and, after the detection of 4, 5 to 7."""
    answers = run(tracker_with(shift=0), [A], [], [], [], [A], [], [], [], [])
    assert [len(s.pred_instances) for s in answers] == [1, 1, 1, 1, 1, 1, 1, 1, 0]
    assert [s.dropped.get("propagation", 0) for s in answers] == [0] * 8 + [1]


def test_people_offered_are_dropped_by_the_trackers_thresholds():
    """Joints of 0.9 pass a threshold of 0.9 in every frame; the box score of 0.5 never does."""
    tracker = tracker_with(shift=0, keypoint_score_thr=0.9, box_score_thr=0.6)
    (answer,) = run(tracker, [A], scores=[[0.5]])
    assert answer.dropped == dict(box_score_thr=1)
    assert [len(s.pred_instances) for s in run(tracker, [A], [])] == [1, 1]


def test_what_is_kept_is_one_frame_and_ends_with_the_video():
    tracker, kept = tracker_with(shift=0), []
    for frame in make_video("a", [A, B], [A], [])[:-1]:
        track_frames(tracker, [frame])
        last = tracker.pipeline.state_of("a", "propagation")
        kept.append((len(last), last.unseen.tolist(), sorted(last.people.extras)))
    assert kept == [(2, [0, 0], ["unseen"]), (1, [0], ["unseen"])]
    track_frames(tracker, make_video("a", [A, B], [A], [])[-1:])
    assert tracker.pipeline.open_videos() == []


def test_people_without_an_id_are_not_remembered():
    """0.4 x 0.9 = 0.36 starts no track at 0.5, so nobody is offered in frame 1."""
    births = [dict(type="ScoreBirths", new_track_thr=0.5)]
    tracker = tracker_with(shift=0, association=dict(births=births))
    answers = run(tracker, [A], [], scores=[[0.4], []])
    assert [len(s.pred_instances) for s in answers] == [0, 0]
    assert [s.dropped for s in answers] == [dict(new_track_thr=1), {}]


def test_people_given_to_the_pipeline_are_remembered():
    """The pipeline may be given people of another estimator, without an image."""
    tracker = tracker_with(shift=0)
    (_, first), second = make_video("a", [], [])
    packet = tracker.pipeline.admit(first)
    packet.people = People.create(keypoints=template_keypoints([A]))
    assert [p.people.track_ids.tolist() for p in tracker.pipeline.track(packet)] == [[0]]
    (answer,) = track_frames(tracker, [second])
    assert answer.pred_instances.track_ids.tolist() == [0]


def test_only_the_estimator_is_trained():
    """Distributed training waits for the gradient of every parameter that asks for one."""
    association = dict(
        similarity=dict(type="PoseEntailment", network=dict(num_layers=1, hidden=8, num_heads=2)),
        depth=dict(type="History", history=4),
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
        (dict(max_propagated=0, min_confidence=0.0), "max_propagated"),
        (dict(max_propagated=1, min_confidence=1.5), "min_confidence"),
    ],
)
def test_limits_out_of_range(option, message):
    with pytest.raises(ValueError, match=message):
        TemporalOKS(**option)


def test_candidates_that_do_not_fit():
    with pytest.raises(ValueError, match="each of their 2 boxes"):
        PersonCandidates(
            boxes=np.zeros((2, 4)), scores=np.zeros(2), sources=np.zeros(1), unseen=np.zeros(2)
        )
