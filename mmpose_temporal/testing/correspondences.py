"""Correspondences that can be worked out by hand: cells are compared by their colours."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F

from .drawn import BRIGHT, painted_video
from .tracking import Frame

CELL = 4
"""Pixels of a cell, in both directions."""

GROUND = 40
"""Value of all channels where nobody is."""


LEVELS = 8
"""Different values of a channel in textures."""


@MODELS.register_module()
class CellColors(BaseModule):
    """A backbone without weights: the mean colour of each cell of an image.

    Args:
        distinct: Each pair of values of the channels 1 and 2 is a channel of its own, and the
            ground (of :func:`textured_image`) is zero, so that textures of different people have
            next to nothing in common. False: the colours themselves.

    Attributes:
        seen: Number of images so far.
    """

    def __init__(self, distinct: bool = False):
        super().__init__()
        self.distinct = distinct
        self.seen = 0

    def forward(self, images: Tensor) -> tuple[Tensor]:
        """(B, C, h / 4, w / 4) of (B, 3, h, w) in [-1, 1]; C is 3, or 64 if ``distinct``."""
        self.seen += len(images)
        colours = F.avg_pool2d(images, CELL)
        if not self.distinct:
            return (colours,)
        levels = ((colours[:, 1:] + 1) * LEVELS / 2).long().clamp(0, LEVELS - 1)
        kinds = F.one_hot(levels[:, 0] * LEVELS + levels[:, 1], LEVELS**2).permute(0, 3, 1, 2)
        return (kinds * (colours[:, :1] > 0.3).float(),)


def color_network_config(
    *, refinement: bool = False, distinct: bool = False, **options: Any
) -> dict:
    """Config of a CorrespondenceNetwork that compares colours.

    Args:
        refinement: With the smallest refinement, which begins as the affinity.
        distinct: See :class:`CellColors`.
        **options: Of the network.
    """
    if refinement:
        options["refinement"] = dict(
            type="CorrespondenceRefinement",
            body=dict(type="InceptionBody", width=0.125),
            decoder=dict(type="InceptionDecoder", in_channels=(80, 136)),
            embedding_channels=LEVELS**2 if distinct else 3,
            add_affinity=True,
        )
    return dict(
        type="CorrespondenceNetwork",
        backbone=dict(type="CellColors", distinct=distinct),
        data_preprocessor=dict(mean=[127.5] * 3, std=[127.5] * 3),
        **options,
    )


def make_certain(model: nn.Module) -> nn.Module:
    """Set the weights of a colour network, or of a tracker that has one, and its test mode.

    Equal colours have an affinity near 1, and a refinement adds nothing to the affinities. If the
    colours are distinct, a texture that is nowhere in the other frame has no affinity of 0.1.

    Args:
        model: Changed in place.

    Returns:
        The model.
    """
    encoder = getattr(model, "frame_encoder", model)
    network = getattr(encoder, "network", encoder)
    factor = 16 if network.embedding.backbone.distinct else 200
    network.embedding.ready = True
    with torch.no_grad():
        network.embedding.log_scale.fill_(np.log(factor))
        if network.refinement is not None:
            network.refinement.ready = True
            network.refinement.gain.zero_()
    return model.eval()


def texture(name: str, height: int, width: int) -> np.ndarray:
    """(height, width, 3) uint8: cells of colours that belong to a name; bright in channel 0."""
    rng = np.random.default_rng(list(name.encode()))
    shape = -(-height // CELL), -(-width // CELL), 3
    step = 256 // LEVELS
    cells = rng.integers(0, LEVELS, shape, dtype=np.uint8) * step + step // 2
    cells[..., 0] = BRIGHT
    return cells.repeat(CELL, 0).repeat(CELL, 1)[:height, :width]


def textured_image(
    people: Mapping[str, Sequence[float]], size: tuple[int, int], ground: int = GROUND
) -> np.ndarray:
    """(h, w, 3) uint8: boxes xyxy in whole pixels, each filled with its name's texture.

    Boxes whose corners are multiples of 4, the lower right pixel's plus one, fill whole cells.
    What lies outside of the image is cut off.
    """
    width, height = size
    pad = 2 * max(size)
    image = np.full((height + 2 * pad, width + 2 * pad, 3), ground, np.uint8)
    for name, box in people.items():
        x0, y0, x1, y1 = (int(side) + pad for side in box)
        image[y0 : y1 + 1, x0 : x1 + 1] = texture(name, y1 + 1 - y0, x1 + 1 - x0)
    return image[pad : pad + height, pad : pad + width].copy()


def textured_video(
    name: str,
    frames: Sequence[Mapping[str, Sequence[float]]],
    *,
    hidden: Sequence[tuple[int, str]] = (),
    unreadable: Sequence[int] = (),
    num_frames: int | None = -1,
    size: tuple[int, int] = (320, 128),
    grounds: Sequence[int] | None = None,
) -> list[Frame]:
    """As :func:`draw_video`, but people have textures by their names on even ground.

    ``grounds`` are its values in each frame; None: always :data:`GROUND`. Values on both sides of
    127 have nothing in common for a colour network.
    """

    def paint(index: int, people: Mapping[str, Sequence[float]]) -> np.ndarray:
        return textured_image(people, size, GROUND if grounds is None else grounds[index])

    options = dict(hidden=hidden, unreadable=unreadable, num_frames=num_frames, size=size)
    return painted_video(name, frames, paint, **options)
