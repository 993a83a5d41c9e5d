"""The layers that TKMR's Table 2 names, counted."""

import pytest
import torch
from torch import nn

from mmpose_temporal.models.heads import basic_block, basic_blocks
from mmpose_temporal.models.heads.blocks import select_map


def kinds(block: nn.Module) -> list[str]:
    return [type(layer).__name__ for layer in block]


def test_block_of_the_matching_module() -> None:
    block = basic_block(6, 4, scale=2, num_convs=3)
    assert kinds(block) == ["Conv2d", "ReLU"] * 3 + ["ConvTranspose2d", "BatchNorm2d", "ReLU"]
    assert block(torch.zeros(1, 6, 3, 5)).shape == (1, 4, 6, 10)


def test_block_of_the_refinement_module() -> None:
    block = basic_block(6, 4, scale=2)
    assert kinds(block) == ["ConvTranspose2d", "BatchNorm2d", "ReLU"]


def test_stride_1_has_a_convolution_in_place_of_the_deconvolution() -> None:
    block = basic_block(6, 4, scale=1)
    assert kinds(block) == ["Conv2d", "BatchNorm2d", "ReLU"]
    assert block(torch.zeros(1, 6, 3, 5)).shape == (1, 4, 3, 5)


@pytest.mark.parametrize(
    ("upsample", "factor"), [((2, 2, 2), 8), ((1, 1, 1), 1), ((2, 2, 1), 4), ((2,), 2)]
)
def test_scales_multiply(upsample: tuple, factor: int) -> None:
    blocks = basic_blocks(6, 4, upsample, num_convs=3)
    assert len(blocks) == len(upsample)
    assert blocks(torch.zeros(1, 6, 2, 3)).shape == (1, 4, 2 * factor, 3 * factor)


@pytest.mark.parametrize("upsample", [(), (2, 3), (0,)])
def test_wrong_upsample(upsample: tuple) -> None:
    with pytest.raises(ValueError, match="upsample must hold 2 for each block"):
        basic_blocks(6, 4, upsample)


def test_wrong_channels() -> None:
    with pytest.raises(ValueError, match="must be positive, got 0 and 4"):
        basic_blocks(0, 4, (2,))


def test_a_feature_map_that_is_not_there() -> None:
    feats = (torch.zeros(1), torch.ones(1))
    assert select_map(feats, -1) is feats[1] and select_map(feats, 0) is feats[0]
    with pytest.raises(ValueError, match="in_index is 2, but backbone and neck give 2 feature"):
        select_map(feats, 2)
