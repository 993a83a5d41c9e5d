"""Features at chosen cells against those of the whole map."""

import pytest
import torch
from torch import Tensor, nn

from mmpose_temporal.models.heads import basic_blocks, features_at, gather_features

CHANNELS, INPUTS = 8, (3, 6, 5, 4)


def blocks(*upsample: int, num_convs: int = 0) -> nn.Sequential:
    """With BN statistics as after a training, in eval mode."""
    torch.manual_seed(0)
    found = basic_blocks(INPUTS[1], CHANNELS, upsample, num_convs=num_convs)
    for module in found.modules():
        if isinstance(module, nn.BatchNorm2d):
            for values in (module.weight.data, module.bias.data, module.running_mean):
                values.normal_()
            module.running_var.uniform_(0.5, 2)
    return found.eval()


def some_cells(network: nn.Sequential, share: float, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Maps, and cells (3, 2, n, 2) of their outputs: that share of a map, all different."""
    generator = torch.Generator().manual_seed(seed)
    maps = torch.randn(INPUTS, generator=generator)
    with torch.no_grad():
        height, width = network(maps).shape[-2:]
    number = int(share * height * width / 2)
    flat = torch.stack(
        [torch.randperm(height * width, generator=generator)[: 2 * number] for _ in maps]
    )
    return maps, torch.stack([flat % width, flat // width], -1).view(3, 2, number, 2)


class Calls:
    """How often a network's last convolution is asked for the whole map."""

    def __init__(self, network: nn.Sequential):
        self.number = 0
        network[-1][-3].register_forward_hook(self.count)

    def count(self, *_) -> None:
        self.number += 1


@pytest.mark.parametrize("num_convs", [0, 3])
@pytest.mark.parametrize("upsample", [(2,), (1,), (2, 2), (1, 2), (2, 1), (1, 1, 1)])
@torch.no_grad()
def test_equal_to_the_whole_map(upsample: tuple, num_convs: int) -> None:
    network = blocks(*upsample, num_convs=num_convs)
    seen = set()
    for seed in range(40):  # a fifth of the cells at a time, all of them in the end
        maps, cells = some_cells(network, 0.3, seed)
        whole = network(maps)
        calls = Calls(network)
        found = features_at(network, maps, cells)
        assert calls.number == 0
        assert found.shape == (*cells.shape[:3], CHANNELS)
        assert (found - gather_features(whole, cells)).abs().max() < 1e-5
        seen |= set(map(tuple, cells.flatten(0, 2).tolist()))
    assert len(seen) == whole[0, 0].numel()


@pytest.mark.parametrize(("share", "dense"), [(0.3, 0), (0.4, 1)])
@torch.no_grad()
def test_many_cells_are_cheaper_as_a_whole(share: float, dense: int) -> None:
    """35 % is the limit, of distinct cells: one that is asked for twice is computed once."""
    network = blocks(2, 2)
    maps, cells = some_cells(network, share)
    expected, calls = gather_features(network(maps), cells), Calls(network)
    torch.testing.assert_close(features_at(network, maps, cells), expected)
    assert calls.number == dense
    again = features_at(network, maps, torch.cat([cells, cells], 2))
    torch.testing.assert_close(again, torch.cat([expected, expected], 2))
    assert calls.number == 2 * dense


def test_training_needs_whole_maps() -> None:
    """BN by the statistics of the batch, and a gradient."""
    network = blocks(2, 2).train()
    maps, cells = some_cells(network, 0.1)
    expected = gather_features(network(maps), cells)
    found = features_at(network, maps, cells)
    torch.testing.assert_close(found, expected)
    assert not torch.allclose(found, features_at(network.eval(), maps, cells), atol=1e-2)
    found.sum().backward()
    assert network[0][0].weight.grad.abs().sum() > 0


@torch.no_grad()
def test_no_cells_and_no_maps() -> None:
    network = blocks(2, 1)
    maps = torch.zeros(INPUTS)
    none = torch.zeros((3, 2, 0, 2), dtype=torch.int64)
    assert features_at(network, maps, none).shape == (3, 2, 0, CHANNELS)
    assert features_at(network, maps[:0], none[:0]).shape == (0, 2, 0, CHANNELS)


@pytest.mark.parametrize("upsample", [(2, 2), (1, 1)])
@pytest.mark.parametrize("kind", ["half", "bfloat16", "autocast"])
@torch.no_grad()
def test_half_precision(kind: str, upsample: tuple) -> None:
    """The numbers of the whole map in the same precision, up to its rounding."""
    network = blocks(*upsample)
    maps, cells = some_cells(network, 0.3)
    if kind != "autocast":
        dtype = getattr(torch, {"half": "float16"}.get(kind, kind))
        network, maps = network.to(dtype), maps.to(dtype)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=kind == "autocast"):
        expected = gather_features(network(maps), cells)
        found = features_at(network, maps, cells)
    assert found.dtype == expected.dtype != torch.float32
    torch.testing.assert_close(found, expected, atol=0.05, rtol=0.05)


@pytest.mark.parametrize("upsample", [(2, 2), (1, 1)])
@torch.no_grad()
def test_bias_and_no_norm(upsample: tuple) -> None:
    """As tools leave it that fuse BN into the layer before."""
    network = blocks(*upsample)
    layer = network[-1][0]
    layer.bias = nn.Parameter(torch.randn(CHANNELS))
    network[-1][1] = nn.Identity().eval()
    maps, cells = some_cells(network, 0.3)
    found = features_at(network, maps, cells)
    torch.testing.assert_close(found, gather_features(network(maps), cells))
