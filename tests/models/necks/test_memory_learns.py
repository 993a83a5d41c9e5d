"""A memory learns to find what the current frame does not show."""

import pytest
import torch
from mmpose.structures import PoseDataSample
from torch import nn
from torch.nn.functional import mse_loss

from mmpose_temporal.models.necks import PoseTemporalMemory

SIDE, CHANNELS, PEOPLE = 6, 4, 16


class OneKeypoint(nn.Module):
    """A trained single-frame estimator: the heatmap is channel 0."""

    def __init__(self):
        super().__init__()
        self.head = nn.Conv2d(CHANNELS, 1, 1)
        self.head.out_channels = 1
        with torch.no_grad():
            self.head.bias.zero_()
            self.head.weight.copy_(torch.eye(CHANNELS)[:1, :, None, None])

    def heatmaps(self, feats):
        return feats[-1][:, :1].detach()


def clips(generator: torch.Generator) -> tuple[torch.Tensor, list, torch.Tensor]:
    """Two crops of each person: one that shows the keypoint in channel 0, and a blank one."""
    places = torch.randint(SIDE * SIDE, (PEOPLE,), generator=generator)
    shown = torch.zeros(PEOPLE, CHANNELS, SIDE * SIDE)
    shown[torch.arange(PEOPLE), 0, places] = 1
    crops = torch.stack([shown, torch.zeros_like(shown)], 1).flatten(0, 1)
    samples = [
        PoseDataSample(metainfo=dict(clip_index=i // 2, track_id=0, frame_offset=i % 2))
        for i in range(2 * PEOPLE)
    ]
    return crops.unflatten(2, (SIDE, SIDE)), samples, shown[:, :1].unflatten(2, (SIDE, SIDE))


def error_after_training(**options) -> float:
    """Squared error in the blank crops, as a share of that of a network that answers 0."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    memory = PoseTemporalMemory(
        in_channels=CHANNELS,
        embed_channels=16,
        num_heads=1,
        blur_kernel=1,
        heatmap_thr=1.0,
        replacement=False,
        **options,
    )
    estimator = OneKeypoint()
    memory._estimator.module = estimator
    optimizer = torch.optim.Adam([*memory.parameters(), *estimator.head.parameters()], lr=0.003)
    for _ in range(150):
        crops, samples, targets = clips(generator)
        (y,) = memory.train()((crops,), samples=samples)
        assert memory.taught(samples) == list(range(1, 2 * PEOPLE, 2))
        loss = mse_loss(estimator.head(y[1::2]), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item() / targets.square().mean().item()


@pytest.mark.parametrize("attention", ["vanilla", "coda"])
def test_with_places_the_hidden_keypoint_is_found(attention):
    assert error_after_training(attention=attention, position=True) < 0.1


@pytest.mark.parametrize("attention", ["vanilla", "coda"])
def test_without_places_all_blank_cells_read_the_same(attention):
    """The cells of a blank crop are equal, and so are their queries, and what they read."""
    assert error_after_training(attention=attention) > 0.9
