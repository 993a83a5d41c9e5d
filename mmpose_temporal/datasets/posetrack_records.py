"""The records of an annotation file in PoseTrack18's layout, checked field by field.

Files come from strangers, so every field that is used is checked, and an error names file,
frame and field.
"""

from pathlib import Path
from typing import Any

import numpy as np

from mmpose_temporal.structures import (
    KEYPOINT_NAMES,
    NUM_KEYPOINTS,
    UNTRACKED,
    enclosing_boxes,
)

from .json_fields import box_xyxy, integer, load_json, numbers
from .posetrack_annotations import FrameAnnotation, PersonAnnotation

BOX_MARGIN = 0.15
"""Where an annotation has no box: the box of its joints, enlarged by this share a side (choice;
the boxes of PoseTrack18 are made the same way with about this margin)."""


def read_frames(path: Path, *, need_ids: bool) -> list[FrameAnnotation]:
    """The frames of a file, of one video or of many, in the file's order.

    Args:
        path: The file.
        need_ids: Every person must have a track id.

    Raises:
        ValueError: The file is not in the layout of PoseTrack18, or a field is not what it
            should be.
    """
    return _parse_frames(_load(path), path, need_ids)


def _load(path: Path) -> dict:
    content = load_json(path)
    if not isinstance(content, dict) or not {"images", "annotations"} <= content.keys():
        raise ValueError(f"{path} is not in the PoseTrack18 layout: no 'images' and 'annotations'")
    for field in ("images", "annotations"):
        _records(content[field], field, path)
    for category in _records(content.get("categories", []), "categories", path):
        names = category.get("keypoints")
        if category.get("id") == 1 and names is not None and tuple(names) != KEYPOINT_NAMES:
            raise ValueError(
                f"{path}: the keypoints of category 1 are not the 17 of PoseTrack18 in their "
                f"order: {names}. Convert the file first (tools/dataset_converters)"
            )
    return content


def _records(value: Any, field: str, path: Path) -> list[dict]:
    if not isinstance(value, list) or not all(isinstance(record, dict) for record in value):
        raise ValueError(f"{path}: '{field}' must be a list of records")
    return value


def _parse_frames(content: dict, path: Path, need_ids: bool) -> list[FrameAnnotation]:
    people: dict[int, list[dict]] = {}
    images: dict[int, dict] = {}
    for image in content["images"]:
        image_id = integer(image, "id", f"{path}: an image")
        if image_id in images:
            raise ValueError(f"{path}: image id {image_id} stands twice")
        images[image_id] = image
        people[image_id] = []
    seen: set[int] = set()
    for annotation in content["annotations"]:
        where = f"{path}: annotation {annotation.get('id')}"
        if "id" in annotation:
            annotation_id = integer(annotation, "id", where)
            if annotation_id in seen:
                raise ValueError(f"{where}: this id stands twice")
            seen.add(annotation_id)
        image_id = integer(annotation, "image_id", where)
        if image_id not in people:
            raise ValueError(f"{where} belongs to image {image_id}, which the file does not list")
        people[image_id].append(annotation)
    return [
        _parse_frame(image, people[image_id], path, need_ids) for image_id, image in images.items()
    ]


def _parse_frame(
    image: dict, annotations: list[dict], path: Path, need_ids: bool
) -> FrameAnnotation:
    name = image.get("file_name")
    if not isinstance(name, str) or not name:
        raise ValueError(f"{path}: image {image['id']} has no 'file_name'")
    where = f"{path}: frame {name}"
    people = [_parse_person(annotation, where, need_ids) for annotation in annotations]
    ids = [person.track_id for person in people if person.track_id != UNTRACKED]
    if len(set(ids)) < len(ids):
        repeated = next(i for i in ids if ids.count(i) > 1)
        raise ValueError(f"{where}: track id {repeated} stands {ids.count(repeated)} times")
    size = None
    if image.get("width") and image.get("height"):  # the official files have neither
        size = (integer(image, "width", where), integer(image, "height", where))
        if min(size) < 0:
            raise ValueError(f"{where}: 'width' and 'height' are {size}")
    return FrameAnnotation(
        image_id=integer(image, "id", where),
        frame_id=integer(image, "frame_id" if "frame_id" in image else "id", where),
        file_name=name,
        size=size,
        is_labeled=bool(image.get("is_labeled", True)),
        ignore_regions=_parse_regions(image, where),
        people=people,
    )


