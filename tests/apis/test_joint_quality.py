"""Joints of the small written people, as a tiny estimator of random weights finds them."""

import json

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpose.registry import MODELS

from mmpose_temporal.apis.joint_quality import (
    annotated_data,
    blur_kernel,
    build_estimator,
    joint_qualities,
)
from mmpose_temporal.models.necks import keypoint_quality
from mmpose_temporal.testing import (
    template_keypoints,
    tiny_estimator_config,
    tiny_ptm_config,
    tiny_tracker_config,
    write_tiny_posetrack,
)
from mmpose_temporal.utils.checkpoints import CheckpointMismatch


def settings(root, model: dict, **dataset) -> Config:
    data = dict(
        type="PoseTrackPersonDataset", data_root=str(root), ann_file="annotations/train", **dataset
    )
    return Config(dict(model=model, train_dataloader=dict(dataset=data)))


@pytest.fixture
def root(tmp_path):
    """8 frames of two people, and the weights of a single-frame estimator."""
    write_tiny_posetrack(tmp_path, split="train")
    torch.manual_seed(0)
    estimator = MODELS.build(tiny_estimator_config())
    torch.save(estimator.state_dict(), tmp_path / "single.pth")
    whole = {f"estimator.{name}": value for name, value in estimator.state_dict().items()}
    torch.save(dict(state_dict=whole), tmp_path / "tracker.pth")
    return tmp_path


def qualities(root, model: dict, checkpoint: str = "single.pth", **options):
    cfg = settings(root, model)
    dataset = annotated_data(cfg)
    estimator, cropper = build_estimator(cfg, root / checkpoint, dataset)
    options = {"kernel": blur_kernel(estimator), "device": "cpu", "progress": False, **options}
    return joint_qualities(estimator, cropper, dataset, **options)


def test_one_estimator_by_every_name(root) -> None:
    """Alone, in a tracker, and with a memory that its checkpoint lacks: the same joints."""
    alone = qualities(root, tiny_estimator_config())
    assert alone.quality.shape == (16, 17)
    assert alone.annotated.sum(1).tolist() == [15] * 16  # all but the ears
    assert alone.quality.min() >= 0.5 and alone.quality.max() <= 1.5
    for model, checkpoint in (
        (tiny_tracker_config(), "single.pth"),
        (tiny_tracker_config(), "tracker.pth"),
        (tiny_ptm_config(), "tracker.pth"),
    ):
        found = qualities(root, model, checkpoint)
        np.testing.assert_allclose(found.quality, alone.quality, atol=1e-5)
        np.testing.assert_array_equal(found.right, alone.right)


def test_quality_is_that_of_the_heatmaps(root, monkeypatch) -> None:
    """A head whose heatmaps are known: one peak, at the annotated place of the nose."""
    cfg = settings(root, tiny_estimator_config())
    dataset = annotated_data(cfg)
    estimator, cropper = build_estimator(cfg, root / "single.pth", dataset)

    def heatmaps(feats):
        maps = torch.zeros(len(feats[0]), 17, 16, 12)
        # boxes of 12 x 32 in crops of 30 x 40 around (6, 16): the nose, 3.2 pixels below the
        # top, is 12.8 above the middle, 16 * 12.8 / 40 = 5.1 of 16 cells
        maps[:, :, 3, 6] = 0.8
        return maps

    monkeypatch.setattr(estimator.head, "forward", heatmaps)
    options = dict(device="cpu", progress=False)
    found = joint_qualities(estimator, cropper, dataset, kernel=1, **options)
    np.testing.assert_allclose(found.quality, 1.3, rtol=1e-6)
    assert found.right[:, 0].all()  # the nose
    assert not found.right[:, 15:].any()  # the ankles
    blurred = joint_qualities(estimator, cropper, dataset, kernel=3, **options)
    expected = keypoint_quality(heatmaps([torch.zeros(1)]), kernel=3)[0]
    np.testing.assert_allclose(blurred.quality, expected.expand(16, -1), rtol=1e-6)
    assert "output_heatmaps" not in estimator.test_cfg or not estimator.test_cfg["output_heatmaps"]


