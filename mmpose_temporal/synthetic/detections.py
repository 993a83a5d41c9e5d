"""A simulated person detector: true boxes with errors, duplicates and false alarms."""

from __future__ import annotations

import warnings
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmpose_temporal.posetrack.layout18 import HIDDEN_FIELD
from mmpose_temporal.structures.posetrack_layout import SCORED_KEYPOINTS

from .visibility import person_box

_LEAST_SIDE = 2.0


@dataclass(frozen=True, kw_only=True)
class DetectorNoise:
    """Errors of the simulated detector.

    Attributes:
        jitter: Standard deviation of the box centre, as a fraction of the box size, and of the
            logarithm of its width and height; in [0, 1].
        miss: Chance in [0, 1] that a fully visible person is missed. For an occluded one it grows
            to ``min(1, miss * (1 + 2 * hidden))`` with the hidden share of its 15 joints (those
            that are not annotated, or marked in ``keypoints_hidden``).
        duplicate: Chance in [0, 1] that a found person has a second box.
        false_positives: Mean number of false boxes in a frame (Poisson), at least 0.

    Raises:
        ValueError: When a value is out of its range.
    """

    jitter: float = 0.05
    miss: float = 0.1
    duplicate: float = 0.05
    false_positives: float = 0.2

    def __post_init__(self) -> None:
        for name in ("jitter", "miss", "duplicate"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ValueError(f"{name} must be in [0, 1], got {value}")
        if not 0 <= self.false_positives < np.inf:
            raise ValueError(f"false_positives must be at least 0, got {self.false_positives}")


def _true_boxes(entries: list[dict[str, Any]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Image ids (M,), boxes (M, 4) xyxy and hidden shares (M,) of annotations with a box."""
    ids, boxes, hidden, skipped = [], [], [], 0
    for entry in entries:
        points = np.asarray(entry.get("keypoints") or np.zeros(51), float).reshape(-1, 3)
        marked = points[:, 2] > 0
        covered = np.asarray(entry.get(HIDDEN_FIELD) or np.zeros(len(points)), float) > 0
        seen = marked & ~covered
        box = entry.get("bbox")
        if box is not None and len(box) == 4 and box[2] > 0 and box[3] > 0:
            corners = np.array([box[0], box[1], box[0] + box[2], box[1] + box[3]], float)
        elif marked.any():
            corners = person_box(points[marked, :2], least=_LEAST_SIDE)
        else:
            skipped += 1
            continue
        ids.append(entry["image_id"])
        boxes.append(corners)
        hidden.append(1 - seen[SCORED_KEYPOINTS].mean())
    if skipped:
        warnings.warn(
            f"{skipped} annotations without a box and without joints were skipped", stacklevel=3
        )
    return np.array(ids, np.int64), np.array(boxes).reshape(-1, 4), np.array(hidden)


def _jittered(rng: np.random.Generator, boxes: np.ndarray, amount: float) -> np.ndarray:
    size = boxes[:, 2:] - boxes[:, :2]
    centre = 0.5 * (boxes[:, :2] + boxes[:, 2:]) + rng.normal(0, 1, size.shape) * amount * size
    half = 0.5 * size * np.exp(rng.normal(0, 1, size.shape) * amount)
    return np.concatenate([centre - half, centre + half], axis=1)


def _false_boxes(
    rng: np.random.Generator, images: list[dict[str, Any]], heights: np.ndarray, rate: float
) -> tuple[np.ndarray, np.ndarray]:
    """Image ids and boxes of false alarms: heights as of the true boxes, people-like shapes."""
    counts = rng.poisson(rate, len(images))
    ids = np.repeat(np.array([image["id"] for image in images], np.int64), counts)
    frame = np.array([[image["width"], image["height"]] for image in images], float)
    frame = np.repeat(frame.reshape(-1, 2), counts, axis=0)
    number = len(ids)
    if len(heights):
        tall = rng.choice(heights, number) * np.exp(rng.normal(0, 0.3, number))
    else:
        tall = frame[:, 1] * rng.uniform(0.2, 0.7, number)
    tall = np.clip(tall, 8, frame[:, 1])
    wide = np.clip(tall * rng.uniform(0.25, 0.7, number), 4, frame[:, 0])
    centre = rng.uniform(0, 1, (number, 2)) * frame
    half = 0.5 * np.column_stack([wide, tall])
    return ids, np.concatenate([centre - half, centre + half], axis=1)


def simulate_detections(
    video: dict[str, Any], noise: DetectorNoise, *, seed: int
) -> list[dict[str, Any]]:
    """Boxes that a detector with the given errors might find in one annotated video.

    Scores come from beta distributions that overlap: mean 0.82 for true boxes of fully visible
    people, less for occluded ones, 0.25 for false boxes; a duplicate scores 0.5 to 0.95 of the
    box it duplicates. Frames without labels get false boxes only.

    Args:
        video: PoseTrack18 JSON of one video: ``images`` (with width and height) and
            ``annotations``.
        noise: Errors of the detector.
        seed: Seed; with the video's name it decides the result, whatever other videos there are.

    Returns:
        COCO-style detections ``{"image_id", "category_id": 1, "bbox": [x, y, w, h], "score"}``
        with boxes cut to the frame, sorted by image id and falling score.

    Raises:
        ValueError: When an annotation names an unknown image or an image lacks its size.
    """
    images = video["images"]
    if any("width" not in image or "height" not in image for image in images):
        raise ValueError("every image needs its width and height to simulate detections")
    if not images:
        return []
    name = str(images[0].get("vid_id", images[0].get("file_name", "")))
    rng = np.random.default_rng((seed, zlib.crc32(name.encode())))
    ids, boxes, hidden = _true_boxes(video["annotations"])
    sizes = {image["id"]: (image["width"], image["height"]) for image in images}
    unknown = set(ids.tolist()) - set(sizes)
    if unknown:
        raise ValueError(f"annotations name images that are not listed, as {min(unknown)}")
    found = rng.random(len(ids)) >= np.minimum(1, noise.miss * (1 + 2 * hidden))
    heights = boxes[:, 3] - boxes[:, 1]
    ids, boxes, hidden = ids[found], boxes[found], hidden[found]
    scores = rng.beta(9 * (1 - 0.55 * hidden), 2 + 4 * hidden)
    twice = rng.random(len(ids)) < noise.duplicate
    false_ids, false_boxes = _false_boxes(rng, images, heights, noise.false_positives)
    everything = np.concatenate(
        [
            _jittered(rng, boxes, noise.jitter),
            _jittered(rng, boxes[twice], max(2 * noise.jitter, 0.05)),
            false_boxes,
        ]
    )
    all_ids = np.concatenate([ids, ids[twice], false_ids])
    all_scores = np.concatenate(
        [
            scores,
            scores[twice] * rng.uniform(0.5, 0.95, int(twice.sum())),
            rng.beta(2, 6, len(false_ids)),
        ]
    )
    return _entries(all_ids, everything, all_scores, sizes)


def _entries(
    ids: np.ndarray, boxes: np.ndarray, scores: np.ndarray, sizes: dict[int, tuple[int, int]]
) -> list[dict[str, Any]]:
    """COCO-style list of boxes cut to their frames; what is left of less than 2 px is dropped."""
    limits = np.array([sizes[i] for i in ids.tolist()], float).reshape(-1, 2)
    low = np.clip(boxes[:, :2], 0, limits - 1)
    high = np.clip(boxes[:, 2:], 0, limits - 1)
    size = high - low
    order = np.lexsort((-scores, ids))
    order = order[(size[order] >= _LEAST_SIDE).all(axis=1)]
    return [
        {
            "image_id": int(ids[i]),
            "category_id": 1,
            "bbox": [round(float(v), 2) for v in (*low[i], *size[i])],
            "score": round(float(scores[i]), 4),
        }
        for i in order
    ]
