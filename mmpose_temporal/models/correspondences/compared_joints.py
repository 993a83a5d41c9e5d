"""Joints of correspondences that are compared with those of poses, and their similarity."""

from collections.abc import Sequence

import numpy as np
from torch import nn

from mmpose_temporal.models.parts import Shared
from mmpose_temporal.structures import POSETRACK18, Skeleton
from mmpose_temporal.structures.skeleton import checked_sigmas

from .encoder import CorrespondenceEncoder

EARS = ("left_ear", "right_ear")
"""Joints that are not compared: PoseTrack does not annotate them."""


class ComparedJoints:
    """The joints of a correspondence network that are compared, and where they are in the data.

    Args:
        skip: Names of joints that are not compared.
        sigmas: Of the K keypoints of the data. None: the data's own.
    """

    def __init__(self, skip: Sequence[str] = EARS, sigmas: Sequence[float] | None = None):
        self.skip = tuple(skip)
        self._given = sigmas is not None
        self._sigmas = POSETRACK18.sigmas
        if sigmas is not None:
            self._sigmas = checked_sigmas(sigmas, len(sigmas))
        self.encoder: Shared[CorrespondenceEncoder] = Shared()

    def bind(self, encoder: nn.Module | None, user: str) -> None:
        """Take the frame encoder.

        Raises:
            ValueError: It is no :class:`CorrespondenceEncoder`, or its network has no joint of a
                name to be skipped.
        """
        if not isinstance(encoder, CorrespondenceEncoder):
            found = "none" if encoder is None else f"a {type(encoder).__name__}"
            raise ValueError(
                f"{user} needs frame_encoder=dict(type='CorrespondenceEncoder', network=...), and "
                f"the tracker has {found}"
            )
        names = encoder.network.chosen.names
        unknown = [] if names is None else sorted({*self.skip} - {*names, *EARS})
        if unknown:
            raise ValueError(
                f"skip_joints of {user} names {', '.join(unknown)}; the network has "
                f"{', '.join(names)}"
            )
        self.encoder.module = encoder

    def use_skeleton(self, skeleton: Skeleton) -> None:
        """Take the sigmas of the data.

        Raises:
            ValueError: There are none, or the option gives another number of them.
        """
        if self._given:
            if len(self._sigmas) != len(skeleton):
                raise ValueError(
                    f"{len(self._sigmas)} sigmas are given for the {len(skeleton)} keypoints of "
                    f"the data: {', '.join(skeleton.keypoint_names)}"
                )
            return
        if skeleton.sigmas is None:
            raise ValueError(
                f"the metainfo of the data ({skeleton.name or 'without name'}) gives no sigmas, "
                "which object keypoint similarity needs: set the option sigmas"
            )
        self._sigmas = skeleton.sigmas

    @property
    def places(self) -> np.ndarray:
        """(J,) int64: the data's keypoint of each joint of the network, -1 for none."""
        return self.encoder.module.network.chosen.places

    @property
    def compared(self) -> np.ndarray:
        """(J,) bool: the joints that the data have and that are not skipped."""
        chosen = self.encoder.module.network.chosen
        names = chosen.names or ("",) * len(chosen)
        return (self.places >= 0) & np.array([name not in self.skip for name in names])

    @property
    def sigmas(self) -> np.ndarray:
        """(J,) float32; 1 for joints that the data lack."""
        places = self.places
        return np.where(places >= 0, self._sigmas[places.clip(min=0)], 1).astype(np.float32)

    def pick(self, keypoints: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(M, J, 2) and (M, J) bool of the data's (M, K, 2) and (M, K) bool."""
        places = self.places.clip(min=0)
        return keypoints[:, places], valid[:, places] & self.compared


def oks_of_points(
    points: np.ndarray,
    found: np.ndarray,
    keypoints: np.ndarray,
    seen: np.ndarray,
    areas: np.ndarray,
    sigmas: np.ndarray,
    *,
    missing: bool = False,
) -> np.ndarray:
    """Object keypoint similarity of P sets of points with M poses.

    Args:
        points: (P, J, 2), pixels.
        found: (P, J) bool.
        keypoints: (M, J, 2), pixels.
        seen: (M, J) bool.
        areas: (M,), of the poses, pixels squared.
        sigmas: (J,).
        missing: Joints of a pose that were not found count as not agreeing. Else the mean is over
            the joints of both.

    Returns:
        (P, M) in [0, 1]; 0 for pairs without a common joint.
    """
    both = found[:, None] & seen
    squares = np.square(points[:, None] - keypoints).sum(-1)
    spread = 2 * np.square(2 * sigmas) * np.maximum(areas, 1)[:, None]
    close = np.where(both, np.exp(-squares / spread), 0)
    count = seen.sum(-1) if missing else both.sum(-1)
    return close.sum(-1) / np.maximum(count, 1)
