"""What all parts of a tracker have in common."""

import pytest
from torch import nn

from mmpose_temporal.models.parts import FrameEncoder, Shared, TrackerPart
from mmpose_temporal.testing import make_packet, random_poses


class Part(nn.Module, TrackerPart):
    """Uses a network and owns another."""

    def __init__(self, used: nn.Module):
        super().__init__()
        self.used = Shared(used)
        self.own = nn.Linear(1, 1)


def test_a_shared_network_is_used_and_not_owned():
    network = nn.Linear(2, 2)
    part = Part(network)
    assert part.used.module is network
    assert sorted(part.state_dict()) == ["own.bias", "own.weight"]
    assert network not in list(part.modules())
    part.requires_grad_(False).eval()
    assert network.training and all(p.requires_grad for p in network.parameters())
    assert Shared().module is None


def test_a_part_keeps_nothing_and_needs_nothing_by_default():
    part, packet = TrackerPart(), make_packet(random_poses(1, seed=0))
    assert part.start_video() is None
    assert part.observe(None, packet) is part.end_video(None) is part.bind(nn.Module()) is None
    assert not part.needs_previous_frame and not part.needs_frame_encoder


def test_an_encoder_must_encode():
    with pytest.raises(NotImplementedError):
        FrameEncoder().encode([])
