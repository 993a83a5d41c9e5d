"""Still images as PoseTrack keypoints, for pre-training: what COCO and MPII share.

The result is one JSON file in the PoseTrack18 layout. An image is a frame of its own: a track id
is the person's position in the image and means nothing beyond it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmpose_temporal.posetrack.fields import file_name
from mmpose_temporal.posetrack.records import person_record
from mmpose_temporal.structures import KEYPOINT_NAMES, person_categories
from mmpose_temporal.utils.listing import natural_key
from mmpose_temporal.utils.text import shown

from .report import ConversionReport


def image_name(folder: str, name: Any, where: str) -> str:
    """``<folder>/<name>`` below the data root; readers name a group of images by its folder.

    Raises:
        ValueError: ``name`` is no plain file name.
    """
    plain = isinstance(name, str) and name not in ("", ".", "..") and "\0" not in name
    if not plain or name != Path(name).name or "\\" in name:
        raise ValueError(f"{where}: {shown(name)} is no plain file name")
    return file_name(f"{folder.strip('/')}/{name}", "file_name", where)


def check_folder(folder: str) -> None:
    """Raise unless ``folder`` is a relative path that stays below the data root.

    Raises:
        ValueError: It is empty, absolute or climbs out.
    """
    parts = Path(folder).parts
    if not parts or Path(folder).is_absolute() or ".." in parts:
        raise ValueError(f"image folder {folder!r} must be a folder below the data root")


def merged_file(images: list[dict], people: list[dict]) -> dict[str, Any]:
    """The whole file, the images in natural order of their names, as readers want them.

    Annotation ids are numbered from 1, as there may be crowds in an image.
    """
    images = sorted(images, key=lambda image: natural_key(image["file_name"]))
    for number, person in enumerate(people, start=1):
        person["id"] = number
    return {"images": images, "annotations": people, "categories": person_categories()}


def require_people(people: Sequence[dict], source: str | Path, report: ConversionReport) -> None:
    """A file without people would train nothing, without a word.

    Raises:
        ValueError: ``people`` is empty; the text has the counts of what was left out.
    """
    if not people:
        counts = ", ".join(f"{count} {why}" for why, count in report.left_out.items() if count)
        raise ValueError(f"{source} has nobody to convert; left out: {counts or 'nothing'}")


def still_person(
    keypoints: np.ndarray,
    *,
    image_id: int,
    position: int,
    box: np.ndarray | None = None,
    area: float | None = None,
) -> dict[str, Any]:
    """A person of a still image; see :func:`person_record`. ``position`` is the track id."""
    record = person_record(
        keypoints, image_id=image_id, position=position, track_id=position, box=box
    )
    return record if area is None else record | {"area": area}


def spread(keypoints: np.ndarray, names: Sequence[str | None]) -> np.ndarray:
    """Keypoints in another data set's order as the 17 of PoseTrack; what is unannotated is zero.

    Args:
        keypoints: (J, 3) x, y and 1 if annotated.
        names: PoseTrack's name of each of the J, None if it has none.

    Returns:
        (17, 3).
    """
    result = np.zeros((len(KEYPOINT_NAMES), 3))
    source = [index for index, name in enumerate(names) if name is not None]
    target = [KEYPOINT_NAMES.index(names[index]) for index in source]
    result[target] = keypoints[source] * (keypoints[source, 2:] > 0)
    return result
