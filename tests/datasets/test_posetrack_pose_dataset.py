"""The tiny data set: v1 has 5 frames (ids 10000..), v2 has 3 (ids 20000..); person p has the
box [3 + 20 p + t, 6, 15 + 20 p + t, 38] at frame t. Its images are taken away."""

import json
import shutil

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from mmpose_temporal.apis import build_pose_only_tracker, track_pose_files
from mmpose_temporal.datasets import (
    LoadVideoFrame,
    PackFramePoses,
    PoseTrackPoseDataset,
    VideoSampler,
)
from mmpose_temporal.structures import People
from mmpose_temporal.testing import tiny_test_config, write_tiny_posetrack

TRACKER = dict(
    type="PoseOnlyTracker",
    association=dict(type="Association", similarity=dict(type="OKSSimilarity")),
)


@pytest.fixture
def root(tmp_path):
    write_tiny_posetrack(tmp_path)
    shutil.rmtree(tmp_path / "images")
    return tmp_path


def build(root, **options) -> PoseTrackPoseDataset:
    defaults = dict(data_root=str(root), ann_file="annotations/val", serialize_data=False)
    return PoseTrackPoseDataset(**{**defaults, **options})


def edit(file, change) -> None:
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))


def predictions(root, change=lambda content: None):
    """The annotations as poses of an estimator: joints score 0.5, people 0.8, wrong ids."""
    folder = root / "poses"
    shutil.copytree(root / "annotations" / "val", folder)

    def predicted(content):
        for annotation in content["annotations"]:
            annotation.update(scores=[0.5] * 17, score=0.8, track_id=annotation["id"])

    for file in folder.glob("*.json"):
        edit(file, predicted)
    edit(folder / "v2.json", change)
    return folder


def test_annotated_poses(root):
    dataset = build(root)
    assert len(dataset) == 8
    assert dataset.video_spans() == {"v1": range(5), "v2": range(5, 8)}
    item = dataset[6]
    assert (item["video_id"], item["frame_index"], item["num_frames"]) == ("v2", 1, 3)
    assert item["frame_size"] == (64, 48)
    assert item["searched"] is True
    poses = item["frame_poses"]
    np.testing.assert_array_equal(poses.boxes, [[4, 6, 16, 38], [24, 6, 36, 38]])
    np.testing.assert_array_equal(poses.keypoints, item["keypoints"])
    np.testing.assert_array_equal(poses.track_ids, [-1, -1])  # the tracker is not told
    np.testing.assert_array_equal(item["known_ids"], [0, 1])
    assert "proposals" not in item


def test_poses_of_an_estimator(root):
    predictions(root)
    item = build(root, poses="poses")[6]
    poses = item["frame_poses"]
    np.testing.assert_array_equal(poses.box_scores, np.float32([0.8, 0.8]))
    assert set(np.unique(poses.keypoint_scores)) == {0, np.float32(0.5)}
    np.testing.assert_array_equal(poses.track_ids, [-1, -1])
    np.testing.assert_array_equal(item["known_ids"], [-1, -1])
    np.testing.assert_array_equal(item["track_ids"], [0, 1])  # the annotation's


def test_selection_takes_the_frames_of_the_poses_too(root):
    predictions(root)
    dataset = build(root, poses="poses", videos=["v1"], frames=(1, None), frame_step=2)
    assert [dataset[i]["img_id"] for i in range(len(dataset))] == [10001, 10003]
    np.testing.assert_array_equal(dataset[1]["frame_poses"].boxes[0], [6, 6, 18, 38])


def test_frames_that_nobody_was_looked_for_in(root):
    def unlabel(content):
        content["images"][1]["is_labeled"] = False
        content["annotations"] = [a for a in content["annotations"] if a["image_id"] != 20001]

    edit(root / "annotations" / "val" / "v2.json", unlabel)
    dataset = build(root)
    assert [dataset[i]["searched"] for i in (5, 6, 7)] == [True, False, True]
    assert len(dataset[6]["frame_poses"]) == 0

    def leave_out(content):
        content["images"].pop(1)
        content["annotations"] = [a for a in content["annotations"] if a["image_id"] != 20001]

    predictions(root, leave_out)
    dataset = build(root, poses="poses")
    assert [dataset[i]["searched"] for i in (5, 6, 7)] == [True, False, True]
    assert len(dataset[6]["frame_poses"]) == 0


def test_labelled_frames_need_poses(root):
    def leave_out(content):
        content["images"] = content["images"][:1]
        content["annotations"] = content["annotations"][:2]

    predictions(root, leave_out)
    with pytest.raises(ValueError, match="v2 has no poses of image 20001 .* and 1 other labelled"):
        build(root, poses="poses")
    (root / "poses" / "v1.json").unlink()
    with pytest.raises(ValueError, match="has no video v1"):
        build(root, poses="poses")
    with pytest.raises(FileNotFoundError, match="do not exist"):
        build(root, poses="elsewhere")


