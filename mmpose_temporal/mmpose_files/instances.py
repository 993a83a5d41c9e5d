"""People of mmpose's files of predictions.

mmpose writes NaN as it finds it. A joint with a NaN or an infinity, in its place or its score, is
absent; a box with one is none, and the person gets that of the joints. What is a number but too
large, no number, or not as many as there should be, is an error.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmpose_temporal.posetrack.annotations import PersonAnnotation
from mmpose_temporal.posetrack.content import boxes_of_joints
from mmpose_temporal.posetrack.fields import LARGEST, number
from mmpose_temporal.posetrack.records import MAX_PEOPLE
from mmpose_temporal.posetrack.scores import say_scores
from mmpose_temporal.utils import log_once
from mmpose_temporal.utils.text import shown


def read_instances(instances: Any, num_keypoints: int, where: str) -> list[PersonAnnotation]:
    """The people of a frame.

    Args:
        instances: The file's list.
        num_keypoints: K.
        where: File and frame, for error texts.

    Returns:
        A person for each instance, without ids.

    Raises:
        ValueError: A field is missing or wrong, or there are too many people.
    """
    if not isinstance(instances, list):
        raise ValueError(f"{where}: 'instances' must be a list, got {shown(instances)}")
    if len(instances) > MAX_PEOPLE:
        raise ValueError(f"{where}: {len(instances)} people, more than {MAX_PEOPLE}")
    return [
        _person(item, num_keypoints, f"{where}, instance {index}")
        for index, item in enumerate(instances)
    ]


def say_people(path: Path, people: Sequence[PersonAnnotation]) -> None:
    """Say once what is unusual about the people of a video.

    Args:
        path: Its file or folder.
        people: Of all frames.
    """
    if not people:
        return
    present = np.array([person.keypoints[:, 2] > 0 for person in people])
    absent = int((~present).sum())
    if absent:
        log_once(f"{path}: {absent} of {present.size} joints are NaN or infinite: absent")
    scores = np.array([person.keypoint_scores for person in people])
    say_scores(
        path,
        keypoint_scores=np.where(present, scores, np.nan),
        bbox_score=np.array([person.score for person in people]),
    )


def _person(item: Any, num_keypoints: int, where: str) -> PersonAnnotation:
    if not isinstance(item, dict):
        raise ValueError(f"{where}: must be a record, got {shown(item)}")
    if "keypoints" not in item:
        raise ValueError(f"{where}: 'keypoints' is missing")
    points = _points(item["keypoints"], num_keypoints, f"{where}: 'keypoints'")
    scores = item.get("keypoint_scores")
    if scores is None:
        scores = np.ones(num_keypoints)
    else:
        scores = _numbers(scores, num_keypoints, f"{where}: 'keypoint_scores'")
    present = np.isfinite(points).all(1) & np.isfinite(scores)
    keypoints = np.zeros((num_keypoints, 3), np.float32)
    keypoints[present, :2] = points[present]
    keypoints[present, 2] = 1
    box = _box(item.get("bbox"), f"{where}: 'bbox'")
    if box is None:
        box = boxes_of_joints(keypoints[None, :, :2], present[None])[0]
    score = 1.0
    if item.get("bbox_score") is not None:
        score = number(item, "bbox_score", where)
    return PersonAnnotation(
        annotation_id=-1,
        track_id=-1,
        keypoints=keypoints,
        box=box.astype(np.float32),
        head_box=np.full(4, np.nan, np.float32),
        keypoint_scores=np.where(present, scores, 0).astype(np.float32),
        score=score,
    )


def _points(value: Any, count: int, where: str) -> np.ndarray:
    """(K, 2) float64, NaN where a number is NaN or infinite."""
    if not isinstance(value, list) or not all(isinstance(pair, list) for pair in value):
        raise ValueError(f"{where} must be a list of pairs x, y, got {shown(value)}")
    if len(value) != count:
        raise ValueError(f"{where} holds {len(value)} keypoints, not the {count} that are stated")
    sizes = {*map(len, value)}
    if 3 in sizes:
        raise ValueError(f"{where} must be pairs x, y; poses in 3-D cannot be tracked")
    if sizes != {2}:
        raise ValueError(f"{where} must be a list of pairs x, y, got {shown(value)}")
    flat = [number for pair in value for number in pair]
    return _numbers(flat, 2 * count, where).reshape(-1, 2)


def _numbers(value: Any, count: int, where: str) -> np.ndarray:
    """(count,) float64, NaN where a number is NaN or infinite."""
    if not isinstance(value, list) or not {*map(type, value)} <= {int, float}:
        raise ValueError(f"{where} must be a list of numbers, got {shown(value)}")
    if len(value) != count:
        raise ValueError(f"{where} must hold {count} numbers, found {len(value)}")
    large = [v for v in value if abs(v) > LARGEST and not (isinstance(v, float) and math.isinf(v))]
    if large:
        raise ValueError(f"{where} holds {shown(large[0])}, a number that is too large")
    found = np.array(value, np.float64)
    found[~np.isfinite(found)] = np.nan
    return found


def _box(value: Any, where: str) -> np.ndarray | None:
    """(4,) xyxy of ``[[x1, y1, x2, y2]]`` or ``[x1, y1, x2, y2]``; None: there is none."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if value is None:
        return None
    box = _numbers(value, 4, where)
    if np.isnan(box).any():
        return None
    if (box[2:] < box[:2]).any():
        raise ValueError(f"{where} must be x1, y1, x2, y2 with x1 <= x2 and y1 <= y2: {value}")
    return box
