import json
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.dataset import default_collate, worker_init_fn
from mmpose.registry import DATASETS
from torch.utils.data import DataLoader

from mmpose_temporal.models import TrackEntailment
from mmpose_temporal.structures import KEYPOINT_NAMES
from mmpose_temporal.testing import write_tiny_posetrack


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tracklets")
    return write_tiny_posetrack(folder, split="train", videos={"v1": 24, "v2": 6, "v3": 1})


def build(root: Path, **options):
    options = {"num_pairs": 16, "num_items": 8, "history": 3, **options}
    return DATASETS.build(
        dict(type="TrackletDataset", data_root=str(root), ann_file="annotations/train", **options)
    )


def test_an_item(root):
    dataset = build(root)
    assert len(dataset) == 8
    inputs, sample = (dataset[0][name] for name in ("inputs", "data_samples"))
    assert sample.skeleton.same_keypoints(KEYPOINT_NAMES)
    shapes = {name: tuple(value.shape) for name, value in inputs.items()}
    assert shapes == dict(
        current=(16, 17, 3),
        history=(16, 3, 17, 3),
        ages=(16, 3),
        motion=(16, 2),
        support=(16, 2),
        labels=(16,),
    )
    assert all(torch.isfinite(value).all() for value in inputs.values())
    assert set(inputs["labels"].unique().tolist()) <= {0, 1}


def test_every_video_with_two_frames_is_there(root):
    dataset = build(root)
    assert [entry["clip"].shape for entry in dataset.data_list] == [(24, 2, 17, 3), (6, 2, 17, 3)]
    assert [entry["size"] for entry in dataset.data_list] == [(64, 48), (64, 48)]
    # by the square root of frames times people: sqrt(48) and sqrt(12) are as 2 to 1
    np.testing.assert_allclose(dataset._shares, [2 / 3, 1 / 3])
    assert len(build(root, videos=["v2"]).data_list) == 1


def test_frames_without_a_size_have_that_of_their_people(tmp_path):
    write_tiny_posetrack(tmp_path, split="train", videos={"v": 3})
    file = tmp_path / "annotations" / "train" / "v.json"
    content = json.loads(file.read_text())
    for image in content["images"]:
        del image["width"], image["height"]
    file.write_text(json.dumps(content))
    # boxes from 3 to 15 + 20 + 2, and from 6 to 38
    assert build(tmp_path).data_list[0]["size"] == pytest.approx((34, 32), abs=1e-3)


def test_numpys_seed_repeats_the_items(root):
    dataset = build(root)
    items = []
    for seed in (0, 0, 1):
        np.random.seed(seed)  # noqa: NPY002
        items.append([dataset[i]["inputs"]["current"] for i in range(3)])
    first, same, other = map(torch.stack, items)
    assert torch.equal(first, same)
    assert not torch.equal(first, other)
    assert not torch.equal(first[0], first[1])


def test_workers_draw_differently_and_repeat(root):
    def epoch(seed):
        def init(worker):
            worker_init_fn(worker, num_workers=2, rank=0, seed=seed)

        loader = DataLoader(
            build(root, num_items=4),
            batch_size=1,
            num_workers=2,
            worker_init_fn=init,
            collate_fn=default_collate,
        )
        return [batch["inputs"]["current"] for batch in loader]

    first, same = epoch(3), epoch(3)
    assert all(torch.equal(a, b) for a, b in zip(first, same, strict=True))
    assert not any(torch.equal(first[i], first[j]) for i in range(4) for j in range(i))


def test_pairs_of_a_small_clip_are_repeated(root):
    inputs = build(root, num_pairs=500)[0]["inputs"]
    assert len(inputs["labels"]) == 500
    assert len(torch.unique(inputs["current"], dim=0)) < 100


def test_a_batch_is_what_the_loss_takes(root):
    dataset = build(root)
    batch = default_collate([dataset[i] for i in range(3)])["inputs"]
    assert batch["history"].shape == (3, 16, 3, 17, 3)
    similarity = TrackEntailment(
        history=3, network=dict(hidden=8, intermediate=8, num_layers=1, num_heads=1)
    )
    assert similarity.loss(batch)["loss"].item() == pytest.approx(np.log(2), abs=0.1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(num_items=0), "num_items must be 1 or more, got 0"),
        (dict(num_pairs=0), "num_pairs must be 1 or more"),
        (dict(max_age=0), "max_age must be 1 or more"),
        (dict(visits=0), "visits must be 1 or more"),
        (dict(history=1), "history must be 2 to 6 poses, got 1"),
        (dict(history=7), "history must be 2 to 6 poses, got 7"),
        (dict(videos=["v9"]), "has no video v9"),
        (dict(videos=["v3"]), "has no videos with people in two frames to train on"),
    ],
)
def test_bad_options(root, options, message):
    with pytest.raises(ValueError, match=message):
        build(root, **options)


def test_no_annotations(tmp_path):
    with pytest.raises(FileNotFoundError, match="is data_root right"):
        build(tmp_path)


def test_nobody_in_following_frames(tmp_path):
    """Two people, 20 frames apart."""
    write_tiny_posetrack(tmp_path, split="train", videos={"v": 21})
    file = tmp_path / "annotations" / "train" / "v.json"
    content = json.loads(file.read_text())
    ends = {content["images"][i]["id"] for i in (0, -1)}
    content["annotations"] = [a for a in content["annotations"] if a["image_id"] in ends]
    file.write_text(json.dumps(content))
    dataset = build(tmp_path, max_age=1)
    # simulated people who are not there may follow one another in some of the items
    with pytest.raises(ValueError, match="20 clips of .* had nobody in following frames"):
        [dataset[0] for _ in range(20)]