def test_packed_frame(root):
    edit(root / "annotations" / "val" / "v2.json", lambda c: c["images"][0].pop("width"))
    dataset = build(root, pipeline=[PackFramePoses()], serialize_data=True)
    packed = dataset[1]
    assert set(packed) == {"data_samples"}
    sample = packed["data_samples"]
    assert (sample.frame_size, sample.ori_shape) == ((64, 48), (48, 64))
    np.testing.assert_array_equal(sample.known_ids, [0, 1])
    assert len(People.from_instances(sample.pred_instances)) == 2
    np.testing.assert_array_equal(sample.gt_instances.track_ids, [0, 1])
    unknown = dataset[5]["data_samples"]
    assert (unknown.frame_size, unknown.ori_shape) == (None, (0, 0))


def test_packed_frame_with_its_image(tmp_path):
    """Where the annotations do not say how large it is, the image does."""
    root = write_tiny_posetrack(tmp_path / "with_images")
    edit(root / "annotations" / "val" / "v2.json", lambda c: c["images"][0].pop("width"))
    (root / "images" / "val" / "v2" / "000001.png").unlink()
    dataset = build(root, pipeline=[LoadVideoFrame(on_error="skip"), PackFramePoses()])
    packed = dataset[5]
    sample = packed["data_samples"]
    assert (packed["inputs"].shape, packed["inputs"].dtype) == ((48, 64, 3), torch.uint8)
    assert (sample.frame_size, sample.ori_shape) == (None, (48, 64))
    assert len(sample.pred_instances) == len(sample.known_ids) == 2
    skipped = dataset[6]["data_samples"]
    assert not skipped.frame_readable
    assert len(skipped.pred_instances) == len(skipped.known_ids) == 0
    assert len(skipped.gt_instances) == 2


def test_batches_of_two_streams(root):
    dataset = build(root, pipeline=[PackFramePoses()])
    loader = DataLoader(
        dataset, 2, sampler=VideoSampler(dataset, streams=2), collate_fn=pseudo_collate
    )
    names = [[s.video_id for s in batch["data_samples"]] for batch in loader]
    assert names == [["v1", "v2"]] * 3 + [["v1", "v1"]]


def figures(root, tmp_path, **options) -> dict[str, float]:
    torch.manual_seed(0)
    dataset = dict(
        type="PoseTrackPoseDataset", pipeline=[dict(type="PackFramePoses")], **options.pop("data")
    )
    cfg = tiny_test_config(root, tmp_path / "work", model=TRACKER, dataset=dataset, **options)
    return Runner(**cfg).test()


@pytest.mark.parametrize(("batch_size", "streams"), [(1, 1), (3, 1), (4, 2)])
def test_the_standard_loop_tests_a_tracker_of_known_poses(root, tmp_path, batch_size, streams):
    found = figures(root, tmp_path, data={}, batch_size=batch_size, streams=streams)
    assert found["posetrack/MOTA"] == pytest.approx(100)
    assert found["posetrack/AP"] == pytest.approx(100)
    assert found["posetrack/IDSW"] == 0


def test_ids_that_change_in_the_truth_are_switches(root, tmp_path):
    """In the last of 3 frames of v2 the two people have each other's ids, the poses stay."""
    predictions(root)

    def swap_ids(content):
        first, second = content["annotations"][4:]
        first["track_id"], second["track_id"] = second["track_id"], first["track_id"]

    edit(root / "annotations" / "val" / "v2.json", swap_ids)
    strict = dict(type="PoseTrackMetric", protocol="strict")
    found = figures(root, tmp_path, data=dict(poses="poses"), evaluator=strict)
    assert found["posetrack/IDSW"] == 2 * 15  # 15 joints of both people


def test_loop_and_tool_give_the_same_ids(root, tmp_path):
    """tools/track_poses.py on the poses, and the loop with its output files."""
    folder = predictions(root)
    tracker = build_pose_only_tracker(Config(dict(model=TRACKER)))
    track_pose_files(tracker, folder, tmp_path / "tool", progress=False)
    figures(
        root,
        tmp_path,
        data=dict(poses="poses"),
        evaluator=dict(type="PoseTrackMetric", outfile_prefix=str(tmp_path / "loop")),
    )
    for name in ("v1", "v2"):
        tool, loop = (
            json.loads((tmp_path / kind / f"{name}.json").read_text()) for kind in ("tool", "loop")
        )
        assert tool["annotations"] == loop["annotations"]
        assert [i["id"] for i in tool["images"]] == [i["id"] for i in loop["images"]]
