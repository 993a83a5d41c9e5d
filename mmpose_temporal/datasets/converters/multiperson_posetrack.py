"""Multi-Person PoseTrack (Iqbal, Milan, Gall, CVPR 2017) to the PoseTrack18 layout.

``annolist/{train,test}/annolist.mat`` of the authors' release holds one struct per video:
``name``, ``num_frames``, ``num_persons`` and the cell ``annopoints`` (num_persons, num_frames);
a cell is empty or has ``point`` (structs of ``id``, ``x``, ``y``, ``is_visible``,
``is_truncated``) and ``head_rect`` (x1, y1, x2, y2; empty if not annotated). The row of a
person is the same in all frames, and so is the track id. Tried on
both files of the release (30 videos each).
"""

import re
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

from mmpose_temporal.posetrack import image_size
from mmpose_temporal.posetrack.fields import integer, number, numbers, structs
from mmpose_temporal.posetrack.matlab import load_mat
from mmpose_temporal.posetrack.records import (
    MAX_FRAMES,
    image_number,
    image_record,
    number_people,
    person_record,
)
from mmpose_temporal.structures import KEYPOINT_NAMES, NUM_KEYPOINTS, person_categories
from mmpose_temporal.utils.text import shown

from .files import write_folder
from .report import ConversionReport

MPII_JOINTS = (
    "right_ankle",
    "right_knee",
    "right_hip",
    "left_hip",
    "left_knee",
    "left_ankle",
    None,  # pelvis
    None,  # thorax
    "head_bottom",  # upper neck
    "head_top",
    "right_wrist",
    "right_elbow",
    "right_shoulder",
    "left_shoulder",
    "left_elbow",
    "left_wrist",
)
"""PoseTrack's name of each MPII joint id, None if it has no such joint."""

FRAME_NAMES = "videos/{video}/{number:05d}.jpg"
"""Where the release has its frames; the first is 00001.jpg."""


def read_multiperson_posetrack(path: str | Path) -> list[dict[str, Any]]:
    """The videos of an ``annolist.mat``.

    Returns:
        Records with ``name`` (str), ``annopoints`` (object array (people, frames)) and ``path``
        (str, of the file, for error texts).

    Raises:
        FileNotFoundError: No such file.
        ValueError: It cannot be read, or is not in this layout.
    """
    videos = []
    for index, record in enumerate(structs({"a": load_mat(path, "annolist")}, "a", str(path))):
        where = f"{path}: video {index}"
        name, cells = record.get("name"), record.get("annopoints")
        if not isinstance(name, str) or not re.fullmatch("[0-9]{1,9}", name):
            raise ValueError(
                f"{where}: 'name' must be a number as text of at most 9 digits, got {shown(name)}"
            )
        if not isinstance(cells, np.ndarray) or cells.dtype != object:
            raise ValueError(f"{where}: 'annopoints' must be a cell of people and frames")
        shape = tuple(
            integer(record, field, where, wrapped=True) for field in ("num_persons", "num_frames")
        )
        if cells.shape != shape:
            raise ValueError(
                f"{where} ({name}): 'annopoints' is {cells.shape}, but num_persons and "
                f"num_frames say {shape}"
            )
        if cells.shape[1] >= MAX_FRAMES:
            raise ValueError(
                f"{where} ({name}): 'num_frames' is {cells.shape[1]}, not below {MAX_FRAMES}"
            )
        videos.append({"name": name, "annopoints": cells, "path": str(path)})
    if not videos:
        raise ValueError(f"{path} has no videos")
    names = [video["name"] for video in videos]
    if len(set(names)) < len(names):
        raise ValueError(f"{path}: a video stands twice")
    return videos