def _parse_regions(image: dict, where: str) -> list[np.ndarray]:
    xs, ys = image.get("ignore_regions_x") or [], image.get("ignore_regions_y") or []
    if not all(isinstance(part, list) for part in (xs, ys, *xs, *ys)):
        raise ValueError(f"{where}: ignore_regions_x and ignore_regions_y must be lists of lists")
    if len(xs) != len(ys) or any(len(x) != len(y) for x, y in zip(xs, ys, strict=False)):
        raise ValueError(f"{where}: ignore_regions_x and ignore_regions_y differ in length")
    regions = [np.array([x, y], dtype=np.float32).T for x, y in zip(xs, ys, strict=True)]
    if any(not np.isfinite(region).all() for region in regions):
        raise ValueError(f"{where}: an ignore region has a corner that is not a number")
    return regions


def _parse_person(annotation: dict, where: str, need_ids: bool) -> PersonAnnotation:
    where = f"{where}, annotation {annotation.get('id')}"
    if annotation.get("category_id", 1) != 1:
        raise ValueError(
            f"{where}: 'category_id' is {annotation['category_id']!r}; only people (1) are read"
        )
    track_id = UNTRACKED
    if need_ids:
        track_id = integer(annotation, "track_id", where)
        if track_id < 0:
            raise ValueError(f"{where}: track_id {track_id} is negative")
    keypoints = numbers(annotation.get("keypoints", [0.0] * 3 * NUM_KEYPOINTS), "keypoints", where)
    if keypoints.size != 3 * NUM_KEYPOINTS:
        raise ValueError(
            f"{where}: 'keypoints' holds {keypoints.size} numbers, not {3 * NUM_KEYPOINTS} "
            f"(x, y, visibility of {NUM_KEYPOINTS} keypoints)"
        )
    keypoints = keypoints.reshape(NUM_KEYPOINTS, 3)
    keypoints[:, 2] = keypoints[:, 2] > 0
    if "bbox" in annotation:
        box = box_xyxy(annotation["bbox"], "bbox", where)
    else:
        box = _box_of_joints(keypoints)
    head_box = np.full(4, np.nan, np.float32)
    if annotation.get("bbox_head"):
        head_box = box_xyxy(annotation["bbox_head"], "bbox_head", where)
    area = None
    if annotation.get("area") is not None:
        area = float(numbers([annotation["area"]], "area", where)[0])
    scores = numbers(annotation.get("scores") or [], "scores", where)
    if scores.size not in (0, NUM_KEYPOINTS):
        raise ValueError(f"{where}: 'scores' holds {scores.size} numbers, not {NUM_KEYPOINTS}")
    if scores.size:  # a prediction: estimators write what they like as visibility
        keypoints[:, 2] = (keypoints[:, :2] != 0).any(1)
    return PersonAnnotation(
        annotation_id=annotation.get("id", -1),
        track_id=track_id,
        keypoints=keypoints,
        box=box,
        head_box=head_box,
        area=area,
        is_crowd=bool(annotation.get("iscrowd", 0)),
        keypoint_scores=scores if scores.size else None,
        score=float(numbers([annotation.get("score", 1.0)], "score", where)[0]),
    )


def _box_of_joints(keypoints: np.ndarray) -> np.ndarray:
    box = enclosing_boxes(keypoints[None, :, :2], keypoints[None, :, 2] > 0)[0]
    margin = BOX_MARGIN * (box[2:] - box[:2])
    return np.concatenate([box[:2] - margin, box[2:] + margin])
