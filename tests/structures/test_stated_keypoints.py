"""What a checkpoint says of its keypoints."""

import pytest
import torch

from mmpose_temporal.structures import POSETRACK18, check_keypoints, stated_keypoints

COCO = ("nose", "left_eye", "right_eye", *POSETRACK18.keypoint_names[3:])


def checkpoint(names) -> dict:
    meta = dict(dataset_meta=dict(keypoint_id2name=dict(enumerate(names))))
    return dict(state_dict=dict(weight=torch.zeros(1)), meta=meta)


def test_what_is_stated():
    assert stated_keypoints(checkpoint(COCO)) == COCO
    assert stated_keypoints(dict(meta=dict(keypoint_names=["a", "b"]))) == ("a", "b")
    silent = [
        None,
        {},
        dict(weight=torch.zeros(1)),
        dict(meta=None),
        dict(meta=dict(CLASSES=("person",))),
        dict(meta=dict(dataset_meta=None)),
        dict(meta=dict(dataset_meta=dict(classes=("person",)))),
    ]
    assert [stated_keypoints(content) for content in silent] == [None] * len(silent)


def test_other_keypoints_are_refused_with_both_lists():
    with pytest.raises(ValueError, match=r"(?s)a\.pth.*head_bottom.*left_eye.*Do this") as error:
        check_keypoints(checkpoint(COCO), POSETRACK18, source="a.pth", advice="Do this")
    assert str(error.value).count("left_ankle") == 2


def test_the_order_counts():
    moved = POSETRACK18.keypoint_names[::-1]
    with pytest.raises(ValueError, match="another order"):
        check_keypoints(checkpoint(moved), POSETRACK18, source="a.pth")


def test_the_same_keypoints():
    names = POSETRACK18.keypoint_names
    assert check_keypoints(checkpoint(names), POSETRACK18, source="a.pth") is None
    metainfo = dict(keypoint_id2name=dict(enumerate(names)))
    assert check_keypoints(checkpoint(names), metainfo, source="a.pth") is None
    assert check_keypoints(checkpoint(COCO), None, source="a.pth") is None
    assert check_keypoints(checkpoint(COCO), dict(classes=("person",)), source="a.pth") is None


def test_no_names_are_taken_for_those_of_the_data_and_said():
    said = check_keypoints({}, POSETRACK18, source="a.pth")
    assert "a.pth does not say" in said and "head_bottom" in said


def test_the_user_knows_better():
    names = POSETRACK18.keypoint_names
    assert check_keypoints(checkpoint(COCO), POSETRACK18, source="a.pth", stated=names) is None
    with pytest.raises(ValueError, match="left_eye"):
        check_keypoints({}, POSETRACK18, source="a.pth", stated=COCO)
