"""Records of the PoseTrack18 layout and the numbering of its images."""

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from mmpose_temporal.utils import safe_join
from mmpose_temporal.utils.text import shown

from .content import boxes_of_joints, to_xywh
from .fields import INT64, file_name

SEQUENCE_SOURCES = {"mpii": 1, "bonn": 2, "mpiinew": 3}
"""First digit of PoseTrack's image ids, by where a sequence comes from."""

MAX_FRAMES = 10_000
"""The last four digits of an image id are the frame's number."""

MAX_PEOPLE = 1000
"""The last three digits of an annotation id are the person's position in the frame (choice:
PoseTrack's own files have two digits, but frames of crowds have more than 100 people); if they do
not suffice, see :func:`number_people`."""


def annotation_id(image_id: int, position: int) -> int:
    """Id of the person at a position (from 0) of a frame, unique over the data set.

    See :func:`number_people` for what happens if it has no room.
    """
    return image_id * MAX_PEOPLE + position


def number_people(people: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Make the ids of all annotations of a file such that readers take them.

    Choice: they stay as :func:`annotation_id` gives them, unless one of them does not fit in 64
    bits (image ids above 9.2e15, as of time stamps in nanoseconds) or stands twice (more than
    :data:`MAX_PEOPLE` people in a frame): then the annotations of the file are numbered from 1,
    and are unique in the file only.

    Args:
        people: Records with ``id``, in order; changed in place.

    Returns:
        The same list.
    """
    ids = [person["id"] for person in people]
    fit = all(INT64.min <= number <= INT64.max for number in ids)
    if not fit or len(set(ids)) < len(ids):
        for number, person in enumerate(people, start=1):
            person["id"] = number
    return people


def image_number(name: str) -> tuple[int, str]:
    """Image id and video number of a frame, by PoseTrack's rule.

    The id has the digits ``TSSSSSSFFFF``: T is the source of the sequence (1 mpii, 2 bonn,
    3 mpiinew, nothing if the folder's name has a number only), S the sequence, F the frame
    number of the file's name.

    Args:
        name: ``images/val/000342_mpii_test/000000.jpg``, or PoseTrack17's
            ``images/bonn_5sec/000342_mpii/00000001.jpg``.

    Returns:
        The id and the number of the sequence as it stands in the name, ``(10003420000,
        '000342')``.

    Raises:
        ValueError: Folder or file is not so numbered, or the frame number is 10000 or more.
    """
    path = PurePosixPath(name)
    folder = re.match(r"([0-9]{1,9})(?:_(mpiinew|mpii|bonn)(?:_|$)|$)", path.parent.name)
    frame = re.match(r"[0-9]{1,255}", path.stem)
    if folder is None or frame is None:
        raise ValueError(
            f"image {shown(name)} cannot be numbered: expected a folder like 000342_mpii or "
            "000342 and a file like 00000001.jpg"
        )
    number = int(frame[0])
    if number >= MAX_FRAMES:
        raise ValueError(f"image {shown(name)}: frame numbers must be below {MAX_FRAMES}")
    source = SEQUENCE_SOURCES.get(folder[2], 0)
    return source * 10**10 + int(folder[1]) * MAX_FRAMES + number, folder[1]


def checked_name(name: Any, where: str) -> str:
    """A file name of a data file that stays below the data root.

    Raises:
        ValueError: It is no text that a file may be called, or leaves the root.
    """
    if not isinstance(name, str) or not name:
        raise ValueError(f"{where}: the image has no name")
    inside = file_name(name, "file_name", where).replace("\\", "/")
    try:
        safe_join(".", inside)
    except ValueError as error:
        raise ValueError(f"{where}: image name {shown(name)} leaves the data root") from error
    return inside


def image_record(
    file_name: str,
    *,
    image_id: int,
    video_number: str,
    num_frames: int,
    is_labeled: bool = True,
    frame_id: int | None = None,
    ignore_regions: Sequence[np.ndarray] | None = (),
    size: tuple[int, int] | None = None,
    time: float | None = None,
) -> dict[str, Any]:
    """One entry of ``images``.

    Args:
        file_name: Path relative to the data root.
        image_id: See :func:`image_number`.
        video_number: The ``vid_id``.
        num_frames: Frames of the video.
        is_labeled: Whether annotators looked at the frame.
        frame_id: None: the image's id.
        ignore_regions: Polygons (P, 2), image pixels; None: the record says nothing of them.
        size: (width, height) in pixels, left out where unknown.
        time: Seconds, left out where unknown.
    """
    record = {
        "id": int(image_id),
        "frame_id": image_id if frame_id is None else int(frame_id),
        "vid_id": video_number,
        "file_name": file_name,
        "nframes": num_frames,
        "is_labeled": bool(is_labeled),
        "has_no_densepose": True,
    }
    if ignore_regions is not None:
        regions = [np.asarray(region) for region in ignore_regions]
        record["ignore_regions_x"] = [region[:, 0].tolist() for region in regions]
        record["ignore_regions_y"] = [region[:, 1].tolist() for region in regions]
    if size is not None:
        record |= {"width": int(size[0]), "height": int(size[1])}
    if time is not None:
        record["time"] = float(time)
    return record


def person_record(
    keypoints: np.ndarray,
    *,
    image_id: int,
    position: int,
    track_id: int,
    head_box: np.ndarray | None = None,
    box: np.ndarray | None = None,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """One entry of ``annotations``.

    Args:
        keypoints: (K, 3) x, y in image pixels and 1 if annotated; other rows are written as
            zeros.
        image_id: The image.
        position: Of the person in the frame, counted from 0; makes the annotation's id, see
            :func:`number_people`.
        track_id: Id of the person in the video.
        head_box: (4,) xyxy, left out where None.
        box: (4,) xyxy; None: the joints' box enlarged by ``BOX_MARGIN`` on each side.
        extra: More fields.
    """
    keypoints = np.array(keypoints, np.float64)
    present = keypoints[:, 2] > 0
    keypoints[~present] = 0
    keypoints[present, 2] = 1
    if box is None:
        # In float32 as the reader has it, so that reading gives the same box with and without.
        box = boxes_of_joints(keypoints[None, :, :2], present[None])[0]
    bbox = to_xywh(box)
    record = {
        "id": annotation_id(image_id, position),
        "image_id": image_id,
        "track_id": int(track_id),
        "category_id": 1,
        "iscrowd": 0,
        "bbox": bbox,
        "area": bbox[2] * bbox[3],
        "keypoints": keypoints.reshape(-1).tolist(),
        "num_keypoints": int(present.sum()),
        "scores": [],
    }
    if head_box is not None:
        record["bbox_head"] = to_xywh(head_box)
    return record | dict(extra or {})
