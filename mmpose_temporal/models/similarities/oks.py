"""Object keypoint similarity."""

from collections.abc import Sequence

import numpy as np
from mmpose.registry import MODELS

from mmpose_temporal.structures import POSETRACK18, FramePacket, People, Skeleton
from mmpose_temporal.structures.skeleton import checked_sigmas

from .base import PairScores, Representation, Scene, Similarity
from .functional import MISSING_JOINTS, SMALLEST_AREA, box_areas, pairwise_oks


@MODELS.register_module()
class OKSSimilarity(Similarity):
    """Object keypoint similarity of two poses, in [0, 1].

    Args:
        missing_joints: What a joint does that only one of the two poses has.

            - ``'disagree'``: it counts as a joint that does not agree, so a pose is the less
              similar to another the fewer of its joints the other has: two that share one of 17
              joints have at most 1/17. People smaller than 32 x 32 pixels count as that large, so
              that people of one joint, or with joints in a line, can move by some pixels
              (choices).
            - ``'ignore'``: the published measure, over the joints that both have. Two poses that
              share one joint at the same place have the similarity 1.
        sigmas: Spread of each of the K keypoint types. None: those that the data's metainfo
            gives (:meth:`use_skeleton`); before it is known, those of PoseTrack18 (K = 17).

    Raises:
        ValueError: ``sigmas`` are not positive, or unknown ``missing_joints``.
    """

    KERNEL = "gaussian"

    def __init__(self, *, missing_joints: str = "disagree", sigmas: Sequence[float] | None = None):
        super().__init__()
        if missing_joints not in MISSING_JOINTS:
            raise ValueError(
                f"missing_joints must be one of {', '.join(MISSING_JOINTS)}, got "
                f"{missing_joints!r}"
            )
        self.missing_joints = missing_joints
        self._sigmas_are_given = sigmas is not None
        self.sigmas = POSETRACK18.sigmas
        if sigmas is not None:
            self.sigmas = checked_sigmas(sigmas, len(sigmas))

    def use_skeleton(self, skeleton: Skeleton) -> None:
        """Take the sigmas of the data, unless the option gives some.

        Raises:
            ValueError: The data give none; or the option gives another number.
        """
        name, count = skeleton.name or "without name", len(skeleton)
        if self._sigmas_are_given:
            if len(self.sigmas) != count:
                raise ValueError(
                    f"{len(self.sigmas)} sigmas are given for the {count} keypoints of the data "
                    f"({name}): {', '.join(skeleton.keypoint_names)}"
                )
            return
        if skeleton.sigmas is None:
            raise ValueError(
                f"the metainfo of the data ({name}) gives no sigmas, which object keypoint "
                f"similarity needs: set the option sigmas, {count} numbers, of "
                f"{type(self).__name__} or of the part that uses it, or compare by IoUSimilarity"
            )
        self.sigmas = skeleton.sigmas

    def embed(self, packet: FramePacket) -> Representation:
        """``{'keypoints': (M, K, 2), 'valid': (M, K), 'areas': (M,)}``; areas of the boxes.

        Raises:
            ValueError: The poses have another number of keypoints than there are sigmas.
        """
        return self.represent(packet.people)

    def represent(self, poses: People) -> Representation:
        """What :meth:`embed` returns for a frame with these people.

        Raises:
            ValueError: The poses have another number of keypoints than there are sigmas.
        """
        if poses.keypoints.shape[1] != len(self.sigmas):
            raise ValueError(
                f"poses have {poses.keypoints.shape[1]} keypoints, but OKSSimilarity has "
                f"{len(self.sigmas)} sigmas: set its option sigmas, or tell the tracker the "
                "metainfo of the data"
            )
        areas = box_areas(poses.boxes)
        if self.missing_joints == "disagree":
            areas = np.maximum(areas, SMALLEST_AREA)
        return {
            "keypoints": poses.keypoints,
            "valid": (poses.keypoint_scores > 0).astype(np.float32),
            "areas": areas,
        }

    def pairwise(
        self,
        current: Representation,
        previous: Representation,
        pairs: np.ndarray | None = None,
        scene: Scene | None = None,
    ) -> PairScores:
        """(M_t, M_prev) OKS."""
        return PairScores(
            pairwise_oks(
                current["keypoints"],
                current["valid"],
                current["areas"],
                previous["keypoints"],
                previous["valid"],
                previous["areas"],
                self.sigmas,
                missing_joints=self.missing_joints,
                kernel=self.KERNEL,
            )
        )

    def between(self, poses: People, others: People | None = None) -> np.ndarray:
        """(M, N) OKS of the people of one frame with others; by default with one another."""
        first = self.represent(poses)
        second = first if others is None else self.represent(others)
        return self.pairwise(first, second).total
