"""The refinement: its split first layer against the whole, people in batches, its beginning."""

import math

import pytest
import torch
from mmpose.registry import MODELS
from torch import cat, nn

from mmpose_temporal.models.correspondences import lift, nearby_mass


def refinement(**options):
    """Of embeddings of 4 channels and people of 3 joints, with random weights and statistics."""
    config = dict(
        type="CorrespondenceRefinement",
        body=dict(type="InceptionBody", width=0.125),
        decoder=dict(type="InceptionDecoder", in_channels=(80, 136)),
        embedding_channels=4,
        num_joints=3,
        **options,
    )
    torch.manual_seed(0)
    module = MODELS.build(config)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.uniform_(part.running_mean, -0.5, 0.5)
            nn.init.uniform_(part.running_var, 0.5, 2)
    return module.eval()


def affinity_maps(people, height=8, width=16):
    return (
        torch.randn(people, 3, height, width)
        .mul(3)
        .flatten(2)
        .softmax(-1)
        .unflatten(2, (height, width))
    )


@torch.no_grad()
@pytest.mark.parametrize("add_affinity", [False, True])
def test_the_split_first_layer_equals_the_whole(add_affinity):
    """Two pairs of frames; people of the first, the second, and the first again, against one
    convolution over all 2 x 4 + 3 channels of each person."""
    module = refinement(add_affinity=add_affinity)
    source, target = torch.randn(2, 2, 4, 8, 16)
    owners, maps = torch.tensor([0, 1, 0]), affinity_maps(3)
    found = module(module.shared(source, target), owners, maps)
    together = cat([source[owners], target[owners], lift(maps)], 1)
    whole = module.decoder(module.body.rest(module.body.enter(together)))[-1]
    if add_affinity:
        known = torch.logit(nearby_mass(maps).clamp(1e-4, 1 - 1e-4))
        whole = module.factor * known + module.gain * whole
    torch.testing.assert_close(found, whole + module.bias, rtol=1e-5, atol=1e-5)
    assert found.shape == (3, 3, 8, 16)


@torch.no_grad()
def test_a_person_does_not_see_the_others():
    module = refinement()
    shared = module.shared(*torch.randn(2, 1, 4, 8, 16))
    maps, owners = affinity_maps(5), torch.zeros(5, dtype=torch.long)
    together = module(shared, owners, maps)
    for person in range(5):
        alone = module(shared, owners[:1], maps[person, None])
        torch.testing.assert_close(together[person, None], alone, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_it_begins_as_almost_nothing():
    """Before any training: 1 / (1 + e^4) plus what the random body adds."""
    module = refinement()
    assert module.bias.unique().item() == -4
    module.decoder = nn.Identity()
    module.body.rest = lambda maps: torch.zeros(1, 3, 8, 16)
    logits = module(
        module.shared(*torch.zeros(2, 1, 4, 8, 16)), torch.tensor([0]), affinity_maps(1)
    )
    assert logits.sigmoid().unique().item() == pytest.approx(1 / (1 + math.exp(4)))


@torch.no_grad()
def test_with_the_affinity_it_begins_as_that():
    module = refinement(add_affinity=True)
    assert (module.factor.unique().item(), module.bias.unique().item()) == (1, 0)
    module.gain.zero_()
    maps = affinity_maps(2)
    shared = module.shared(*torch.randn(2, 1, 4, 8, 16))
    found = module(shared, torch.tensor([0, 0]), maps).sigmoid()
    torch.testing.assert_close(
        found, nearby_mass(maps).clamp(1e-4, 1 - 1e-4), rtol=1e-4, atol=1e-6
    )


def test_a_joint_that_is_not_asked_for_has_a_finite_gradient():
    """Its map is zero everywhere, where the logarithms of :func:`lift` end."""
    module = refinement(add_affinity=True).train()
    maps = affinity_maps(2)
    maps[:, 0] = 0
    maps.requires_grad_()
    module(
        module.shared(*torch.randn(2, 1, 4, 32, 32)[..., :8, :16]), torch.tensor([0, 0]), maps
    ).sum().backward()
    assert maps.grad.isfinite().all()
    assert all(p.grad.isfinite().all() for p in module.parameters() if p.grad is not None)


@torch.no_grad()
def test_nobody():
    module = refinement()
    shared = module.shared(*torch.randn(2, 1, 4, 8, 16))
    nobody = module(shared, torch.zeros(0, dtype=torch.long), torch.zeros(0, 3, 8, 16))
    assert nobody.shape == (0, 3, 8, 16)
