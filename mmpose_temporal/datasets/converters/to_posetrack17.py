"""The PoseTrack18 layout to PoseTrack17 json, for its evaluation; see :mod:`.posetrack17`."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mmpose_temporal.posetrack import (
    ANNOTATION_FIELDS,
    FileContent,
    file_videos,
    one_video,
    read_file,
    require_frames,
)
from mmpose_temporal.posetrack.annotations import joints_present
from mmpose_temporal.posetrack.layout17 import TO_18
from mmpose_temporal.structures import KEYPOINT_NAMES

from .files import convert_files, source_files, write_folder
from .report import ConversionReport

SIDES = ("x1", "y1", "x2", "y2")
"""PoseTrack17's fields of a head box."""

MAX_TRACK_IDS = 1000
"""PoseTrack17's evaluation takes track ids of 0 to 999."""


def posetrack18_to_17(
    path: str | Path, report: ConversionReport, *, frame_order: str = "auto"
) -> dict[str, Any]:
    """One video of the PoseTrack18 layout, annotations or predictions, as PoseTrack17 json.

    Lost: ears, person boxes, areas, image ids and sizes. ``imgnum`` counts the frames from 1
    (choice). Joints of annotations have ``is_visible`` (1 unless the file came from PoseTrack17
    and says otherwise), joints of predictions ``score``. If a track id is 1000 or more, which
    PoseTrack17's evaluation refuses, the video's ids are renumbered, in their order.

    Args:
        path: JSON of one video.
        report: Counted in.
        frame_order: See :mod:`mmpose_temporal.posetrack.frame_order`.

    Returns:
        The content of the PoseTrack17 file.

    Raises:
        FileNotFoundError: No such file.
        ValueError: It is broken (see :mod:`mmpose_temporal.posetrack.layout18`), holds several
            videos, lists no frames, or has more than 1000 tracks.
    """
    return _to_17(one_video(_read(path), frame_order=frame_order), report)


def _read(path: str | Path) -> FileContent:
    content = read_file(
        path,
        required=("file_name", "track_id"),
        optional=ANNOTATION_FIELDS,
        layouts=("posetrack18",),
    )
    content.check_track_ids()
    return require_frames(content)


def _to_17(content: FileContent, report: ConversionReport) -> dict[str, Any]:
    """One video of a file."""
    tracks = _track_numbers(content, report)
    present = joints_present(content)
    ears = [KEYPOINT_NAMES.index(name) for name in KEYPOINT_NAMES if name.endswith("ear")]
    report.left_out["ears (PoseTrack17 has none)"] += int(present[:, ears].sum())
    annolist = []
    for index, (frame, part) in enumerate(zip(content.frames, content.parts, strict=True)):
        rows = range(part.start, part.stop)
        entry = {
            "image": [{"name": frame.name}],
            "imgnum": [index + 1],
            "is_labeled": [int(frame.labeled is not False)],
            "annorect": [_rect(content, row, present[row], tracks) for row in rows],
        }
        if frame.regions:
            entry["ignore_regions"] = [
                {"point": [{"x": [x], "y": [y]} for x, y in region.tolist()]}
                for region in frame.regions
            ]
        annolist.append(entry)
    report.converted.update(
        videos=1, frames=len(annolist), people=sum(len(e["annorect"]) for e in annolist)
    )
    report.note("PoseTrack17 has no person boxes, image ids and image sizes; they are lost")
    return {"annolist": annolist}


def _track_numbers(content: FileContent, report: ConversionReport) -> dict[int, int]:
    ids, path = np.unique(content.track_ids).tolist(), content.path
    if len(ids) > MAX_TRACK_IDS:
        raise ValueError(f"{path} has {len(ids)} tracks; PoseTrack17 allows {MAX_TRACK_IDS}")
    if not ids or ids[-1] < MAX_TRACK_IDS:
        return {track_id: track_id for track_id in ids}
    report.note(f"{path}: track ids reach {ids[-1]}, above 999; they are numbered anew from 0")
    return {track_id: number for number, track_id in enumerate(ids)}


def _rect(
    content: FileContent, row: int, present: np.ndarray, tracks: dict[int, int]
) -> dict[str, Any]:
    """The record of a person."""
    keypoints, predicted = content.keypoints[row], content.predicted[row]
    joints = []
    for joint, index in enumerate(TO_18.tolist()):
        if not present[index]:
            continue
        x, y, _ = keypoints[index].tolist()
        point = {"id": [joint], "x": [x], "y": [y]}
        if predicted:
            point["score"] = [float(content.scores[row, index])]
        else:
            point["is_visible"] = [int(content.visibility[row, index] != 0)]
        joints.append(point)
    rect: dict[str, Any] = {"track_id": [tracks[int(content.track_ids[row])]]}
    rect["annopoints"] = [{"point": joints}] if joints else []
    head = content.head_boxes[row]
    if not np.isnan(head).any():
        rect |= {side: [value] for side, value in zip(SIDES, head.tolist(), strict=True)}
    if not np.isnan(content.box_scores[row]):
        rect["score"] = [float(content.box_scores[row])]
    return rect


def convert_to_posetrack17(
    source: str | Path,
    out: str | Path,
    *,
    frame_order: str = "auto",
    overwrite: bool = False,
    progress: bool = False,
) -> ConversionReport:
    """Convert a PoseTrack18-layout file or folder into a folder of PoseTrack17 json files.

    Each file of a folder is one video. The videos of a single file with many are named as
    :mod:`mmpose_temporal.posetrack.file_videos` says.

    Raises:
        FileExistsError: A target exists and ``overwrite`` is not set.
        FileNotFoundError, ValueError: See :func:`posetrack18_to_17`.
    """
    files = source_files(source)
    if Path(source).is_file():
        videos = file_videos(_read(source), frame_order=frame_order)
        if len(videos) > 1:
            report = ConversionReport()
            pairs = ((name, _to_17(content, report)) for name, content in videos.items())
            write_folder(pairs, out, list(videos), inputs=files, overwrite=overwrite)
            return report
    convert = partial(posetrack18_to_17, frame_order=frame_order)
    return convert_files(files, out, convert, overwrite=overwrite, progress=progress)
