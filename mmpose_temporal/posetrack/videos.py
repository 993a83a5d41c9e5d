"""Videos of annotations in PoseTrack18's layout: one JSON a video, or one with many videos.

What a file must be like is said, and checked, in :mod:`.layout18`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from mmpose_temporal.structures import POSETRACK18, Skeleton, refuse_keypoints
from mmpose_temporal.utils.failed_files import FailedFiles
from mmpose_temporal.utils.file_kinds import note_on_folder

from .annotations import FrameAnnotation, VideoAnnotation, annotated_frames
from .content import FileContent
from .file_videos import file_videos, one_video
from .frame_order import check_frame_order
from .other_files import list_videos
from .reader import ANNOTATION_FIELDS, read_file


def load_videos(
    path: str | Path,
    *,
    videos: Sequence[str | int] | str | int | None = None,
    frames: tuple[int, int | None] | None = None,
    frame_step: int = 1,
    need_ids: bool = True,
    skeleton: Skeleton | None = POSETRACK18,
    frame_order: str = "auto",
) -> list[VideoAnnotation]:
    """Read the videos of a folder of JSON files, or of one JSON file.

    A file of a folder is one video, named by the file's stem, as the official evaluator names
    it. In a single file with several videos, a video is named by the folder of its images, see
    :mod:`.file_videos`. Hidden files and leftovers of a killed run are no videos
    (:mod:`mmpose_temporal.utils.listing`).

    Args:
        path: Folder (``annotations/val``) or JSON file (``annotations/posetrack18_val.json``).
        videos: Names of the videos wanted, in any order, or one name. A number is the video
            whose name is that number: ``--cfg-options`` makes 1 of 000001. None: all.
        frames: Positions ``(first, stop)`` of the frames wanted in each video, ``stop``
            excluded, None for the end.
        frame_step: Every n-th of those.
        need_ids: Every person must have a track id. False: for predictions to be tracked.
        skeleton: The keypoints of the files. None: those that the files name themselves, all the
            same; see :func:`read_file`.
        frame_order: What orders the frames of a video, see :mod:`.frame_order`.

    Returns:
        The videos in natural order of their names (2 before 10).

    Raises:
        FileNotFoundError: ``path`` does not exist or holds no JSON.
        ValueError: A file is not what it should be, or has other keypoints; a wanted video is not
            there, or no frame is left.
    """
    if frame_step < 1:
        raise ValueError(f"frame_step must be 1 or more, got {frame_step}")
    check_frame_order(frame_order)
    path = Path(path)
    options = dict(need_ids=need_ids, skeleton=skeleton, frame_order=frame_order)
    if path.is_dir():
        files = video_files(path)
        videos = _names(videos, files, path)
        found = [
            read_video(file, **options)
            for name, file in files.items()
            if videos is None or name in videos
        ]
    elif path.is_file():
        found = read_merged(path, **options)
        videos = _names(videos, {v.video_id for v in found}, path)
        found = [v for v in found if videos is None or v.video_id in videos]
    else:
        raise FileNotFoundError(f"annotations {path} do not exist: is data_root right?")

    if not found:
        raise ValueError(f"{path} has no frame{' of ' + ', '.join(videos) if videos else ''}")
    for video in found:
        _check_video(video, found[0], path)
    first, stop = frames if frames is not None else (0, None)
    chosen = [
        VideoAnnotation(video_id=v.video_id, frames=v.frames[first:stop:frame_step]) for v in found
    ]
    empty = [v.video_id for v in chosen if not v.frames]
    if empty:
        raise ValueError(f"{path}: no frame of video {empty[0]} is in frames {frames}")
    return chosen


def video_files(folder: Path) -> dict[str, Path]:
    """The JSON files of a folder of videos by the name of the video, in natural order.

    Raises:
        FileNotFoundError: There is none.
        ValueError: Two files have the same name but for the case of their ending.
    """
    listing = list_videos(folder)
    files = {file.stem: file for file in listing.files}
    if not files:
        left = "".join(f"; left out: {reason}" for reason in listing.reasons[:1])
        raise FileNotFoundError(
            f"no annotation file (*.json) in {folder}{left}{note_on_folder(folder)}"
        )
    if len(files) < len(listing.files):
        twin = next(file for file in listing.files if files[file.stem] != file)
        raise ValueError(f"{folder} has {twin.name} and {files[twin.stem].name}: rename one")
    return files


def input_files(*paths: str | Path) -> list[Path]:
    """The files that are read of folders of videos and of single files.

    Raises:
        FileNotFoundError: A path does not exist, or a folder has no JSON file.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        if not path.exists():
            raise FileNotFoundError(f"{path} does not exist")
        found += video_files(path).values() if path.is_dir() else [path]
    return found


