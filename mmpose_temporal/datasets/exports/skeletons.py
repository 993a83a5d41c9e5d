"""Skeleton sequences for action recognition (mmaction2), one pickle-free .npz per video.

mmaction2 reads a pickle of dictionaries. This package writes no pickles: each video is a plain
archive of arrays, and :func:`load_skeletons` gives mmaction2's dictionary of it. Who wants
mmaction2's file puts the dictionaries together::

    annotations = [dict(load_skeletons(path), label=labels[path.stem]) for path in paths]
    mmengine.dump(dict(split=dict(train=[a["frame_dir"] for a in annotations]),
                       annotations=annotations), "skeletons.pkl")
"""

from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np

from mmpose_temporal.posetrack import PredictedFrame
from mmpose_temporal.posetrack.fields import LARGEST
from mmpose_temporal.structures import POSETRACK18, People, Skeleton
from mmpose_temporal.utils import atomic_write

from .tracks import VideoTracks

NPZ_LOSES = (
    "nothing is lost, but the order of people within a frame: they come back by track id; frames "
    "without size come back with the size of the others; links of other skeletons than "
    "PoseTrack's"
)
"""What the format cannot hold."""

MAX_BYTES = 16 * 2**30
"""Of the arrays of an archive (choice: 1,000 tracks of 133 keypoints in 10,000 frames are 16 GB; a
small compressed file may claim any size)."""

_FIELDS = (
    "frame_dir",
    "total_frames",
    "img_shape",
    "original_shape",
    "keypoint",
    "keypoint_score",
    "keypoint_names",
    "track_ids",
    "present",
    "bboxes",
    "bbox_scores",
    "image_ids",
    "frame_ids",
    "frame_names",
)


def skeleton_arrays(tracks: VideoTracks) -> dict[str, np.ndarray]:
    """The tracks of a video as arrays over M tracks and T frames.

    Returns:
        mmaction2's ``frame_dir`` (str), ``total_frames``, ``img_shape`` and ``original_shape``
        (height, width), ``keypoint`` (M, T, K, 2) float32 in image pixels and
        ``keypoint_score`` (M, T, K) float32, both 0 if a track is not in the frame; and
        beyond it ``keypoint_names`` (K,) str, ``track_ids`` (M,) int64 ascending, ``present``
        (M, T) bool, ``bboxes`` (M, T, 4) float32 xyxy, ``bbox_scores`` (M, T) float32,
        ``image_ids`` and ``frame_ids`` (T,) int64, ``frame_names`` (T,) str.

    Raises:
        ValueError: The frames have several sizes or none, or there are no frames. Frames of
            unknown size among others (unreadable images) have the size of the others.
    """
    ids, frames = tracks.track_ids, tracks.frames
    width, height = _size(tracks)
    shape, count = (len(ids), len(frames)), len(tracks.skeleton)
    arrays = {
        "keypoint": np.zeros((*shape, count, 2), np.float32),
        "keypoint_score": np.zeros((*shape, count), np.float32),
        "bboxes": np.zeros((*shape, 4), np.float32),
        "bbox_scores": np.zeros(shape, np.float32),
        "present": np.zeros(shape, bool),
    }
    for index, frame in enumerate(frames):
        poses = frame.poses
        rows = np.searchsorted(ids, poses.track_ids)
        there = poses.keypoint_scores > 0
        arrays["keypoint"][rows, index] = np.where(there[..., None], poses.keypoints, 0)
        arrays["keypoint_score"][rows, index] = np.where(there, poses.keypoint_scores, 0)
        arrays["bboxes"][rows, index] = poses.boxes
        arrays["bbox_scores"][rows, index] = poses.box_scores
        arrays["present"][rows, index] = True
    return arrays | {
        "frame_dir": np.array(tracks.video_id),
        "total_frames": np.array(len(frames)),
        "img_shape": np.array([height, width]),
        "original_shape": np.array([height, width]),
        "keypoint_names": np.array(tracks.skeleton.keypoint_names),
        "track_ids": ids,
        "image_ids": np.array([frame.image_id for frame in frames], np.int64),
        "frame_ids": np.array([frame.frame_id for frame in frames], np.int64),
        "frame_names": np.array([frame.file_name for frame in frames]),
    }


def _size(tracks: VideoTracks) -> tuple[int, int]:
    """The one (width, height) of the frames that have a size."""
    sizes = {tuple(frame.size) for frame in tracks.frames if frame.size is not None}
    if len(sizes) == 1:
        return sizes.pop()
    problem = f"got {sorted(sizes)}"
    if not tracks.frames:
        problem = "there are no frames"
    elif not sizes:
        problem = "no frame has one: add 'width' and 'height' to the images in its file"
    raise ValueError(
        f"video {tracks.video_id}: skeleton data need one size of all frames; {problem}"
    )


def write_skeletons(path: str | Path, tracks: VideoTracks) -> int:
    """Write :func:`skeleton_arrays` as a compressed ``.npz``, atomically.

    Returns:
        How many tracks were written.

    Raises:
        ValueError: See :func:`skeleton_arrays`; or the arrays are beyond :data:`MAX_BYTES`.
    """
    arrays = skeleton_arrays(tracks)
    size = sum(array.nbytes for array in arrays.values())
    if size > MAX_BYTES:
        raise ValueError(
            f"video {tracks.video_id}: {size} bytes of arrays; at most {MAX_BYTES} are read "
            "again: split the video"
        )
    with atomic_write(path, "wb") as file:
        np.savez_compressed(file, **arrays)
    return len(arrays["track_ids"])


