"""Pose entailment as a similarity: KeyTrack's matching network."""

from collections.abc import Sequence

import numpy as np
import torch
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from torch import Tensor
from torch.nn import functional as F

from mmpose_temporal.structures import FramePacket, Skeleton

from ..base import PairScores, Representation, Scene, Similarity
from ..chosen_joints import ChosenJoints
from ..own_weights import OwnWeights
from .matching_network import MatchingNetwork
from .tokens import TokenEmbedding

CPU_PAIRS = 32
"""Pairs per pass on a CPU: what they pass from layer to layer stays in a core's cache."""

GPU_PAIRS = 4096
"""Pairs per pass elsewhere: about 2 GB in single precision."""


@MODELS.register_module()
class PoseEntailment(Similarity):
    """Probability that two poses are of one person, by a transformer over their keypoints.

    KeyTrack (Snower et al., 15 Keypoints Is All You Need, CVPR 2020, section 3.2): each keypoint
    is a token, the sum of learned vectors for its cell in the downsampled frame, its type and
    its distance in time; the current pose's tokens and those of a pose up to ``max_distance``
    frames before go through a small encoder with a binary classifier.

    Keypoints that are absent, or score below ``keypoint_thr``, are not attended to. A pose
    without any other keypoint matches none: similarity 0 (choice).

    Args:
        resolution: Columns and rows of position cells.
        position: Some of ``'absolute'``, ``'relative'`` (Table 3).
        use_type: Tokens have a type (Table 3).
        use_segment: Tokens have a distance in time (Table 3).
        max_distance: Longest distance in time, frames: delta of the paper.
        network: Options of :class:`MatchingNetwork` (Table 7).
        joints: See :class:`ChosenJoints`; the paper's 15 by default.
        num_keypoints: See :class:`ChosenJoints`.
        keypoint_names: Names of the layout that it is trained on, see ``layout`` of
            :class:`ChosenJoints`. Poses of other layouts are mapped by name.
        keypoint_thr: Keypoints that score less are absent.
        frame_size: Width and height in pixels of frames whose size is unknown.
        max_pairs: Largest number of pairs per pass, which limits memory. None: 32 on a CPU, 4096
            elsewhere.
        checkpoint: Weights to begin with: a file or URL with those of this similarity, or of a
            tracker that has it.
        init_cfg: As in mmengine.

    Raises:
        ValueError: An option out of its range.
        RuntimeError: ``checkpoint`` does not fit.
    """

    def __init__(
        self,
        *,
        resolution: Sequence[int] = (24, 18),
        position: Sequence[str] = ("absolute",),
        use_type: bool = True,
        use_segment: bool = True,
        max_distance: int = 4,
        network: dict | None = None,
        joints: Sequence[int | str] | None = None,
        num_keypoints: int | None = None,
        keypoint_names: Sequence[str] | None = None,
        keypoint_thr: float = 0.0,
        frame_size: Sequence[int] | None = None,
        max_pairs: int | None = None,
        checkpoint: str | None = None,
        init_cfg: dict | None = None,
    ):
        super().__init__(init_cfg=init_cfg)
        if not 0 <= keypoint_thr <= 1:
            raise ValueError(f"keypoint_thr must be in [0, 1], got {keypoint_thr}")
        if frame_size is not None and (len(frame_size) != 2 or min(frame_size) <= 0):
            raise ValueError(f"frame_size must be a positive width and height, got {frame_size}")
        if max_pairs is not None and max_pairs < 1:
            raise ValueError(f"max_pairs must be 1 or more, got {max_pairs}")
        self.chosen = ChosenJoints(joints, num_keypoints, keypoint_names)
        self.network = MatchingNetwork(**(network or {}))
        self.embedding = TokenEmbedding(
            num_joints=len(self.chosen),
            hidden=self.network.hidden,
            resolution=resolution,
            position=position,
            use_type=use_type,
            use_segment=use_segment,
            max_distance=max_distance,
            dropout=self.network.dropout.p,
        )
        self.max_distance = max_distance
        self.keypoint_thr = keypoint_thr
        self.frame_size = None if frame_size is None else tuple(frame_size)
        self.max_pairs = max_pairs
        OwnWeights(self, checkpoint)

    def use_skeleton(self, skeleton: Skeleton) -> None:
        """Find the joints in the data by name, see :class:`ChosenJoints`."""
        self.chosen.use_skeleton(skeleton, type(self).__name__)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.network.classifier.weight.device

    def _poses(self, keypoints: Tensor, scores: Tensor, size: Tensor) -> tuple[Tensor, Tensor]:
        """Vectors (..., J, H) and visibility (..., J) of poses (..., K, 2)."""
        keypoints, present = self.chosen(keypoints, scores.where(scores >= self.keypoint_thr, 0))
        return self.embedding.poses(keypoints, present, size), present

    @torch.inference_mode()
    def embed(self, packet: FramePacket) -> Representation:
        """The part of the tokens that does not depend on the other pose.

        Returns:
            ``vectors`` (M, J, H) and ``visible`` (M, J) bool, tensors on the network's device,
            and ``time`` (M,) int64.

        Raises:
            ValueError: Another K than the layout's; the size of the frame is known neither by the
                packet nor by the option ``frame_size``.
        """
        poses, size = packet.people, packet.frame_size or self.frame_size
        if size is None:
            raise ValueError(
                "PoseEntailment needs the size of the frame: add 'width' and 'height' to the "
                "images in the files of poses, give the samples the metainfo frame_size=(w, h) "
                "or ori_shape=(h, w), or set its option frame_size=(w, h)"
            )
        rows = (poses.keypoints, poses.keypoint_scores, np.array(size, np.float32))
        rows = (torch.from_numpy(np.ascontiguousarray(row)).to(self.device) for row in rows)
        vectors, visible = self._poses(*rows)
        time = np.full(len(poses), packet.tick, np.int64)
        return {"vectors": vectors, "visible": visible, "time": time}

    @torch.inference_mode()
    def pairwise(
        self,
        current: Representation,
        previous: Representation,
        pairs: np.ndarray | None = None,
        scene: Scene | None = None,
    ) -> PairScores:
        """Score pairs; see :class:`Similarity`. ``previous`` may hold several frames.

        Returns:
            (M_t, M_prev) float32 in [0, 1]; 0 for what is not among ``pairs``.

        Raises:
            ValueError: ``current`` is of several frames, or a distance in time is not in
                [1, max_distance].
        """
        shape = (len(current["time"]), len(previous["time"]))
        seen = [rows["visible"].any(1).cpu().numpy() for rows in (current, previous)]
        wanted = np.logical_and.outer(*seen) if pairs is None else pairs & np.outer(*seen)
        scores = np.zeros(shape, np.float32)
        rows, columns = np.nonzero(wanted)
        if len(rows):
            scores[rows, columns] = self._probabilities(current, previous, rows, columns)
        return PairScores(scores)

    def _probabilities(
        self,
        current: Representation,
        previous: Representation,
        rows: np.ndarray,
        columns: np.ndarray,
    ) -> np.ndarray:
        """(B,) float32 of B pairs."""
        tokens, visible = self._tokens(current, previous, columns)
        index = np.stack([rows, columns + len(current["time"])], axis=1)
        size = self.max_pairs or (CPU_PAIRS if tokens.device.type == "cpu" else GPU_PAIRS)
        logits = self.network.pairs(
            tokens, visible, torch.from_numpy(index).to(tokens.device), size
        )
        return logits.float().softmax(-1)[:, 1].cpu().numpy()

    def _tokens(
        self, current: Representation, previous: Representation, columns: np.ndarray
    ) -> tuple[Tensor, Tensor]:
        """Tokens (P, J, H) and visibility (P, J) of all poses, the current ones first."""
        now, before = current["time"], previous["time"]
        if (now != now[0]).any():
            raise ValueError(
                f"the current people must be of one frame, got the times {np.unique(now)}"
            )
        distance = now[0] - before
        used = distance[columns]
        if (used < 1).any() or (used > self.max_distance).any():
            raise ValueError(
                f"poses {used.min()} to {used.max()} frames apart cannot be scored: "
                f"PoseEntailment knows 1 to max_distance={self.max_distance}; set the "
                "association's history or max_age to at most that"
            )
        # Rows that no pair looks at may be older.
        distance = np.concatenate([np.zeros_like(now), distance.clip(0, self.max_distance)])
        tokens = self.embedding(
            torch.cat([current["vectors"], previous["vectors"]]),
            torch.from_numpy(distance).to(self.device),
        )
        return tokens, torch.cat([current["visible"], previous["visible"]])

    @torch.inference_mode()
    def attention(self, current: Representation, previous: Representation) -> np.ndarray:
        """The attention between poses, for pictures (Figs. 1 and 8).

        Args:
            current: Of P poses of one frame.
            previous: Of P earlier poses: row i is paired with row i.

        Returns:
            (P, layers, heads, 2J, 2J) float32: how much the query (row) attends to the key
            (column), each row's sum being 1. The first J tokens are the current pose's joints,
            in the order of ``chosen.joints``, the others those of the earlier pose.

        Raises:
            ValueError: Different numbers of poses; otherwise as :meth:`pairwise`.
        """
        count = len(current["time"])
        if not count or count != len(previous["time"]):
            raise ValueError(
                "attention takes as many earlier poses as current ones, at least one, got "
                f"{len(previous['time'])} and {count}"
            )
        tokens, visible = self._tokens(current, previous, np.arange(count))
        tokens, visible = (
            torch.cat([rows[:count], rows[count:]], dim=1) for rows in (tokens, visible)
        )
        _, maps = self.network.explain(tokens, visible)
        return torch.stack(maps, dim=1).float().cpu().numpy()

    def loss(
        self, inputs: dict[str, Tensor], data_samples: Sequence[PoseDataSample] | None = None
    ) -> dict[str, Tensor]:
        """Cross-entropy on a batch of B pairs of poses (A.4).

        Args:
            inputs: ``keypoints`` (B, 2, K, 2) image pixels, [:, 0] the current pose, [:, 1] the
                earlier one; ``keypoint_scores`` (B, 2, K); ``frame_size`` (B, 2), w and h, NaN
                if unknown;
                ``distance`` (B,) int64 frames; ``labels`` (B,) int64, 1 = same person.
            data_samples: Not needed.

        Returns:
            ``loss``, the mean cross-entropy, and ``accuracy``, the share of pairs that are
            classified correctly.

        Raises:
            ValueError: Another K than the layout's, a distance that is not in
                [1, max_distance], or a frame without a size and no option ``frame_size``.
        """
        distance, size = inputs["distance"], self._sizes(inputs["frame_size"])
        if (distance < 1).any() or (distance > self.max_distance).any():
            raise ValueError(
                f"pairs {int(distance.min())} to {int(distance.max())} frames apart: "
                f"PoseEntailment knows 1 to max_distance={self.max_distance}; set the data "
                "set's largest distance to at most that"
            )
        vectors, visible = self._poses(
            inputs["keypoints"], inputs["keypoint_scores"], size[:, None]
        )
        segments = torch.stack([torch.zeros_like(distance), distance], dim=1)
        tokens = self.embedding(vectors.flatten(0, 1), segments.flatten())
        tokens = tokens.unflatten(0, (-1, 2)).flatten(1, 2)
        logits = self.network(tokens, visible.flatten(1)).float()
        right = logits.detach().argmax(1) == inputs["labels"]
        self.ready = self.ready or torch.is_grad_enabled()
        return dict(loss=F.cross_entropy(logits, inputs["labels"]), accuracy=right.float().mean())

    def _sizes(self, sizes: Tensor) -> Tensor:
        """(B, 2) frame sizes, with the option instead of unknown ones."""
        known = (sizes > 0).all(1, keepdim=True)
        if known.all():
            return sizes
        if self.frame_size is None:
            raise ValueError(
                f"{int((~known).sum())} of {len(sizes)} pairs do not say how large their frame "
                "is: add 'width' and 'height' to the images in the annotation files, set the "
                "data set's sizes_from_images=True, or the similarity's frame_size=(w, h)"
            )
        return sizes.where(known, sizes.new_tensor(self.frame_size))
