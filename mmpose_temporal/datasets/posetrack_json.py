"""Reading PoseTrack18-layout annotations: one JSON a video, or one JSON with many videos.

Files come from strangers, so every field that is used is checked, and an error names file,
frame and field.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from mmpose_temporal.structures import (
    KEYPOINT_NAMES,
    NUM_KEYPOINTS,
    UNTRACKED,
    FramePoses,
    enclosing_boxes,
)

from .json_fields import box_xyxy, integer, load_json, numbers

BOX_MARGIN = 0.15
"""Where an annotation has no box: the box of its joints, enlarged by this share a side (choice;
the boxes of PoseTrack18 are made the same way with about this margin)."""


@dataclass(frozen=True, slots=True)
class PersonAnnotation:
    """One annotated person of a frame.

    Attributes:
        annotation_id: Id in the file.
        track_id: Id of the person in the video, >= 0; -1 where none is asked for and none is
            there.
        keypoints: (17, 3) float32: x, y in image pixels and visibility in {0, 1}; a joint of a
            prediction (with scores) is there unless it is at (0, 0).
        box: (4,) float32 xyxy.
        head_box: (4,) float32 xyxy, NaN where the file has none. Of size 0 where nobody drew
            one: nothing then matches this person, as in the official evaluator.
        area: Pixels squared, None where the file has none.
        is_crowd: The annotation is of a group (COCO's ``iscrowd``).
        keypoint_scores: (17,) float32 of a prediction, None where the file has none.
        score: Of a prediction's box; 1 where the file has none.
    """

    annotation_id: int
    track_id: int
    keypoints: np.ndarray
    box: np.ndarray
    head_box: np.ndarray
    area: float | None = None
    is_crowd: bool = False
    keypoint_scores: np.ndarray | None = None
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class FrameAnnotation:
    """One frame of a video, with its people.

    Attributes:
        image_id: Id of the image in the file, unique over the data set.
        frame_id: The file's ``frame_id`` (``image_id`` where absent).
        file_name: Path relative to the data root, as in the file.
        size: (width, height) in pixels, or None where the file does not say.
        is_labeled: Whether annotators looked at this frame.
        ignore_regions: Polygons (P, 2) float32, image pixels.
        people: The annotated people.
    """

    image_id: int
    frame_id: int
    file_name: str
    size: tuple[int, int] | None
    is_labeled: bool
    ignore_regions: list[np.ndarray]
    people: list[PersonAnnotation]


@dataclass(frozen=True, slots=True)
class VideoAnnotation:
    """The frames of one video, in order."""

    video_id: str
    frames: list[FrameAnnotation]


def frame_poses(frame: FrameAnnotation) -> FramePoses:
    """The people of a frame as poses: of predictions with their scores, else with score 1.

    Joints without visibility are absent (score 0).
    """
    people = frame.people
    keypoints = np.array([p.keypoints for p in people], np.float32).reshape(-1, NUM_KEYPOINTS, 3)
    visible = keypoints[..., 2] > 0
    scores = [
        v if p.keypoint_scores is None else p.keypoint_scores
        for p, v in zip(people, visible, strict=True)
    ]
    return FramePoses.create(
        keypoints=keypoints[..., :2],
        keypoint_scores=np.where(visible, np.array(scores, np.float32).reshape(visible.shape), 0),
        boxes=np.array([p.box for p in people], np.float32).reshape(-1, 4),
        box_scores=np.array([p.score for p in people], np.float32),
        track_ids=np.array([p.track_id for p in people], np.int64),
    )


def load_videos(
    path: str | Path,
    *,
    videos: Sequence[str] | None = None,
    frames: tuple[int, int | None] | None = None,
    frame_step: int = 1,
    need_ids: bool = True,
) -> list[VideoAnnotation]:
    """Read the videos of a folder of JSON files, or of one JSON file.

    A file of a folder is one video, named by the file's stem, as the official evaluator names
    it. In a single file with several videos, a video is named by the folder of its images.

    Args:
        path: Folder (``annotations/val``) or JSON file (``annotations/posetrack18_val.json``).
        videos: Names of the videos wanted, in any order. None: all.
        frames: Positions ``(first, stop)`` of the frames wanted in each video, ``stop``
            excluded, None for the end.
        frame_step: Every n-th of those.
        need_ids: Every person must have a track id. False: for predictions to be tracked.

    Returns:
        The videos in the order of their names.

    Raises:
        FileNotFoundError: ``path`` does not exist or holds no JSON.
        ValueError: A file is not what it should be, a wanted video is not there, or no frame
            is left.
    """
    if frame_step < 1:
        raise ValueError(f"frame_step must be 1 or more, got {frame_step}")
    path = Path(path)
    if path.is_dir():
        files = {file.stem: file for file in sorted(path.glob("*.json"))}
        if not files:
            raise FileNotFoundError(f"no annotation file (*.json) in {path}")
        _require_videos(videos, files, path)
        found = [
            read_video(file, need_ids=need_ids)
            for name, file in files.items()
            if videos is None or name in videos
        ]
    elif path.is_file():
        found = read_merged(path, need_ids=need_ids)
        _require_videos(videos, {v.video_id for v in found}, path)
        found = [v for v in found if videos is None or v.video_id in videos]
    else:
        raise FileNotFoundError(f"annotations {path} do not exist: is data_root right?")

    for video in found:
        _check_order(video, path)
    first, stop = frames if frames is not None else (0, None)
    chosen = [
        VideoAnnotation(video_id=v.video_id, frames=v.frames[first:stop:frame_step]) for v in found
    ]
    if not any(video.frames for video in found):
        raise ValueError(f"{path} has no frame{' of ' + ', '.join(videos) if videos else ''}")
    empty = [v.video_id for v in chosen if not v.frames]
    if empty:
        raise ValueError(f"{path}: no frame of video {empty[0]} is in frames {frames}")
    return chosen


def read_video(path: str | Path, *, need_ids: bool = True) -> VideoAnnotation:
    """Read one video's file; the video is named by the file's stem.

    Raises:
        ValueError: See the module's head.
    """
    path = Path(path)
    frames = _parse_frames(_load(path), path, need_ids)
    return VideoAnnotation(video_id=path.stem, frames=frames)


def read_merged(path: str | Path, *, need_ids: bool = True) -> list[VideoAnnotation]:
    """Read a file with the frames of many videos, named by the folders of their images.

    Raises:
        ValueError: See the module's head.
    """
    path = Path(path)
    videos: dict[str, list[FrameAnnotation]] = {}
    for frame in _parse_frames(_load(path), path, need_ids):
        name = PurePosixPath(frame.file_name).parent.name
        if not name:
            raise ValueError(
                f"{path}: frame {frame.file_name!r} lies in no folder, so its video has no name"
            )
        videos.setdefault(name, []).append(frame)
    return [VideoAnnotation(video_id=name, frames=videos[name]) for name in sorted(videos)]


def _check_order(video: VideoAnnotation, path: Path) -> None:
    """The numbers in the names of the frames must ascend, where all have one."""
    names = [frame.file_name for frame in video.frames]
    numbers = [re.findall(r"\d+", PurePosixPath(name).stem)[-1:] for name in names]
    for position in range(1, len(names)):
        before, here = numbers[position - 1], numbers[position]
        if before and here and int(here[0]) <= int(before[0]):
            raise ValueError(
                f"{path}: video {video.video_id}: frame {names[position]} is listed after "
                f"{names[position - 1]}; the frames of a video must be listed in order"
            )


def _require_videos(wanted: Sequence[str] | None, present: Iterable[str], path: Path) -> None:
    missing = sorted(set(wanted or ()) - set(present))
    if missing:
        raise ValueError(f"{path} has no video {', '.join(missing)}")


def _load(path: Path) -> dict:
    content = load_json(path)
    if not isinstance(content, dict) or not {"images", "annotations"} <= content.keys():
        raise ValueError(f"{path} is not in the PoseTrack18 layout: no 'images' and 'annotations'")
    for field in ("images", "annotations"):
        _records(content[field], field, path)
    for category in _records(content.get("categories", []), "categories", path):
        names = category.get("keypoints")
        if category.get("id") == 1 and names is not None and tuple(names) != KEYPOINT_NAMES:
            raise ValueError(
                f"{path}: the keypoints of category 1 are not the 17 of PoseTrack18 in their "
                f"order: {names}. Convert the file first (tools/dataset_converters)"
            )
    return content


def _records(value: Any, field: str, path: Path) -> list[dict]:
    if not isinstance(value, list) or not all(isinstance(record, dict) for record in value):
        raise ValueError(f"{path}: '{field}' must be a list of records")
    return value


def _parse_frames(content: dict, path: Path, need_ids: bool) -> list[FrameAnnotation]:
    people: dict[int, list[dict]] = {}
    images: dict[int, dict] = {}
    for image in content["images"]:
        image_id = integer(image, "id", f"{path}: an image")
        if image_id in images:
            raise ValueError(f"{path}: image id {image_id} stands twice")
        images[image_id] = image
        people[image_id] = []
    seen: set[int] = set()
    for annotation in content["annotations"]:
        where = f"{path}: annotation {annotation.get('id')}"
        if "id" in annotation:
            annotation_id = integer(annotation, "id", where)
            if annotation_id in seen:
                raise ValueError(f"{where}: this id stands twice")
            seen.add(annotation_id)
        image_id = integer(annotation, "image_id", where)
        if image_id not in people:
            raise ValueError(f"{where} belongs to image {image_id}, which the file does not list")
        people[image_id].append(annotation)
    return [
        _parse_frame(image, people[image_id], path, need_ids) for image_id, image in images.items()
    ]


def _parse_frame(
    image: dict, annotations: list[dict], path: Path, need_ids: bool
) -> FrameAnnotation:
    name = image.get("file_name")
    if not isinstance(name, str) or not name:
        raise ValueError(f"{path}: image {image['id']} has no 'file_name'")
    where = f"{path}: frame {name}"
    people = [_parse_person(annotation, where, need_ids) for annotation in annotations]
    ids = [person.track_id for person in people if person.track_id != UNTRACKED]
    if len(set(ids)) < len(ids):
        repeated = next(i for i in ids if ids.count(i) > 1)
        raise ValueError(f"{where}: track id {repeated} stands {ids.count(repeated)} times")
    size = None
    if image.get("width") and image.get("height"):  # the official files have neither
        size = (integer(image, "width", where), integer(image, "height", where))
        if min(size) < 0:
            raise ValueError(f"{where}: 'width' and 'height' are {size}")
    return FrameAnnotation(
        image_id=integer(image, "id", where),
        frame_id=integer(image, "frame_id" if "frame_id" in image else "id", where),
        file_name=name,
        size=size,
        is_labeled=bool(image.get("is_labeled", True)),
        ignore_regions=_parse_regions(image, where),
        people=people,
    )


def _parse_regions(image: dict, where: str) -> list[np.ndarray]:
    xs, ys = image.get("ignore_regions_x") or [], image.get("ignore_regions_y") or []
    if not all(isinstance(part, list) for part in (xs, ys, *xs, *ys)):
        raise ValueError(f"{where}: ignore_regions_x and ignore_regions_y must be lists of lists")
    if len(xs) != len(ys) or any(len(x) != len(y) for x, y in zip(xs, ys, strict=False)):
        raise ValueError(f"{where}: ignore_regions_x and ignore_regions_y differ in length")
    regions = [np.array([x, y], dtype=np.float32).T for x, y in zip(xs, ys, strict=True)]
    if any(not np.isfinite(region).all() for region in regions):
        raise ValueError(f"{where}: an ignore region has a corner that is not a number")
    return regions


def _parse_person(annotation: dict, where: str, need_ids: bool) -> PersonAnnotation:
    where = f"{where}, annotation {annotation.get('id')}"
    if annotation.get("category_id", 1) != 1:
        raise ValueError(
            f"{where}: 'category_id' is {annotation['category_id']!r}; only people (1) are read"
        )
    track_id = UNTRACKED
    if need_ids:
        track_id = integer(annotation, "track_id", where)
        if track_id < 0:
            raise ValueError(f"{where}: track_id {track_id} is negative")
    keypoints = numbers(annotation.get("keypoints", [0.0] * 3 * NUM_KEYPOINTS), "keypoints", where)
    if keypoints.size != 3 * NUM_KEYPOINTS:
        raise ValueError(
            f"{where}: 'keypoints' holds {keypoints.size} numbers, not {3 * NUM_KEYPOINTS} "
            f"(x, y, visibility of {NUM_KEYPOINTS} keypoints)"
        )
    keypoints = keypoints.reshape(NUM_KEYPOINTS, 3)
    keypoints[:, 2] = keypoints[:, 2] > 0
    if "bbox" in annotation:
        box = box_xyxy(annotation["bbox"], "bbox", where)
    else:
        box = _box_of_joints(keypoints)
    head_box = np.full(4, np.nan, np.float32)
    if annotation.get("bbox_head"):
        head_box = box_xyxy(annotation["bbox_head"], "bbox_head", where)
    area = None
    if annotation.get("area") is not None:
        area = float(numbers([annotation["area"]], "area", where)[0])
    scores = numbers(annotation.get("scores") or [], "scores", where)
    if scores.size not in (0, NUM_KEYPOINTS):
        raise ValueError(f"{where}: 'scores' holds {scores.size} numbers, not {NUM_KEYPOINTS}")
    if scores.size:  # a prediction: estimators write what they like as visibility
        keypoints[:, 2] = (keypoints[:, :2] != 0).any(1)
    return PersonAnnotation(
        annotation_id=annotation.get("id", -1),
        track_id=track_id,
        keypoints=keypoints,
        box=box,
        head_box=head_box,
        area=area,
        is_crowd=bool(annotation.get("iscrowd", 0)),
        keypoint_scores=scores if scores.size else None,
        score=float(numbers([annotation.get("score", 1.0)], "score", where)[0]),
    )


def _box_of_joints(keypoints: np.ndarray) -> np.ndarray:
    box = enclosing_boxes(keypoints[None, :, :2], keypoints[None, :, 2] > 0)[0]
    margin = BOX_MARGIN * (box[2:] - box[:2])
    return np.concatenate([box[:2] - margin, box[2:] + margin])
