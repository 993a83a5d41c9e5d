"""PoseTrack17 (mat or json) to the PoseTrack18 layout.

The structure is that of the evaluation's own code (poseval) and of public readers of the .mat
files. No official file was at hand: the json reader agrees with poseval's converter on annotated
frames of PoseTrack18, the .mat reader is tested on files written in this structure.
"""

from pathlib import Path
from typing import Any

import numpy as np

from mmpose_temporal.posetrack import (
    ANNOTATION_FIELDS,
    MAX_FRAMES,
    FileContent,
    FileFrame,
    image_number,
    image_record,
    image_size,
    one_video,
    person_record,
    read_file,
    require_frames,
)
from mmpose_temporal.posetrack.layout18 import VISIBILITY_FIELD
from mmpose_temporal.posetrack.records import annotation_id, checked_name, number_people
from mmpose_temporal.structures import person_categories

from .files import convert_files, source_files
from .report import ConversionReport

ID_SHIFT = 4 * 10**10
"""Added to the image ids of a video whose sequence number another video has."""


def posetrack17_to_18(
    path: str | Path,
    report: ConversionReport,
    *,
    image_root: str | Path | None = None,
    frame_order: str = "auto",
) -> dict[str, Any]:
    """One PoseTrack17 video in the PoseTrack18 layout.

    Choices: image names stay, so that no image has to be moved; every annotated joint gets the
    visibility 1, also an occluded one, because the layout marks absent joints with 0 and the
    evaluation counts every annotated joint (what the file says is kept in
    ``keypoints_is_visible``); PoseTrack17 has no person boxes, so a box encloses the joints with
    15 % more on each side; people without joints are left out.

    Args:
        path: .mat or .json.
        report: Counted in.
        image_root: Where the images lie, to write their sizes; None: sizes are left out.
        frame_order: See :mod:`mmpose_temporal.posetrack.frame_order`.

    Returns:
        The content of the PoseTrack18 file.

    Raises:
        FileNotFoundError: The file, or an image below ``image_root``, does not exist.
        ValueError: The file is broken; the text names file, frame and field.
    """
    content = read_file(
        path,
        required=("file_name", "track_id"),
        optional=ANNOTATION_FIELDS,
        layouts=("posetrack17",),
    )
    _check_names(require_frames(content))
    content = one_video(content, frame_order=frame_order)
    images, people = [], []
    for frame, part in zip(content.frames, content.parts, strict=True):
        name = checked_name(frame.name, str(path))
        image_id, video_number = image_number(name)
        images.append(
            image_record(
                name,
                image_id=image_id,
                video_number=video_number,
                num_frames=len(content.frames),
                is_labeled=_is_labeled(frame),
                ignore_regions=frame.regions,
                size=None if image_root is None else image_size(image_root, name),
            )
        )
        rows = range(part.start, part.stop)
        people += [_person(content, row, image_id, n) for n, row in enumerate(rows)]
    report.left_out["people without joints"] += content.without_joints
    report.converted.update(videos=1, frames=len(images), people=len(people))
    people = number_people(people)
    return {"images": images, "annotations": people, "categories": person_categories()}


def _check_names(content: FileContent) -> None:
    """The images have names of PoseTrack's form, each with its own number."""
    seen: dict[int, str] = {}
    for index, frame in enumerate(content.frames):
        where = f"{content.path}, frame {index}"
        name = checked_name(frame.name, where)
        image_id, _ = image_number(name)
        if image_id in seen:
            raise ValueError(f"{where} ({name}) has the number of {seen[image_id]}")
        seen[image_id] = name


def _is_labeled(frame: FileFrame) -> bool:
    return frame.listed if frame.labeled is None else frame.labeled


def _person(content: FileContent, row: int, image_id: int, position: int) -> dict[str, Any]:
    """The record of a person; joints of a prediction without score have 0."""
    extra: dict[str, Any] = {}
    scores = np.nan_to_num(content.scores[row])
    if scores.any():
        extra["scores"] = scores.tolist()
    if (content.visibility[row] >= 0).any():
        extra[VISIBILITY_FIELD] = content.visibility[row].tolist()
    if not np.isnan(content.box_scores[row]):
        extra["score"] = float(content.box_scores[row])
    head = content.head_boxes[row]
    return person_record(
        content.keypoints[row],
        image_id=image_id,
        position=position,
        track_id=int(content.track_ids[row]),
        head_box=None if np.isnan(head).any() else head,
        extra=extra,
    )


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
            person["id"] += annotation_id(shift, 0)
            person["image_id"] += shift
    return content


def convert_from_posetrack17(
    source: str | Path,
    out: str | Path,
    *,
    image_root: str | Path | None = None,
    frame_order: str = "auto",
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
        content = posetrack17_to_18(path, report, image_root=image_root, frame_order=frame_order)
        return _with_own_ids(content, taken, path, report)

    files = source_files(source, (".mat", ".json"))
    return convert_files(files, out, convert, overwrite=overwrite, progress=progress)
