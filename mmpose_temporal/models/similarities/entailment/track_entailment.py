"""Track entailment: does a pose follow a track?"""

from collections.abc import Sequence

import numpy as np
import torch
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from torch import Tensor
from torch.nn import functional as F

from mmpose_temporal.structures import FramePacket, People, Skeleton
from mmpose_temporal.utils.track_motion import SMALLEST, common_motion, extents

from ..base import PairScores, Representation, Scene, Similarity
from ..chosen_joints import ChosenJoints
from ..own_weights import OwnWeights
from .matching_network import MatchingNetwork
from .track_tokens import TrackTokens

CPU_PAIRS = 128
"""Pairs in one pass on a CPU, see :class:`MatchingNetwork`."""

GPU_PAIRS = 16384
"""Pairs in one pass elsewhere."""

NO_POSE = -1
"""Time of a pose that a track does not have."""


@MODELS.register_module()
class TrackEntailment(Similarity):
    """Probability that a pose follows a track, by a transformer over keypoints.

    Pose entailment (Snower et al., CVPR 2020) decides whether a pose follows another one. Here
    the network sees the last ``history`` poses of a track together, how they moved, the scores of
    the joints, and the motion that all people of the frame have in common; places are relative to
    the track and lengths to the person, so that the size of the frame, known or not, does not
    matter (choices; :mod:`~.track_tokens`).

    Pairs further apart than ``reach``, or beyond the ``nearest`` ones, are not scored and have
    the similarity 0, as have poses without a joint of ``joints``.

    Args:
        history: Number of poses of a track that the network sees, 2 to 6.
        network: Options of :class:`MatchingNetwork`.
        joints: See :class:`ChosenJoints`; the 15 scored ones by default.
        num_keypoints: See :class:`ChosenJoints`.
        keypoint_names: Names of the layout that it is trained on, see ``layout`` of
            :class:`ChosenJoints`. Poses of other layouts are mapped by name.
        keypoint_thr: Keypoints that score less are absent.
        reach: Largest distance between the centres of the pose and the track's last pose, in
            mean diagonals of the two.
        nearest: Largest number of tracks that a pose is compared with, which limits the time in a
            crowd. None: all within reach.
        use_common_motion: Score every pair twice, with the motion that people have in common
            (:func:`common_motion`) and without, and take the mean of the log odds: the vote of a
            few people may be wrong (choice). Otherwise only without.
        max_pairs: Pairs in one pass. None: 128 on a CPU, 16384 elsewhere.
        checkpoint: Weights to begin with, as in :class:`PoseEntailment`.
        init_cfg: As in mmengine.

    Raises:
        ValueError: An option out of its range.
        RuntimeError: ``checkpoint`` does not fit.
    """

    def __init__(
        self,
        *,
        history: int = 6,
        network: dict | None = None,
        joints: Sequence[int | str] | None = None,
        num_keypoints: int | None = None,
        keypoint_names: Sequence[str] | None = None,
        keypoint_thr: float = 0.0,
        reach: float = 4.0,
        nearest: int | None = 16,
        use_common_motion: bool = True,
        max_pairs: int | None = None,
        checkpoint: str | None = None,
        init_cfg: dict | None = None,
    ):
        super().__init__(init_cfg=init_cfg)
        if not 2 <= history <= 6:
            raise ValueError(f"history must be 2 to 6 poses, got {history}")
        if not 0 <= keypoint_thr <= 1:
            raise ValueError(f"keypoint_thr must be in [0, 1], got {keypoint_thr}")
        if reach <= 0:
            raise ValueError(f"reach must be positive, got {reach}")
        if nearest is not None and nearest < 1:
            raise ValueError(f"nearest must be 1 or more, or None for all, got {nearest}")
        if max_pairs is not None and max_pairs < 1:
            raise ValueError(f"max_pairs must be 1 or more, got {max_pairs}")
        self.chosen = ChosenJoints(joints, num_keypoints, keypoint_names)
        self.network = MatchingNetwork(**(network or {}))
        self.tokens = TrackTokens(
            num_joints=len(self.chosen), history=history, hidden=self.network.hidden
        )
        self.history = history
        self.keypoint_thr = keypoint_thr
        self.reach = reach
        self.nearest = nearest
        self.use_common_motion = use_common_motion
        self.max_pairs = max_pairs
        OwnWeights(self, checkpoint)

    def use_skeleton(self, skeleton: Skeleton) -> None:
        """Find the joints in the data by name, see :class:`ChosenJoints`."""
        self.chosen.use_skeleton(skeleton, type(self).__name__)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.network.classifier.weight.device

    def embed(self, packet: FramePacket) -> Representation:
        """Every pose as a track of one.

        Returns:
            ``history`` (M, H, J, 3) float32, x, y, score, tensor on the CPU: the pose, then
            zeros; ``times`` (M, H) int64, the packet's tick, then -1.

        Raises:
            ValueError: Another K than the layout's.
        """
        poses = packet.people
        rows = (np.ascontiguousarray(x) for x in (poses.keypoints, poses.keypoint_scores))
        joints = self._joints(*map(torch.from_numpy, rows))
        history = joints.new_zeros((len(poses), self.history, *joints.shape[1:]))
        history[:, 0] = joints
        times = torch.full((len(poses), self.history), NO_POSE)
        times[:, 0] = packet.tick
        return {"history": history, "times": times}

    def _joints(self, keypoints: Tensor, scores: Tensor) -> Tensor:
        """(..., J, 3) of (..., K, 2) and (..., K)."""
        places, present = self.chosen(keypoints, scores.where(scores >= self.keypoint_thr, 0))
        joints = torch.cat([places, self.chosen.pick(scores)[..., None]], -1)
        return joints.where(present[..., None], 0)

    def extend(
        self,
        current: Representation,
        rows: np.ndarray,
        previous: Representation,
        columns: np.ndarray,
    ) -> Representation:
        """Put the past of the tracks behind the poses that continue them, see the base class."""
        rows, columns = torch.from_numpy(rows), torch.from_numpy(columns)
        extended = {name: current[name].clone() for name in ("history", "times")}
        for name, value in extended.items():
            value[rows, 1:] = previous[name][columns, :-1]
        return extended

    def seen_joints(self, people: People, representation: Representation) -> np.ndarray:
        """(N, J) bool: the joints of a track's ``history`` poses."""
        return (representation["history"][..., 2] > 0).any(1).numpy()

    @torch.inference_mode()
    def pairwise(
        self,
        current: Representation,
        previous: Representation,
        pairs: np.ndarray | None = None,
        scene: Scene | None = None,
    ) -> PairScores:
        """(M_t, M_prev) probabilities, 0 for pairs that are not scored."""
        poses, tracks = current["history"][:, 0], previous["history"]
        scores = np.zeros((len(poses), len(tracks)), np.float32)
        near = self._near(poses, tracks[:, 0], pairs)
        rows, columns = near.nonzero(as_tuple=True)
        if not len(rows):
            return PairScores(scores)
        now, then = current["times"][:1, :1], previous["times"]
        ages = torch.where(then == NO_POSE, 0, now - then).float()
        opinions = [(poses.new_zeros(2), poses.new_zeros(2))]
        if self.use_common_motion:
            motion, support = common_motion(poses, tracks, ages)
            if motion.any():
                opinions.append((motion, support))
        size = self.max_pairs or (CPU_PAIRS if self.device.type == "cpu" else GPU_PAIRS)
        logits = torch.cat(
            [
                self._judged(poses[i], tracks[j], ages[j], opinions)
                for i, j in zip(rows.split(size), columns.split(size), strict=True)
            ]
        )
        scores[rows.numpy(), columns.numpy()] = logits.softmax(-1)[:, 1].cpu().numpy()
        return PairScores(scores)

    def _judged(
        self, poses: Tensor, tracks: Tensor, ages: Tensor, opinions: list[tuple[Tensor, Tensor]]
    ) -> Tensor:
        """(P, 2) mean logits over the estimates of the common motion, in one pass."""
        many, count = len(opinions), len(poses)
        pairs = [rows.repeat(many, *[1] * (rows.dim() - 1)) for rows in (poses, tracks, ages)]
        columns = zip(*opinions, strict=True)
        motion = [torch.stack(column).repeat_interleave(count, 0) for column in columns]
        return self._logits(*pairs, *motion).float().unflatten(0, (many, count)).mean(0)

    def _near(self, poses: Tensor, last: Tensor, pairs: np.ndarray | None) -> Tensor:
        """(M, L) bool of the pairs: near enough, with joints, and among the nearest."""
        corners = extents(poses), extents(last)
        centers = [(low + high) / 2 for low, high in corners]
        sizes = [(high - low).norm(dim=-1) for low, high in corners]
        limit = self.reach * ((sizes[0][:, None] + sizes[1]) / 2).clamp(min=SMALLEST)
        seen = [(people[..., 2] > 0).any(-1) for people in (poses, last)]
        apart = (centers[0][:, None] - centers[1]).norm(dim=-1)
        near = (apart < limit) & seen[0][:, None] & seen[1]
        if pairs is not None:
            near &= torch.from_numpy(pairs)
        if self.nearest is None or len(last) <= self.nearest:
            return near
        order = apart.masked_fill(~near, torch.inf).argsort(dim=1, stable=True)
        return near & torch.zeros_like(near).scatter_(1, order[:, : self.nearest], True)

    def _logits(self, *pairs: Tensor) -> Tensor:
        """(P, 2): does not follow, follows; arguments of pair_features."""
        return self.network(*self.tokens(*(rows.to(self.device) for rows in pairs)))

    def loss(
        self, inputs: dict[str, Tensor], data_samples: Sequence[PoseDataSample] | None = None
    ) -> dict[str, Tensor]:
        """Cross-entropy on B items of P pairs each.

        Args:
            inputs: ``current`` (B, P, K, 3) x, y, score in image pixels; ``history``
                (B, P, H, K, 3); ``ages`` (B, P, H) float frames, 0 for none; ``motion`` and
                ``support`` (B, P, 2), see :func:`common_motion`, which count as 0 without
                ``use_common_motion``; ``labels`` (B, P) int64, 1 = the pose follows the track.
            data_samples: Not needed.

        Returns:
            ``loss`` and ``accuracy``, the share of pairs that are classified correctly.

        Raises:
            ValueError: Another K, or another number of poses than the similarity's history.
        """
        rows = {name: value.flatten(0, 1) for name, value in inputs.items()}
        if rows["history"].shape[1] != self.history:
            raise ValueError(
                f"the data set gives {rows['history'].shape[1]} poses of a track, the similarity "
                f"looks at {self.history}: set both to the same history"
            )
        people = [self._joints(p[..., :2], p[..., 2]) for p in (rows["current"], rows["history"])]
        motion = [rows[name] * self.use_common_motion for name in ("motion", "support")]
        logits = self._logits(*people, rows["ages"], *motion)
        labels = rows["labels"].to(logits.device)
        self.ready = self.ready or torch.is_grad_enabled()
        return {
            "loss": F.cross_entropy(logits.float(), labels),
            "accuracy": (logits.argmax(-1) == labels).float().mean(),
        }
