"""PoseTrack21 to the PoseTrack18 layout.

PoseTrack21's ``posetrack_data/{train,val}/*.json`` is the PoseTrack18 layout with more fields
for person search and multi-object tracking, and with people that have a box only
(``doc/dataset_structure.md`` of the data set's repository). No official file was at hand: the
reader is tested on files written in this structure.
"""

from pathlib import Path
from typing import Any

import numpy as np

from mmpose_temporal.posetrack import ANNOTATION_FIELDS
from mmpose_temporal.posetrack.categories import (
    PERSON_CATEGORY,
    PersonCategory,
    person_category,
)
from mmpose_temporal.posetrack.content import Wanted
from mmpose_temporal.posetrack.fields import flag, integer, label, numbers, record_list
from mmpose_temporal.posetrack.layout18 import read_layout18
from mmpose_temporal.posetrack.records import checked_name
from mmpose_temporal.structures import NUM_KEYPOINTS, POSETRACK18, person_categories
from mmpose_temporal.utils.text import shown, shown_name

from .files import convert_files, read_json, source_files
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
    records = record_list(content, "images", str(path))
    if not records:
        raise ValueError(f"{path} has no frames")
    category = person_category(content, Path(path), POSETRACK18)
    images = [_image(image, path, report) for image in records]
    names = {image["id"]: shown_name(image["file_name"]) for image in images}
    people = []
    for record in record_list(content, "annotations", str(path)):
        where = f"{path}: {label(record, 'annotation')}"
        image_id = integer(record, "image_id", where)
        if image_id not in names:
            raise ValueError(f"{where} belongs to image {image_id}, which the file does not list")
        person = _person(record, category, f"{where} (frame {names[image_id]})", report)
        if person is not None:
            people.append(person | {"image_id": image_id})
    result = {"images": images, "annotations": people, "categories": person_categories()}
    wanted = Wanted.of(("file_name", "track_id"), ANNOTATION_FIELDS)
    read_layout18(Path(path), result, wanted, np.float64)  # checks the fields that are kept
    report.converted.update(videos=1, frames=len(images), people=len(people))
    return result


def _image(image: dict, path: str | Path, report: ConversionReport) -> dict:
    where = f"{path}: {label(image, 'image')}"
    _note_dropped(set(image) - _IMAGE_FIELDS, "images", report)
    kept = {field: value for field, value in image.items() if field in _IMAGE_FIELDS}
    for field in ("id", "nframes"):
        if field == "id" or kept.get(field) is not None:
            kept[field] = integer(image, field, where)
    for field in ("is_labeled", "has_no_densepose"):
        if kept.get(field) is not None:
            kept[field] = flag(image, field, where, default=True)
    return kept | {"file_name": checked_name(image.get("file_name"), where)}


def _person(
    record: dict, category: PersonCategory, where: str, report: ConversionReport
) -> dict | None:
    columns = category.columns
    number = record.get("category_id")
    if number is not None and integer(record, "category_id", where) != category.number:
        report.left_out["annotations of other categories"] += 1
        return None
    _note_dropped(set(record) - _PERSON_FIELDS, "people", report)
    keypoints = _in_order(record, "keypoints", 3, columns, where)
    if not (keypoints[:, 2] > 0).any():
        report.left_out["people without joints (boxes for multi-object tracking)"] += 1
        return None
    kept = {field: value for field, value in record.items() if field in _PERSON_FIELDS}
    kept["track_id"] = integer(record, "track_id", where)
    kept["keypoints"] = keypoints.reshape(-1).tolist()
    kept["num_keypoints"] = int((keypoints[:, 2] > 0).sum())
    if record.get("scores") not in (None, []):
        kept["scores"] = _in_order(record, "scores", 1, columns, where)[:, 0].tolist()
    return kept | {"category_id": PERSON_CATEGORY}


def _in_order(
    record: dict, field: str, channels: int, columns: np.ndarray, where: str
) -> np.ndarray:
    """(17, channels) of the keypoints of PoseTrack18 in their order; zeros without a value."""
    result = np.zeros((NUM_KEYPOINTS, channels))
    if record.get(field) not in (None, []):
        values = numbers(record[field], field, channels * len(columns), where)
        result[columns] = values.reshape(-1, channels)
    return result


def _note_dropped(fields: set[str], of: str, report: ConversionReport) -> None:
    for field in sorted(fields):
        report.note(
            f"the field {shown(field)} of {of} is dropped: the PoseTrack18 layout has none"
        )


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
