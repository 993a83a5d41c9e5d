"""Clips of people: items, batches, and what is wrong with the data."""

import json
from collections import Counter

import numpy as np
import pytest
import torch
from mmpose.registry import DATASETS

from mmpose_temporal.datasets import LoadVideoFrame, PersonClipDataset, collate_clips
from mmpose_temporal.testing import write_tiny_posetrack

SIZE = (48, 64)
CODEC = dict(type="MSRAHeatmap", input_size=SIZE, heatmap_size=(12, 16), sigma=1)
PIPELINE = [
    dict(type="mmpose.GetBBoxCenterScale"),
    dict(type="mmpose.TopdownAffine", input_size=SIZE),
    dict(type="mmpose.GenerateTarget", encoder=CODEC),
    dict(type="mmpose.LocateKeypoints", encoder=CODEC),
    dict(type="mmpose.PackPoseInputs"),
]
WINDOW = ("num_same", "num_other")


@pytest.fixture
def root(tmp_path):
    """6 frames with 2 people who walk a pixel a frame."""
    return write_tiny_posetrack(tmp_path, videos=dict(v=6), split="train")


def build(root, **options) -> PersonClipDataset:
    """Options of the draw go into it."""
    draw = {key: options.pop(key) for key in WINDOW if key in options}
    draw = dict(type="WindowDraw", tau=2, **draw)
    options = {**dict(draw=draw, flip_prob=0.0, pipeline=PIPELINE), **options}
    config = dict(type="PersonClipDataset", data_root=str(root), ann_file="annotations/train")
    return DATASETS.build({**config, **options})


def test_item(root):
    dataset = build(root)
    assert len(dataset) == 12  # 6 frames x 2 people
    item = dataset[0]
    samples = item["data_samples"]
    assert item["inputs"].shape == (len(samples), 3, 64, 48)
    assert item["inputs"].dtype == torch.uint8
    assert (samples[0].track_id, samples[0].frame_offset) == (0, 0)
    assert [s.track_id for s in samples[1:3]] == [0, 0]
    assert sorted(s.frame_offset for s in samples[1:3]) == [1, 2]
    assert {s.track_id for s in samples[3:]} == {1}
    assert len(samples) == 6  # the other person in the three frames
    assert all(s.frame_index == s.frame_offset for s in samples)
    # of 6 frames, tau = 2: frame 0 has 1 and 2, frame 1 has 0, 2, 3, frame 2 has 0, 1, 3, 4
    assert [s.num_neighbours for s in samples] == [[2, 3, 4][s.frame_index] for s in samples]
    assert samples[0].video_id == "v"
    assert {s.people_per_frame for s in samples} == {2.0}
    assert samples[0].gt_fields.heatmaps.shape == (17, 16, 12)


