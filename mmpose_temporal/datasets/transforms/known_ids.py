"""Who the poses of an estimator are, by the annotations."""

import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS
from scipy.optimize import linear_sum_assignment

from mmpose_temporal.structures import UNTRACKED, People


@TRANSFORMS.register_module()
class MatchKnownIds(BaseTransform):
    """Give poses whose true ids are not known those of the annotated people they lie on.

    Works on the items of ``PoseTrackPoseDataset``: sets ``known_ids`` where it is -1, so that
    match accuracy can be counted of an estimator's poses too; trackers do not look at it. Poses
    that are known already keep their ids.

    Choice: a pose fits an annotated person by the share of this person's visible joints that it
    has near enough; people and poses are matched one to one with the largest sum of shares
    (PCKh, which the evaluation matches by, needs head boxes, and not all data have them).

    Args:
        radius: How near a joint must be, as a share of the diagonal of the annotated box.
        min_share: Lowest share of a match, in (0, 1].

    Raises:
        ValueError: An option is out of its range.
    """

    def __init__(self, *, radius: float = 0.1, min_share: float = 0.5):
        if radius <= 0:
            raise ValueError(f"radius must be positive, got {radius}")
        if not 0 < min_share <= 1:
            raise ValueError(f"min_share must be in (0, 1], got {min_share}")
        self.radius = radius
        self.min_share = min_share

    def transform(self, results: dict) -> dict:
        """Complete ``results['known_ids']``."""
        known = results["known_ids"]
        unknown = np.flatnonzero(known == UNTRACKED)
        free = ~np.isin(results["track_ids"], known)
        if not len(unknown) or not free.any():
            return results
        shares = self._shares(results, results["frame_poses"][unknown])[:, free]
        rows, columns = linear_sum_assignment(shares, maximize=True)
        matched = shares[rows, columns] >= self.min_share
        known = known.copy()
        known[unknown[rows[matched]]] = results["track_ids"][free][columns[matched]]
        return dict(results, known_ids=known)

    def _shares(self, results: dict, poses: People) -> np.ndarray:
        """(P, M) of each annotated person's joints, how many each pose has near enough."""
        sides = results["bboxes"][:, 2:] - results["bboxes"][:, :2]
        limits = self.radius * np.hypot(sides[:, 0], sides[:, 1])
        offsets = poses.keypoints[:, None] - results["keypoints"]
        near = np.hypot(offsets[..., 0], offsets[..., 1]) <= limits[:, None]
        visible = results["keypoints_visible"] > 0
        near &= visible & (poses.keypoint_scores > 0)[:, None]
        return near.sum(-1) / np.maximum(visible.sum(-1), 1)
