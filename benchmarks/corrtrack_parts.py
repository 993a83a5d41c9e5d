"""What is compared in bench_corrtrack.py: affinities in two ways, and a frame by our parts."""

import copy
from types import SimpleNamespace

import numpy as np
import torch
from corrtrack_public import PublicCode, layers_of, now
from mmpose.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F

from mmpose_temporal.models.correspondences import (
    CorrespondenceEncoder,
    affinities,
    correlation,
    peaks,
    query_patches,
)
from mmpose_temporal.structures import People
from mmpose_temporal.testing import make_packet, template_keypoints

CHANNELS, JOINTS = 32, 17


def looped(source: Tensor, target: Tensor, cells: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Affinities of one point after the other, their peaks and the cells of these.

    Args:
        source: (1, C, h, w), normalised.
        target: (1, C, h, w), normalised.
        cells: (1, Q, 2) int64, cells (x, y) of ``source``.
    """
    height, width = source.shape[2:]
    maps, values, places = [], [], []
    for x, y in cells[0].tolist():
        filters = source.new_zeros((1, source.shape[1], 3, 3))
        left, above, right, below = max(x - 1, 0), max(y - 1, 0), x + 2, y + 2
        part = source[:, :, above:below, left:right]
        row, column = above - y + 1, left - x + 1
        filters[:, :, row : row + part.shape[2], column : column + part.shape[3]] = part
        logits = F.conv2d(target, filters, padding=1)
        affinity = torch.softmax(logits.flatten(), 0).view(height, width)
        value, index = affinity.flatten().max(0)
        maps.append(affinity)
        values.append(value)
        places.append(torch.stack([index % width, index // width]))
    return torch.stack(maps)[None], torch.stack(values)[None], torch.stack(places)[None]


def together(source: Tensor, target: Tensor, cells: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The same by our functions."""
    logits = correlation(target, query_patches(source, cells, 3))
    maps = affinities(logits, torch.ones(cells.shape[:2], dtype=torch.bool, device=cells.device))
    return maps, *peaks(maps)


def encoder_config(width: float = 1.0, **options: object) -> dict:
    """Of the paper's networks; pixels in [0, 1] and norms as in the published code.

    Args:
        width: Multiplier of all widths.
        **options: Of the encoder.
    """
    body = dict(width=width)
    channels = MODELS.build(dict(type="BNInception", **body)).out_channels
    decoder = dict(type="InceptionDecoder", in_channels=channels)
    network = dict(
        type="CorrespondenceNetwork",
        data_preprocessor=dict(mean=[0] * 3, std=[255] * 3, bgr_to_rgb=True),
        normalisation="squared_norm",
        backbone=dict(type="BNInception", **body),
        neck=dict(decoder, out_channels=CHANNELS),
        refinement=dict(
            type="CorrespondenceRefinement",
            embedding_channels=CHANNELS,
            body=dict(type="InceptionBody", **body),
            decoder=decoder,
        ),
    )
    return dict(type="CorrespondenceEncoder", network=network, **options)


def build_encoder() -> CorrespondenceEncoder:
    """Of the full width, with random weights; refined confidences are about 0.5."""
    torch.manual_seed(0)
    encoder = MODELS.build(encoder_config())
    nn.init.zeros_(encoder.network.refinement.bias)
    return encoder.eval()


def layers_like_theirs(network: nn.Module) -> list[nn.Module]:
    """Convolutions and norm layers in the order in which the published networks have them."""
    backbone, body = network.embedding.backbone, network.refinement.body
    stem = [backbone.conv1, backbone.conv2, backbone.conv3]
    blocks = [[part.get_submodule(name) for name in part.blocks] for part in (backbone, body)]
    decoders = [network.embedding.neck], [network.refinement.decoder]
    return list(layers_of([*stem, *blocks[0], *decoders[0], *blocks[1], *decoders[1]]))


def standing(people: int, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Two frames of noise (2, h, w, 3), and the keypoints (2, people, 17, 2) in them."""
    width, height = size
    images = np.random.default_rng(0).integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    columns = min(people, 10)
    row, column = np.divmod(np.arange(people), columns)
    high, wide = 0.3 * height, 0.07 * width
    left, top = (column + 0.15) * width / columns, 0.02 * height + row * 0.325 * height
    boxes = np.stack([left, top, left + wide, top + high], 1)
    keypoints = template_keypoints(boxes)
    return images, np.stack([keypoints, keypoints + np.float32([3, 2])])


class Frame:
    """A frame that our parts associate, again and again.

    Args:
        encoder: Of :func:`build_encoder`.
        images: (2, H, W, 3) uint8 BGR, the frame before and the frame.
        keypoints: (2, P, 17, 2), pixels.
        square: Pad frames to a square.
    """

    PARTS = ("embed", "associate")

    def __init__(
        self,
        encoder: CorrespondenceEncoder,
        images: np.ndarray,
        keypoints: np.ndarray,
        square: bool,
    ):
        self.encoder, self.images, self.keypoints, self.square = encoder, images, keypoints, square
        self.association = MODELS.build(
            dict(
                type="Association",
                similarity=dict(type="CorrespondenceSimilarity"),
                assignment=dict(type="GreedyAssignment"),
                life=dict(max_age=1),
                births=[dict(type="DuplicateRemoval")],
            )
        )
        self.association.bind(SimpleNamespace(frame_encoder=encoder))
        self.tracks = self.association.start_video()
        self._step(self.tracks, 0)

    @torch.no_grad()
    def _step(self, tracks: object, tick: int) -> dict[str, float]:
        self.encoder.square = self.square
        people = People.create(keypoints=self.keypoints[tick])
        packet = make_packet(people, tick=tick, image=self.images[tick])
        times = [now()]
        packet.features = self.encoder.encode([packet])[0]
        times.append(now())
        self.association.step(tracks, packet)
        times.append(now())
        return dict(zip(self.PARTS, np.diff(times).tolist(), strict=True))

    def __call__(self) -> dict[str, float]:
        """Seconds of embedding and association of the second frame."""
        return self._step(copy.deepcopy(self.tracks), 1)


@torch.no_grad()
def difference_to(public: PublicCode, network: nn.Module) -> float:
    """The largest difference of embeddings, affinities and refined logits to the published code.

    On a frame of 512x512 pixels, which no letterbox changes; refined are the affinities as they
    are, since ours are lifted before. In shares of the range, see :func:`apart`.
    """
    images, keypoints = standing(2, (512, 512))
    keypoints = (keypoints // 4) * 4 + 1.5  # both round to the same cell
    public.put(images, keypoints)
    theirs = {name: torch.from_numpy(maps) for name, maps in public.maps(2).items()}
    inputs = dict(inputs=list(torch.from_numpy(images).permute(0, 3, 1, 2)))
    first, second = network(network.data_preprocessor(inputs, False)["inputs"]).split(1)
    cells = torch.from_numpy(keypoints[0] // 4).long().to(first.device)
    logits = network.affinity_logits(first, second, cells.reshape(1, -1, 2))
    raw = affinities(logits, torch.ones(logits.shape[:2], dtype=torch.bool).to(first.device))
    raw = raw.unflatten(1, cells.shape[:2])[0]
    refinement = network.refinement
    own = refinement.body.enter(raw, slice(2 * CHANNELS, 2 * CHANNELS + JOINTS))
    maps = refinement.body.rest(refinement.shared(first, second) + own)
    refined = refinement.decoder(maps)[0]
    ours = dict(embedding=second[0], raw=raw, refined=refined)
    return max(apart(maps.cpu(), theirs[name]) for name, maps in ours.items())


def apart(found: Tensor, expected: Tensor) -> float:
    """The largest difference, in shares of the range of the expected values."""
    low, high = expected.aminmax()
    return float((found - expected).abs().max() / (high - low))
