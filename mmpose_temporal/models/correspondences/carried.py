"""Poses of earlier frames, found again in a frame by correspondences."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from mmpose_temporal.models.parts import Shared

from .affinity import affinities, between_cells, nearby_mass, peaks, read_at
from .letterbox import FrameEmbedding

if TYPE_CHECKING:
    from .network import CorrespondenceNetwork

FEATURE = "correspondences"
"""Name of :class:`FrameCorrespondences` among the features of a packet."""


@dataclass(frozen=True, slots=True, eq=False)
class CarriedPoses:
    """P poses of earlier frames in a frame, J joints each (those of the network).

    Attributes:
        maps: (P, J, h, w) confidences, on the network's device.
        scores: (P, J) float32, their highest values; 0 for a joint that was not asked for.
        points: (P, J, 2) float32, where these are, pixels of the frame.
    """

    maps: Tensor
    scores: np.ndarray
    points: np.ndarray


@dataclass(slots=True, eq=False)
class FrameCorrespondences:
    """What correspondences know of a frame: its embedding, and the poses carried into it.

    It is the packet's feature :data:`FEATURE` and goes with the packet. Parts that carry the same
    pose of the same frame share one computation.

    Attributes:
        network: Of the frame encoder.
        embedding: Of the frame.
    """

    network: "Shared[CorrespondenceNetwork]"
    embedding: FrameEmbedding
    _known: dict[tuple, tuple] = field(default_factory=dict)
    _shared: dict[int, tuple[FrameEmbedding, Tensor | None]] = field(default_factory=dict)

    @torch.no_grad()
    def carry(
        self, source: FrameEmbedding, keypoints: np.ndarray, valid: np.ndarray
    ) -> CarriedPoses:
        """Find poses of an earlier frame in this one, all together.

        Args:
            source: The earlier frame.
            keypoints: (P, K, 2), its pixels; K of the data.
            valid: (P, K) bool, the joints that are looked for. One that lies outside of its
                frame is not.

        Returns:
            The poses here.
        """
        network = self.network.module
        places = torch.from_numpy(np.ascontiguousarray(keypoints, np.float32))
        places, present = network.chosen(places, torch.from_numpy(valid.astype(np.float32)))
        present &= source.contains(places)
        asked = zip(places.numpy(), present.numpy(), strict=True)
        keys = [(id(source), p.tobytes(), v.tobytes()) for p, v in asked]
        new = {key: i for i, key in enumerate(keys) if key not in self._known}
        if new:
            asked = list(new.values())
            found = self._find(source, places[asked], present[asked])
            self._known.update(zip(new, found, strict=True))
        rows = [self._known[key] for key in keys]
        if not rows:
            joints, (height, width) = len(network.chosen), self.embedding.maps.shape[1:]
            maps = self.embedding.maps.new_zeros((0, joints, height, width))
            return CarriedPoses(
                maps, np.zeros((0, joints), np.float32), np.zeros((0, joints, 2), np.float32)
            )
        maps, scores, points = zip(*rows, strict=True)
        return CarriedPoses(torch.stack(maps), np.stack(scores), np.stack(points))

    @torch.no_grad()
    def affinities(
        self, source: FrameEmbedding, keypoints: np.ndarray, valid: np.ndarray
    ) -> CarriedPoses:
        """The same without the refinement, for comparisons and pictures; nothing is shared.

        Args:
            source: See :meth:`carry`.
            keypoints: See :meth:`carry`.
            valid: See :meth:`carry`.

        Returns:
            ``maps`` are the affinities; ``scores`` and ``points`` those of the affinity within a
            cell, as of a network without refinement (:func:`nearby_mass`).
        """
        places = torch.from_numpy(np.ascontiguousarray(keypoints, np.float32))
        asked = torch.from_numpy(valid.astype(np.float32))
        places, present = self.network.module.chosen(places, asked)
        maps, _ = self._affinity_maps(source, places, present & source.contains(places))
        mass = nearby_mass(maps)
        scores, peak = peaks(mass)
        points = self.embedding.points_of(between_cells(maps, peak)).float()
        return CarriedPoses(maps, scores.float().cpu().numpy(), points.cpu().numpy())

    def _affinity_maps(
        self, source: FrameEmbedding, places: Tensor, present: Tensor
    ) -> tuple[Tensor, Tensor]:
        """(P, J, h, w) affinities of P poses, and which joints they have, on the device."""
        network, target = self.network.module, self.embedding.maps[None]
        device, (height, width) = target.device, target.shape[2:]
        count, joints = present.shape
        last = torch.tensor(source.maps.shape[:0:-1]) - 1  # width, height
        cells = source.cells_of(places).round().long().clamp(min=0).minimum(last)
        cells = torch.where(present[..., None], cells, 0).to(device)
        logits = network.affinity_logits(source.maps[None], target, cells.reshape(1, -1, 2))
        present = present.to(device)
        return affinities(logits.reshape(count, joints, height, width), present), present

    def _find(self, source: FrameEmbedding, places: Tensor, present: Tensor) -> list[tuple]:
        """(maps, scores, points) of each of P poses."""
        network = self.network.module
        affinities, present = self._affinity_maps(source, places, present)
        owners = torch.zeros(len(affinities), dtype=torch.long, device=affinities.device)
        maps = network.confidences(self._shared_part(source), owners, affinities, present)
        scores, cells = network.found(maps, affinities)
        points = self.embedding.points_of(cells).float()
        answer = scores.float().cpu().numpy(), points.cpu().numpy()
        return list(zip(maps, *answer, strict=True))

    def _shared_part(self, source: FrameEmbedding) -> Tensor | None:
        """What the refinement makes of the two embeddings, once per pair of frames."""
        network = self.network.module
        if id(source) not in self._shared:
            part, target = None, self.embedding.maps
            if network.refinement is not None:
                fitted = source.fitted(*target.shape[1:])
                part = network.refinement.shared(fitted[None], target[None])
            self._shared[id(source)] = source, part  # the source is kept: its id stays its own
        return self._shared[id(source)][1]

    def values_at(self, carried: CarriedPoses, keypoints: np.ndarray) -> np.ndarray:
        """The confidences of carried poses at the joints of people in this frame.

        Args:
            carried: P poses.
            keypoints: (M, K, 2), pixels of the frame.

        Returns:
            (P, M, J) float32; 0 for a joint outside of the frame or that the data lack.
        """
        network, maps = self.network.module, carried.maps
        places = torch.from_numpy(np.ascontiguousarray(keypoints, np.float32))
        places, known = network.chosen(places, torch.ones(places.shape[:-1]))
        known &= self.embedding.contains(places)
        last = torch.tensor(maps.shape[:1:-1]) - 1
        cells = self.embedding.cells_of(places).round().long().clamp(min=0).minimum(last)
        cells = torch.where(known[..., None], cells, 0)
        values = read_at(maps, cells.to(maps.device)) * known.to(maps.device)
        return values.float().cpu().numpy()
