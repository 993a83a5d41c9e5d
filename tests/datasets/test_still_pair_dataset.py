import pickle

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import default_collate
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS

from mmpose_temporal.datasets import StillPairDataset
from mmpose_temporal.structures import KEYPOINT_NAMES
from mmpose_temporal.synthetic import SyntheticVideoConfig, write_dataset
from mmpose_temporal.testing import write_tiny_posetrack
from mmpose_temporal.utils import write_json

PIPELINE = [
    dict(type="StillViews", size=64, crop_prob=0.5, mirror_prob=0.5),
    dict(type="MoveStillPeople"),
    dict(type="OccludeStills"),
    dict(type="JitterStillColors"),
    dict(type="BlurStills"),
    dict(type="NoiseStills"),
    dict(type="DrawStillQueries"),
    dict(type="PackStillPair"),
]


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope("mmpose")


def videos(root, **options):
    defaults = dict(pipeline=PIPELINE, ann_file="annotations/val", data_root=str(root))
    options = defaults | dict(serialize_data=False) | options  # mmengine collects garbage for it
    return DATASETS.build(dict(type="StillPairDataset", **options))


def images(folder, count=3, size=(48, 32)):
    """Images of one grey each: 0, 50, 100, ..."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        image = np.full((size[1], size[0], 3), 50 * index, np.uint8)
        cv2.imwrite(str(folder / f"{index + 1}.png"), image)
    return folder


def plain(folder, **options):
    options = dict(pipeline=PIPELINE, data_root=str(folder), serialize_data=False) | options
    return DATASETS.build(dict(type="StillPairDataset", **options))


def logged(tmp_path, action):
    """What is logged while an action runs."""
    file = tmp_path / "log.txt"
    MMLogger.get_instance(tmp_path.name, log_file=str(file))
    action()
    return file.read_text()


def same(one, two):
    pairs = (item["data_samples"].gt_instances.all_items() for item in (one, two))
    equal = [np.array_equal(a, b, equal_nan=True) for (_, a), (_, b) in zip(*pairs, strict=True)]
    return torch.equal(one["inputs"], two["inputs"]) and all(equal)


def test_batches_of_frames_as_stills(tmp_path):
    data = videos(write_tiny_posetrack(tmp_path), num_people=3, num_random=2)
    assert len(data) == 8
    batch = default_collate([data[i] for i in range(4)])
    assert batch["inputs"].shape == (4, 2, 3, 64, 64)
    truth = [sample.gt_instances for sample in batch["data_samples"]]
    assert {tuple(t.queries.shape) for t in truth} == {(5, 17, 2)}
    assert any(t.annotated.sum() == 2 for t in truth)
    assert data[0]["data_samples"].img_id == 10000
    assert data.metainfo["dataset_name"] == "posetrack18"
    with_ears = [KEYPOINT_NAMES.index(name) for name in ("left_ear", "right_ear")]
    assert not any(t.is_keypoint[:, with_ears].any() for t in truth)


def test_frames_of_the_synthetic_renderer(tmp_path):
    """Every second frame of a rendered video; visible joints lie inside the second view."""
    config = SyntheticVideoConfig(num_frames=4, width=96, height=64)
    write_dataset(tmp_path, "val", num_videos=1, config=config, progress=False)
    data = videos(tmp_path, frame_step=2, num_people=2, num_random=1, test_mode=True)
    assert len(data) == 2
    truth = data[0]["data_samples"].gt_instances
    assert truth.visible.any()
    assert ((truth.targets[truth.visible] > -0.5) & (truth.targets[truth.visible] < 63.5)).all()


def test_item_i_is_always_the_same_in_testing(tmp_path):
    root = write_tiny_posetrack(tmp_path)
    test = dict(test_mode=True, other_prob=0.3, patch_prob=0.5)
    one, two = videos(root, **test), videos(root, **test)
    list(one)
    assert all(same(one[i], two[i]) for i in range(len(one)))
    assert same(one[-1], two[7])
    assert not same(one[0], one[1])
    assert not same(videos(root, seed=1, **test)[0], one[0])
    assert same(pickle.loads(pickle.dumps(two))[3], one[3])


def test_numpys_seed_decides_in_training(tmp_path):
    data = videos(write_tiny_posetrack(tmp_path))

    def item(seed):
        np.random.seed(seed)  # noqa: NPY002
        return data[0], data[0]

    (first, second), (again, _), (other, _) = item(0), item(0), item(1)
    assert same(first, again)
    assert not same(first, second)
    assert not same(first, other)


def test_all_pairs_are_of_two_stills(tmp_path):
    data = plain(
        images(tmp_path), other_prob=1, test_mode=True, pipeline=[PIPELINE[0], *PIPELINE[-2:]]
    )
    for item in data:
        sample = item["data_samples"]
        assert sample.same_image is False
        assert sample.gt_instances.valid.any()
        assert not sample.gt_instances.visible.any()
        greys = [set(torch.unique(view).tolist()) - {0} for view in item["inputs"]]
        assert max(greys[0], default=0) != max(greys[1], default=0)


def test_one_still_is_not_two(tmp_path):
    with pytest.raises(ValueError, match="one still only, and other_prob or patch_prob asks"):
        plain(images(tmp_path, count=1), other_prob=1)[0]


def test_a_plain_folder_has_random_groups_only(tmp_path):
    data = plain(images(tmp_path), num_people=2, num_random=1)
    assert len(data) == 3
    truth = data[0]["data_samples"].gt_instances
    assert not truth.annotated.any()
    assert truth.diagonals.isnan().all()
    assert truth.valid.all()


def test_images_without_people(tmp_path):
    """Only the second of two images has somebody."""
    root = write_tiny_posetrack(tmp_path, videos=dict(v1=2))
    path = root / "annotations" / "val" / "v1.json"
    content = Config.fromfile(path)._cfg_dict.to_dict()
    content["annotations"] = [a for a in content["annotations"] if a["image_id"] == 10001]
    write_json(path, content)
    data = videos(root, num_people=1, num_random=1)
    assert not data[0]["data_samples"].gt_instances.annotated.any()
    assert data[1]["data_samples"].gt_instances.annotated.tolist() == [True, False]
    text = logged(tmp_path, lambda: videos(root, min_people=1))
    assert "1 images; 1 with fewer than 1 annotated people are left out" in text
    content["annotations"] = []
    write_json(path, content)
    with pytest.raises(ValueError, match="has no people to train on"):
        videos(root)
    assert len(videos(root, num_people=0, num_random=2)) == 2


def test_a_corrupt_image(tmp_path):
    folder = images(tmp_path)
    (folder / "2.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"cannot use .*2\.png \(it is plain text"):
        plain(folder)[1]
    data = plain(folder, on_error="skip")
    text = logged(tmp_path, lambda: [data[1] for _ in range(3)])
    assert data.unreadable >= 3
    assert "2.png (it is plain text)" in text
    assert "; skipped, 3 so far" in text
    with pytest.raises(ValueError, match="on_error must be 'raise', or in training 'skip'"):
        plain(folder, on_error="skip", test_mode=True)


def test_an_image_of_another_size(tmp_path):
    root = write_tiny_posetrack(tmp_path, videos=dict(v1=1))
    cv2.imwrite(str(root / "images/val/v1/000000.png"), np.zeros((20, 20, 3), np.uint8))
    with pytest.raises(ValueError, match="it is 20x20, its annotation says 64x48"):
        videos(root)[0]


@pytest.mark.filterwarnings("ignore:The metainfo config file")
def test_layouts_of_the_network(tmp_path):
    """The ears and the middle of the file's 17 joints in a layout of 3; one is not there."""
    root = write_tiny_posetrack(tmp_path)
    names = ["right_wrist", "left_wrist", "tail"]
    still = [dict(type="StillViews", size=64, mirror_prob=1), *PIPELINE[-2:]]
    data = videos(root, keypoint_names=names, num_random=1, pipeline=still)
    truth = data[0]["data_samples"].gt_instances
    assert truth.queries.shape == (3, 3, 2)
    assert truth.is_keypoint.tolist() == [[True, True, False]] * 2 + [[False] * 3]
    assert data.metainfo["flip_indices"] == [1, 0, 2]
    coco = videos(root, metainfo=dict(from_file="configs/_base_/datasets/coco.py"))
    assert coco[0]["data_samples"].gt_instances.queries.shape == (3, 17, 2)
    with pytest.raises(ValueError, match="metainfo or keypoint_names, not both"):
        videos(root, keypoint_names=names, metainfo=coco.metainfo)


