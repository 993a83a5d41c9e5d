"""Pairwise geometry of boxes and poses, as plain arrays.

Written for many small calls (a handful of people, thousands of frames per second).
"""

import numpy as np

SMALLEST = np.float32(np.finfo(np.float32).tiny)
"""Keeps a quotient of areas finite."""


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


def pairwise_oks(
    keypoints: np.ndarray,
    valid: np.ndarray,
    areas: np.ndarray,
    other_keypoints: np.ndarray,
    other_valid: np.ndarray,
    other_areas: np.ndarray,
    sigmas: np.ndarray,
) -> np.ndarray:
    """Object keypoint similarity of every pair of poses.

    ``mean over joints valid in both of exp(-d^2 / (2 (2 sigma)^2 a))``, where ``a`` is the mean
    of the two areas: the COCO measure made symmetric, as in mmpose's ``oks_iou``.

    Args:
        keypoints: (M, K, 2), pixels.
        valid: (M, K) bool, or float with 1 for a joint that is there and 0 for others.
        areas: (M,), pixels squared.
        other_keypoints: (N, K, 2).
        other_valid: (N, K), likewise.
        other_areas: (N,).
        sigmas: (K,) spread of each keypoint type, as a share of the object's size.

    Returns:
        (M, N) in [0, 1]; 0 for a pair without a joint valid in both.

    Raises:
        ValueError: Another number of sigmas than of keypoints.
    """
    if len(sigmas) != keypoints.shape[1]:
        raise ValueError(f"{len(sigmas)} sigmas for poses of {keypoints.shape[1]} keypoints")
    valid = valid.astype(np.float32, copy=False)
    other_valid = other_valid.astype(np.float32, copy=False)
    offsets = keypoints[:, None] - other_keypoints
    offsets *= offsets
    similarity = offsets[..., 0] + offsets[..., 1]
    areas = areas[:, None] + other_areas  # twice the mean; the 2 of the formula
    similarity /= np.maximum(areas, SMALLEST)[..., None]
    similarity *= -0.25 / sigmas**2
    np.exp(similarity, out=similarity)
    similarity *= valid[:, None]
    similarity *= other_valid
    return similarity.sum(-1) / np.maximum(valid @ other_valid.T, 1)