def _load(path: str | Path) -> dict[str, np.ndarray]:
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist")
    try:
        with ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > MAX_BYTES:
            raise ValueError(f"{size} bytes of arrays; at most {MAX_BYTES} are read")
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in _FIELDS if name in archive.files}
    except Exception as error:  # zipfile, zlib and numpy raise many kinds on a damaged file
        text = " ".join(str(error).split())[:200] or type(error).__name__
        raise ValueError(f"{path} is no skeleton archive (truncated?): {text}") from error
    missing = [name for name in _FIELDS if name not in arrays]
    if missing:
        raise ValueError(f"{path} is no skeleton archive: it lacks {', '.join(missing)}")
    _check(arrays, path)
    return arrays


def _check(arrays: dict[str, np.ndarray], path: Path) -> None:
    """Types, shapes and numbers are those of :func:`skeleton_arrays`."""
    people, frames, joints = (
        arrays[name].shape[0] if arrays[name].ndim == 1 else -1
        for name in ("track_ids", "frame_names", "keypoint_names")
    )
    of_track = (people, frames)
    expected = {
        "frame_dir": ("U", ()),
        "total_frames": ("i", ()),
        "img_shape": ("i", (2,)),
        "original_shape": ("i", (2,)),
        "keypoint": ("f", (*of_track, joints, 2)),
        "keypoint_score": ("f", (*of_track, joints)),
        "keypoint_names": ("U", (joints,)),
        "track_ids": ("i", (people,)),
        "present": ("b", of_track),
        "bboxes": ("f", (*of_track, 4)),
        "bbox_scores": ("f", of_track),
        "image_ids": ("i", (frames,)),
        "frame_ids": ("i", (frames,)),
        "frame_names": ("U", (frames,)),
    }
    for name, (kind, shape) in expected.items():
        array = arrays[name]
        if array.dtype.kind != kind or array.shape != shape:
            raise ValueError(
                f"{path}: {name} is {array.dtype} of shape {array.shape}; expected shape {shape} "
                f"and kind {kind!r}; track_ids, frame_names and keypoint_names give the sizes"
            )
        if kind == "f" and not (np.abs(array) <= LARGEST).all():
            raise ValueError(
                f"{path}: {name} holds NaN, infinity or a number beyond {LARGEST:.0f}"
            )
    if int(arrays["total_frames"]) != frames or min(arrays["img_shape"].tolist()) < 1:
        raise ValueError(
            f"{path}: total_frames is {arrays['total_frames']} for {frames} frames, img_shape "
            f"{arrays['img_shape'].tolist()}"
        )


def load_skeletons(path: str | Path) -> dict[str, Any]:
    """A video in mmaction2's form, without ``label``: that is the user's.

    Returns:
        ``frame_dir`` (str), ``total_frames`` (int), ``img_shape`` and ``original_shape``
        ((height, width)), ``keypoint`` (M, T, K, 2) and ``keypoint_score`` (M, T, K) float32.

    Raises:
        FileNotFoundError: No such file.
        ValueError: It is not of :func:`write_skeletons`, or damaged. Pickles are never loaded.
    """
    arrays = _load(path)
    return {
        "frame_dir": str(arrays["frame_dir"]),
        "total_frames": int(arrays["total_frames"]),
        "img_shape": tuple(arrays["img_shape"].tolist()),
        "original_shape": tuple(arrays["original_shape"].tolist()),
        "keypoint": arrays["keypoint"],
        "keypoint_score": arrays["keypoint_score"],
    }


def read_skeletons(path: str | Path) -> VideoTracks:
    """The tracks that :func:`write_skeletons` wrote.

    Raises:
        FileNotFoundError, ValueError: See :func:`load_skeletons`.
    """
    arrays = _load(path)
    try:
        return _tracks(arrays)
    except ValueError as error:  # a repeated name or id
        raise ValueError(f"{path}: {error}") from error


def _tracks(arrays: dict[str, np.ndarray]) -> VideoTracks:
    height, width = arrays["img_shape"].tolist()
    names = tuple(arrays["keypoint_names"].tolist())
    skeleton = POSETRACK18
    if names != POSETRACK18.keypoint_names:
        skeleton = Skeleton(keypoint_names=names)
    frames = []
    for index, name in enumerate(arrays["frame_names"].tolist()):
        rows = arrays["present"][:, index]
        frames.append(
            PredictedFrame(
                image_id=int(arrays["image_ids"][index]),
                frame_id=int(arrays["frame_ids"][index]),
                file_name=name,
                size=(width, height),
                poses=People.create(
                    keypoints=arrays["keypoint"][rows, index],
                    keypoint_scores=arrays["keypoint_score"][rows, index],
                    boxes=arrays["bboxes"][rows, index],
                    box_scores=arrays["bbox_scores"][rows, index],
                    track_ids=arrays["track_ids"][rows],
                ),
            )
        )
    return VideoTracks(video_id=str(arrays["frame_dir"]), frames=frames, skeleton=skeleton)
