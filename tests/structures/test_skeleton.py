"""Keypoint layouts by name."""

import copy
import pickle
from pathlib import Path

import mmpose
import numpy as np
import pytest
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from mmpose_temporal.structures import (
    KEYPOINT_NAMES,
    KeypointMapping,
    Skeleton,
    map_keypoints,
    metainfo_keypoint_names,
    refuse_keypoints,
)

DESCRIPTIONS = sorted((Path(mmpose.__file__).parent / ".mim/configs/_base_/datasets").glob("*.py"))


def described(name: str) -> dict:
    return parse_pose_metainfo(dict(from_file=f"configs/_base_/datasets/{name}.py"))


def arm(**options) -> Skeleton:
    return Skeleton(keypoint_names=("left_hand", "right_hand", "neck"), **options)


def test_names_alone_make_a_skeleton():
    skeleton = arm()
    assert len(skeleton) == 3
    assert skeleton.flip_indices.tolist() == [0, 1, 2] and skeleton.sigmas is None
    assert skeleton.links.shape == (0, 2) and skeleton.link_colors.shape == (0, 3)
    assert skeleton.scored.tolist() == [0, 1, 2]
    assert skeleton.index("neck") == 2
    with pytest.raises(ValueError, match="'nose'.*left_hand"):
        skeleton.index("nose")


def test_what_a_data_set_says():
    coco = Skeleton.from_metainfo(described("coco"))
    assert coco.name == "coco" and coco.keypoint_names[:3] == ("nose", "left_eye", "right_eye")
    assert coco.flip_indices[:5].tolist() == [0, 2, 1, 4, 3]
    assert coco.flip_pairs[:2].tolist() == [[1, 2], [3, 4]] and len(coco.flip_pairs) == 8
    assert coco.sigmas[0] == np.float32(0.026)
    assert coco.links.shape == (19, 2) and coco.links[0].tolist() == [15, 13]
    assert coco.keypoint_colors[0].tolist() == [51, 153, 255]
    assert coco.link_colors[0].tolist() == [0, 255, 0]


@pytest.mark.filterwarnings("ignore:The metainfo config file")
@pytest.mark.parametrize("file", DESCRIPTIONS, ids=lambda file: file.stem)
def test_every_layout_of_mmpose(file):
    metainfo = parse_pose_metainfo(dict(from_file=str(file)))
    skeleton = Skeleton.from_metainfo(metainfo)
    assert len(skeleton) == metainfo["num_keypoints"]
    assert (skeleton.sigmas is None) == (len(metainfo["sigmas"]) == 0)
    assert len(skeleton.links) == metainfo["num_skeleton_links"]
    assert map_keypoints(skeleton, skeleton).is_identity


def test_it_travels_without_copies_and_does_not_change():
    skeleton = arm(sigmas=[0.1, 0.1, 0.2], links=[(0, 2), (1, 2)], flip_indices=[1, 0, 2])
    assert copy.deepcopy(skeleton) is skeleton and copy.copy(skeleton) is skeleton
    again = pickle.loads(pickle.dumps(skeleton))
    assert again.same_keypoints(skeleton) and again.links.tolist() == [[0, 2], [1, 2]]
    for one in (skeleton, again):
        with pytest.raises(ValueError, match="read-only"):
            one.sigmas[0] = 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (dict(keypoint_names=()), "different names"),
        (dict(keypoint_names="nose"), "sequence"),
        (dict(keypoint_names=("a", "")), "not empty"),
        (dict(keypoint_names=("a", "b", "a")), "repeated: a"),
        (dict(keypoint_names=("a", "b"), flip_indices=[0]), "flip_indices"),
        (dict(keypoint_names=("a", "b"), sigmas=[0.1]), "positive.*K = 2"),
        (dict(keypoint_names=("a", "b"), sigmas=[0.1, 0]), "positive.*K = 2"),
        (dict(keypoint_names=("a", "b"), links=[(0, 2)]), "links"),
        (dict(keypoint_names=("a", "b"), scored=[1, 0]), "scored"),
        (dict(keypoint_names=("a", "b"), keypoint_colors=[(1, 2, 3)]), "colour"),
    ],
)
def test_what_does_not_fit_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        Skeleton(**options)


def test_names_in_metainfo():
    assert metainfo_keypoint_names(None) is None
    assert metainfo_keypoint_names(dict(CLASSES=("person",))) is None
    assert metainfo_keypoint_names(dict(keypoint_id2name={1: "b", 0: "a"})) == ("a", "b")
    assert metainfo_keypoint_names(dict(keypoint_id2name={"1": "b", "0": "a"})) == ("a", "b")
    assert metainfo_keypoint_names(dict(keypoint_name2id={"b": 1, "a": 0})) == ("a", "b")
    with pytest.raises(ValueError, match="ids"):
        metainfo_keypoint_names(dict(keypoint_id2name={0: "a", 2: "b"}))
    with pytest.raises(ValueError, match="keypoint_id2name"):
        Skeleton.from_metainfo(dict(dataset_name="unknown"))


def test_posetrack_in_coco():
    coco = Skeleton.from_metainfo(described("coco"))
    mapping = map_keypoints(KEYPOINT_NAMES, coco)
    assert mapping.missing == ("head_bottom", "head_top")
    assert mapping.unused == ("left_eye", "right_eye")
    assert mapping.index[:4].tolist() == [0, -1, -1, 3]
    assert not mapping.is_identity


def test_rows_are_taken_by_name():
    mapping = map_keypoints(("c", "x", "a"), ("a", "b", "c"))
    keypoints = np.arange(6, dtype=np.float32).reshape(1, 3, 2)
    assert mapping.take(keypoints).tolist() == [[[4, 5], [0, 0], [0, 1]]]
    assert mapping.take(np.array([0.1, 0.2, 0.3]), axis=0, fill=-1).tolist() == [0.3, -1, 0.1]
    assert mapping.take(np.zeros((0, 3))).shape == (0, 3)
    with pytest.raises(ValueError, match="expected 3 keypoints"):
        mapping.take(np.zeros((1, 4)))


def test_aliases():
    mapping = map_keypoints(("head_top",), ("head", "neck"), aliases=dict(head_top="head"))
    assert isinstance(mapping, KeypointMapping) and mapping.index.tolist() == [0]
    for aliases in (dict(crown="head"), dict(head_top="skull")):
        with pytest.raises(ValueError, match="aliases"):
            map_keypoints(("head_top",), ("head", "neck"), aliases=aliases)


def test_a_refusal_has_both_lists():
    text = refuse_keypoints("the data set", ("a", "b"), "x.pth", ("b", "c"), advice="Set names")
    assert "missing: a" in text and "not expected: c" in text
    assert "2: a, b" in text and "2: b, c" in text and text.endswith("Set names")
    assert "another order" in refuse_keypoints("a", ("a", "b"), "b", ("b", "a"))
