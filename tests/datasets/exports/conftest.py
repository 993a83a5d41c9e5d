"""Two people over three frames: 7 in frames 0 and 2, 3 in frame 2 only; frame 1 is empty."""

import numpy as np
import pytest

from mmpose_temporal.datasets.exports import VideoTracks
from mmpose_temporal.evaluation import PredictedFrame, write_video_predictions
from mmpose_temporal.structures import People


def poses(track_ids, shift=0.0):
    """Person p: box (10 p, 20, 10 p + 5.1, 40), joint j at (j + shift + 100 p, 1 / 3 + j)."""
    count = len(track_ids)
    keypoints = np.zeros((count, 17, 2), np.float32)
    keypoints[..., 0] = np.arange(17) + shift + 100 * np.arange(count)[:, None]
    keypoints[..., 1] = np.arange(17) + 1 / 3
    scores = np.tile(np.linspace(0.1, 0.9, 17, dtype=np.float32), (count, 1))
    scores[:, 3:5] = 0  # ears are absent
    keypoints[:, 3:5] = 0
    left = 10 * np.arange(count)
    boxes = np.stack([left, left * 0 + 20, left + 5.1, left * 0 + 40], axis=1)
    return People.create(
        keypoints=keypoints,
        keypoint_scores=scores,
        boxes=boxes,
        box_scores=np.full(count, 0.7, np.float32),
        track_ids=np.array(track_ids, np.int64),
    )


def frame(index, people, size=(640, 480), first=50000):
    name = f"images/val/v5/{index:06d}.jpg"
    return PredictedFrame(first + index, 900 + index, name, size, people)


@pytest.fixture
def tracks():
    frames = [frame(0, poses([7])), frame(1, People.empty(17)), frame(2, poses([7, 3], 0.5))]
    return VideoTracks("v5", frames)


@pytest.fixture
def folder(tracks, tmp_path):
    write_video_predictions(tmp_path / "predictions", "v5", tracks.frames)
    return tmp_path / "predictions"


def assert_same(one, other, *, by_track=False):
    assert one.video_id == other.video_id
    for a, b in zip(one.frames, other.frames, strict=True):
        for name in ("image_id", "frame_id", "file_name", "size"):
            assert getattr(a, name) == getattr(b, name)
        p, q = a.poses, b.poses
        if by_track:
            p, q = p[np.argsort(p.track_ids)], q[np.argsort(q.track_ids)]
        for name in ("keypoints", "keypoint_scores", "box_scores", "track_ids"):
            np.testing.assert_array_equal(getattr(p, name), getattr(q, name))
        np.testing.assert_allclose(p.boxes, q.boxes, rtol=1e-6)


@pytest.fixture(name="poses")
def _poses():
    return poses


@pytest.fixture(name="frame")
def _frame():
    return frame


@pytest.fixture(name="assert_same")
def _assert_same():
    return assert_same
