"""A memory gives the estimator what it stored of the persons whose boxes are propagated."""

import numpy as np
import pytest
from mmpose.registry import MODELS

from mmpose_temporal.models.trackers import Memory
from mmpose_temporal.models.trackers.estimation import memory as memory_module
from mmpose_temporal.testing import (
    TemplateEstimator,
    make_video,
    template_tracker_config,
    tiny_ptm_config,
    track_frames,
)

A, B = [4, 6, 16, 38], [24, 6, 36, 38]


@MODELS.register_module()
class LeftEstimator(TemplateEstimator):
    """Answers the left border of each box beside the pose, and logs what it is given."""

    def __init__(self):
        super().__init__()
        self.log = []

    def predict(self, inputs, data_samples):
        self.log.append(("estimate", [sample.get("stored") for sample in data_samples]))
        for sample in super().predict(inputs, data_samples):
            sample.pred_instances.left = sample.gt_instances.bboxes[:, 0]
        return data_samples


@MODELS.register_module()
class LeftMemory(Memory):
    """Stores the left border of each person; logs in the estimator's log."""

    def bind(self, tracker):
        self.log = tracker.estimator.log

    def start_video(self):
        return {}

    def attach(self, state, packet, candidates, track_ids, crops):
        assert track_ids.dtype == np.int64
        assert len(crops) == len(candidates.boxes)
        self.log.append(("attach", packet.video_id, packet.index, track_ids.tolist()))
        for crop, track in zip(crops, track_ids.tolist(), strict=True):
            crop.set_metainfo(dict(stored=state.get(track)))

    def observe(self, state, packet):
        left, people = {}, packet.people
        if len(people):  # people of a frame without boxes have no extras
            left = dict(zip(people.track_ids.tolist(), people.extra("left"), strict=True))
        state.update(left)
        self.log.append(("observe", packet.video_id, packet.index, left))


def tracker_with(*, propagation: bool = True, **options):
    """Pasted boxes keep their size, so a person's left border stays."""
    moved = dict(type="TemporalOKS", alpha=1.0) if propagation else None
    config = template_tracker_config(propagation=moved, memory=dict(type="LeftMemory"), **options)
    config["estimator"] = dict(type="LeftEstimator")
    return MODELS.build(config).eval()


def test_order_of_calls_and_ids_of_propagated_boxes():
    """A is not detected in frame 1, in which boxes are B's detection and both people's."""
    tracker = tracker_with()
    answers = track_frames(tracker, make_video("v", [A, B], [B], []), batch_size=3)
    assert tracker.estimator.log == [
        ("attach", "v", 0, [-1, -1]),
        ("estimate", [None, None]),
        ("observe", "v", 0, {0: 4, 1: 24}),
        ("attach", "v", 1, [-1, 0, 1]),
        ("estimate", [None, 4, 24]),
        ("observe", "v", 1, {0: 4, 1: 24}),
        # The people of frame 1 are in the order of its candidates: B's detection, then A.
        ("attach", "v", 2, [1, 0]),
        ("estimate", [24, 4]),
        ("observe", "v", 2, {0: 4, 1: 24}),
    ]
    assert [sorted(s.pred_instances.track_ids.tolist()) for s in answers] == [[0, 1]] * 3
    assert tracker.pipeline.open_videos() == []


def test_videos_have_their_own_memory():
    """Person 0 is A in one video and B in the other; their crops are estimated together."""
    tracker = tracker_with()
    mixed = zip(make_video("v", [A], []), make_video("w", [B], []), strict=True)
    track_frames(tracker, [frame for pair in mixed for frame in pair], batch_size=4)
    assert tracker.estimator.log == [
        ("attach", "v", 0, [-1]),
        ("attach", "w", 0, [-1]),
        ("estimate", [None, None]),
        ("observe", "v", 0, {0: 4}),
        ("observe", "w", 0, {0: 24}),
        ("attach", "v", 1, [0]),
        ("attach", "w", 1, [0]),
        ("estimate", [4, 24]),
        ("observe", "v", 1, {0: 4}),
        ("observe", "w", 1, {0: 24}),
    ]


def test_without_a_propagation_nobody_is_known_before_the_estimator():
    """The frames go one by one all the same: a memory needs the previous frame."""
    tracker = tracker_with(propagation=False)
    track_frames(tracker, make_video("v", [A, B], [], [B]), batch_size=3)
    assert tracker.estimator.log == [
        ("attach", "v", 0, [-1, -1]),
        ("estimate", [None, None]),
        ("observe", "v", 0, {0: 4, 1: 24}),
        ("observe", "v", 1, {}),
        ("attach", "v", 2, [-1]),
        ("estimate", [None]),
        ("observe", "v", 2, {1: 24}),
    ]


def test_what_is_stored_goes_with_its_crop_into_each_call_of_the_estimator():
    tracker = tracker_with(max_crops=2)
    track_frames(tracker, make_video("v", [A, B], [B]))
    estimated = [entry[1] for entry in tracker.estimator.log if entry[0] == "estimate"]
    assert estimated == [[None, None], [None, 4], [24]]


def test_people_without_an_id_are_not_stored():
    """A's box score is too low to start a track."""
    births = [dict(type="ScoreBirths", new_track_thr=0.5)]
    tracker = tracker_with(association=dict(births=births))
    track_frames(tracker, make_video("v", [A, B], scores=[[0.1, 1]]))
    assert tracker.estimator.log[-1] == ("observe", "v", 0, {0: 24})


def test_a_memory_neck_of_which_nothing_is_stored(monkeypatch):
    said = []
    monkeypatch.setattr(memory_module, "warn_once", said.append)
    config = tiny_ptm_config()
    MODELS.build(config)
    MODELS.build(template_tracker_config())
    assert not said
    MODELS.build(dict(config, memory=None))
    assert len(said) == 1 and "estimator.neck is a PoseTemporalMemory" in said[0]
    assert "Add memory=dict(type='PersonMemory')" in said[0]


def test_a_memory_must_attach():
    with pytest.raises(TypeError, match="attach"):
        Memory()
