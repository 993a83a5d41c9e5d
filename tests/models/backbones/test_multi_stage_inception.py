"""The pose network: stages see each other, weights, figures of the paper's code."""

import pytest
import torch
from mmengine.analysis import FlopAnalyzer
from mmengine.runner import load_checkpoint
from mmpose.registry import MODELS
from torch import nn

from mmpose_temporal.models.backbones import BNInception, MultiStageInception

torchvision_models = pytest.importorskip("torchvision.models")


def test_maps_of_each_stage():
    config = dict(type="MultiStageInception", num_keypoints=5, num_stages=3, width=0.125)
    torch.manual_seed(0)
    network = MODELS.build(config).train()
    with torch.no_grad():
        stages = network(torch.randn(2, 3, 64, 96))
    assert [tuple(stage.shape) for stage in stages] == [(2, 15, 16, 24)] * 3
    # before training logits say 0.01, and offsets nothing
    for stage in stages:
        torch.testing.assert_close(
            stage[:, :5].sigmoid().mean(), torch.tensor(0.01), rtol=0.2, atol=0
        )
        assert stage[:, 5:].abs().max() < 0.5


def test_second_stage_sees_the_first():
    """It changes with the first stage's maps alone: heatmaps and offsets, not only the stem."""
    torch.manual_seed(0)
    network = MultiStageInception(num_keypoints=2, width=0.125).eval()
    nn.init.normal_(network.decoders[1].out.weight, std=0.1)
    x = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        first, second = network(x)
        for channel in (0, 5):
            bias = network.decoders[0].out.bias
            bias[channel] += 5
            changed, other = network(x)
            bias[channel] -= 5
            torch.testing.assert_close(changed[:, channel], first[:, channel] + 5)
            assert (other - second).abs().max() > 1e-3
    # raw maps: the second body has the stem's channels and 3K more
    assert network.bodies[1].in_channels == network.bodies[0].stem_channels + 6


def test_figures_of_two_stages():
    """Of the published code: 39.5 M parameters and 13.4 GMAC for a crop of 288x384."""
    with torch.device("meta"):
        network = MultiStageInception()
    assert sum(p.numel() for p in network.parameters()) == 39_453_638
    # one stage by hand: 17,798,944 of the embedding, whose decoder ends in 32 channels, here 51
    one = 17_798_944 + 19 * (1632 * 64 + 1)
    stem = sum(p.numel() for n, p in network.bodies[0].named_parameters() if n[:4] == "conv")
    first_convs = 51 * (64 + 64 + 64 + 32)  # of block 3a, on the 51 maps of the first stage
    assert 2 * one - stem + first_convs == 39_453_638


@pytest.mark.filterwarnings("ignore")
def test_multiply_adds_of_two_stages():
    network = MultiStageInception().eval()
    analyzer = FlopAnalyzer(network, torch.zeros(1, 3, 384, 288))
    analyzer.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    analyzer.set_op_handle("aten::batch_norm", None)
    assert analyzer.total() / 1e9 == pytest.approx(13.46, abs=0.01)


def test_googlenet_weights_go_to_every_stage(tmp_path):
    theirs = torchvision_models.googlenet(weights=None, init_weights=False, aux_logits=False)
    state = theirs.state_dict()
    torch.save(state, tmp_path / "googlenet.pth")
    network = MultiStageInception(arch="googlenet", num_keypoints=2)
    load_checkpoint(network, str(tmp_path / "googlenet.pth"))
    single = BNInception(arch="googlenet")
    load_checkpoint(single, str(tmp_path / "googlenet.pth"))
    for name, value in single.state_dict().items():
        assert torch.equal(network.bodies[0].state_dict()[name], value)
    second = network.bodies[1].state_dict()
    differ = {name for name, value in second.items() if not torch.equal(value, state[name])}
    first_convs = ("branch1", "branch2.0", "branch3.0", "branch4.1")
    assert differ == {f"inception3a.{name}.conv.weight" for name in first_convs}


def test_weights_of_its_own_come_back():
    torch.manual_seed(0)
    one, other = (MultiStageInception(num_keypoints=2, width=0.125).eval() for _ in range(2))
    other.load_state_dict(one.state_dict())
    x = torch.randn(1, 3, 32, 32)
    for expected, found in zip(one(x), other(x), strict=True):
        assert torch.equal(expected, found)


def test_frozen_parts_and_norm_statistics():
    network = MultiStageInception(width=0.125, frozen_stages=3, norm_eval=True).train()
    assert not any(p.requires_grad for p in network.bodies[0].parameters())
    assert all(p.requires_grad for p in network.bodies[1].parameters())
    assert not any(m.training for m in network.modules() if isinstance(m, nn.BatchNorm2d))
    network = MultiStageInception(width=0.125).train()
    assert all(m.training for m in network.modules())


def test_bad_options_and_sizes():
    with pytest.raises(ValueError, match="num_keypoints and num_stages must be positive"):
        MultiStageInception(num_stages=0)
    with pytest.raises(ValueError, match="arch must be one of"):
        MultiStageInception(arch="vgg")
    network = MultiStageInception(width=0.125).eval()
    with pytest.raises(ValueError, match="multiples of 32"):
        network(torch.zeros(1, 3, 48, 64))
    assert [len(maps) for maps in network(torch.zeros(0, 3, 64, 64))] == [0, 0]