def test_locations_are_the_peaks_of_the_targets(root):
    sample = build(root)[0]["data_samples"][2]
    labels = sample.gt_instance_labels
    assert labels.keypoint_locations.shape == (1, 17, 2)
    visible = labels.keypoint_weights[0] > 0
    assert visible.sum() == 15  # all but the ears
    peaks = sample.gt_fields.heatmaps.flatten(1).argmax(1)
    cells = torch.stack([peaks % 12, peaks // 12], 1)[visible]
    assert torch.equal((labels.keypoint_locations[0][visible] + 0.5).floor().long(), cells)


def test_a_frame_is_decoded_once(root, monkeypatch):
    seen = []
    load = LoadVideoFrame.transform
    monkeypatch.setattr(
        LoadVideoFrame, "transform", lambda s, r: seen.append(r["frame_index"]) or load(s, r)
    )
    assert len(build(root)[0]["data_samples"]) == 6
    assert sorted(seen) == [0, 1, 2]


def test_examples_are_drawn_anew_and_by_the_seed(root):
    dataset = build(root, num_same=1, num_other=1)

    def offsets() -> list[int]:
        return [dataset[5]["data_samples"][1].frame_offset for _ in range(8)]

    np.random.seed(3)  # noqa: NPY002 - the seed that mmengine sets in its workers
    first, second = offsets(), offsets()
    assert len(set(first)) > 1
    np.random.seed(3)  # noqa: NPY002
    assert offsets() == first
    assert offsets() == second


def test_mirrored_clip(root):
    """Every crop is mirrored, left and right change places, and nothing else."""
    plain, mirrored = (build(root, flip_prob=p, num_other=0)[0] for p in (0.0, 1.0))
    assert all(sample.flip for sample in mirrored["data_samples"])
    assert not any(sample.flip for sample in plain["data_samples"])
    here, there = (
        item["data_samples"][0].gt_instance_labels.keypoint_locations[0]
        for item in (plain, mirrored)
    )
    # left shoulder 5, right shoulder 6; symmetric people in a crop of 12 cells, centres 0 to 11,
    # so x becomes 11 - x but for the quarter cell by which the crop's centre moves
    assert there[5, 1] == pytest.approx(float(here[6, 1]), abs=1e-4)
    middle = (here[5, 0] + there[6, 0], here[6, 0] + there[5, 0])
    assert middle[0] == pytest.approx(float(middle[1]), abs=1e-3)
    assert there[5, 0] > there[6, 0]
    assert here[5, 0] > here[6, 0]


def test_batch_of_clips(root):
    dataset = build(root)
    items = [dataset[0], build(root, num_other=0)[3]]
    batch = collate_clips(items)
    assert batch["inputs"].shape == (6 + 3, 3, 64, 48)
    assert [s.clip_index for s in batch["data_samples"]] == [0] * 6 + [1] * 3


def test_pipeline_of_mmpose_with_half_bodies(root):
    body = dict(type="mmpose.RandomHalfBody", prob=1.0, min_total_keypoints=2, padding=1.0)
    item = build(root, pipeline=[PIPELINE[0], body, *PIPELINE[1:]])[0]
    assert item["inputs"].shape == (6, 3, 64, 48)


def edit(root, change) -> None:
    path = root / "annotations" / "train" / "v.json"
    content = json.loads(path.read_text())
    change(content["annotations"])
    path.write_text(json.dumps(content))


def test_people_without_a_use_are_counted(root, caplog):
    def change(people: list[dict]) -> None:
        for p in people:
            if p["track_id"] == 1:
                if p["image_id"] == 10000:
                    p["track_id"] = 7  # seen once
                elif p["image_id"] == 10001:
                    p["keypoints"] = [0] * 51
        people[-1]["iscrowd"] = 1

    edit(root, change)
    dataset = build(root)
    assert dataset.left_out == dict(begins_no_clip=1, no_keypoint=1, crowd=1)
    assert len(dataset) == 6 + 3  # id 1 in frames 2, 3, 4


def test_nobody_is_seen_twice(root):
    def change(people: list[dict]) -> None:
        for number, p in enumerate(people):
            p["track_id"] = number

    edit(root, change)
    with pytest.raises(ValueError, match=r"at most 2 apart; left out: \{'begins_no_clip': 12\}"):
        build(root)


def test_missing_image(root):
    (root / "images" / "train" / "v" / "000001.png").unlink()
    with pytest.raises(ValueError, match=r"video v, frame 1: cannot use .*000001\.png"):
        build(root)[2]
    dataset = build(root, on_error="skip")
    item = dataset[0]  # frames 0, (1), 2
    assert {s.frame_index for s in item["data_samples"]} == {0, 2}
    np.random.seed(0)  # noqa: NPY002
    assert dataset[2]["data_samples"][0].frame_index != 1  # another item in its place


def test_no_path_leaves_the_data(root):
    path = root / "annotations" / "train" / "v.json"
    content = json.loads(path.read_text())
    content["images"][0]["file_name"] = "../../secret.png"
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="secret"):
        build(root, num_same=9)[0]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (dict(flip_prob=1.5), "flip_prob must be in"),
        (dict(on_error="ignore"), "on_error must be"),
        (dict(pipeline=[dict(type="mmpose.RandomFlip"), *PIPELINE]), "set flip_prob"),
        (dict(release="posetrack99"), "unknown PoseTrack release"),
    ],
)
def test_wrong_options(root, options, text):
    with pytest.raises(ValueError, match=text):
        build(root, **options)


def test_options_of_the_draw_have_moved(root):
    config = dict(type="PersonClipDataset", data_root=str(root), ann_file="annotations/train")
    with pytest.raises(TypeError, match=r"draw=dict\(type='WindowDraw', tau=3, num_other=1\)"):
        DATASETS.build(dict(config, tau=3, num_other=1))


def test_draw_of_another_kind(root):
    with pytest.raises(TypeError, match="draw must be a ClipDraw, got a Counter"):
        build(root, draw=dict(type=Counter))


def test_ordered_clips(root):
    """Both people of 6 frames, every clip up to three frames long."""
    draw = dict(type="OrderedDraw", num_frames=3, num_people=2)
    dataset = build(root, draw=draw)
    assert len(dataset) == 10  # no clip begins with the last frame
    assert dataset.left_out == dict(begins_no_clip=2)
    samples = collate_clips([dataset[3], dataset[8]])["data_samples"]
    crops = [(s.clip_index, s.frame_offset, s.frame_index, s.track_id) for s in samples]
    assert crops == [
        *((0, 0, 1, 1), (0, 0, 1, 0), (0, 1, 2, 1), (0, 1, 2, 0), (0, 2, 3, 1), (0, 2, 3, 0)),
        *((1, 0, 4, 0), (1, 0, 4, 1), (1, 1, 5, 0), (1, 1, 5, 1)),
    ]
    assert "num_neighbours" not in samples[0]


def test_nobody_is_seen_again(root):
    draw = dict(type="OrderedDraw", num_frames=2)
    with pytest.raises(ValueError, match="is seen again within 1 steps"):
        build(root, draw=draw, frames=(0, 1))
