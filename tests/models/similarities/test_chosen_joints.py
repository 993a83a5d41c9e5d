import pytest
import torch

from mmpose_temporal.models.similarities import ChosenJoints
from mmpose_temporal.structures import KEYPOINT_NAMES


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
