from functools import partial

import pytest
import torch
from mmpose.registry import MODELS

from mmpose_temporal.models.heads import BodyMatchingHead, KeypointMatchingHead


def test_sizes_of_the_paper() -> None:
    """Three blocks of three convolutions with 256 channels from stride 32 to 4; K classifiers."""
    head = KeypointMatchingHead(in_channels=2048)
    convs = [m for m in head.blocks.modules() if type(m) is torch.nn.Conv2d]
    deconvs = [m for m in head.blocks.modules() if isinstance(m, torch.nn.ConvTranspose2d)]
    assert [conv.out_channels for conv in convs] == [256] * 9
    assert [deconv.stride for deconv in deconvs] == [(2, 2)] * 3
    assert head.classifiers.weight1.shape == (17, 512, 256)
    assert head.classifiers.weight2.shape == (17, 256, 256)
    assert head.classifiers.weight3.shape == (17, 256, 2)


def test_maps_have_the_size_of_the_heatmaps() -> None:
    head = KeypointMatchingHead(in_channels=6, channels=8, num_keypoints=3)
    assert head([torch.zeros(2, 6, 4, 3)]).shape == (2, 8, 32, 24)
    assert head.num_keypoints == head.classifiers.num_classifiers == 3


def test_another_feature_map() -> None:
    head = KeypointMatchingHead(in_channels=6, channels=8, upsample=(1, 1, 1), in_index=0)
    assert head([torch.zeros(2, 6, 4, 3), torch.zeros(2, 9, 1, 1)]).shape == (2, 8, 4, 3)


def test_body_features_are_means_of_the_keypoints_that_are_there() -> None:
    """Two people, 3 keypoints, 2 channels."""
    features = torch.tensor(
        [[[1.0, 2.0], [3.0, 6.0], [100.0, 100.0]], [[5.0, 5.0], [5.0, 5.0], [5.0, 5.0]]]
    )
    present = torch.tensor([[True, True, False], [False, False, False]])
    bodies = BodyMatchingHead.body_features(features, present)
    assert bodies.tolist() == [[[2.0, 4.0]], [[0.0, 0.0]]]


def test_a_body_has_one_classifier() -> None:
    head = MODELS.build(dict(type="BodyMatchingHead", in_channels=6, channels=8))
    assert head.classifiers.num_classifiers == 1
    assert not hasattr(head, "num_keypoints")


def test_initial_features_are_alive() -> None:
    """Kaiming: the spread of the features does not vanish over twelve layers."""
    head = KeypointMatchingHead(in_channels=16, channels=16, upsample=(1, 1, 1))
    head.init_weights()
    found = head([torch.randn(2, 16, 8, 6)])
    assert 0.1 < found.std() < 10


def test_compiles() -> None:
    """torch.compile traces the head and its classifiers in one graph each, with equal results."""
    head = KeypointMatchingHead(in_channels=6, channels=8, num_keypoints=3).eval()
    compile_ = partial(torch.compile, backend="aot_eager", fullgraph=True)
    feats, people = [torch.randn(2, 6, 4, 3)], torch.randn(4, 3, 8)
    with torch.no_grad():
        assert torch.allclose(compile_(head)(feats), head(feats), atol=1e-6)
        first, second = head.classifiers.project(people)
        pairs = first[:, None], second[None]
        found = compile_(head.classifiers.logits)(*pairs)
        assert torch.allclose(found, head.classifiers.logits(*pairs), atol=1e-6)


def test_unknown_option() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'depth'"):
        KeypointMatchingHead(in_channels=6, depth=3)
