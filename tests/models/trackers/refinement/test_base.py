"""A refinement of one's own in a tracker of known poses."""

import numpy as np
import pytest
from mmengine.structures import InstanceData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

from mmpose_temporal.models.trackers import Refinement


class MeanOfTwo(Refinement):
    """Each pose becomes the mean with its track's pose in the next frame; one frame late."""

    def start_video(self) -> list:
        return []

    def push(self, window: list, packet) -> list:
        assert packet.image is None
        window.append(packet)
        return [self.refine(window.pop(0), packet)] if len(window) > 1 else []

    def flush(self, window: list) -> list:
        frames = window[:]
        window.clear()
        return frames

    def refine(self, packet, following):
        people, others = packet.people, following.people
        keypoints = people.keypoints.copy()
        for i, track_id in enumerate(people.track_ids):
            for j in np.flatnonzero(others.track_ids == track_id):
                keypoints[i] = (keypoints[i] + others.keypoints[j]) / 2
        packet.people = people.replace(keypoints=keypoints)
        return packet


MODELS.register_module(module=MeanOfTwo, force=True)


def build(**options):
    association = dict(
        type="Association", similarity=dict(type="IoUSimilarity"), min_similarity=0.1
    )
    return MODELS.build(
        dict(
            type="PoseOnlyTracker",
            association=association,
            refinement=dict(type="MeanOfTwo"),
            **options,
        )
    )


def sample(index: int, length: int, *lefts: float) -> PoseDataSample:
    """People 10 pixels wide; all 17 keypoints lie at the left border."""
    found = PoseDataSample(metainfo=dict(video_id="v", frame_index=index, num_frames=length))
    lefts = np.array(lefts, np.float32).reshape(-1, 1)
    keypoints = np.zeros((len(lefts), 17, 2), np.float32)
    keypoints[..., 0] = lefts
    found.pred_instances = InstanceData(
        keypoints=keypoints,
        keypoint_scores=np.ones((len(lefts), 17), np.float32),
        bboxes=np.concatenate([lefts, lefts * 0, lefts + 10, lefts * 0 + 10], axis=1),
        bbox_scores=np.ones(len(lefts), np.float32),
    )
    return found


def places(samples: list) -> list:
    return [s.pred_instances.keypoints[:, 0, 0].tolist() for s in samples]


def test_frames_come_late_and_changed() -> None:
    """At 0, 2, 6: (0 + 2) / 2, (2 + 6) / 2, and the last one has no next."""
    tracker = build()
    answers = [tracker(None, [sample(t, 3, x)]) for t, x in enumerate([0, 2, 6])]
    assert [len(found) for found in answers] == [0, 1, 2]
    assert places(answers[1] + answers[2]) == [[1.0], [4.0], [6.0]]


@pytest.mark.parametrize("min_length", [2, 3])
def test_with_min_length(min_length: int) -> None:
    """A track of two poses ends; it is judged by both, though one waits in the refinement."""
    tracker = build(min_length=min_length)
    frames = [(0, 50), (1, 50), (2,), (3,), (4,)]
    found = [s for t, x in enumerate(frames) for s in tracker(None, [sample(t, 5, *x)])]
    short = [50.0] if min_length == 2 else []
    assert places(found) == [[0.5, *short], [1.5, *short], [2.5], [3.5], [4.0]]
    assert [s.dropped.get("short_track", 0) for s in found[:2]] == [0 if short else 1] * 2


def test_associations_see_poses_as_they_were() -> None:
    """Refined poses are output only: a track at 0 and 9 (overlap 1/19 of boxes) is lost."""
    tracker = build()
    found = tracker(None, [sample(0, 2, 0), sample(1, 2, 9)])
    assert [s.pred_instances.track_ids.tolist() for s in found] == [[0], [1]]


def test_a_refinement_that_was_left_open_is_forgotten() -> None:
    tracker = build()
    assert tracker(None, [sample(0, 3, 0)]) == []
    tracker.reset()
    assert places(tracker(None, [sample(0, 1, 7)])) == [[7.0]]


def test_frames_not_searched_at_the_start_with_min_length() -> None:
    """No track has been seen yet, so there is nobody whose track may end."""
    tracker = build(min_length=2)
    first = sample(0, 3)
    first.set_metainfo(dict(searched=False))
    found = tracker(None, [first, sample(1, 3, 0), sample(2, 3, 2)])
    assert places(found) == [[], [1.0], [2.0]]
