"""Object keypoint similarity."""

from collections.abc import Sequence

import numpy as np
from mmpose.registry import MODELS

from mmpose_temporal.structures import FramePacket, People, posetrack_metainfo

from .base import PairScores, Representation, Similarity
from .functional import box_areas, pairwise_oks


@MODELS.register_module()
class OKSSimilarity(Similarity):
    """Object keypoint similarity of two poses over the joints that both have, in [0, 1].

    Args:
        sigmas: Spread of each of the K keypoint types. None: those of PoseTrack18 in mmpose
            (K = 17).
    """

    def __init__(self, *, sigmas: Sequence[float] | None = None):
        super().__init__()
        if sigmas is None:
            sigmas = posetrack_metainfo("posetrack18")["sigmas"]
        self.sigmas = np.asarray(sigmas, dtype=np.float32)
        if self.sigmas.ndim != 1 or not (self.sigmas > 0).all():
            raise ValueError(f"sigmas must be K positive numbers, got {sigmas}")

    def embed(self, packet: FramePacket) -> Representation:
        """``{'keypoints': (M, K, 2), 'valid': (M, K), 'areas': (M,)}``; areas of the boxes.

        Raises:
            ValueError: The poses have another number of keypoints than there are sigmas.
        """
        return self.represent(packet.people)

    def represent(self, poses: People) -> Representation:
        """What :meth:`embed` answers for a frame with these people.

        Raises:
            ValueError: The poses have another number of keypoints than there are sigmas.
        """
        if poses.keypoints.shape[1] != len(self.sigmas):
            raise ValueError(
                f"poses have {poses.keypoints.shape[1]} keypoints, but OKSSimilarity has "
                f"{len(self.sigmas)} sigmas"
            )
        return {
            "keypoints": poses.keypoints,
            "valid": (poses.keypoint_scores > 0).astype(np.float32),
            "areas": box_areas(poses.boxes),
        }

    def pairwise(
        self,
        current: Representation,
        previous: Representation,
        pairs: np.ndarray | None = None,
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
            )
        )

    def between(self, poses: People, others: People | None = None) -> np.ndarray:
        """(M, N) OKS of the people of one frame with others; by default with one another."""
        first = self.represent(poses)
        second = first if others is None else self.represent(others)
        return self.pairwise(first, second).total