def multiperson_video_to_18(
    video: dict[str, Any],
    report: ConversionReport,
    *,
    split: str,
    frame_names: str = FRAME_NAMES,
    image_root: str | Path | None = None,
) -> dict[str, Any]:
    """One video in the PoseTrack18 layout.

    Nose and ears are never annotated. Choices: every annotated joint gets the visibility 1, also
    one that is occluded (``is_visible`` 0), as in the PoseTrack evaluation; coordinates stay as
    they are; a box encloses the joints with 15 % more on each side; image ids are the video's name
    times 10000 plus the frame's position from 0.

    Args:
        video: Of :func:`read_multiperson_posetrack`.
        report: Counted in.
        split: Name of the split, for ``frame_names``.
        frame_names: Format of the file names with the fields ``split``, ``video``, ``index``
            (from 0) and ``number`` (from 1).
        image_root: Where the frames lie, to write their sizes; None: sizes are left out.

    Raises:
        FileNotFoundError: A frame below ``image_root`` does not exist.
        ValueError: A person is broken; the text names video, frame, person and field.
    """
    name, cells = video["name"], video["annopoints"]
    images, people = [], []
    for index in range(cells.shape[1]):
        fields = {"split": split, "video": name, "index": index, "number": index + 1}
        file_name = frame_names.format(**fields)
        image_id, video_number = image_number(f"{name}/{index:06d}")
        images.append(
            image_record(
                file_name,
                image_id=image_id,
                video_number=video_number,
                num_frames=cells.shape[1],
                is_labeled=True,
                size=None if image_root is None else image_size(image_root, file_name),
            )
        )
        for track_id, cell in enumerate(cells[:, index]):
            where = f"{video['path']}: video {name}, frame {index}, person {track_id}"
            keypoints, head_box = _person(cell, where)
            if not keypoints[:, 2].any():
                report.left_out["empty cells (person not in the frame)"] += 1
                continue
            person = person_record(
                keypoints,
                image_id=image_id,
                position=track_id,
                track_id=track_id,
                head_box=head_box,
            )
            people.append(person)
    report.converted.update(videos=1, frames=len(images), people=len(people))
    without = sum("bbox_head" not in person for person in people)
    report.converted["people without head box"] += without
    people = number_people(people)
    return {"images": images, "annotations": people, "categories": person_categories()}


def _person(cell: Any, where: str) -> tuple[np.ndarray, np.ndarray | None]:
    keypoints = np.zeros((NUM_KEYPOINTS, 3))
    head_box = None
    for person in structs({"cell": cell}, "cell", where):
        for point in structs(person, "point", where):
            joint = integer(point, "id", where, wrapped=True)
            name = MPII_JOINTS[joint] if 0 <= joint < len(MPII_JOINTS) else None
            if name is None:
                raise ValueError(f"{where}: joint id {joint} is none of the 14 that are annotated")
            xy = [
                number(point, axis, f"{where}, joint {name}", wrapped=True) for axis in ("x", "y")
            ]
            keypoints[KEYPOINT_NAMES.index(name)] = [*xy, 1]
        corners = person.get("head_rect")
        if isinstance(corners, np.ndarray) and corners.size == 0:
            continue
        if corners is not None:
            flat = corners.reshape(-1) if isinstance(corners, np.ndarray) else corners
            head_box = numbers(flat, "head_rect", 4, where)
    return keypoints, head_box


def convert_multiperson_posetrack(
    source: str | Path,
    out: str | Path,
    *,
    split: str,
    frame_names: str = FRAME_NAMES,
    image_root: str | Path | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> ConversionReport:
    """Convert an ``annolist.mat`` into a folder of PoseTrack18 files, one per video.

    Head boxes: the release has them for all people of the test split and for part of the train
    split; the evaluation needs them, the report counts who has none.

    Raises:
        FileExistsError: A target exists and ``overwrite`` is not set.
        FileNotFoundError, ValueError: See the functions above; ``frame_names`` has unknown fields.
    """
    try:
        frame_names.format(split=split, video="1", index=0, number=1)
    except (KeyError, IndexError, ValueError) as error:
        raise ValueError(
            f"frame names {frame_names!r}: the fields are split, video, index and number"
        ) from error
    videos = read_multiperson_posetrack(source)
    report = ConversionReport()
    options = dict(split=split, frame_names=frame_names, image_root=image_root)
    contents = (
        (video["name"], multiperson_video_to_18(video, report, **options))
        for video in track(videos, "Converting", disable=not progress)
    )
    names = [video["name"] for video in videos]
    write_folder(contents, out, names, inputs=[source], overwrite=overwrite)
    return report
