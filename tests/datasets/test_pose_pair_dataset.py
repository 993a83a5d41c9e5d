"""The tiny data set: v1 has 5 frames, v2 has 3, each with persons 0 and 1."""

import copy

import numpy as np
import pytest
import torch
from mmengine.dataset import default_collate

from mmpose_temporal.datasets import PackPosePairs, PosePairDataset
from mmpose_temporal.testing import write_tiny_posetrack


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_tiny_posetrack(tmp_path_factory.mktemp("tiny"))


def build(root, **options) -> PosePairDataset:
    return PosePairDataset(**{**dict(data_root=str(root), ann_file="annotations/val"), **options})


def test_items(root):
    dataset = build(root)
    # pairs of frames at distance 1 to 4: 4 + 3 + 2 + 1 in v1, 2 + 1 in v2; 2 x 2 people each
    assert len(dataset) == 4 * (10 + 3)
    assert dataset.pair_labels().sum() == 2 * 13
    found = [dataset[i] for i in range(len(dataset))]
    wanted = [d for d in found if d["video_id"] == "v1" and d["distance"] == 3 and not d["label"]]
    item = wanted[0]  # person 0 at t = 3 and person 1 at t = 0
    np.testing.assert_array_equal(item["track_ids"], [0, 1])
    np.testing.assert_array_equal(item["img_ids"], [10003, 10000])
    names = [f"images/val/v1/{frame:06d}.png" for frame in (3, 0)]
    assert item["img_paths"] == [str(root / name) for name in names]
    np.testing.assert_array_equal(item["boxes"], [[6, 6, 18, 38], [23, 6, 35, 38]])
    np.testing.assert_array_equal(item["keypoints"][:, 2], [[12, 6], [29, 6]])  # head_top
    assert item["keypoints"].shape == (2, 17, 2)
    np.testing.assert_array_equal(item["keypoint_scores"].sum(1), [15, 15])
    np.testing.assert_array_equal(item["frame_size"], [64, 48])
    assert item["dataset_name"] == "posetrack18"


def test_labels_are_those_of_the_items(root):
    dataset = build(root, negatives="any", delta=2)
    labels = [dataset[i]["label"] for i in range(len(dataset))]
    np.testing.assert_array_equal(dataset.pair_labels(), labels)
    same = [len(set(dataset[i]["track_ids"].tolist())) == 1 for i in range(len(dataset))]
    assert labels == same
    assert {dataset[i]["distance"] for i in range(len(dataset))} == {1, 2}


def test_selection(root):
    assert len(build(root, videos=["v2"])) == 4 * 3
    assert len(build(root, videos=["v1"], frames=(0, 2))) == 4
    assert len(build(root, videos=["v1"], frame_step=2)) == 4 * 3  # frames 0, 2, 4
    faster = build(root, videos=["v1"], strides=(2,))
    assert len(faster) == 4 * (3 + 1)  # at distances 2 and 4 in the file
    assert {faster[i]["distance"] for i in range(len(faster))} == {1, 2}


def test_subsets_are_those_of_mmengine(root):
    dataset = build(root)
    last = dataset.get_subset(-4)
    assert len(last) == len(last.pair_labels()) == 4
    np.testing.assert_array_equal(last[0]["img_ids"], dataset[len(dataset) - 4]["img_ids"])
    some = dataset.get_subset([5, 1])
    np.testing.assert_array_equal(some.pair_labels(), dataset.pair_labels()[[5, 1]])
    dataset.get_subset_(3)
    assert len(dataset) == 3


def test_lazy_and_copied(root):
    lazy = build(root, lazy_init=True)
    assert lazy.poses is None
    assert lazy.pair_labels().sum() == 26
    twin = copy.deepcopy(lazy)
    twin[0]["keypoints"][:] = 0
    assert lazy[0]["keypoints"].any()
    assert twin[0]["keypoints"].any()  # an item's arrays are its own


def test_batch_has_the_fields_that_similarities_read(root):
    dataset = build(root, pipeline=[PackPosePairs()])
    batch = default_collate([dataset[i] for i in (0, 1, 16)])
    shapes = {name: (tuple(v.shape), v.dtype) for name, v in batch["inputs"].items()}
    assert shapes == dict(
        keypoints=((3, 2, 17, 2), torch.float32),
        keypoint_scores=((3, 2, 17), torch.float32),
        boxes=((3, 2, 4), torch.float32),
        frame_size=((3, 2), torch.float32),
        distance=((3,), torch.int64),
        labels=((3,), torch.int64),
    )
    assert [sample.video_id for sample in batch["data_samples"]] == ["v1", "v1", "v2"]
    ids = np.array([sample.track_ids for sample in batch["data_samples"]])
    np.testing.assert_array_equal(batch["inputs"]["labels"], ids[:, 0] == ids[:, 1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(negatives="far"), "negatives must be 'near' or 'any'"),
        (dict(delta=0), "delta must be 1 or more"),
        (dict(nearest=0), "nearest must be 1 or more"),
        (dict(min_joints=0), "min_joints must be 1 or more"),
        (dict(strides=()), "strides must be different numbers from 1 on"),
        (dict(strides=(0, 1)), "strides must be different numbers from 1 on"),
        (dict(strides=(2, 2)), "strides must be different numbers from 1 on"),
        (dict(videos=["v3"]), "has no video v3"),
        (dict(frames=(0, 1)), "no matching pair among 4 poses"),
        (dict(min_joints=16), "has no poses to train on; people left out: few_keypoints 16"),
    ],
)
def test_options_are_checked(root, options, message):
    with pytest.raises(ValueError, match=message):
        build(root, **options)


def test_one_person_alone_gives_no_non_matching_pair(tmp_path):
    write_tiny_posetrack(tmp_path, people=1)
    with pytest.raises(ValueError, match="no non-matching pair among 8 poses"):
        build(tmp_path)


def test_real_training_data(real_data):
    """30 videos with 6,394 poses; of those at most 4 earlier frames can match."""
    dataset = build(real_data / "multiperson_posetrack", ann_file="annotations/train")
    assert len(dataset.poses) == 6394
    labels = dataset.pair_labels()
    assert 3.5 * 6394 < labels.sum() < 4 * 6394
    # the 3 nearest of the others at most, for each of the 4 distances
    assert (~labels).sum() <= 3 * 4 * 6394
