"""Networks that match poses of PoseTrack, on data of other layouts: joints are found by name."""

import numpy as np
import pytest
import torch

from mmpose_temporal.models import ConvEntailment, GCNSimilarity, PoseEntailment, TrackEntailment
from mmpose_temporal.structures import (
    KEYPOINT_NAMES,
    POSETRACK18,
    Skeleton,
    map_keypoints,
)

NETWORK = dict(hidden=8, intermediate=8, num_layers=1, num_heads=1, dropout=0.0)
BODY = KEYPOINT_NAMES[5:]
LAYOUTS = {
    "coco": ("nose", "left_eye", "right_eye", *KEYPOINT_NAMES[3:]),
    "twelve": BODY[::-1],
    "halpe26": (*("toe", "neck", "head"), *BODY, *(f"more{i}" for i in range(10)), "nose"),
}
NETWORKS = {
    "pose": (PoseEntailment, dict(network=NETWORK)),
    "track": (TrackEntailment, dict(network=NETWORK, history=2)),
    "conv": (ConvEntailment, dict(channels=2)),
    "gcn": (GCNSimilarity, dict(channels=(4,), embed_dims=4)),
}


def skeleton(name: str) -> Skeleton:
    return Skeleton(keypoint_names=LAYOUTS[name], name=name)


def batch(keypoints: torch.Tensor, scores: torch.Tensor) -> dict[str, torch.Tensor]:
    """Two pairs of poses, (2, 2, K, 2) and (2, 2, K), for any of the networks."""
    people = torch.cat([keypoints, scores[..., None]], -1)
    return dict(
        keypoints=keypoints,
        keypoint_scores=scores,
        frame_size=torch.tensor([[100.0, 80.0]] * 2),
        distance=torch.tensor([1, 2]),
        boxes=torch.tensor([[[0.0, 0, 90, 80]] * 2] * 2),
        current=people[:, :1],
        history=people[:, None],
        ages=torch.tensor([[[1.0, 2.0]]] * 2),
        motion=torch.zeros(2, 1, 2),
        support=torch.zeros(2, 1, 2),
    )


def inputs_of(name: str, data: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    track = ("current", "history", "ages", "motion", "support")
    pair = ("keypoints", "keypoint_scores", "frame_size", "distance", "boxes")
    labels = torch.tensor([[1], [0]]) if name == "track" else torch.tensor([1, 0])
    return {key: data[key] for key in (track if name == "track" else pair)} | dict(labels=labels)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", NETWORKS)
def test_the_same_people_in_another_layout_give_the_same_answer(name, layout):
    kind, options = NETWORKS[name]
    torch.manual_seed(0)
    network = kind(**options).eval()
    names = LAYOUTS[layout]
    generator = torch.Generator().manual_seed(1)
    there = torch.rand((2, 2, len(names), 2), generator=generator) * 80
    scores = torch.rand((2, 2, len(names)), generator=generator)
    # in PoseTrack's order; what the layout has not is absent
    mapping = map_keypoints(KEYPOINT_NAMES, names)
    as_posetrack = [torch.from_numpy(mapping.take(x.numpy(), axis=2)) for x in (there, scores)]
    expected = network.loss(inputs_of(name, batch(*as_posetrack)))
    network.use_skeleton(skeleton(layout))
    found = network.loss(inputs_of(name, batch(there, scores)))
    for key, value in expected.items():
        torch.testing.assert_close(found[key], value)
    network.use_skeleton(POSETRACK18)
    again = network.loss(inputs_of(name, batch(*as_posetrack)))
    assert all(torch.equal(again[key], value) for key, value in expected.items())


@pytest.mark.parametrize("name", NETWORKS)
def test_animals_and_hands_are_refused_with_both_lists(name):
    kind, options = NETWORKS[name]
    paws = Skeleton(keypoint_names=("L_F_Paw", "R_F_Paw", "Nose", "Neck"), name="ap10k")
    with pytest.raises(ValueError, match=rf"(?s){kind.__name__}.*left_hip.*ap10k.*L_F_Paw"):
        kind(**options).use_skeleton(paws)


def test_a_network_of_another_layout():
    hand = tuple(f"finger{i}" for i in range(21))
    links = [(0, i) for i in range(1, 21)]
    for kind, options in NETWORKS.values():
        extra = dict(links=links, center=0) if kind is GCNSimilarity else {}
        network = kind(**options, **extra, keypoint_names=hand)
        assert network.chosen.names == hand
        network.use_skeleton(Skeleton(keypoint_names=hand))
        np.testing.assert_array_equal(network.chosen.places, np.arange(21))