def read_annotations(
    path: str | Path, *, need_ids: bool = True, skeleton: Skeleton | None = POSETRACK18
) -> FileContent:
    """What data sets use of a file, of one video or of many, in the file's order.

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
    return content


def read_frames(
    path: str | Path, *, need_ids: bool = True, skeleton: Skeleton | None = POSETRACK18
) -> list[FrameAnnotation]:
    """The frames of a file, of one video or of many, in the file's order and without numbers.

    Raises:
        ValueError, FileNotFoundError: As :func:`read_annotations`.
    """
    return annotated_frames(read_annotations(path, need_ids=need_ids, skeleton=skeleton))


def read_video(
    path: str | Path,
    *,
    need_ids: bool = True,
    skeleton: Skeleton | None = POSETRACK18,
    frame_order: str = "auto",
) -> VideoAnnotation:
    """Read one video's file; the video is named by the file's stem.

    Raises:
        ValueError: As :func:`read_annotations`; the file holds several videos, or frames that are
            not in order.
    """
    path = Path(path)
    content = read_annotations(path, need_ids=need_ids, skeleton=skeleton)
    frames = annotated_frames(one_video(content, frame_order=frame_order))
    return VideoAnnotation(video_id=path.stem, frames=frames)


def read_merged(
    path: str | Path,
    *,
    need_ids: bool = True,
    skeleton: Skeleton | None = POSETRACK18,
    frame_order: str = "auto",
) -> list[VideoAnnotation]:
    """Read a file with the frames of many videos; they are named as :mod:`.file_videos` says.

    Raises:
        ValueError: As :func:`read_annotations`; or an image lies in no folder, two videos would
            have one name, or frames are not in order.
    """
    content = read_annotations(path, need_ids=need_ids, skeleton=skeleton)
    videos = file_videos(content, frame_order=frame_order)
    return [VideoAnnotation(name, annotated_frames(video)) for name, video in videos.items()]


def each_video(
    path: str | Path,
    failed: FailedFiles,
    *,
    need_ids: bool = True,
    skeleton: Skeleton | None = POSETRACK18,
    frame_order: str = "auto",
) -> Iterator[VideoAnnotation]:
    """Read the videos of a folder one by one, and go on after a file that cannot be used.

    In contrast to :func:`load_videos`, for which a broken file is an error.

    Args:
        path: Folder or file, see :func:`load_videos`. A single file that is broken is an error.
        failed: Gets the files of the folder that are broken or list no frames.
        need_ids: See :func:`load_videos`.
        skeleton: See :func:`load_videos`.
        frame_order: See :func:`load_videos`.

    Raises:
        FileNotFoundError: ``path`` does not exist or holds no JSON.
        ValueError: No file can be used.
    """
    path = Path(path)
    options = dict(need_ids=need_ids, skeleton=skeleton, frame_order=frame_order)
    if not path.is_dir():
        yield from load_videos(path, **options)
        return
    check_frame_order(frame_order)
    files, first = video_files(path), None

    def read(file: Path) -> VideoAnnotation:
        video = read_video(file, **options)
        _check_video(video, first or video, path)
        return video

    for file in files.values():
        video = failed.attempt(file, partial(read, file))
        if video is not None:
            first = first or replace(video, frames=video.frames[:1])
            yield video
    failed.require_others(len(files))


def _check_video(video: VideoAnnotation, first: VideoAnnotation, path: Path) -> None:
    """It has frames, and the files of a folder the same keypoints, also if nobody stated which."""
    if not video.frames:
        raise ValueError(
            f"{path / video.video_id}.json lists no frames: list every frame of the video, or "
            "leave the file out"
        )
    if not video.skeleton.same_keypoints(first.skeleton):
        raise ValueError(
            refuse_keypoints(
                f"{path / first.video_id}.json",
                first.skeleton,
                f"{path / video.video_id}.json",
                video.skeleton,
            )
        )


def _names(
    wanted: Sequence[str | int] | str | int | None, present: Iterable[str], path: Path
) -> list[str] | None:
    """The names of the videos wanted, one or several; None: all."""
    if wanted is None:
        return None
    present = sorted(present)
    numbers = {int(name): name for name in present if name.isdecimal()}
    found = [
        name if isinstance(name, str) or str(name) in present else numbers.get(name, str(name))
        for name in ([wanted] if isinstance(wanted, str | int) else wanted)
    ]
    found = [str(name) for name in found]
    missing = sorted(set(found) - set(present))
    if missing:
        more = "" if len(present) <= 5 else f" and {len(present) - 5} more"
        raise ValueError(
            f"{path} has no video {', '.join(missing)}: it has {', '.join(present[:5])}{more}"
        )
    return found
