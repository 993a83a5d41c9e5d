"""Siamese graph convolutional network on keypoints."""

from collections.abc import Sequence

import numpy as np
import torch
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from torch import Tensor, nn

from mmpose_temporal.structures import (
    KEYPOINT_NAMES,
    POSETRACK18,
    FramePacket,
    Skeleton,
    enclosing_boxes,
)

from .base import PairScores, Representation, Scene, Similarity
from .chosen_joints import ChosenJoints
from .functional import pairwise_iou, solid_boxes
from .own_weights import OwnWeights
from .pose_graph import GraphBlock, spatial_partition

SMALLEST_SIDE = 1.0
"""Pixels: a box is taken for at least as long as this, so that its joints can be divided by it."""


@MODELS.register_module()
class GCNSimilarity(Similarity):
    """Similarity of two poses' shapes: ``exp(-d / margin)``, d between learned embeddings.

    The siamese spatial graph network of LightTrack (Ning et al., arXiv 1905.02822; a
    baseline of KeyTrack, section 4.2, Table 6): both poses go through one network of spatial
    graph convolutions on the skeleton; the joints are averaged and mapped to an embedding, and
    a contrastive loss (Hadsell et al., CVPR 2006) pulls poses of a person together and pushes
    others ``margin`` apart. A person is embedded once.

    Joints are taken relative to the centre of the person's box, in halves of its longer side,
    so the network sees the shape of a pose and not its position. Hence ``min_iou``, or a gate of
    the association, which adds the position.

    Choice: blocks of 64, 64, 128 and 128 channels, 0.12 M parameters, for the 0.1 M of Table 6;
    LightTrack's code has two blocks of 64. Presence of a joint is a third input channel, and
    absent joints are left out of convolution and average. The similarity is in (0, 1] and falls
    with the distance: 1 for equal embeddings, ``exp(-1)`` = 0.37 for a margin apart. A pose
    without any of the joints is similar to nobody: 0.

    Args:
        channels: Output channels of each block, at least one.
        embed_dims: Length of the embedding.
        margin: Distance from which on two people are different enough for the loss.
        boxes: What joints are taken relative to: ``'detection'``, the person's box, or
            ``'keypoints'``, the tightest box around ``joints``.
        min_iou: LightTrack's order of decisions: pairs of boxes that overlap by this much
            (0.3 there) are matched by their overlap before any other, as ``(1 + IoU) / 2``; the
            network decides for the rest, ``exp(-d / margin) / 2``. None: the network alone.
        joints: See :class:`ChosenJoints`.
        num_keypoints: See :class:`ChosenJoints`.
        keypoint_names: Names of the layout that it is trained on, see ``layout`` of
            :class:`ChosenJoints`. Poses of other layouts are mapped by name.
        links: Pairs of keypoints of the layout that are linked; those with a keypoint that is
            not among ``joints`` are left out. None: mmpose's skeleton of PoseTrack18.
        center: The keypoint that is used as the centre of the skeleton. Default: the neck
            (``head_bottom``).
        checkpoint: Weights to begin with: a file or URL with those of this similarity, or of a
            tracker that has it.
        init_cfg: As in mmengine.

    Raises:
        ValueError: An option out of its range, or links that leave a joint alone.
        RuntimeError: ``checkpoint`` does not fit.
    """

    def __init__(
        self,
        *,
        channels: Sequence[int] = (64, 64, 128, 128),
        embed_dims: int = 128,
        margin: float = 1.0,
        boxes: str = "detection",
        min_iou: float | None = None,
        joints: Sequence[int | str] | None = None,
        num_keypoints: int | None = None,
        keypoint_names: Sequence[str] | None = None,
        links: Sequence[Sequence[int]] | None = None,
        center: int = 1,
        checkpoint: str | None = None,
        init_cfg: dict | None = None,
    ):
        super().__init__(init_cfg=init_cfg)
        if not channels or min(*channels, embed_dims, 1) < 1:
            raise ValueError(
                "GCNSimilarity needs one block or more, and channels and embed_dims of 1 or "
                f"more, got {channels} and {embed_dims}"
            )
        if margin <= 0:
            raise ValueError(f"margin must be positive, got {margin}")
        if boxes not in ("detection", "keypoints"):
            raise ValueError(f"boxes must be 'detection' or 'keypoints', got {boxes!r}")
        if min_iou is not None and not 0 < min_iou <= 1:
            raise ValueError(f"min_iou must be in (0, 1] or None, got {min_iou}")
        self.margin = margin
        self.boxes = boxes
        self.min_iou = min_iou
        self.chosen = ChosenJoints(joints, num_keypoints, keypoint_names)
        partition = torch.from_numpy(self._partition(links, center))
        inputs = (3, *channels[:-1])
        self.blocks = nn.ModuleList(
            GraphBlock(pair, partition, residual=index > 0)
            for index, pair in enumerate(zip(inputs, channels, strict=True))
        )
        self.project = nn.Linear(channels[-1], embed_dims)
        OwnWeights(self, checkpoint)

    def _partition(self, links: Sequence[Sequence[int]] | None, center: int) -> np.ndarray:
        joints = self.chosen.joints
        if links is None:
            if self.chosen.layout != KEYPOINT_NAMES:
                raise ValueError(
                    f"links are needed for a layout of {self.chosen.num_keypoints} keypoints that "
                    "is not PoseTrack18's: the default is PoseTrack18's skeleton"
                )
            links = POSETRACK18.links.tolist()
        if center not in joints:
            raise ValueError(f"center must be one of the joints {list(joints)}, got {center}")
        place = {joint: index for index, joint in enumerate(joints)}
        kept = [(place[a], place[b]) for a, b in links if a in place and b in place]
        return spatial_partition(len(joints), kept, place[center])

    def forward(self, keypoints: Tensor, scores: Tensor, boxes: Tensor) -> Tensor:
        """Embed poses.

        Args:
            keypoints: (M, K, 2), image pixels.
            scores: (M, K); <= 0: absent.
            boxes: (M, 4) xyxy, image pixels.

        Returns:
            (M, embed_dims); the same vector for all poses without a joint.

        Raises:
            ValueError: Another K than the layout's.
        """
        joints, present = self.chosen(keypoints, scores)
        center = (boxes[:, :2] + boxes[:, 2:]) / 2
        side = (boxes[:, 2:] - boxes[:, :2]).amax(1).clamp(min=SMALLEST_SIDE)
        joints = (joints - center[:, None]) * (2 / side)[:, None, None]
        seen = present[..., None]
        features = torch.cat([joints.where(seen, joints.new_zeros(())), seen], dim=-1)
        features = features.to(self.project.weight.dtype)
        for block in self.blocks:
            features = block(features, present)
        return self.project(features.sum(1) / seen.sum(1).clamp(min=1))

    def use_skeleton(self, skeleton: Skeleton) -> None:
        """Find the joints in the data by name, see :class:`ChosenJoints`."""
        self.chosen.use_skeleton(skeleton, type(self).__name__)

    @torch.no_grad()
    def embed(self, packet: FramePacket) -> Representation:
        """``{'embeddings': (M, embed_dims) tensor, 'known': (M,) bool tensor, 'boxes': (M, 4)}``.

        Raises:
            ValueError: Another number of keypoints than the layout's.
        """
        poses, device = packet.people, self.project.weight.device
        rows = (poses.keypoints, poses.keypoint_scores, poses.boxes)
        keypoints, scores, boxes = (torch.from_numpy(row).to(device) for row in rows)
        embeddings = self(keypoints, scores, self._reference(keypoints, scores, boxes))
        known = self.chosen(keypoints, scores)[1].any(1)
        return {
            "embeddings": embeddings.float(),
            "known": known,
            "boxes": solid_boxes(poses.boxes),
        }

    def _reference(self, keypoints: Tensor, scores: Tensor, boxes: Tensor) -> Tensor:
        """(M, 4) the boxes that joints are taken relative to."""
        if self.boxes == "detection":
            return boxes
        joints, present = self.chosen(keypoints, scores)
        tight = enclosing_boxes(joints.cpu().numpy(), present.cpu().numpy())
        return torch.from_numpy(tight).to(boxes.device)

    @torch.no_grad()
    def pairwise(
        self,
        current: Representation,
        previous: Representation,
        pairs: np.ndarray | None = None,
        scene: Scene | None = None,
    ) -> PairScores:
        """(M_t, M_prev) float32 in [0, 1]."""
        distance = torch.cdist(
            current["embeddings"],
            previous["embeddings"],
            # Not by the product of matrices, which leaves two equal poses apart by rounding.
            compute_mode="donot_use_mm_for_euclid_dist",
        )
        scores = torch.exp(-distance / self.margin)
        scores = (scores * (current["known"][:, None] & previous["known"])).cpu().numpy()
        if self.min_iou is None:
            return PairScores(scores)
        overlap = pairwise_iou(current["boxes"], previous["boxes"])
        return PairScores(np.where(overlap >= self.min_iou, 1 + overlap, scores) / 2)

    def loss(
        self, inputs: dict[str, Tensor], data_samples: Sequence[PoseDataSample] | None = None
    ) -> dict[str, Tensor]:
        """Contrastive loss on a batch of B pairs of poses.

        Args:
            inputs: ``keypoints`` (B, 2, K, 2), ``keypoint_scores`` (B, 2, K), ``boxes``
                (B, 2, 4), ``labels`` (B,): 1 = same person.
            data_samples: Not needed.

        Returns:
            ``loss_contrastive``, mean over the pairs of ``d^2`` for one person and of
            ``max(0, margin - d)^2`` for two; and ``acc_pairs``, the share of pairs on the right
            side of half the margin.
        """
        keypoints, scores, boxes = (
            inputs[name].flatten(0, 1) for name in ("keypoints", "keypoint_scores", "boxes")
        )
        embeddings = self(keypoints, scores, self._reference(keypoints, scores, boxes)).float()
        first, second = embeddings.unflatten(0, (-1, 2)).unbind(1)
        same = inputs["labels"] == 1
        squared = (first - second).square().sum(1)
        distance = (squared + 1e-12).sqrt()  # has a gradient at 0
        apart = (self.margin - distance).clamp(min=0).square()
        right = (distance.detach() < self.margin / 2) == same
        self.ready = self.ready or torch.is_grad_enabled()
        return dict(
            loss_contrastive=torch.where(same, squared, apart).mean(),
            acc_pairs=right.float().mean(),
        )
