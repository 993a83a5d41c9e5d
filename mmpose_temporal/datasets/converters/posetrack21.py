"""PoseTrack21 to the PoseTrack18 layout.

PoseTrack21's ``posetrack_data/{train,val}/*.json`` is the PoseTrack18 layout with more fields
for person search and multi-object tracking, and with people that have a box only
(``doc/dataset_structure.md`` of the data set's repository). No official file was at hand: the
reader is tested on files written in this structure.
"""

from pathlib import Path
from typing import Any

import numpy as np

from mmpose_temporal.structures import KEYPOINT_NAMES, NUM_KEYPOINTS, person_categories

from .files import convert_files, read_json, source_files
from .layout import checked_name
from .matlab import required_integer
from .report import ConversionReport

_IMAGE_FIELDS = {
    "id",
    "frame_id",
    "vid_id",
    "file_name",
    "nframes",
    "is_labeled",
    "has_no_densepose",
    "ignore_regions_x",
    "ignore_regions_y",
    "width",
    "height",
}
_PERSON_FIELDS = {
    "id",
    "image_id",
    "track_id",
    "category_id",
    "iscrowd",
    "bbox",
    "area",
    "bbox_head",
    "keypoints",
    "num_keypoints",
    "scores",
    "score",
}


def posetrack21_to_18(path: str | Path, report: ConversionReport) -> dict[str, Any]:
    """One PoseTrack21 video in the PoseTrack18 layout.

    Keypoints are put into the order of PoseTrack18 by their names in ``categories``; without
    names they are taken to be in that order. Left out and counted: people without keypoints
    (boxes for multi-object tracking) and annotations of other categories. Fields that the layout
    does not have (``person_id``, ``has_labeled_person``, ...) are dropped with a note.

    Args:
        path: JSON of one video.
        report: Counted in.

    Returns:
        The content of the PoseTrack18 file.

    Raises:
        FileNotFoundError: No such file.
        ValueError: It is broken; the text names file, frame and field.
    """
    content = read_json(path)
    if not isinstance(content, dict):
        raise ValueError(f"{path} is not in PoseTrack21's layout: no record")
    for field in ("images", "annotations"):
        found = content.get(field)
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise ValueError(f"{path} is not in PoseTrack21's layout: '{field}' is no list")
    if not content["images"]:
        raise ValueError(f"{path} has no frames")
    order = _keypoint_order(content.get("categories") or [], path)
    images = [_image(image, path, report) for image in content["images"]]
    names = {image["id"]: image["file_name"] for image in images}
    people = []
    for record in content["annotations"]:
        where = f"{path}: annotation {record.get('id')}"
        image_id = required_integer(record, "image_id", where)
        if image_id not in names:
            raise ValueError(f"{where} belongs to image {image_id}, which the file does not list")
        person = _person(record, order, f"{where} (frame {names[image_id]})", report)
        if person is not None:
            people.append(person)
    report.converted.update(videos=1, frames=len(images), people=len(people))
    return {"images": images, "annotations": people, "categories": person_categories()}


def _keypoint_order(categories: list[dict], path: str | Path) -> np.ndarray:
    """Where each of the 17 keypoints stands in the file."""
    for category in categories:
        names = category.get("keypoints")
        if category.get("id") != 1 or names is None:
            continue
        if sorted(names) != sorted(KEYPOINT_NAMES):
            raise ValueError(f"{path}: the keypoints are not the 17 of PoseTrack: {names}")
        return np.array([names.index(name) for name in KEYPOINT_NAMES])
    return np.arange(NUM_KEYPOINTS)


def _image(image: dict, path: str | Path, report: ConversionReport) -> dict:
    where = f"{path}: image {image.get('id')}"
    required_integer(image, "id", where)
    _note_dropped(set(image) - _IMAGE_FIELDS, "images", report)
    kept = {field: value for field, value in image.items() if field in _IMAGE_FIELDS}
    return kept | {"file_name": checked_name(image.get("file_name"), where)}


def _person(record: dict, order: np.ndarray, where: str, report: ConversionReport) -> dict | None:
    if record.get("category_id", 1) != 1:
        report.left_out["annotations of other categories"] += 1
        return None
    _note_dropped(set(record) - _PERSON_FIELDS, "people", report)
    try:
        keypoints = np.array(record.get("keypoints") or [], np.float64).reshape(-1, 3)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{where}: 'keypoints' must be triples of x, y, visibility") from error
    if len(keypoints) not in (0, NUM_KEYPOINTS):
        raise ValueError(f"{where}: {len(keypoints)} keypoints, PoseTrack has {NUM_KEYPOINTS}")
    if not (keypoints[:, 2] > 0).any():
        report.left_out["people without joints (boxes for multi-object tracking)"] += 1
        return None
    required_integer(record, "track_id", where)
    kept = {field: value for field, value in record.items() if field in _PERSON_FIELDS}
    keypoints = keypoints[order]
    kept["keypoints"] = keypoints.reshape(-1).tolist()
    kept["num_keypoints"] = int((keypoints[:, 2] > 0).sum())
    return kept | {"category_id": 1}


def _note_dropped(fields: set[str], of: str, report: ConversionReport) -> None:
    for field in sorted(fields):
        report.note(f"the field {field!r} of {of} is dropped: the PoseTrack18 layout has none")


def convert_posetrack21(
    source: str | Path, out: str | Path, *, overwrite: bool = False, progress: bool = False
) -> ConversionReport:
    """Convert a PoseTrack21 file or folder into a folder of PoseTrack18 files.

    Raises:
        FileExistsError: A target exists and ``overwrite`` is not set.
        FileNotFoundError, ValueError: See :func:`posetrack21_to_18`.
    """
    files = source_files(source)
    return convert_files(files, out, posetrack21_to_18, overwrite=overwrite, progress=progress)
