"""Videos of annotations in PoseTrack18's layout: one JSON a video, or one with many videos.

What a file must be like is said, and checked, in :mod:`.layout18`.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from mmpose_temporal.structures import POSETRACK18, Skeleton, refuse_keypoints

from .annotations import FrameAnnotation, VideoAnnotation, annotated_frames
from .reader import ANNOTATION_FIELDS, read_file


def load_videos(
    path: str | Path,
    *,
    videos: Sequence[str] | None = None,
    frames: tuple[int, int | None] | None = None,
    frame_step: int = 1,
    need_ids: bool = True,
    skeleton: Skeleton | None = POSETRACK18,
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
        skeleton: The keypoints of the files. None: those that the files name themselves, all the
            same; see :func:`read_file`.

    Returns:
        The videos in the order of their names.

    Raises:
        FileNotFoundError: ``path`` does not exist or holds no JSON.
        ValueError: A file is not what it should be, or has other keypoints; a wanted video is not
            there, or no frame is left.
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
            read_video(file, need_ids=need_ids, skeleton=skeleton)
            for name, file in files.items()
            if videos is None or name in videos
        ]
    elif path.is_file():
        found = read_merged(path, need_ids=need_ids, skeleton=skeleton)
        _require_videos(videos, {v.video_id for v in found}, path)
        found = [v for v in found if videos is None or v.video_id in videos]
    else:
        raise FileNotFoundError(f"annotations {path} do not exist: is data_root right?")

    for video in found:
        _check_order(video, path)
        _check_keypoints(found[0], video, path)
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


def read_frames(
    path: str | Path, *, need_ids: bool = True, skeleton: Skeleton | None = POSETRACK18
) -> list[FrameAnnotation]:
    """The frames of a file, of one video or of many, in the file's order.

    Args:
        path: The file.
        need_ids: Every person must have a track id; False: ids are ignored.
        skeleton: See :func:`read_file`.

    Raises:
        FileNotFoundError: No such file.
        ValueError: The file is not in the layout of PoseTrack18, or a field is not what it
            should be.
    """
    content = read_file(
        path,
        required=("file_name", "track_id") if need_ids else ("file_name",),
        optional=ANNOTATION_FIELDS,
        layouts=("posetrack18",),
        dtype=np.float32,
        skeleton=skeleton,
    )
    if need_ids:
        content.check_track_ids()
    return annotated_frames(content)


def read_video(
    path: str | Path, *, need_ids: bool = True, skeleton: Skeleton | None = POSETRACK18
) -> VideoAnnotation:
    """Read one video's file; the video is named by the file's stem.

    Raises:
        ValueError: As :func:`read_frames`.
    """
    path = Path(path)
    frames = read_frames(path, need_ids=need_ids, skeleton=skeleton)
    return VideoAnnotation(video_id=path.stem, frames=frames)


def read_merged(
    path: str | Path, *, need_ids: bool = True, skeleton: Skeleton | None = POSETRACK18
) -> list[VideoAnnotation]:
    """Read a file with the frames of many videos, named by the folders of their images.

    Raises:
        ValueError: As above, or an image lies in no folder.
    """
    path = Path(path)
    videos: dict[str, list[FrameAnnotation]] = {}
    for frame in read_frames(path, need_ids=need_ids, skeleton=skeleton):
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


def _check_keypoints(first: VideoAnnotation, video: VideoAnnotation, path: Path) -> None:
    """The files of a folder have the same keypoints, also if nobody stated which."""
    if not video.skeleton.same_keypoints(first.skeleton):
        raise ValueError(
            refuse_keypoints(
                f"{path / first.video_id}.json",
                first.skeleton,
                f"{path / video.video_id}.json",
                video.skeleton,
            )
        )


def _require_videos(wanted: Sequence[str] | None, present: Iterable[str], path: Path) -> None:
    missing = sorted(set(wanted or ()) - set(present))
    if missing:
        raise ValueError(f"{path} has no video {', '.join(missing)}")
