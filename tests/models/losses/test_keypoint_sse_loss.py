"""Eq. 2, and how it differs from mmpose's loss."""

import pytest
import torch
from mmpose.registry import MODELS


def test_sum_over_cells_mean_over_people_and_keypoints():
    """Errors 1 and 2 in keypoint 0, 3 in the invisible keypoint 1: (1 + 4) / (1 * 2)."""
    output, target = torch.zeros(1, 2, 2, 3), torch.zeros(1, 2, 2, 3)
    output[0, 0, 0, 0], output[0, 0, 1, 2], output[0, 1, 0, 0] = 1, -2, 3
    weights = torch.tensor([[1.0, 0.0]])
    ours = MODELS.build(dict(type="KeypointSSELoss"))
    theirs = MODELS.build(dict(type="mmpose.KeypointMSELoss", use_target_weight=True))
    assert ours(output, target, weights) == pytest.approx(2.5)
    assert theirs(output, target, weights) == pytest.approx(2.5 / 6)


def test_weight_and_mask():
    output, target = torch.ones(2, 1, 2, 2), torch.zeros(2, 1, 2, 2)
    mask = torch.zeros(2, 1, 2, 2)
    mask[0, 0, 0, 0] = 1
    loss = MODELS.build(dict(type="KeypointSSELoss", loss_weight=3.0))
    assert loss(output, target, torch.ones(2, 1)) == pytest.approx(3 * 4)
    assert loss(output, target, torch.ones(2, 1), mask) == pytest.approx(3 * 1 / 2)
