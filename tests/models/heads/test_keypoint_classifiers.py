"""The batched classifiers against K separate ones on concatenated features."""

import pytest
import torch
from torch import Tensor, nn

from mmpose_temporal.models.heads import KeypointClassifiers

K, C = 5, 12


def separate(classifiers: KeypointClassifiers) -> list[nn.Sequential]:
    """One nn.Sequential a keypoint, with the same weights."""
    networks = []
    for k in range(classifiers.num_classifiers):
        layers = []
        for i in (1, 2, 3):
            weight = getattr(classifiers, f"weight{i}")[k].T
            layer = nn.Linear(weight.shape[1], weight.shape[0])
            layer.weight.data.copy_(weight)
            layer.bias.data.copy_(getattr(classifiers, f"bias{i}")[k])
            layers += [layer, nn.ReLU()]
        networks.append(nn.Sequential(*layers[:-1]))
    return networks


def trained(keypoints: int, in_channels: int, channels: int) -> KeypointClassifiers:
    """With two halves of the first layer that are no longer each other's negative."""
    found = KeypointClassifiers(
        num_classifiers=keypoints, in_channels=in_channels, channels=channels
    )
    nn.init.normal_(found.weight1, std=in_channels**-0.5)
    return found


@pytest.fixture
def classifiers() -> KeypointClassifiers:
    return trained(K, C, 7)


def test_begins_as_a_comparison() -> None:
    classifiers = KeypointClassifiers(num_classifiers=K, in_channels=C, channels=7)
    one, other = torch.randn(2, 4, K, C)
    now, before = classifiers.project(one)[0], classifiers.project(one + other)[1]
    # (a - b) W + bias, and a - b = -other whatever a is
    expected = -torch.einsum("nkc,kcd->nkd", other, classifiers.weight1[:, :C]) + classifiers.bias1
    assert (now + before - expected).abs().max() < 1e-5


def naive_logits(classifiers: KeypointClassifiers, first: Tensor, second: Tensor) -> Tensor:
    """(M, N, K, 2)."""
    networks = separate(classifiers)
    rows = []
    for a in first:
        for b in second:
            pair = torch.cat([a, b], dim=-1)
            rows.append(torch.stack([networks[k](pair[k]) for k in range(len(networks))]))
    return torch.stack(rows).view(len(first), len(second), len(networks), 2)


@pytest.mark.parametrize(("channels", "keypoints"), [(7, 5), (256, 17)])
def test_equal_to_separate_classifiers_on_concatenations(channels: int, keypoints: int) -> None:
    classifiers = trained(keypoints, channels, channels)
    now, before = torch.randn(3, keypoints, channels), torch.randn(4, keypoints, channels)
    with torch.no_grad():
        expected = naive_logits(classifiers, now, before)
        first, second = classifiers.project(now)[0], classifiers.project(before)[1]
        logits = classifiers.logits(first[:, None], second[None])
        assert (logits - expected).abs().max() < 1e-5
        rows, columns = torch.tensor([0, 2, 1, 2]), torch.tensor([3, 0, 1, 0])
        found = classifiers.pair_probabilities(first, second, rows, columns)
        assert (found - expected.softmax(-1)[rows, columns, :, 1]).abs().max() < 1e-5
        probabilities = classifiers.probabilities(first[:, None], second[None])
        assert (probabilities - expected.softmax(-1)[..., 1]).abs().max() < 1e-5
        assert (classifiers.project_first(now) - first).abs().max() < 1e-6


def test_many_pairs_in_parts(
    classifiers: KeypointClassifiers, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = classifiers.project(torch.randn(6, K, C))
    rows, columns = torch.nonzero(torch.ones(6, 6), as_tuple=True)
    whole = classifiers.pair_probabilities(first, second, rows, columns)
    module = "mmpose_temporal.models.heads.keypoint_classifiers.CHUNK"
    monkeypatch.setattr(module, 5)
    parts = classifiers.pair_probabilities(first, second, rows, columns)
    torch.testing.assert_close(parts, whole, atol=1e-6, rtol=0)


def test_the_order_of_a_pair_counts(classifiers: KeypointClassifiers) -> None:
    first, second = classifiers.project(torch.randn(2, K, C))
    one, other = torch.tensor([0]), torch.tensor([1])
    there = classifiers.pair_probabilities(first, second, one, other)
    back = classifiers.pair_probabilities(first, second, other, one)
    assert (there - back).abs().max() > 1e-4


def test_no_pairs(classifiers: KeypointClassifiers) -> None:
    first, second = classifiers.project(torch.zeros(0, K, C))
    assert first.shape == second.shape == (0, K, 7)
    none = torch.zeros(0, dtype=torch.int64)
    assert classifiers.pair_probabilities(first, second, none, none).shape == (0, K)


def test_every_weight_gets_a_gradient(classifiers: KeypointClassifiers) -> None:
    first, second = classifiers.project(torch.randn(4, K, C))
    classifiers.logits(first, second).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in classifiers.parameters())


def test_wrong_numbers() -> None:
    with pytest.raises(ValueError, match="must be positive, got 0, 256 and 256"):
        KeypointClassifiers(num_classifiers=0)


@pytest.mark.parametrize("shape", [(K, C), (3, K, C), (2, 3, K, C)])
@torch.no_grad()
def test_halves_of_any_leading_shape(classifiers: KeypointClassifiers, shape: tuple) -> None:
    """The first layer on [a ; 0] and on [0 ; b]; who keeps one half does not hold the other."""
    features = torch.randn(shape)
    first, second = classifiers.project(features)
    w, b = classifiers.weight1, classifiers.bias1
    torch.testing.assert_close(first, torch.einsum("...gc,gcd->...gd", features, w[:, :C]))
    torch.testing.assert_close(second, torch.einsum("...gc,gcd->...gd", features, w[:, C:]) + b)
    for half in (first, second):
        assert half.untyped_storage().nbytes() == half.numel() * 4


@torch.no_grad()
def test_half_precision(classifiers: KeypointClassifiers) -> None:
    first, second = classifiers.project(torch.randn(6, K, C))
    rows, columns = torch.nonzero(torch.ones(6, 6), as_tuple=True)
    exact = classifiers.pair_probabilities(first, second, rows, columns)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = classifiers.pair_probabilities(first, second, rows, columns)
    assert (found - exact).abs().max() < 0.02 < exact.std()
    half = classifiers.bfloat16()
    found = half.pair_probabilities(first.bfloat16(), second.bfloat16(), rows, columns)
    assert (found - exact).abs().max() < 0.02
