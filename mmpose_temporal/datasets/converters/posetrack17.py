"""PoseTrack17 and the PoseTrack18 layout, both ways.

PoseTrack17 (mat or json, one file a video) lists frames in ``annolist``: ``image.name``,
``is_labeled``, ``ignore_regions`` (polygons of ``point`` with x and y) and ``annorect``, one
record a person: the head box ``x1, y1, x2, y2``, ``track_id``, and ``annopoints.point`` with
``id``, ``x``, ``y`` and ``is_visible`` (annotations) or ``score`` (predictions). Numbers are
wrapped in lists in the json (``"x": [394]``).
"""

from pathlib import Path
from typing import Any

import numpy as np

from mmpose_temporal.structures import KEYPOINT_NAMES, NUM_KEYPOINTS

from ..posetrack_json import FrameAnnotation, read_video
from .files import convert_files, image_size, read_json, source_files
from .layout import checked_name, image_number, image_record, person_categories, person_record
from .matlab import load_mat, number, points, records, required_integer, required_number
from .report import ConversionReport

POSETRACK17_JOINTS = (
    "right_ankle",
    "right_knee",
    "right_hip",
    "left_hip",
    "left_knee",
    "left_ankle",
    "right_wrist",
    "right_elbow",
    "right_shoulder",
    "left_shoulder",
    "left_elbow",
    "left_wrist",
    "head_bottom",
    "nose",
    "head_top",
)
"""The 15 joints of PoseTrack17 in the order of their ids; it has no ears."""

TO_18 = np.array([KEYPOINT_NAMES.index(name) for name in POSETRACK17_JOINTS])
"""Index in the 17 keypoints of each PoseTrack17 id."""

VISIBILITY_FIELD = "keypoints_is_visible"
"""Additional field of a converted person: PoseTrack17's ``is_visible`` of the 17 keypoints, -1
where it says nothing. The layout's own third number means "annotated"."""

MAX_TRACK_IDS = 1000
"""PoseTrack17's evaluation takes track ids of 0 to 999."""


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


def posetrack18_to_17(path: str | Path, report: ConversionReport) -> dict[str, Any]:
    """One video of the PoseTrack18 layout, annotations or predictions, as PoseTrack17 json.

    Lost: ears, person boxes, areas, image ids and sizes. ``imgnum`` counts the frames from 1
    (choice). Joints of annotations have ``is_visible`` (1 unless the file came from PoseTrack17
    and says otherwise), joints of predictions ``score``. Where a track id is 1000 or more, which
    PoseTrack17's evaluation refuses, the video's ids are numbered anew, in their order.

    Args:
        path: JSON of one video.
        report: Counted in.

    Returns:
        The content of the PoseTrack17 file.

    Raises:
        FileNotFoundError: No such file.
        ValueError: It is broken (see :mod:`mmpose_temporal.datasets.posetrack_json`), or has more
            than 1000 tracks.
    """
    content = read_json(path)
    video = read_video(path)
    raw: dict[int, list[dict]] = {}
    for record in content["annotations"]:
        raw.setdefault(int(record["image_id"]), []).append(record)
    tracks = _track_numbers(video.frames, path, report)
    annolist = []
    for index, frame in enumerate(video.frames):
        rects = [
            _rect(record, tracks, f"{path}: frame {frame.file_name}", report)
            for record in raw.get(frame.image_id, [])
        ]
        entry = {
            "image": [{"name": frame.file_name}],
            "imgnum": [index + 1],
            "is_labeled": [int(frame.is_labeled)],
            "annorect": rects,
        }
        if frame.ignore_regions:
            entry["ignore_regions"] = [
                {"point": [{"x": [x], "y": [y]} for x, y in region.tolist()]}
                for region in frame.ignore_regions
            ]
        annolist.append(entry)
    report.converted.update(
        videos=1, frames=len(annolist), people=sum(len(e["annorect"]) for e in annolist)
    )
    report.note("PoseTrack17 has no person boxes, image ids and image sizes; they are lost")
    return {"annolist": annolist}


def _track_numbers(
    frames: list[FrameAnnotation], path: str | Path, report: ConversionReport
) -> dict[int, int]:
    ids = sorted({person.track_id for frame in frames for person in frame.people})
    if len(ids) > MAX_TRACK_IDS:
        raise ValueError(f"{path} has {len(ids)} tracks; PoseTrack17 allows {MAX_TRACK_IDS}")
    if not ids or ids[-1] < MAX_TRACK_IDS:
        return {track_id: track_id for track_id in ids}
    report.note(f"{path}: track ids reach {ids[-1]}, above 999; they are numbered anew from 0")
    return {track_id: number for number, track_id in enumerate(ids)}


def _rect(record: dict, tracks: dict[int, int], where: str, report: ConversionReport) -> dict:
    where = f"{where}, annotation {record.get('id')}"
    keypoints = np.array(record.get("keypoints", np.zeros(51)), np.float64).reshape(-1, 3)
    scores = record.get("scores") or None
    if scores is not None and len(scores) != NUM_KEYPOINTS:
        raise ValueError(f"{where}: 'scores' must hold {NUM_KEYPOINTS} numbers")
    visible = record.get(VISIBILITY_FIELD) or [-1] * NUM_KEYPOINTS
    report.left_out["ears (PoseTrack17 has none)"] += int(
        sum(keypoints[i, 2] > 0 for i, n in enumerate(KEYPOINT_NAMES) if n.endswith("ear"))
    )
    joints = []
    for joint, index in enumerate(TO_18.tolist()):
        x, y, present = keypoints[index].tolist()
        if present <= 0:
            continue
        point = {"id": [joint], "x": [x], "y": [y]}
        if scores is not None:
            point["score"] = [scores[index]]
        else:
            point["is_visible"] = [1 if visible[index] < 0 else int(visible[index])]
        joints.append(point)
    rect: dict[str, Any] = {"track_id": [tracks[int(record["track_id"])]]}
    rect["annopoints"] = [{"point": joints}] if joints else []
    if record.get("bbox_head"):
        x, y, width, height = record["bbox_head"]
        rect |= {"x1": [x], "y1": [y], "x2": [x + width], "y2": [y + height]}
    if record.get("score") is not None:
        rect["score"] = [record["score"]]
    return rect


def convert_from_posetrack17(
    source: str | Path,
    out: str | Path,
    *,
    image_root: str | Path | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> ConversionReport:
    """Convert a PoseTrack17 file or folder (.mat or .json) into a folder of PoseTrack18 files.

    Raises:
        FileExistsError: A target exists and ``overwrite`` is not set.
        FileNotFoundError, ValueError: See :func:`posetrack17_to_18`.
    """

    def convert(path: Path, report: ConversionReport) -> dict:
        return posetrack17_to_18(path, report, image_root=image_root)

    files = source_files(source, (".mat", ".json"))
    return convert_files(files, out, convert, overwrite=overwrite, progress=progress)


def convert_to_posetrack17(
    source: str | Path, out: str | Path, *, overwrite: bool = False, progress: bool = False
) -> ConversionReport:
    """Convert a PoseTrack18-layout file or folder into a folder of PoseTrack17 json files.

    Raises:
        FileExistsError: A target exists and ``overwrite`` is not set.
        FileNotFoundError, ValueError: See :func:`posetrack18_to_17`.
    """
    files = source_files(source)
    return convert_files(files, out, posetrack18_to_17, overwrite=overwrite, progress=progress)
