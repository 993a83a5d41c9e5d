"""The PoseTrack18 layout to PoseTrack17 json, for its evaluation; see :mod:`.posetrack17`."""

from pathlib import Path
from typing import Any

import numpy as np

from mmpose_temporal.structures import KEYPOINT_NAMES, NUM_KEYPOINTS

from ..posetrack_annotations import FrameAnnotation
from ..posetrack_json import read_video
from .files import convert_files, read_json, source_files
from .posetrack17 import TO_18, VISIBILITY_FIELD
from .report import ConversionReport

MAX_TRACK_IDS = 1000
"""PoseTrack17's evaluation takes track ids of 0 to 999."""


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
        ValueError: It is broken (see :mod:`mmpose_temporal.datasets.posetrack_records`), or has
            more than 1000 tracks.
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
