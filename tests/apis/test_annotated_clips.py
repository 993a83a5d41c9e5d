"""Clips of the small written people: who is in them, and where their joints are."""

import json

import numpy as np
import pytest
from mmpose.registry import TASK_UTILS

from mmpose_temporal.apis.annotated_clips import cut_clips, draw_clips
from mmpose_temporal.datasets import LoadVideoFrame, PoseTrackPersonDataset
from mmpose_temporal.testing import write_tiny_posetrack


@pytest.fixture
def data(tmp_path):
    """Videos of 5 and 3 frames with two people."""
    write_tiny_posetrack(tmp_path)
    return PoseTrackPersonDataset(
        data_root=str(tmp_path), ann_file="annotations/val", lazy_init=True
    )


def test_clips_follow_each_other(data) -> None:
    """Of 2 frames: 0 1 and 2 3 of the first video, frame 4 alone is none; 0 1 of the second."""
    clips = draw_clips(data, frames=2, max_clips=99, seed=0)
    found = [
        (table.video.video_id, table.track_ids[rows].tolist(), table.frame_index[rows].tolist())
        for table, rows in clips
    ]
    expected = [("v1", start, i) for start in (0, 2) for i in (0, 1)] + [
        ("v2", 0, 0),
        ("v2", 0, 1),
    ]
    assert found == [(name, [i, i], [start, start + 1]) for name, start, i in expected]
    some = draw_clips(data, frames=2, max_clips=3, seed=0)
    again = draw_clips(data, frames=2, max_clips=3, seed=0)
    assert len(some) == 3
    assert [rows.tolist() for _, rows in some] == [rows.tolist() for _, rows in again]


def test_no_clip(data, tmp_path) -> None:
    with pytest.raises(ValueError, match="max_clips must be 1 or more"):
        draw_clips(data, frames=2, max_clips=0, seed=0)
    with pytest.raises(ValueError, match="num_frames must be 2 or more"):
        draw_clips(data, frames=1, max_clips=9, seed=0)
    write_tiny_posetrack(tmp_path, videos=dict(v1=1, v2=1))
    with pytest.raises(ValueError, match="nobody with a keypoint in every 9. frame is seen again"):
        draw_clips(data, frames=9, max_clips=9, seed=0)


def test_crops(data, tmp_path) -> None:
    path = tmp_path / "annotations/val/v2.json"
    content = json.loads(path.read_text())
    for person in content["annotations"][2:4]:  # frame 1
        person["keypoints_hidden"] = [1] + [0] * 16
    path.write_text(json.dumps(content))
    cropper = TASK_UTILS.build(dict(type="TopdownCropper", input_size=(48, 64)))
    clips = draw_clips(data, frames=9, max_clips=9, seed=0)[2:]  # the second video's, of 3 frames
    found = cut_clips(clips, cropper, data, LoadVideoFrame())
    assert found.images.shape == (6, 64, 48, 3)
    assert found.previous.tolist() == [-1, 0, 1, -1, 3, 4]
    samples = [(s.clip_index, s.track_id, s.frame_offset) for s in found.samples]
    assert samples == [(0, 0, 0), (0, 0, 1), (0, 0, 2), (1, 1, 0), (1, 1, 1), (1, 1, 2)]
    assert {s.people_per_frame for s in found.samples} == {2}
    assert found.hidden.sum(1).tolist() == [0, 1, 0, 0, 1, 0] and found.hidden[1, 0]
    np.testing.assert_array_equal(found.boxes[1], [4, 6, 16, 38])
    np.testing.assert_array_equal(found.heads[1], [7, 6, 13, 14])
    # boxes of 12 x 32 in crops of 30 x 40: the nose is 12.8 pixels above the middle
    np.testing.assert_allclose(found.places[:, 0], [[0.5, 0.5 - 12.8 / 40]] * 6, atol=1e-5)
    assert np.isnan(found.places).any(-1).sum(1).tolist() == [2] * 6  # the ears