def test_some_people_are_drawn(root) -> None:
    everyone = qualities(root, tiny_estimator_config())
    found = qualities(root, tiny_estimator_config(), max_people=5)
    again = qualities(root, tiny_estimator_config(), max_people=5)
    other = qualities(root, tiny_estimator_config(), max_people=5, seed=1)
    np.testing.assert_array_equal(found.quality, again.quality)
    assert len(found.quality) == 5 and not np.array_equal(found.quality, other.quality)
    gaps = np.abs(found.quality[:, None] - everyone.quality).max(-1)
    assert (gaps.min(1) < 1e-5).all()
    with pytest.raises(ValueError, match="max_people must be 1 or more"):
        qualities(root, tiny_estimator_config(), max_people=0)
    with pytest.raises(ValueError, match="must be odd"):
        qualities(root, tiny_estimator_config(), kernel=4)


def test_nobody_and_other_keypoints(root, tmp_path) -> None:
    write_tiny_posetrack(root, split="train", videos=dict(v1=1, v2=1), people=0)
    with pytest.raises(ValueError, match="nobody in it has a box and an annotated joint"):
        qualities(root, tiny_estimator_config())
    other = MODELS.build(tiny_estimator_config(num_keypoints=5))
    torch.save(other.state_dict(), tmp_path / "five.pth")
    write_tiny_posetrack(root, split="train")
    with pytest.raises(ValueError, match="answers 5 keypoints, but the data has 17"):
        qualities(root, tiny_estimator_config(num_keypoints=5), "five.pth")
    with pytest.raises(CheckpointMismatch, match="of another estimator"):
        qualities(root, tiny_estimator_config(), "five.pth")


def test_what_is_no_estimator_or_no_data(root) -> None:
    cfg = settings(root, tiny_estimator_config())
    with pytest.raises(ValueError, match=r"test_dataloader\.dataset must be people or videos"):
        annotated_data(cfg, "test")
    dataset = annotated_data(cfg)
    with pytest.raises(ValueError, match="a top-down estimator is needed"):
        build_estimator(Config(dict(model=dict(type="PoseOnlyTracker"))), "x.pth", dataset)


def test_other_keypoints_without_head_boxes(root) -> None:
    """Three keypoints of another layout; right is half of a tenth of the diagonal, 34.2 pixels."""
    names = ("nose", "head_bottom", "head_top")
    for path in (root / "annotations/train").glob("*.json"):
        content = json.loads(path.read_text())
        content["categories"][0] |= dict(keypoints=names, skeleton=[])
        for person in content["annotations"]:
            person["keypoints"] = person["keypoints"][: 3 * len(names)]
            del person["bbox_head"]
        path.write_text(json.dumps(content))
    metainfo = dict(
        dataset_name="heads",
        keypoint_info={i: dict(name=name, id=i, swap="") for i, name in enumerate(names)},
        skeleton_info={},
        joint_weights=[1.0] * 3,
        sigmas=[0.1] * 3,
    )
    torch.manual_seed(0)
    model = tiny_estimator_config(num_keypoints=3)
    torch.save(MODELS.build(model).state_dict(), root / "three.pth")
    cfg = settings(root, model, metainfo=metainfo)
    dataset = annotated_data(cfg)
    estimator, cropper = build_estimator(cfg, root / "three.pth", dataset)
    seen = []
    plain = estimator.forward

    def keep(*args, **kwargs):
        seen.extend(plain(*args, **kwargs))
        return seen[-16:]

    estimator.forward = keep
    found = joint_qualities(estimator, cropper, dataset, kernel=3, device="cpu", progress=False)
    assert found.quality.shape == (16, 3) and found.annotated.all()
    places = np.concatenate([sample.pred_instances.keypoints for sample in seen])
    boxes = np.concatenate([sample.gt_instances.bboxes for sample in seen])
    distance = np.linalg.norm(places - template_keypoints(boxes)[:, :3], axis=-1)
    np.testing.assert_array_equal(found.right, distance <= 0.05 * np.hypot(12, 32))
