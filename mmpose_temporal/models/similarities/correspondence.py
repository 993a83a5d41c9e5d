"""CorrTrack's similarity: do the correspondences of a track support a detection?"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from mmpose.registry import MODELS
from torch import nn

from mmpose_temporal.structures import FramePacket, Skeleton, enclosing_boxes, plain_state

from ..correspondences.carried import FEATURE, CarriedPoses, FrameCorrespondences
from ..correspondences.compared_joints import EARS, ComparedJoints, oks_of_points
from ..correspondences.letterbox import FrameEmbedding
from .base import PairScores, Representation, Scene, Similarity
from .functional import box_areas

SCENE = "correspondences"
"""What the similarity keeps of a video is under this name in its scene."""

TINY = np.finfo(np.float32).tiny
"""A joint that scores 0 is absent, whatever the threshold."""


@plain_state
@dataclass(slots=True, eq=False)
class RememberedFrames:
    """The embeddings of the frames that the remembered poses are in.

    Attributes:
        frames: Tick -> embedding.
        now: The frame that is associated.
    """

    frames: dict[int, FrameEmbedding] = field(default_factory=dict)
    now: FrameCorrespondences | None = field(default=None, metadata={"transient": True})


@MODELS.register_module()
class CorrespondenceSimilarity(Similarity):
    """Agreement of a detection with the correspondences of a track's last pose.

    Rafi et al., ECCV 2020. The joints of the track's last pose are found in the frame by
    refined correspondences. Three affinities say how far a detection agrees with them, named
    scores of :class:`PairScores` (M detections, N tracks):

    - ``box``: the mean confidence of the correspondences that lie in the detection's box, if there
      are ``min_joints`` of them;
    - ``pose``: object keypoint similarity of the correspondences and the detection, over the
      joints that both have;
    - ``corr``: the sum, over the detection's joints, of the confidence maps' values there.

    Correspondences count from ``corr_thr`` on, joints of poses from ``joint_thr`` on. The total
    is ``pose`` and the mean of what ``corr`` sums up, so in [0, 2].

    A track nominates one detection: of those with ``box`` over ``corr_thr`` the one with the
    highest total, if its ``pose`` is over ``pose_thr`` and its ``corr`` over
    ``corr_thr * min_joints``. Other pairs are not allowed.

    The tracker needs a :class:`CorrespondenceEncoder`. Of a video the embeddings of those frames
    are kept that the last poses of live tracks are in.

    Args:
        corr_thr: Confidence from which a correspondence counts, in (0, 1); tau_corr of the paper.
        joint_thr: Score from which a joint of a pose counts.
        min_joints: See above; a detection with fewer joints agrees with nobody.
        pose_thr: See above.
        nominate: False: all pairs with a total are allowed, and the assignment decides.
        box_margin: Pixels by which a detection's box is larger than its joints.
        skip_joints: Names of joints that are not compared.
        sigmas: See :class:`OKSSimilarity`.

    Raises:
        ValueError: An option out of its range.
    """

    needs_frame_encoder = True

    def __init__(
        self,
        *,
        corr_thr: float = 0.3,
        joint_thr: float = 0.1,
        min_joints: int = 2,
        pose_thr: float = 0.2,
        nominate: bool = True,
        box_margin: float = 10.0,
        skip_joints: Sequence[str] = EARS,
        sigmas: Sequence[float] | None = None,
    ):
        super().__init__()
        if not 0 < corr_thr < 1:
            raise ValueError(f"corr_thr must be in (0, 1), got {corr_thr}")
        if not (0 <= joint_thr <= 1 and 0 <= pose_thr <= 1 and box_margin >= 0):
            raise ValueError(
                "joint_thr and pose_thr must be in [0, 1] and box_margin 0 or more, got "
                f"{joint_thr}, {pose_thr}, {box_margin}"
            )
        if min_joints < 1:
            raise ValueError(f"min_joints must be 1 or more, got {min_joints}")
        self.corr_thr = corr_thr
        self.joint_thr = joint_thr
        self.min_joints = min_joints
        self.pose_thr = pose_thr
        self.nominate = nominate
        self.box_margin = box_margin
        self.joints = ComparedJoints(skip_joints, sigmas)

    def bind(self, tracker: nn.Module) -> None:
        """Take the tracker's frame encoder.

        Raises:
            ValueError: It is no :class:`CorrespondenceEncoder`.
        """
        self.joints.bind(tracker.frame_encoder, type(self).__name__)

    def use_skeleton(self, skeleton: Skeleton) -> None:
        """Take the sigmas of the data, unless the option gives some."""
        self.joints.use_skeleton(skeleton)

    def advance(
        self, previous: Representation | None, packet: FramePacket, scene: Scene
    ) -> Representation | None:
        """Keep the frame's embedding, and of the older ones those that are needed."""
        memory: RememberedFrames = scene.setdefault(SCENE, RememberedFrames())
        ticks = [] if previous is None else np.unique(previous["ticks"]).tolist()
        memory.frames = {tick: memory.frames[tick] for tick in ticks}
        memory.now = packet.features[FEATURE]
        memory.frames[packet.tick] = memory.now.embedding
        return previous

    def embed(self, packet: FramePacket) -> Representation:
        """``keypoints`` (M, K, 2), ``scores`` (M, K) and ``ticks`` (M,) int64, of the frame."""
        people = packet.people
        ticks = np.full(len(people), packet.tick, np.int64)
        return {
            "keypoints": people.keypoints,
            "scores": people.keypoint_scores,
            "ticks": ticks,
        }

    def pairwise(
        self,
        current: Representation,
        previous: Representation,
        pairs: np.ndarray | None = None,
        scene: Scene | None = None,
    ) -> PairScores:
        """See the class; a track that no pair asks for is not looked for.

        Raises:
            ValueError: No ``scene``: there are no embeddings to compare.
        """
        if scene is None or scene.get(SCENE) is None:
            raise ValueError(
                f"{type(self).__name__} compares frames: it works as the similarity of an "
                "association only"
            )
        shape = len(current["ticks"]), len(previous["ticks"])
        parts = {name: np.zeros(shape, np.float32) for name in ("box", "pose", "corr", "mean")}
        asked = np.ones(shape[1], bool) if pairs is None else pairs.any(0)
        memory: RememberedFrames = scene[SCENE]
        for tick in np.unique(previous["ticks"][asked]).tolist():
            columns = np.flatnonzero(asked & (previous["ticks"] == tick))
            valid = previous["scores"][columns] >= max(self.joint_thr, TINY)
            carried = memory.now.carry(memory.frames[tick], previous["keypoints"][columns], valid)
            for name, values in self._affinities(carried, memory.now, current).items():
                parts[name][:, columns] = values.T
        total = parts["pose"] + parts.pop("mean")
        allowed = self._nominated(total, parts, pairs) if self.nominate else pairs
        return PairScores(total, allowed, parts)

    def _affinities(
        self, carried: CarriedPoses, now: FrameCorrespondences, current: Representation
    ) -> dict[str, np.ndarray]:
        """The affinities of P carried poses with M detections, (P, M) each."""
        keypoints, seen = self.joints.pick(
            current["keypoints"], current["scores"] >= max(self.joint_thr, TINY)
        )
        found = (carried.scores >= self.corr_thr) & self.joints.compared
        enough = seen.sum(1) >= self.min_joints
        boxes = enclosing_boxes(keypoints, seen)
        boxes = boxes + np.array([-1, -1, 1, 1], np.float32) * self.box_margin
        inside = (carried.points[:, None] >= boxes[:, None, :2]).all(-1)
        inside &= (carried.points[:, None] <= boxes[:, None, 2:]).all(-1)
        inside &= found[:, None] & enough[:, None]
        count = inside.sum(-1)
        sums = (carried.scores[:, None] * inside).sum(-1)
        box = np.where(count >= self.min_joints, sums / np.maximum(count, 1), 0)
        pose = oks_of_points(
            carried.points, found, keypoints, seen, box_areas(boxes), self.joints.sigmas
        )
        values = now.values_at(carried, current["keypoints"])
        values = np.where((values > self.corr_thr) & seen, values, 0)
        corr = values.sum(-1)
        mean = corr / np.maximum((values > 0).sum(-1), 1)
        answer = dict(box=box, pose=pose, corr=corr, mean=mean)
        return {name: np.where(enough, value, 0) for name, value in answer.items()}

    def _nominated(
        self, total: np.ndarray, parts: dict[str, np.ndarray], pairs: np.ndarray | None
    ) -> np.ndarray:
        """(M, N) bool: at most one True per column."""
        near = parts["box"] > self.corr_thr
        if pairs is not None:
            near &= pairs
        if not len(total):
            return near
        best = np.where(near, total, -np.inf).argmax(0) == np.arange(len(total))[:, None]
        sure = (parts["pose"] > self.pose_thr) & (parts["corr"] > self.corr_thr * self.min_joints)
        return near & best & sure
