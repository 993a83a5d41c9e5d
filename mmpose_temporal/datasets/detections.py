"""COCO-style files of detections."""

from collections import Counter
from pathlib import Path

import numpy as np

from mmpose_temporal.posetrack.fields import integer, load_json, number, numbers, sizes_of_box
from mmpose_temporal.posetrack.scores import say_scores
from mmpose_temporal.utils import log_once
from mmpose_temporal.utils.text import shown

PERSON_CATEGORY = 1
"""In COCO's numbering; mmdet's begins with 0."""


def read_detections(
    path: Path, known_images: set[int], *, category: int = PERSON_CATEGORY
) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Read a COCO-style detection file.

    Args:
        path: JSON list of ``{image_id, category_id, bbox: [x, y, w, h], score}``.
        known_images: Ids of all images that exist.
        category: The ``category_id`` of people.

    Returns:
        Image id -> boxes (P, 4) float32 xyxy and scores (P,) float32, best first.

    Raises:
        FileNotFoundError: No such file.
        ValueError: Not such a list; a field of a detection is missing or wrong; a detection of
            an unknown image; none of a person, which would be a test of nothing.
    """
    if not path.is_file():
        raise FileNotFoundError(f"detection file {path} does not exist")
    detections = load_json(path)
    if not isinstance(detections, list):
        raise ValueError(f"{path} must be a list of detections, got {type(detections).__name__}")
    rows: dict[int, list] = {}
    others: Counter[int] = Counter()
    for index, detection in enumerate(detections):
        where = f"{path}: detection {index}"
        if not isinstance(detection, dict):
            raise ValueError(f"{where} must be a record, got {shown(detection)}")
        found = integer(detection, "category_id", where)
        if found != category:
            others[found] += 1
            continue
        box = sizes_of_box(numbers(detection.get("bbox"), "bbox", 4, where), "bbox", where)
        score = number(detection, "score", where)
        image_id = integer(detection, "image_id", where)
        if image_id not in known_images:
            raise ValueError(
                f"{where} is of image {image_id}, which the annotations do not have; is it the "
                "detection file of another data set?"
            )
        rows.setdefault(image_id, []).append([*box.tolist(), score])
    _say_categories(path, category, len(detections), others)
    result = {}
    for image_id, values in rows.items():
        array = np.array(values, np.float32)
        array = array[np.argsort(-array[:, 4], kind="stable")]
        array[:, 2:4] += array[:, :2]
        result[image_id] = (array[:, :4], array[:, 4])
    say_scores(path, score=np.concatenate([scores for _, scores in result.values()]))
    return result


def _say_categories(path: Path, category: int, total: int, others: Counter[int]) -> None:
    """Refuse detections of nobody; log those of other categories."""
    if not total:
        raise ValueError(
            f"{path} is an empty list: the detector found nobody, so there is nothing to track; "
            "look at its score threshold and at the category that it was asked for"
        )
    left_out = ", ".join(f"{number} ({count})" for number, count in others.most_common(10))
    if sum(others.values()) == total:
        raise ValueError(
            f"{path}: none of its {total} detections is of category {category}; its categories "
            f"are {left_out}: set bbox_category of the data set to that of people (0 in mmdet's "
            "numbering, 1 in COCO's)"
        )
    if others:
        log_once(
            f"{path}: {total - sum(others.values())} of {total} detections are of category "
            f"{category}, people; left out, by category: {left_out}"
        )
