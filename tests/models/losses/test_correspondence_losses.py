"""The losses of correspondences by hand."""

import math

import pytest
import torch

from mmpose_temporal.models.losses import AffinityLoss, ConfidenceLoss

YES, NO = torch.tensor([[True]]), torch.tensor([[False]])


def shares(rows):
    """Logits of a map of affinities (h, w), (1, 1, h, w)."""
    return torch.tensor(rows).log()[None, None]


def test_in_a_cell_the_loss_is_that_of_the_cell():
    logits = shares([[0.1, 0.2], [0.3, 0.4]])
    loss = AffinityLoss()(logits, torch.tensor([[[0.0, 1.0]]]), YES)
    assert loss.item() == pytest.approx(-math.log(0.3))
    assert AffinityLoss(2)(logits, torch.tensor([[[0.0, 1.0]]]), YES) == 2 * loss


def test_between_four_cells_they_share_it():
    """A quarter to the right and half way down: 0.375, 0.125, 0.375, 0.125 of the cells."""
    rows = [[0.1, 0.2], [0.3, 0.4]]
    loss = AffinityLoss()(shares(rows), torch.tensor([[[0.25, 0.5]]]), YES)
    weights = [0.375, 0.125, 0.375, 0.125]
    expected = -sum(w * math.log(p) for w, p in zip(weights, [*rows[0], *rows[1]], strict=True))
    assert loss.item() == pytest.approx(expected)


@pytest.mark.parametrize("place", [[1.0, 1.0], [1.4, 1.4], [9.0, 1.0]])
def test_beyond_the_last_cells_centre_the_last_cell_counts(place):
    """A point in the outer half of a border cell has no cell on its other side."""
    loss = AffinityLoss()(shares([[0.1, 0.2], [0.3, 0.4]]), torch.tensor([[place]]), YES)
    assert loss.item() == pytest.approx(-math.log(0.4))


def test_the_mean_is_over_the_visible_points():
    logits = shares([[0.5, 0.25, 0.25]]).expand(1, 3, 1, 3)
    cells = torch.tensor([[[0.0, 0], [1, 0], [math.nan, math.nan]]])
    loss = AffinityLoss()(logits, cells, torch.tensor([[True, True, False]]))
    assert loss.item() == pytest.approx((math.log(2) + math.log(4)) / 2)


def test_no_point_is_visible():
    logits = torch.randn(1, 2, 3, 3, requires_grad=True)
    loss = AffinityLoss()(logits, torch.full((1, 2, 2), math.nan), NO.expand(1, 2))
    loss.backward()
    assert loss == 0
    assert logits.grad.abs().sum() == 0


def test_affinities_are_learned():
    """Gradient steps move all the affinity to the point's cell."""
    logits = torch.zeros(1, 1, 3, 3, requires_grad=True)
    for _ in range(50):
        AffinityLoss()(logits, torch.tensor([[[2.0, 1.0]]]), YES).backward()
        with torch.no_grad():
            logits -= 2 * logits.grad
            logits.grad = None
    assert logits.softmax(-1).flatten().argmax() == 5
    assert logits.flatten().softmax(0)[5] > 0.95


def test_the_gaussian_by_hand():
    """Sigma 2: one cell away exp(-1/8), on the diagonal exp(-2/8)."""
    target = ConfidenceLoss(sigma=2).target(torch.tensor([[1.0, 1.0]]), YES[0], 3, 3)[0]
    near, far = math.exp(-1 / 8), math.exp(-2 / 8)
    expected = torch.tensor([[far, near, far], [near, 1, near], [far, near, far]])
    torch.testing.assert_close(target, expected)


def test_a_gaussian_between_cells_and_of_a_frame_that_is_not_square():
    target = ConfidenceLoss().target(torch.tensor([[2.5, 0.0]]), YES[0], 2, 4)[0]
    assert target.shape == (2, 4)
    assert target[0, 2] == target[0, 3] == pytest.approx(math.exp(-1 / 8))
    assert target[1, 2] == pytest.approx(math.exp(-1 / 8 - 1 / 2))


def test_where_a_point_is_hidden_all_is_zero():
    target = ConfidenceLoss().target(torch.tensor([[1.0, 1.0]]), NO[0], 3, 3)
    assert target.abs().sum() == 0


def test_confidence_by_hand():
    """Logits of 0 are log(2) in each of six cells, whatever the target; the hidden one counts,
    the one that is not asked for does not."""
    logits = torch.zeros(1, 3, 2, 3)
    cells = torch.tensor([[[0.0, 0.0], [1, 1], [math.nan, math.nan]]])
    valid, visible = torch.tensor([[True, True, False]]), torch.tensor([[True, False, False]])
    loss = ConfidenceLoss(loss_weight=0.5)(logits, cells, valid, visible)
    assert loss.item() == pytest.approx(0.5 * 6 * math.log(2))
    # a hidden point: sure of a cell costs, sure of none does not
    logits[0, 1] = -20
    one = ConfidenceLoss(loss_weight=1)(logits, cells, valid, visible)
    assert one.item() == pytest.approx(6 * math.log(2) / 2, rel=1e-5)
    logits[0, 1, 0, 0] = 20
    two = ConfidenceLoss(loss_weight=1)(logits, cells, valid, visible)
    assert two.item() == pytest.approx(6 * math.log(2) / 2 + 20 / 2, rel=1e-5)


def test_no_query_is_valid():
    logits = torch.randn(1, 2, 3, 3, requires_grad=True)
    no = NO.expand(1, 2)
    loss = ConfidenceLoss()(logits, torch.full((1, 2, 2), math.nan), no, no)
    loss.backward()
    assert loss == 0
    assert logits.grad.abs().sum() == 0


def test_half_precision_gives_a_full_loss():
    logits = torch.randn(1, 1, 4, 4).half()
    cells = torch.tensor([[[1.0, 2.0]]])
    for loss in (AffinityLoss()(logits, cells, YES), ConfidenceLoss()(logits, cells, YES, YES)):
        assert loss.dtype == torch.float32
        assert loss.isfinite()


@pytest.mark.parametrize("sigma", [0, -1])
def test_sigma_must_be_positive(sigma):
    with pytest.raises(ValueError, match="sigma must be positive"):
        ConfidenceLoss(sigma=sigma)
