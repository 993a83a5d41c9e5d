"""The tiny data set with its frames of 64 x 48, whose files are made to tell no sizes."""

import json
import shutil

import cv2
import numpy as np
import pytest

from mmpose_temporal.datasets import PosePairDataset, PoseTrackPoseDataset
from mmpose_temporal.posetrack import image_size, load_videos, with_frame_sizes
from mmpose_temporal.testing import write_tiny_posetrack


@pytest.fixture
def root(tmp_path):
    write_tiny_posetrack(tmp_path)
    for file in (tmp_path / "annotations" / "val").glob("*.json"):
        content = json.loads(file.read_text())
        for image in content["images"]:
            del image["width"], image["height"]
        file.write_text(json.dumps(content))
    return tmp_path


def test_the_first_image_tells_the_size_of_all(root):
    for frame in range(1, 5):
        (root / "images" / "val" / "v1" / f"{frame:06d}.png").unlink()
    videos = with_frame_sizes(load_videos(root / "annotations" / "val"), root)
    assert [frame.size for video in videos for frame in video.frames] == [(64, 48)] * 8


def test_known_sizes_stay_and_open_no_image(root):
    write_tiny_posetrack(root, size=(128, 96))
    shutil.rmtree(root / "images")
    videos = load_videos(root / "annotations" / "val")
    assert with_frame_sizes(videos, root) == videos
    assert videos[0].frames[0].size == (128, 96)


def test_data_sets_ask_for_it(root):
    options = dict(data_root=str(root), ann_file="annotations/val")
    assert np.isnan(PosePairDataset(**options)[0]["frame_size"]).all()
    pairs = PosePairDataset(**options, sizes_from_images=True)
    np.testing.assert_array_equal(pairs[0]["frame_size"], [64, 48])
    assert PoseTrackPoseDataset(**options)[0]["frame_size"] is None
    videos = PoseTrackPoseDataset(**options, sizes_from_images=True)
    assert videos[0]["frame_size"] == (64, 48)


def test_what_is_no_image_is_an_error(root):
    first = root / "images" / "val" / "v1" / "000000.png"
    first.write_bytes(b"no image")
    videos = load_videos(root / "annotations" / "val")
    with pytest.raises(ValueError, match="video v1: .*000000.png cannot be read"):
        with_frame_sizes(videos, root)
    first.unlink()
    with pytest.raises(FileNotFoundError, match="video v1: the annotations do not say how large"):
        with_frame_sizes(videos, root)


def test_size_of_an_image(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((4, 6, 3), np.uint8))
    assert image_size(tmp_path, "a.png") == (6, 4)
    (tmp_path / "b.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"image .*b\.png cannot be read"):
        image_size(tmp_path, "b.png")
    with pytest.raises(FileNotFoundError, match="is the image root right"):
        image_size(tmp_path, "c.png")
    with pytest.raises(ValueError, match="leaves the data root"):
        image_size(tmp_path, "../a.png")
