"""A trained correspondence network, and pairs of images that it is asked about."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS, MODELS

from mmpose_temporal.datasets.still_pair_dataset import StillPairDataset
from mmpose_temporal.models.correspondences import (
    CorrespondenceEncoder,
    CorrespondenceNetwork,
    FrameCorrespondences,
    FrameEmbedding,
)
from mmpose_temporal.models.parts import Shared
from mmpose_temporal.models.similarities.own_weights import load_own_weights, require_ready
from mmpose_temporal.posetrack import FrameAnnotation, frame_poses
from mmpose_temporal.utils.config_errors import building, model_settings, other_model

LONG_SIDE = 512
"""Pixels that the longer side of a frame is scaled to, where the config has no frame encoder."""

INSIDE = "frame_encoder.network."
"""Before the names of the network's tensors in a tracker's checkpoint."""


def build_encoder(
    cfg: Config,
    checkpoint: str | Path,
    *,
    long_side: int | None = None,
    device: str | None = None,
) -> CorrespondenceEncoder:
    """The frame encoder of a config with trained weights.

    Args:
        cfg: Its model is a :class:`CorrespondenceNetwork`, or a tracker whose ``frame_encoder`` is
            a :class:`CorrespondenceEncoder`.
        checkpoint: Of either.
        long_side: Pixels that the longer side of a frame is scaled to. None: that of the config's
            encoder; without one, 512.
        device: Default: the accelerator that mmengine finds, or the CPU.

    Raises:
        ValueError: Another model; no checkpoint, one of other joints, or one that leaves the
            embedding or the refinement random; ``long_side`` is no multiple of 32.
        FileNotFoundError: No such file.
        CheckpointMismatch: ``checkpoint`` is of another network.
    """
    init_default_scope(cfg.get("default_scope", "mmpose"))
    settings = model_settings(cfg)
    if settings.get("frame_encoder"):
        encoder = dict(settings["frame_encoder"])
    elif _is_a(settings["type"], CorrespondenceNetwork):
        encoder = dict(type="CorrespondenceEncoder", network=settings, long_side=LONG_SIDE)
    else:
        wanted = "a CorrespondenceNetwork, or a tracker with a CorrespondenceEncoder, is needed"
        raise ValueError(other_model(cfg, wanted))
    if long_side is not None:
        encoder["long_side"] = long_side
    encoder["network"] = {**encoder["network"], "checkpoint": None}  # the one here replaces it
    with building(cfg):
        built = MODELS.build(encoder)
    if not isinstance(built, CorrespondenceEncoder):
        raise ValueError(f"the tracker's frame encoder is no CorrespondenceEncoder: {built}")
    network = built.network
    load_own_weights(network, str(checkpoint), inside=INSIDE, strict=False)
    require_ready(network.embedding, str(checkpoint))
    if network.refinement is not None and not network.refinement.ready:
        raise ValueError(
            f"{checkpoint} has no trained refinement: give the config of its training, or set the "
            "network's refinement=None and phase='embedding' (--cfg-options)"
        )
    return built.to(device or get_device()).eval()


def _is_a(kind: Any, wanted: type) -> bool:
    known = MODELS.get(kind) if isinstance(kind, str) else kind
    return isinstance(known, type) and issubclass(known, wanted)


def still_pairs(cfg: Config) -> StillPairDataset:
    """The pairs of stills that a config is validated on.

    Raises:
        ValueError: Its ``val_dataloader`` has none, or only draws for training.
    """
    init_default_scope(cfg.get("default_scope", "mmpose"))
    settings = (cfg.get("val_dataloader") or {}).get("dataset") or {}
    kind = settings.get("type")
    known = DATASETS.get(kind) if isinstance(kind, str) else kind
    if not (isinstance(known, type) and issubclass(known, StillPairDataset)):
        raise ValueError(
            f"val_dataloader.dataset must be a StillPairDataset; the config's is {kind}"
        )
    with building(cfg):
        return DATASETS.build({**settings, "test_mode": True})


@dataclass(frozen=True, slots=True, eq=False)
class AskedPair:
    """P groups of K points of one image (people's keypoints by custom), to be found in another.

    Attributes:
        queries: (P, K, 2) float32, pixels of the first image.
        targets: (P, K, 2) float32, where they are, pixels of the second image; only where known.
        asked: (P, K) bool, the queries that are there.
        known: (P, K) bool, asked, and where it is in the second image is known, and inside.
        diagonals: (P,) float32, of the people's boxes in the second image, pixels; NaN: nobody's.
        ids: (P,) int64, track ids of people; of stills their number in the pair.
    """

    queries: np.ndarray
    targets: np.ndarray
    asked: np.ndarray
    known: np.ndarray
    diagonals: np.ndarray
    ids: np.ndarray

    @property
    def names(self) -> list[str]:
        """Of the P groups."""
        of_people = np.isfinite(self.diagonals).tolist()
        rows = zip(of_people, self.ids.tolist(), strict=True)
        return [f"{'person' if person else 'points'} {i}" for person, i in rows]


def frame_pair(
    first: FrameAnnotation,
    second: FrameAnnotation,
    first_size: tuple[int, int],
    second_size: tuple[int, int],
) -> AskedPair:
    """The annotated people of two frames who are in both, by their track ids.

    Args:
        first: Where they are asked for.
        second: Where they are looked for.
        first_size: Width and height, pixels; joints outside are not asked for.
        second_size: Likewise; joints that are outside there are not known.
    """
    people, others = frame_poses(first), frame_poses(second)
    ids, rows, columns = np.intersect1d(
        people.track_ids, others.track_ids, assume_unique=True, return_indices=True
    )
    people, others = people[rows], others[columns]
    asked = (people.keypoint_scores > 0) & _inside(people.keypoints, first_size)
    there = (others.keypoint_scores > 0) & _inside(others.keypoints, second_size)
    sides = others.boxes[:, 2:] - others.boxes[:, :2]
    return AskedPair(
        queries=people.keypoints,
        targets=others.keypoints,
        asked=asked,
        known=asked & there,
        diagonals=np.linalg.norm(sides, axis=1),
        ids=ids,
    )


def still_pair(dataset: StillPairDataset, index: int) -> tuple[list[np.ndarray], AskedPair]:
    """An item of pairs of stills.

    Returns:
        Its two views, (s, s, 3) uint8 BGR each, and what is asked.
    """
    item = dataset[index]
    views = [view.permute(1, 2, 0).numpy() for view in item["inputs"]]
    truth = item["data_samples"].gt_instances
    rows = {name: np.asarray(truth[name]) for name in truth.keys()}  # noqa: SIM118
    visible = rows["valid"] & rows["visible"]
    of_person = np.isfinite(rows["diagonals"])[:, None]
    pair = AskedPair(
        queries=np.where(rows["valid"][..., None], rows["queries"], 0).astype(np.float32),
        targets=np.where(visible[..., None], rows["targets"], 0).astype(np.float32),
        asked=rows["valid"],
        known=visible & (rows["is_keypoint"] | ~of_person),
        diagonals=rows["diagonals"].astype(np.float32),
        ids=np.arange(len(visible)),
    )
    return views, pair


def _inside(points: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return ((points >= -0.5) & (points < np.array(size) - 0.5)).all(-1)


@dataclass(frozen=True, slots=True, eq=False)
class FoundPair:
    """What a network answers of P groups of J points, those of its joints.

    Attributes:
        places: (J,) int64, which of the K points of the question each joint is; -1: none.
        raw_maps: (P, J, h, w) float32, affinities, each sums to 1.
        maps: (P, J, h, w) float32, confidences.
        raw_points: (P, J, 2) float32, where the affinity within a cell is highest, pixels of the
            second image.
        points: (P, J, 2) float32, where the confidence is.
        raw_scores: (P, J) float32, the highest affinity within a cell.
        scores: (P, J) float32, the highest confidence.
        cell: Pixels of the second image per cell.
    """

    places: np.ndarray
    raw_maps: np.ndarray
    maps: np.ndarray
    raw_points: np.ndarray
    points: np.ndarray
    raw_scores: np.ndarray
    scores: np.ndarray
    cell: float

    def of_question(self, points: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """(P, K, 2) of (P, J, 2) points; NaN for those that are no joint of the network."""
        answer = np.full((*shape, 2), np.nan, np.float32)
        there = self.places >= 0
        answer[:, self.places[there]] = points[:, there]
        return answer


@torch.no_grad()
def embed(
    encoder: CorrespondenceEncoder, images: Sequence[np.ndarray], long_side: int | None = None
) -> list[FrameEmbedding]:
    """Embed images (H, W, 3) uint8 BGR, see :meth:`CorrespondenceEncoder.embed`."""
    return encoder.embed(images, long_side)


@torch.no_grad()
def find_pair(
    encoder: CorrespondenceEncoder, source: FrameEmbedding, target: FrameEmbedding, pair: AskedPair
) -> FoundPair:
    """Find the points of an image in another one.

    Args:
        encoder: With its network.
        source: The first image.
        target: The second image.
        pair: What is asked.

    Raises:
        ValueError: Another number of points than the network's layout has.
    """
    there = FrameCorrespondences(Shared(encoder.network), target)
    raw = there.affinities(source, pair.queries, pair.asked)
    refined = there.carry(source, pair.queries, pair.asked)
    return FoundPair(
        places=encoder.network.chosen.places,
        raw_maps=raw.maps.float().cpu().numpy(),
        maps=refined.maps.float().cpu().numpy(),
        raw_points=raw.points,
        points=refined.points,
        raw_scores=raw.scores,
        scores=refined.scores,
        cell=encoder.network.stride / target.scale,
    )