def test_several_sources(tmp_path):
    root = write_tiny_posetrack(tmp_path / "videos")
    stills = dict(type="StillPairDataset", data_root=str(images(tmp_path / "stills")))
    frames = dict(
        type="StillPairDataset", data_root=str(root), ann_file="annotations/val", frame_step=4
    )
    data = DATASETS.build(
        dict(
            type="ConcatDataset", datasets=[s | dict(pipeline=PIPELINE) for s in (stills, frames)]
        )
    )
    assert len(data) == 3 + 3
    assert default_collate([data[i] for i in range(6)])["inputs"].shape == (6, 2, 3, 64, 64)


@pytest.mark.parametrize("name", ["synthetic", "coco"])
def test_base_configs(tmp_path, name, project_root):
    """The configs' data sets on other files of the same kind."""
    write_tiny_posetrack(tmp_path / "data", split="train")
    bases = [
        str(project_root / f"configs/_base_/datasets/still_pairs{part}.py")
        for part in ("", f"_{name}")
    ]
    file = tmp_path / "config.py"
    file.write_text(
        f"_base_ = {bases}\n"
        f"train = dict(**_base_.still_train_dataset, **_base_.{name}_still_train)\n"
        f"val = dict(**_base_.still_val_dataset, **_base_.{name}_still_val)\n"
    )
    config = Config.fromfile(file)
    for part in (config.train, config.val):
        assert part.pipeline[0].size == 256
        part.pipeline[0].size = 64
        part.data_root, part.ann_file = str(tmp_path / "data"), "annotations/train"
        part.data_prefix = dict(img="")
        data = DATASETS.build(part)
        collate = config.still_train_dataloader.collate_fn.type
        assert collate == "default_collate"
        assert default_collate([data[0], data[1]])["inputs"].shape == (2, 2, 3, 64, 64)
    assert data.test_mode


