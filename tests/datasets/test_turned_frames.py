"""The tiny set twice: as it is, and with its 8 frames stored in EXIF's eight orientations.

Whoever opens a frame must see the same, and refuse one of another size than stated.
"""

import json

import cv2
import numpy as np
import pytest
from mmengine.registry import init_default_scope
from mmpose.structures import PoseDataSample

from mmpose_temporal.apis.detect_people import annotated_frames, annotated_sizes, detect_people
from mmpose_temporal.datasets import (
    PersonClipDataset,
    PosePairDataset,
    PoseTrackPersonDataset,
    PoseTrackVideoDataset,
)
from mmpose_temporal.datasets.converters import check_posetrack
from mmpose_temporal.engine.hooks.video_pass import read_frame
from mmpose_temporal.posetrack import image_size
from mmpose_temporal.synthetic.preview import preview_grid
from mmpose_temporal.testing import turned_png, write_tiny_posetrack


@pytest.fixture
def upright(tmp_path):
    init_default_scope("mmpose")
    return write_tiny_posetrack(tmp_path / "upright")


@pytest.fixture
def turned(tmp_path, upright):
    root = write_tiny_posetrack(tmp_path / "turned")
    files = sorted((root / "images").rglob("*.png"))
    for orientation, file in enumerate(files, start=1):
        file.write_bytes(turned_png(cv2.imread(str(file)), orientation))
    assert len(files) == 8
    return root


def options(root) -> dict:
    return dict(data_root=str(root), ann_file="annotations/val")


def names(root) -> list[str]:
    return [name for _, name in annotated_frames(root / "annotations" / "val", root)]


def state_other_size(root) -> None:
    for file in (root / "annotations" / "val").glob("*.json"):
        content = json.loads(file.read_text())
        for image in content["images"]:
            image.update(width=48, height=64)
        file.write_text(json.dumps(content))


WRONG = r"cannot use .*\.png \(it is 64x48, its annotation says 48x64"


def test_whole_frames(upright, turned):
    pipeline = [dict(type="LoadVideoFrame")]
    one = PoseTrackVideoDataset(**options(upright), pipeline=pipeline)
    other = PoseTrackVideoDataset(**options(turned), pipeline=pipeline)
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a["img"], b["img"])
        assert b["ori_shape"] == (48, 64)
    state_other_size(turned)
    with pytest.raises(ValueError, match=WRONG):
        PoseTrackVideoDataset(**options(turned), pipeline=pipeline)[0]


def test_people_for_training_of_mmposes_pipeline(upright, turned):
    pipeline = [dict(type="LoadImage")]
    one = PoseTrackPersonDataset(**options(upright), pipeline=pipeline)
    other = PoseTrackPersonDataset(**options(turned), pipeline=pipeline)
    assert len(one) == 16
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a["img"], b["img"])
    state_other_size(turned)
    with pytest.raises(ValueError, match=f"{WRONG}, as it is before EXIF orientation 5"):
        PoseTrackPersonDataset(**options(turned), pipeline=pipeline)[8]  # the fifth frame
    with pytest.raises(ValueError, match=WRONG + r"\)$"):
        PoseTrackPersonDataset(**options(turned), pipeline=pipeline)[0]


def test_crops_of_pairs_and_clips(upright, turned):
    pipeline = [dict(type="LoadPairCrops")]
    pairs = [PosePairDataset(**options(root), pipeline=pipeline) for root in (upright, turned)]
    for a, b in zip(*pairs, strict=True):
        np.testing.assert_array_equal(a["crops"], b["crops"])
    state_other_size(turned)
    with pytest.raises(ValueError, match=WRONG):
        PosePairDataset(**options(turned), pipeline=pipeline)[0]
    with pytest.raises(ValueError, match=WRONG):
        PersonClipDataset(**options(turned))[0]


def test_sizes(turned):
    assert {image_size(turned, name) for name in names(turned)} == {(64, 48)}


def test_check(turned):
    assert check_posetrack(turned).ok
    state_other_size(turned)
    (split,) = check_posetrack(turned).splits
    assert [finding.kind for finding in split.findings] == ["image sizes"] * 8
    assert "it is 64x48, its annotation says 48x64" in split.findings[0].where


class KeepsFrames:
    """A detector that finds one box in each frame."""

    def __init__(self):
        self.frames = []

    def __call__(self, frames, samples, device):
        self.frames += frames
        return [(np.float32([[1, 2, 11, 22]]), np.float32([0.75])) for _ in frames]


def test_detection(upright, turned):
    seen = []
    for root in (upright, turned):
        notes, source = root / "annotations" / "val", KeepsFrames()
        report = detect_people(
            source,
            annotated_frames(notes, root),
            root,
            root / "boxes.json",
            description={},
            stated_sizes=annotated_sizes(notes),
        )
        assert report.converted == {"frames": 8, "boxes": 8}
        seen.append(source.frames)
    np.testing.assert_array_equal(seen[0], seen[1])
    state_other_size(turned)
    report = detect_people(
        KeepsFrames(),
        annotated_frames(notes, turned),
        turned,
        turned / "boxes.json",
        description={},
        stated_sizes=annotated_sizes(notes),
        overwrite=True,
    )
    assert report.converted == {"frames": 0, "boxes": 0}
    assert report.left_out["frames of another size than annotated"] == 8


def test_pictures(upright, turned):
    for name in names(upright):
        drawn = [
            read_frame(
                PoseDataSample(metainfo=dict(img_path=str(root / name), ori_shape=(48, 64)))
            )
            for root in (upright, turned)
        ]
        np.testing.assert_array_equal(drawn[0], drawn[1])
    with pytest.raises(ValueError, match="it is 64x48, its annotation says 48x64"):
        read_frame(PoseDataSample(metainfo=dict(img_path=str(turned / name), ori_shape=(64, 48))))
    grids = [preview_grid(root, "val", columns=6, tile_width=64) for root in (upright, turned)]
    np.testing.assert_array_equal(*grids)
    state_other_size(turned)
    with pytest.raises(ValueError, match=WRONG):
        preview_grid(turned, "val")
