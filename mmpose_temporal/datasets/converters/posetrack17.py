"""PoseTrack17 to the PoseTrack18 layout.

PoseTrack17 (mat or json, one file a video) lists frames in ``annolist``: ``image.name``,
``is_labeled``, ``ignore_regions`` (polygons of ``point`` with x and y) and ``annorect``, one
record a person: the head box ``x1, y1, x2, y2``, ``track_id``, and ``annopoints.point`` with
``id``, ``x``, ``y`` and ``is_visible`` (annotations) or ``score`` (predictions). Numbers are
wrapped in lists in the json (``"x": [394]``).

The structure is that of the evaluation's own code (poseval) and of public readers of the .mat
files. No official file was at hand: the json reader agrees with poseval's converter on annotated
frames of PoseTrack18, the .mat reader is tested on files written in this structure.
"""

from pathlib import Path
from typing import Any

import numpy as np

from mmpose_temporal.structures import (
    KEYPOINT_NAMES,
    NUM_KEYPOINTS,
    POSETRACK17_JOINTS,
    person_categories,
)

from .files import convert_files, image_size, read_json, source_files
from .layout import (
    MAX_FRAMES,
    MAX_PEOPLE,
    checked_name,
    image_number,
    image_record,
    person_record,
)
from .matlab import load_mat, number, points, records, required_integer, required_number
from .report import ConversionReport

TO_18 = np.array([KEYPOINT_NAMES.index(name) for name in POSETRACK17_JOINTS])
"""Index in the 17 keypoints of each PoseTrack17 id."""

VISIBILITY_FIELD = "keypoints_is_visible"
"""Additional field of a converted person: PoseTrack17's ``is_visible`` of the 17 keypoints, -1
where it says nothing. The layout's own third number means "annotated"."""


ID_SHIFT = 4 * 10**10
"""Added to the image ids of a video whose sequence number another video has."""


def read_annolist(path: str | Path) -> list[dict]:
    """The frames of a PoseTrack17 file, .mat or .json.

    Raises:
        FileNotFoundError: No such file.
        ValueError: It cannot be read or is in another layout.
    """
    path = Path(path)
    if path.suffix == ".mat":
        content = {"annolist": load_mat(path, "annolist")}
    else:
        content = read_json(path)
    if not isinstance(content, dict) or "annolist" not in content:
        raise ValueError(f"{path} is not in the PoseTrack17 layout: it has no 'annolist'")
    frames = records(content, "annolist", str(path))
    if not frames:
        raise ValueError(f"{path} has no frames")
    return frames


def posetrack17_to_18(
    path: str | Path, report: ConversionReport, *, image_root: str | Path | None = None
) -> dict[str, Any]:
    """One PoseTrack17 video in the PoseTrack18 layout.

    Choices: image names stay, so that no image has to be moved; every annotated joint gets the
    visibility 1, also an occluded one, because the layout marks absent joints with 0 and the
    evaluation counts every annotated joint (what the file says is kept in
    ``keypoints_is_visible``); PoseTrack17 has no person boxes, so a box encloses the joints with
    15 % more a side; people without joints are left out.

    Args:
        path: .mat or .json.
        report: Counted in.
        image_root: Where the images lie, to write their sizes; None: sizes are left out.

    Returns:
        The content of the PoseTrack18 file.

    Raises:
        FileNotFoundError: The file, or an image below ``image_root``, does not exist.
        ValueError: The file is broken; the text names file, frame and field.
    """
    frames = read_annolist(path)
    images, people, seen = [], [], {}
    for index, frame in enumerate(frames):
        where = f"{path}: frame {index}"
        pictures = records(frame, "image", where)
        if len(pictures) != 1:
            raise ValueError(f"{where}: 'image' must be one record, got {len(pictures)}")
        name = checked_name(pictures[0].get("name"), where)
        where = f"{path}: frame {name}"
        image_id, video_number = image_number(name)
        if image_id in seen:
            raise ValueError(f"{where} has the number of {seen[image_id]}")
        seen[image_id] = name
        rects = records(frame, "annorect", where)
        labeled = number(frame, "is_labeled", where)
        images.append(
            image_record(
                name,
                image_id=image_id,
                video_number=video_number,
                num_frames=len(frames),
                is_labeled=bool(rects) if labeled is None else labeled > 0,
                ignore_regions=[
                    points(region, f"{where}: ignore region")
                    for region in records(frame, "ignore_regions", where)
                ],
                size=image_size(image_root, name),
            )
        )
        people += _people(rects, image_id, where, report)
    report.converted.update(videos=1, frames=len(images), people=len(people))
    return {"images": images, "annotations": people, "categories": person_categories()}


