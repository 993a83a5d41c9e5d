"""BN-Inception and GoogLeNet: figures of the paper's code, the split first layer, weights."""

import pytest
import torch
from mmengine.runner import load_checkpoint
from mmpose.registry import MODELS
from torch import cat, nn

from mmpose_temporal.models.backbones import BNInception, InceptionBody

torchvision_models = pytest.importorskip("torchvision.models")


def with_statistics(network: nn.Module) -> nn.Module:
    """The network in test mode, with random norm statistics and weights."""
    torch.manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -1, 1)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.5, 0.5)
    return network.eval()


def googlenet() -> nn.Module:
    torch.manual_seed(1)
    return torchvision_models.googlenet(weights=None, init_weights=False, aux_logits=False)


def test_parameters_of_the_body():
    # one conv of 3a by hand: 64 kernels of 192 channels, no bias
    body = InceptionBody(192)
    assert body.inception3a.branch1.conv.weight.shape == (64, 192, 1, 1)
    assert body.out_channels == (608, 1024)
    assert body.inception5b.out_channels == 352 + 320 + 224 + 128
    # with the decoder's 7.54 M (see its test) 17.8 M, as the paper's published code has
    assert sum(p.numel() for p in BNInception().parameters()) == 10_260_224


@pytest.mark.parametrize("arch", ["bn_inception", "googlenet"])
@pytest.mark.parametrize("stem", ["stride4", "deep3x3"])
def test_sizes_and_channels(arch, stem):
    config = dict(type="BNInception", arch=arch, stem=stem, width=0.25, out_indices=(0, 1, 2, 3))
    network = MODELS.build(config).eval()
    with torch.no_grad():
        maps = network(torch.randn(2, 3, 64, 96))
    assert [tuple(m.shape[-2:]) for m in maps] == [(16, 24), (8, 12), (4, 6), (2, 3)]
    assert tuple(m.shape[1] for m in maps) == network.out_channels
    assert network.stem_channels == 48
    assert all(c % 8 == 0 for c in network.out_channels)


@pytest.mark.parametrize("arch", ["bn_inception", "googlenet"])
def test_first_layer_of_parts_adds_up(arch):
    body = with_statistics(InceptionBody(48, arch=arch, width=0.25))
    a, b = torch.randn(2, 16, 16, 24), torch.randn(2, 32, 16, 24)
    both = cat([a, b], 1)
    with torch.no_grad():
        whole = body.enter(both)
        parts = body.enter(a, slice(0, 16)) + body.enter(b, slice(16, 48))
        torch.testing.assert_close(parts, whole, rtol=1e-4, atol=1e-5)
        for given, expected in zip(body.rest(parts), body(both), strict=True):
            torch.testing.assert_close(given, expected, rtol=1e-3, atol=1e-4)
        # block 3a as it stands, without the split
        blocks = nn.Sequential(*(body.get_submodule(name) for name in body.blocks))
        torch.testing.assert_close(body(both)[1], blocks(both), rtol=1e-3, atol=1e-4)


def test_first_layer_refuses_other_channels():
    body = InceptionBody(48, width=0.25)
    with pytest.raises(ValueError, match="of which slice.* are 16; the map has 8"):
        body.enter(torch.zeros(1, 8, 16, 16), slice(0, 16))


def test_sizes_that_are_no_multiples_of_32():
    with pytest.raises(ValueError, match=r"multiples of 32 .* got \(12, 16\) at stride 4"):
        BNInception(width=0.125).eval()(torch.zeros(1, 3, 48, 64))


def test_googlenet_is_torchvisions(tmp_path):
    theirs = with_statistics(googlenet())
    path = tmp_path / "googlenet.pth"
    torch.save(theirs.state_dict(), path)
    ours = BNInception(
        arch="googlenet", init_cfg=dict(type="Pretrained", checkpoint=str(path)), out_indices=(3,)
    )
    ours.init_weights()
    ours.eval()
    x = torch.randn(1, 3, 64, 64)
    names = [name for name, _ in theirs.named_children() if name[:3] in ("con", "max", "inc")]
    expected = x
    with torch.no_grad():
        for name in names:
            expected = theirs.get_submodule(name)(expected)
        torch.testing.assert_close(ours(x)[0], expected, rtol=1e-4, atol=1e-4)


def test_weights_that_do_not_fit_are_left_out_and_counted(tmp_path, caplog, capsys):
    path = tmp_path / "googlenet.pth"
    theirs = googlenet().state_dict()
    torch.save(theirs, path)
    ours = BNInception()
    before = {name: value.clone() for name, value in ours.state_dict().items()}
    load_checkpoint(ours, str(path), logger=None)
    after = ours.state_dict()
    same = [
        name
        for name, value in after.items()
        if name in theirs and theirs[name].shape == value.shape and theirs[name].dim()
    ]
    for name in ("conv1.conv.weight", "conv3.bn.running_var", "inception3a.branch1.conv.weight"):
        assert name in same
    for name, value in after.items():
        assert torch.equal(value, theirs[name] if name in same else before[name])
    backbone = [name for name in theirs if not name.startswith("fc.")]
    taken = [n for n in backbone if n in after and after[n].shape == theirs[n].shape]
    other = [n for n in backbone if n in after and after[n].shape != theirs[n].shape]
    said = caplog.text + capsys.readouterr().out
    assert f"takes {len(taken)} of its {len(after)} tensors" in said
    assert f"{len(other)} have another shape" in said
    assert "fc.weight" not in said  # nobody expects the classifier
    assert len(taken) > 60
    assert len(other) > 100


def test_torchvisions_name_is_known():
    from mmengine.runner.checkpoint import get_torchvision_models

    assert "googlenet" in get_torchvision_models()


def test_own_checkpoint_of_another_width_is_an_error():
    with pytest.raises(RuntimeError, match="size mismatch"):
        BNInception(width=0.5).load_state_dict(BNInception(width=0.25).state_dict())


def test_frozen_parts_and_norm_statistics():
    network = BNInception(width=0.125, frozen_stages=1).train()
    trained = {name for name, p in network.named_parameters() if p.requires_grad}
    assert {name.split(".")[0] for name in trained} == {
        f"inception{name}" for name in ("4a", "4b", "4c", "4d", "4e", "5a", "5b")
    }
    assert not network.conv1.bn.training
    assert not network.inception3b.branch1.bn.training
    assert network.inception4a.branch1.bn.training
    network = BNInception(width=0.125, norm_eval=True).train()
    assert network.training
    assert not any(m.training for m in network.modules() if isinstance(m, nn.BatchNorm2d))
    assert all(p.requires_grad for p in network.parameters())


def test_bad_options():
    with pytest.raises(ValueError, match="arch must be one of bn_inception, googlenet"):
        BNInception(arch="inception_v3")
    with pytest.raises(ValueError, match="stem must be one of"):
        BNInception(stem="none")
    for indices in ((), (3, 2), (2, 2), (4,)):
        with pytest.raises(ValueError, match="out_indices"):
            BNInception(out_indices=indices)
    with pytest.raises(ValueError, match="frozen_stages"):
        BNInception(frozen_stages=4)
    with pytest.raises(ValueError, match="width must be positive"):
        BNInception(width=0)
    with pytest.raises(ValueError, match="in_channels and width must be positive"):
        InceptionBody(0)


def test_an_empty_batch():
    network = BNInception(width=0.125).eval()
    assert [len(m) for m in network(torch.zeros(0, 3, 64, 64))] == [0, 0]
