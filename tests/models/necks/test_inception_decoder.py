"""The decoder from strides 16 and 32 to stride 4."""

import pytest
import torch
from mmpose.registry import MODELS
from torch import nn

from mmpose_temporal.models.necks import InceptionDecoder


def test_sizes():
    neck = MODELS.build(dict(type="InceptionDecoder", in_channels=(6, 8), out_channels=5)).eval()
    (out,) = neck((torch.randn(2, 6, 4, 6), torch.randn(2, 8, 2, 3)))
    assert out.shape == (2, 5, 16, 24)
    assert [len(x) for x in neck((torch.zeros(0, 6, 4, 6), torch.zeros(0, 8, 2, 3)))] == [0]


def test_parameters_of_the_paper():
    # 1024 x 1024 x 2 x 2 and the norm's 2 x 1024; (1024 + 608) x 32 x 8 x 8 and 32 biases
    expected = 4_194_304 + 2_048 + 3_342_336 + 32
    assert sum(p.numel() for p in InceptionDecoder().parameters()) == expected


def test_skip_is_appended_to_the_coarse_map():
    neck = InceptionDecoder(in_channels=(1, 1), out_channels=1).eval()
    nn.init.ones_(neck.up[0].weight)
    nn.init.zeros_(neck.out.weight)
    nn.init.zeros_(neck.out.bias)
    nn.init.constant_(neck.out.weight[1], 0.25)  # of the skip
    skip = torch.zeros(1, 1, 4, 4)
    skip[0, 0, 1, 1] = 4
    with torch.no_grad():
        (out,) = neck((skip, torch.ones(1, 1, 2, 2)))
    # cell 1 of stride 16 covers cells 4 to 7 of stride 4, the kernel of 8 two more on each side
    expected = torch.zeros(16, 16)
    expected[2:10, 2:10] = 1
    torch.testing.assert_close(out[0, 0], expected)


def test_enlarging_is_the_transposed_convolution():
    torch.manual_seed(0)
    out = InceptionDecoder(in_channels=(6, 8), out_channels=5).out
    x = torch.randn(2, 14, 3, 4).contiguous(memory_format=torch.channels_last).requires_grad_()
    expected = nn.functional.conv_transpose2d(x, out.weight, out.bias, stride=4, padding=2)
    found = out(x)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    inputs = x, out.weight, out.bias
    for one, other in zip(
        torch.autograd.grad(found.square().sum(), inputs),
        torch.autograd.grad(expected.square().sum(), inputs),
        strict=True,
    ):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def test_maps_that_do_not_fit():
    neck = InceptionDecoder(in_channels=(6, 8), out_channels=5)
    with pytest.raises(ValueError, match="multiples of 32"):
        neck((torch.zeros(1, 6, 3, 4), torch.zeros(1, 8, 2, 2)))
    with pytest.raises(ValueError, match=r"out_indices of BNInception must be \(2, 3\)"):
        neck((torch.zeros(1, 8, 2, 2),))
    with pytest.raises(ValueError, match="in_channels must be those of the maps"):
        InceptionDecoder(in_channels=(608,))
    with pytest.raises(ValueError, match="positive"):
        InceptionDecoder(out_channels=0)
