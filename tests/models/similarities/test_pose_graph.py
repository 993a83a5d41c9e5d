import numpy as np
import pytest
import torch

from mmpose_temporal.models.similarities.pose_graph import GraphBlock, spatial_partition

# A centre 0 with the arm 0 - 1 - 2 and the arm 0 - 3, and a link between 1 and 3.
LINKS = [(0, 1), (1, 2), (0, 3), (1, 3)]


def test_partition_by_hand():
    """Neighbours with the joint itself: 0: 0 1 3; 1: 1 0 2 3; 2: 2 1; 3: 3 0 1."""
    root, nearer, farther = spatial_partition(4, LINKS, 0)
    a, b, c = 1 / 3, 1 / 4, 1 / 2
    np.testing.assert_allclose(
        root, [[a, 0, 0, 0], [0, b, 0, b], [0, 0, c, 0], [0, a, 0, a]], rtol=1e-6
    )
    np.testing.assert_allclose(
        nearer, [[0, 0, 0, 0], [b, 0, 0, 0], [0, c, 0, 0], [a, 0, 0, 0]], rtol=1e-6
    )
    np.testing.assert_allclose(
        farther, [[0, a, 0, a], [0, 0, b, 0], [0, 0, 0, 0], [0, 0, 0, 0]], rtol=1e-6
    )


def test_a_joint_without_a_way_to_the_centre():
    with pytest.raises(ValueError, match=r"from joint 0 to joints \[2, 3\]"):
        spatial_partition(4, [(0, 1), (2, 3)], 0)


@pytest.mark.parametrize(("links", "center"), [([(0, 4)], 0), ([(-1, 0)], 0), (LINKS, 4)])
def test_links_of_unknown_joints(links, center):
    with pytest.raises(ValueError, match="must be joints 0 to 3"):
        spatial_partition(4, links, center)


def test_block_by_hand():
    """Weights 1, 10, 100 for the parts, no bias: joint 2 hears itself and joint 1 only.

    With the features 1, 2, 4, 8 it is 4/2 * 1 + 2/2 * 10 = 12; joint 0 is
    1/3 + (2 + 8)/3 * 100 = 333.67. Batch normalisation at rest divides by sqrt(1 + 1e-5).
    """
    block = GraphBlock((1, 1), torch.from_numpy(spatial_partition(4, LINKS, 0))).eval()
    with torch.no_grad():
        block.weights.weight.copy_(torch.tensor([[1.0], [10.0], [100.0]]))
        block.weights.bias.zero_()
    block.around = None
    features = torch.tensor([[[1.0], [2.0], [4.0], [8.0]]])
    result = block(features, torch.ones(1, 4, dtype=torch.bool))[0, :, 0].tolist()
    assert result[2] == pytest.approx(12, rel=1e-4)
    assert result[0] == pytest.approx(1 / 3 + 1000 / 3, rel=1e-4)


def test_absent_joints_are_not_heard():
    block = GraphBlock((2, 3), torch.from_numpy(spatial_partition(4, LINKS, 0))).eval()
    present = torch.tensor([[True, True, False, True]])
    features = torch.randn(1, 4, 2)
    changed = features.clone()
    changed[0, 2] = 99
    with torch.no_grad():
        first, second = block(features, present), block(changed, present)
    torch.testing.assert_close(first, second)
    assert (first[0, 2] == 0).all()
    assert (first[0, [0, 1, 3]] != 0).any()


def test_batch_statistics_do_not_see_absent_joints():
    block = GraphBlock((1, 1), torch.from_numpy(spatial_partition(2, [(0, 1)], 0)))
    twin = GraphBlock((1, 1), torch.from_numpy(spatial_partition(2, [(0, 1)], 0)))
    twin.load_state_dict(block.state_dict())
    features = torch.randn(3, 2, 1)
    present = torch.tensor([[True, True], [True, True], [False, False]])
    block(features, present)
    twin(features[:2], present[:2])
    torch.testing.assert_close(block.norm.running_mean, twin.norm.running_mean)


def test_nobody():
    block = GraphBlock((2, 3), torch.from_numpy(spatial_partition(4, LINKS, 0)))
    assert block(torch.zeros(0, 4, 2), torch.zeros(0, 4, dtype=torch.bool)).shape == (0, 4, 3)
