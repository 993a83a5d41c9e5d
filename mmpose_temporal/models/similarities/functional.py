"""Pairwise geometry of boxes and poses, as plain arrays.

Written for many small calls (a handful of people, thousands of frames per second).
"""

import numpy as np

SMALLEST = np.float32(np.finfo(np.float32).tiny)
"""Keeps a quotient of areas finite."""

SMALLEST_AREA = np.float32(32**2)
"""Pixels squared: a person counts as at least this large where joints are compared, because one
joint, or joints in a line, do not tell how large the person is. Choice: what COCO calls small."""

SMALLEST_SIDE = np.float32(8)
"""Pixels: a box counts as at least this wide and high where boxes are compared (choice)."""

LONGEST_ASPECT = np.float32(8)
"""A box counts as at most this many times as long as wide where boxes are compared (choice)."""

KERNELS = ("gaussian", "student")
"""How the similarity of a joint falls with its distance, see :func:`pairwise_oks`."""

MISSING_JOINTS = ("disagree", "ignore")
"""What a joint that only one of two poses has does to their similarity."""


def pairwise_iou(
    boxes: np.ndarray,
    others: np.ndarray,
    areas: np.ndarray | None = None,
    other_areas: np.ndarray | None = None,
) -> np.ndarray:
    """Intersection over union of every pair of boxes.

    Args:
        boxes: (M, 4) xyxy, pixels.
        others: (N, 4) xyxy, pixels.
        areas: (M,), of :func:`box_areas`. None: they are computed.
        other_areas: (N,), likewise.

    Returns:
        (M, N) in [0, 1]; 0 if a box has no area.
    """
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    sides = high - low
    np.maximum(sides, 0, out=sides)
    intersection = sides[..., 0] * sides[..., 1]
    areas = box_areas(boxes) if areas is None else areas
    other_areas = box_areas(others) if other_areas is None else other_areas
    union = areas[:, None] + other_areas - intersection
    return intersection / np.maximum(union, SMALLEST)


def box_areas(boxes: np.ndarray) -> np.ndarray:
    """(M,) areas of (M, 4) xyxy boxes, pixels squared; 0 for a box turned inside out."""
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    return sides[:, 0] * sides[:, 1]


def solid_boxes(boxes: np.ndarray) -> np.ndarray:
    """Boxes that have an area, so that people without one overlap with themselves.

    The box around one joint, or around joints in a line, has none. A side counts as at least
    :data:`SMALLEST_SIDE` and as an eighth of the other side (:data:`LONGEST_ASPECT`).

    Args:
        boxes: (M, 4) xyxy, pixels.

    Returns:
        (M, 4): with such sides, around the same centres; boxes turned inside out stay as they
        are. The array itself if all are large enough.
    """
    sides = boxes[:, 2:] - boxes[:, :2]
    least = np.maximum(sides.max(1, initial=0) / LONGEST_ASPECT, SMALLEST_SIDE)[:, None]
    lacking = np.where(sides >= 0, np.maximum(least - sides, 0), 0) / 2
    if not lacking.any():
        return boxes
    return np.concatenate([boxes[:, :2] - lacking, boxes[:, 2:] + lacking], axis=1)


def shared_joints(valid: np.ndarray, other_valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How much of two poses can be compared.

    Args:
        valid: (M, K) float, 1 for a joint that is there and 0 for others.
        other_valid: (N, K), likewise.

    Returns:
        (M, N) float, the number of joints that both have; and (M, N), the number of joints of the
        one that has more.
    """
    counts = np.maximum(valid.sum(1)[:, None], other_valid.sum(1))
    return valid @ other_valid.T, counts


def pairwise_oks(
    keypoints: np.ndarray,
    valid: np.ndarray,
    areas: np.ndarray,
    other_keypoints: np.ndarray,
    other_valid: np.ndarray,
    other_areas: np.ndarray,
    sigmas: np.ndarray,
    *,
    missing_joints: str = "ignore",
    kernel: str = "gaussian",
) -> np.ndarray:
    """Object keypoint similarity of every pair of poses.

    ``mean over joints valid in both of exp(-e)``, ``e = d^2 / (2 (2 sigma)^2 a)``, where ``a`` is
    the mean of the two areas: the COCO measure made symmetric, as in mmpose's ``oks_iou``.

    Args:
        keypoints: (M, K, 2), pixels.
        valid: (M, K) bool, or float with 1 for a joint that is there and 0 for others.
        areas: (M,), pixels squared.
        other_keypoints: (N, K, 2).
        other_valid: (N, K), likewise.
        other_areas: (N,).
        sigmas: (K,) spread of each keypoint type, as a share of the object's size.
        missing_joints: ``'ignore'``, the mean is that of the joints that both have, so poses that
            share one joint at the same place have the similarity 1; or ``'disagree'``, a joint
            that only the pose with more joints has counts as one that is far away: the sum is
            divided by the number of joints of that pose.
        kernel: ``'gaussian'``, or ``'student'``: ``1 / (1 + e)`` instead of ``exp(-e)``, which is
            the same for small distances and does not fall to 0 for large ones.

    Returns:
        (M, N) in [0, 1]; 0 for a pair without a joint valid in both.

    Raises:
        ValueError: Another number of sigmas than of keypoints; unknown ``missing_joints`` or
            ``kernel``.
    """
    if missing_joints not in MISSING_JOINTS or kernel not in KERNELS:
        raise ValueError(
            f"missing_joints must be one of {', '.join(MISSING_JOINTS)} and kernel one of "
            f"{', '.join(KERNELS)}, got {missing_joints!r} and {kernel!r}"
        )
    if len(sigmas) != keypoints.shape[1]:
        raise ValueError(f"{len(sigmas)} sigmas for poses of {keypoints.shape[1]} keypoints")
    valid = valid.astype(np.float32, copy=False)
    other_valid = other_valid.astype(np.float32, copy=False)
    offsets = keypoints[:, None] - other_keypoints
    offsets *= offsets
    similarity = offsets[..., 0] + offsets[..., 1]
    areas = areas[:, None] + other_areas  # twice the mean; the 2 of the formula
    similarity /= np.maximum(areas, SMALLEST)[..., None]
    if kernel == "student":
        similarity *= 0.25 / sigmas**2
        similarity += 1
        np.reciprocal(similarity, out=similarity)
    else:
        similarity *= -0.25 / sigmas**2
        np.exp(similarity, out=similarity)
    similarity *= valid[:, None]
    similarity *= other_valid
    shared, larger = shared_joints(valid, other_valid)
    return similarity.sum(-1) / np.maximum(larger if missing_joints == "disagree" else shared, 1)