def test_both_views_show_the_same_where_they_are_said_to(real_data):
    """Real photographs, and every change of geometry: colours of queries and targets."""
    pipeline = [
        dict(type="StillViews", size=128, crop_prob=0.5, mirror_prob=0.5, flip_prob=0.3),
        dict(type="MoveStillPeople", prob=0.7),
        dict(type="OccludeStills", prob=0.7),
        *PIPELINE[-2:],
    ]
    data = videos(real_data / "stills/coco", ann_file="test_coco.json", pipeline=pipeline)
    colours: dict[bool, list] = {True: [], False: []}
    for index in range(24):
        item = data[index % len(data)]
        truth = item["data_samples"].gt_instances
        views = [cv2.GaussianBlur(v.permute(1, 2, 0).numpy(), (0, 0), 1) for v in item["inputs"]]
        there = truth.valid & ((truth.targets >= 0) & (truth.targets <= 127)).all(-1)
        for seen, found in colours.items():
            chosen = there & (truth.visible == seen)
            points = (truth.queries[chosen], truth.targets[chosen])
            for view, place in zip(views, points, strict=True):
                x, y = place.round().long().T.numpy()
                found.append(view[y, x])
    alike = {
        seen: np.corrcoef(np.concatenate(f[::2]).ravel(), np.concatenate(f[1::2]).ravel())[0, 1]
        for seen, f in colours.items()
    }
    assert alike[True] > 0.95
    assert alike[False] < 0.5


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (dict(), "give ann_file, or data_root"),
        (dict(num_people=0, num_random=0), "one of them 1 or more"),
        (dict(num_people=-1), "num_people and num_random must be 0 or more"),
        (dict(other_prob=1.5), "other_prob must be in"),
        (dict(patch_prob=-1), "patch_prob must be in"),
        (dict(frame_step=2), "a plain folder"),
        (dict(min_people=1), "a plain folder"),
        (dict(ann_file="a.json", frame_step=0), "frame_step must be 1 or more"),
        (dict(data_root="a", on_error="stop"), "on_error must be"),
        (dict(data_root="a", imdecode_backend="tifffile"), "imdecode_backend must be one of"),
        (dict(data_root="a", keypoint_names=["nose", "nose"]), "repeated: nose"),
    ],
)
def test_options_out_of_range(options, problem):
    with pytest.raises(ValueError, match=problem):
        StillPairDataset(**options)
