"""The tools of the tests are what they say."""

import cv2
import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmpose_temporal.datasets import read_video
from mmpose_temporal.structures import enclosing_boxes
from mmpose_temporal.testing import (
    POSE_TEMPLATE,
    make_frame,
    make_packet,
    random_poses,
    template_keypoints,
    tiny_estimator_config,
    write_tiny_posetrack,
)


def test_the_template_fills_its_box():
    boxes = np.array([[3, 6, 15, 38], [0, 0, 1, 1]], np.float32)
    keypoints = template_keypoints(boxes)
    present = np.ones((2, 17), bool)
    np.testing.assert_allclose(enclosing_boxes(keypoints, present), boxes)
    np.testing.assert_allclose(keypoints[1], POSE_TEMPLATE)
    assert template_keypoints(np.zeros((0, 4))).shape == (0, 17, 2)


def test_tiny_data_is_the_same_at_every_call(tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        write_tiny_posetrack(tmp_path / name, seed=seed)
    files = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*.*"))
    assert len(files) == 8 + 2 + 1 + 1  # frames, videos, merged, detections
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    frame = "images/val/v1/000000.png"
    assert (tmp_path / "a" / frame).read_bytes() != (tmp_path / "c" / frame).read_bytes()


def test_tiny_people_are_drawn_where_they_are_annotated(tmp_path):
    root = write_tiny_posetrack(tmp_path, videos={"x": 2}, people=1, size=(128, 48), split="train")
    video = read_video(root / "annotations" / "train" / "x.json")
    image = cv2.imread(str(root / video.frames[1].file_name))
    assert image.shape == (48, 128, 3)
    # For 64 px the box is [4, 6, 16, 38] at frame 1; twice as wide a frame doubles x.
    (person,) = video.frames[1].people
    np.testing.assert_array_equal(person.box, [8, 6, 32, 38])
    assert (image[22, 12] != 40).any()
    assert (image[22, 36] == 40).all()
    for x, y in template_keypoints(person.box)[0].round().astype(int):
        assert (image[y, x] == 255).all()


def test_tiny_data_with_nobody_and_with_too_many(tmp_path):
    root = write_tiny_posetrack(tmp_path, people=0)
    assert read_video(root / "annotations" / "val" / "v1.json").frames[0].people == []
    with pytest.raises(ValueError, match="0 to 3 tiny people fit"):
        write_tiny_posetrack(tmp_path, people=4)


def test_random_poses():
    a, b, c = (random_poses(5, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(a.keypoints, b.keypoints)
    assert not np.array_equal(a.keypoints, c.keypoints)
    inside = (a.keypoints >= a.boxes[:, None, :2]) & (a.keypoints <= a.boxes[:, None, 2:])
    assert inside.all()
    assert (random_poses(50, seed=1, absent=0.5).keypoint_scores > 0).mean() == pytest.approx(
        0.5, abs=0.05
    )


def test_frames():
    frame, sample = make_frame(video_id="a", frame_index=2, num_frames=5, boxes=[[1, 2, 9, 9]])
    again, _ = make_frame(video_id="a", frame_index=2, num_frames=5)
    assert frame.shape == (48, 64, 3)
    assert frame.dtype == torch.uint8
    assert torch.equal(frame, again)
    assert sample.proposals.bboxes.tolist() == [[1, 2, 9, 9]]
    lost, sample = make_frame(video_id="a", frame_index=2, num_frames=5, readable=False)
    assert lost.numel() == 0
    assert not sample.frame_readable


def test_packets():
    people, image = random_poses(2, seed=0), np.zeros((2, 3, 3), np.uint8)
    packet = make_packet(people)
    assert (packet.video_id, packet.index, packet.tick, packet.searched) == ("v", 0, 0, True)
    assert (packet.people, packet.frame_size, packet.image) == (people, None, None)
    assert (packet.features, packet.records, packet.dropped) == ({}, None, {})
    packet = make_packet(people, tick=3, index=5, image=image, watched=True, known_ids=[1, 2])
    assert (packet.index, packet.tick, packet.frame_size) == (5, 3, (3, 2))
    assert packet.records == {} and packet.image is image
    assert packet.sample.metainfo == dict(
        video_id="v", frame_index=5, num_frames=None, known_ids=[1, 2]
    )
    assert make_packet(people, image=image, frame_size=(9, 9)).frame_size == (9, 9)


def test_the_tiny_estimator_is_tiny():
    model = MODELS.build(tiny_estimator_config()).eval()
    assert sum(p.numel() for p in model.parameters()) < 10_000
    crop = torch.zeros(1, 3, 64, 48)
    with torch.no_grad():
        heatmaps = model(crop, None, mode="tensor")
    assert heatmaps.shape == (1, 17, 16, 12)
    with pytest.raises(ValueError, match="multiples of 4"):
        tiny_estimator_config(input_size=(50, 64))


def test_the_template_estimator():
    with pytest.raises(ValueError, match="score must be in"):
        MODELS.build(dict(type="TemplateEstimator", score=0))
    with pytest.raises(ValueError, match="nothing to learn: no mode 'loss'"):
        MODELS.build(dict(type="TemplateEstimator"))(None, [], mode="loss")