def _people(rects: list[dict], image_id: int, where: str, report: ConversionReport) -> list[dict]:
    people: list[dict] = []
    for order, rect in enumerate(rects):
        place = f"{where}, person {order}"
        keypoints, scores, visible = _joints(rect, place)
        if not keypoints[:, 2].any():
            report.left_out["people without joints"] += 1
            continue
        extra: dict[str, Any] = {}
        if (scores != 0).any():
            extra["scores"] = scores.tolist()
        if (visible >= 0).any():
            extra[VISIBILITY_FIELD] = visible.tolist()
        score = number(rect, "score", place)
        if score is not None:
            extra["score"] = score
        people.append(
            person_record(
                keypoints,
                image_id=image_id,
                position=len(people),
                track_id=required_integer(rect, "track_id", place),
                head_box=_head_box(rect, place),
                extra=extra,
            )
        )
    return people


def _head_box(rect: dict, where: str) -> np.ndarray | None:
    corners = [number(rect, name, where) for name in ("x1", "y1", "x2", "y2")]
    if all(corner is None for corner in corners):
        return None
    if None in corners:
        raise ValueError(f"{where}: the head box needs x1, y1, x2 and y2")
    x1, y1, x2, y2 = corners
    return np.array([min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)])


def _joints(rect: dict, where: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Keypoints (17, 3), scores (17,) and visibility (17,) int, -1 where the file says nothing."""
    keypoints, scores = np.zeros((NUM_KEYPOINTS, 3)), np.zeros(NUM_KEYPOINTS)
    visible = np.full(NUM_KEYPOINTS, -1)
    for group in records(rect, "annopoints", where):
        for point in records(group, "point", where):
            joint = required_integer(point, "id", where)
            if not 0 <= joint < len(TO_18):
                raise ValueError(f"{where}: joint id {joint} is not one of PoseTrack17's 0..14")
            place, target = f"{where}, joint {POSETRACK17_JOINTS[joint]}", TO_18[joint]
            if keypoints[target, 2]:
                raise ValueError(f"{place} stands twice")
            xy = [required_number(point, axis, place) for axis in ("x", "y")]
            keypoints[target] = [*xy, 1]
            scores[target] = number(point, "score", place) or 0
            seen = number(point, "is_visible", place)
            visible[target] = -1 if seen is None else int(seen > 0)
    return keypoints, scores, visible


def _with_own_ids(
    content: dict[str, Any], taken: set[int], path: Path, report: ConversionReport
) -> dict[str, Any]:
    """Move the image ids of a video out of the ranges that are taken, and take their ranges."""
    ranges, shift = {image["id"] // MAX_FRAMES for image in content["images"]}, 0
    while {number + shift // MAX_FRAMES for number in ranges} & taken:
        shift += ID_SHIFT
    taken |= {number + shift // MAX_FRAMES for number in ranges}
    if shift:
        report.note(f"{path}: another video has its sequence number; its image ids are moved")
        for image in content["images"]:
            image["id"] = image["frame_id"] = image["id"] + shift
        for person in content["annotations"]:
            person["id"] += shift * MAX_PEOPLE
            person["image_id"] += shift
    return content


def convert_from_posetrack17(
    source: str | Path,
    out: str | Path,
    *,
    image_root: str | Path | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> ConversionReport:
    """Convert a PoseTrack17 file or folder (.mat or .json) into a folder of PoseTrack18 files.

    PoseTrack17 uses a sequence number for several videos now and then (folders ``mpii_5sec`` and
    ``bonn_5sec``). Image ids must differ over the data set, so the later video by name gets ids
    with a first digit that is 4 higher (choice), with a note in the report.

    Raises:
        FileExistsError: A target exists and ``overwrite`` is not set.
        FileNotFoundError, ValueError: See :func:`posetrack17_to_18`.
    """
    taken: set[int] = set()

    def convert(path: Path, report: ConversionReport) -> dict:
        content = posetrack17_to_18(path, report, image_root=image_root)
        return _with_own_ids(content, taken, path, report)

    files = source_files(source, (".mat", ".json"))
    return convert_files(files, out, convert, overwrite=overwrite, progress=progress)
