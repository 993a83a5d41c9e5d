"""Which joints an annotator would mark, and boxes around heads and bodies."""

from __future__ import annotations

import numpy as np

from mmpose_temporal.structures.posetrack_layout import KEYPOINT_NAMES

_HEAD = [KEYPOINT_NAMES.index(name) for name in ("nose", "head_bottom", "head_top")]
_DISC = np.array(
    [[x, y] for x in np.linspace(-1, 1, 5) for y in np.linspace(-1, 1, 5) if x * x + y * y <= 1.01]
)
HIDDEN_SHARE = 0.5
BOX_MARGIN = 0.15


def visible_keypoints(
    keypoints: np.ndarray, order: np.ndarray, *, orders: np.ndarray, radii: np.ndarray
) -> np.ndarray:
    """Joints inside the frame that nothing nearer covers.

    A joint counts as hidden when at least half of a small disc around it shows something that was
    drawn later than its own person: another person or an object. Joints behind the person's own
    body stay visible, as annotators mark them. Choice: a disc and not a single pixel, because
    the joint of a limb seen edge-on may lie a pixel outside of it.

    Args:
        keypoints: (M, K, 2) frame pixels.
        order: (H, W) draw order of what each pixel shows, 0 for the background.
        orders: (M,) draw order of each person.
        radii: (M,) radius of the disc in pixels.

    Returns:
        (M, K) bool.
    """
    rows, columns = order.shape
    people, joints = keypoints.shape[:2]
    if people == 0:
        return np.zeros((0, joints), bool)
    inside = inside_frame(keypoints, rows, columns)
    radii = np.maximum(np.asarray(radii, float), 1.0)
    probes = keypoints[:, :, None, :] + radii[:, None, None, None] * _DISC
    known = inside_frame(probes, rows, columns)
    pixels = np.rint(np.where(known[..., None], probes, 0)).astype(np.int64)
    above = order[pixels[..., 1], pixels[..., 0]] > np.asarray(orders)[:, None, None]
    share = (above & known).sum(axis=-1) / np.maximum(known.sum(axis=-1), 1)
    return inside & (share < HIDDEN_SHARE)


def inside_frame(points: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Which points lie in a frame of this size.

    Args:
        points: (..., 2) frame pixels; the centre of the top-left pixel is (0, 0).
        rows, columns: Of the frame, pixels.

    Returns:
        (...) bool.
    """
    x, y = points[..., 0], points[..., 1]
    return (x >= 0) & (y >= 0) & (x <= columns - 1) & (y <= rows - 1)


def head_boxes(keypoints: np.ndarray, *, half_width: np.ndarray) -> np.ndarray:
    """Boxes around heads that contain nose, head_bottom and head_top.

    Args:
        keypoints: (M, 17, 2) frame pixels.
        half_width: (M,) half width of the head in pixels.

    Returns:
        (M, 4) xyxy in frame pixels, not clipped to the frame.
    """
    points = keypoints[:, _HEAD]
    middle = 0.5 * (points[:, 1] + points[:, 2])
    low = np.minimum(points.min(axis=1), middle - half_width[:, None] * [1.0, 0.0])
    high = np.maximum(points.max(axis=1), middle + half_width[:, None] * [1.0, 0.0])
    return np.concatenate([low, high], axis=1)


def person_box(points: np.ndarray, *, least: float) -> np.ndarray:
    """Box of a person as PoseTrack18 makes it: its joints' extent and 15 % of it on every side.

    Measured on PoseTrack18's own files: the margin is 0.15 of the extent, the box is not clipped
    to the frame.

    Args:
        points: (P, 2) annotated joints, P >= 1, frame pixels.
        least: Smallest margin in pixels. Choice: where one joint is left the extent is zero, and
            a box without area is of no use to a detector.

    Returns:
        (4,) xyxy in frame pixels.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    margin = np.maximum(BOX_MARGIN * (high - low), least)
    return np.concatenate([low - margin, high + margin])
