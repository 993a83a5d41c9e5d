import pytest
import torch

from mmpose_temporal.models.similarities.entailment.track_tokens import (
    TrackTokens,
    both_scales,
    joint_mean,
    pair_features,
)

HISTORY, JOINTS = 3, 4
SHAPE = torch.tensor([[0.0, 0], [30, 0], [30, 40], [10, 20]])  # diagonal 50


def example(offset=(5.0, 0.0), length: int = 1):
    """One pair: a person at (100, 200), ``offset`` from where the track ended a frame ago."""
    current = torch.cat([SHAPE + torch.tensor([100, 200]), torch.full((4, 1), 0.5)], -1)
    history = torch.zeros(HISTORY, JOINTS, 3)
    history[:length] = current
    history[:length, :, :2] -= torch.tensor(offset)
    ages = torch.zeros(HISTORY)
    ages[:length] = torch.arange(length) + 1.0
    return [x[None] for x in (current, history, ages, torch.zeros(2), torch.zeros(2))]


def test_values_with_their_fine_detail():
    found = both_scales(torch.tensor([[0.1, -7.0]]))
    expected = [0.1, -3, torch.tanh(torch.tensor(0.4)).item(), -1]
    assert found.tolist()[0] == pytest.approx(expected)


def test_mean_over_some_joints():
    mask = torch.tensor([True, False, True])
    assert joint_mean(torch.tensor([1.0, 50, 3]), mask).item() == 2
    assert joint_mean(torch.tensor([[1.0, 0], [50, 50], [3, 4]]), mask).tolist() == [2, 2]
    assert joint_mean(torch.ones(3), torch.zeros(3, dtype=torch.bool)).item() == 0


def test_sizes_are_those_of_the_docstring():
    joints, pair, visible = pair_features(*example())
    assert joints.shape == (1, JOINTS, 14 + 6 * HISTORY)
    assert pair.shape == (1, 25 + 9 * HISTORY)
    assert visible.shape == (1, JOINTS)


def test_features_of_a_joint():
    """The diagonal is 50, so 5 pixels to the right are 0.1; the track's centre is (110, 220)."""
    joints, _, _ = pair_features(*example())
    first = joints[0, 0]
    assert first[:2].tolist() == pytest.approx([-10 / 50, -20 / 50])  # (100, 200)
    assert first[4].item() == 0.5  # its score
    assert first[5].item() == 1
    assert first[6:8].tolist() == pytest.approx([0.1, 0])  # from where the track expects it
    assert first[10:12].tolist() == pytest.approx([0.1, 0])  # there is no common motion
    assert first[14:16].tolist() == pytest.approx([0.1, 0])  # from the last pose
    assert first[18:20].tolist() == [1, 0.5]  # both there, past score
    assert not first[20:].any()  # no more poses


def test_common_motion_explains_a_shift():
    rows = example()
    rows[3] = torch.tensor([[5.0, 0]])
    joints, _, _ = pair_features(*rows)
    assert joints[0, 0, 6:8].tolist() == pytest.approx([0.1, 0])
    assert joints[0, 0, 10:12].tolist() == pytest.approx([0, 0])


@pytest.mark.parametrize("length", [1, 3])
def test_place_and_size_of_the_person_do_not_matter(length):
    rows = example(length=length)
    other = [x.clone() for x in rows]
    for part in other[:2]:
        part[..., :2] = part[..., :2] * 3 + torch.tensor([1000.0, -70])
    for first, second in zip(pair_features(*rows), pair_features(*other), strict=True):
        torch.testing.assert_close(first, second, atol=1e-4, rtol=0)


def test_joints_that_are_absent_tell_nothing_but_that():
    rows = example(length=2)
    rows[0][0, 1, 2] = rows[1][0, 0, 1, 2] = rows[1][0, 1, 1, 2] = 0
    other = [x.clone() for x in rows]
    other[0][0, 1, :2], other[1][0, :, 1, :2] = 777, -5e6
    for first, second in zip(pair_features(*rows), pair_features(*other), strict=True):
        assert torch.equal(first, second)
    assert pair_features(*rows)[2].tolist() == [[True, False, True, True]]


def test_poses_beyond_the_track_tell_nothing():
    rows = example(length=2)
    other = [x.clone() for x in rows]
    other[1][0, 2] = 99  # its age is 0
    joints, _, _ = pair_features(*rows)
    assert torch.equal(pair_features(*other)[0], joints)


def test_nobody_and_people_without_joints_give_numbers():
    nothing = [torch.zeros_like(x) for x in example()]
    assert all(torch.isfinite(x.float()).all() for x in pair_features(*nothing))
    assert not pair_features(*nothing)[2].any()
    none = [x[:0] for x in example()]
    assert [len(x) for x in pair_features(*none)] == [0, 0, 0]


def test_tokens():
    torch.manual_seed(0)
    tokens = TrackTokens(num_joints=JOINTS, history=HISTORY, hidden=8)
    rows = example()
    rows[0][0, 1, 2] = rows[1][0, 0, 1, 2] = 0
    vectors, visible = tokens(*rows)
    assert vectors.shape == (1, 1 + JOINTS, 8)
    assert visible.tolist() == [[True, True, False, True, True]]  # the pair's token always counts
    assert tokens.bfloat16()(*rows)[0].dtype == torch.bfloat16
