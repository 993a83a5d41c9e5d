import pytest
import torch

from mmpose_temporal.models.similarities import ChosenJoints
from mmpose_temporal.structures import KEYPOINT_NAMES, POSETRACK18, Skeleton


def test_the_default_leaves_out_the_ears():
    chosen = ChosenJoints(None, 17)
    names = [KEYPOINT_NAMES[joint] for joint in chosen.joints]
    assert len(chosen) == 15
    assert not {"left_ear", "right_ear"} & set(names)


def test_the_default_of_another_layout_is_all():
    assert ChosenJoints(None, 4).joints == (0, 1, 2, 3)


def test_picks_in_the_order_given():
    keypoints = torch.tensor([[[0.0, 1], [2, 3], [4, 5]]])
    picked, present = ChosenJoints((2, 0), 3)(keypoints, torch.tensor([[0.5, 0.5, 0.0]]))
    assert picked.tolist() == [[[4, 5], [0, 1]]]
    assert present.tolist() == [[False, True]]


def test_another_number_of_keypoints():
    with pytest.raises(ValueError, match="poses have 4 keypoints, .* a layout of 3"):
        ChosenJoints(None, 3)(torch.zeros(1, 4, 2), torch.ones(1, 4))


@pytest.mark.parametrize("joints", [(), (0, 0), (3,), (-1,)])
def test_joints_must_be_different_and_of_the_layout(joints):
    with pytest.raises(ValueError, match="joints must be different indices into the 3 keypoints"):
        ChosenJoints(joints, 3)


@pytest.mark.parametrize("trained", [(0, 1), (1, 2), (0, 1, 2)])
def test_weights_of_other_joints_are_refused(trained):
    """Also where the shapes would fit."""
    mine = ChosenJoints((1, 0), 3)
    with pytest.raises(ValueError, match="trained with the joints .* config has .1, 0."):
        mine.load_state_dict(ChosenJoints(trained, 3).state_dict())
    mine.load_state_dict(ChosenJoints((1, 0), 3).state_dict())


COCO = Skeleton(keypoint_names=("nose", "left_eye", "right_eye", *KEYPOINT_NAMES[3:]), name="coco")


def test_data_of_another_layout_are_mapped_by_name(capsys):
    chosen = ChosenJoints()
    chosen.use_skeleton(COCO, "Matcher")
    assert "coco" in (said := capsys.readouterr().out) and "head_bottom, head_top" in said
    assert chosen.names[:3] == ("nose", "head_bottom", "head_top")
    assert chosen.places[:5].tolist() == [0, -1, -1, 5, 6]
    keypoints = torch.arange(17.0)[:, None].expand(1, 17, 2)
    picked, present = chosen(keypoints, torch.ones(1, 17))
    assert picked[0, :5, 0].tolist() == [0, 0, 0, 5, 6]
    assert present[0, :5].tolist() == [True, False, False, True, True]
    assert chosen.pick(torch.full((1, 17), 0.5))[0, :4].tolist() == [0.5, 0, 0, 0.5]
    chosen.use_skeleton(POSETRACK18, "Matcher")
    assert chosen(keypoints, torch.ones(1, 17))[1].all()


def test_a_smaller_layout():
    twelve = Skeleton(keypoint_names=KEYPOINT_NAMES[5:])
    chosen = ChosenJoints()
    chosen.use_skeleton(twelve, "Matcher")
    keypoints = torch.arange(12.0)[:, None].expand(1, 12, 2)
    picked, present = chosen(keypoints, torch.ones(1, 12))
    assert present[0].tolist() == [False] * 3 + [True] * 12
    assert picked[0, 3:, 0].tolist() == list(range(12))
    with pytest.raises(ValueError, match="17 keypoints.*metainfo"):
        chosen(torch.zeros(1, 17, 2), torch.ones(1, 17))


def test_too_few_common_joints_are_refused_with_both_lists():
    hand = Skeleton(keypoint_names=tuple(f"thumb{i}" for i in range(21)), name="hand")
    with pytest.raises(ValueError, match="(?s)Matcher.*left_shoulder.*hand.*thumb20"):
        ChosenJoints().use_skeleton(hand, "Matcher")


def test_a_layout_of_its_own():
    names = ("a", "b", "c")
    chosen = ChosenJoints(joints=("c", 0), layout=names)
    assert chosen.joints == (2, 0) and chosen.names == ("c", "a")
    chosen.use_skeleton(Skeleton(keypoint_names=("a", "x", "c", "y")), "Matcher")
    assert chosen.places.tolist() == [2, 0]
    with pytest.raises(ValueError, match="3 keypoints.*a, b, c"):
        ChosenJoints(joints=("d",), layout=names)
    with pytest.raises(ValueError, match="num_keypoints is 4"):
        ChosenJoints(num_keypoints=4, layout=names)


def test_a_layout_without_names_is_that_of_the_data():
    chosen = ChosenJoints(num_keypoints=3)
    assert chosen.names is None
    with pytest.raises(ValueError, match="made for 3 keypoints.*keypoint_names"):
        chosen.use_skeleton(COCO, "Matcher")
    chosen.use_skeleton(Skeleton(keypoint_names=("a", "b", "c")), "Matcher")
    assert chosen.names == ("a", "b", "c")


def test_names_in_a_file_of_weights(capsys):
    chosen = ChosenJoints()
    chosen.check_layout(KEYPOINT_NAMES, "a.pth", "Matcher")
    assert not capsys.readouterr().out
    chosen.check_layout(None, "a.pth", "Matcher")
    assert "a.pth names no keypoints" in capsys.readouterr().out
    for names in (COCO.keypoint_names, KEYPOINT_NAMES[:12]):
        with pytest.raises(ValueError, match=r"(?s)Matcher.*head_top.*a\.pth.*keypoint_names"):
            chosen.check_layout(names, "a.pth", "Matcher")
