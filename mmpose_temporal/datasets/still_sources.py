"""Still images of files and folders, as entries of a data set."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mmpose_temporal.posetrack import FrameAnnotation, load_videos
from mmpose_temporal.posetrack.records import checked_name
from mmpose_temporal.posetrack.videos import read_frames
from mmpose_temporal.structures import (
    KeypointMapping,
    Skeleton,
    map_keypoints,
    refuse_keypoints,
)
from mmpose_temporal.utils import safe_join
from mmpose_temporal.utils.file_kinds import note_on_folder
from mmpose_temporal.utils.listing import list_inputs

from .left_out import CROWD, EMPTY_BOX, NO_KEYPOINT

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")
"""Endings of what is an image in a folder; others are passed over."""


def folder_stills(folder: str | Path, num_keypoints: int) -> list[dict[str, Any]]:
    """All images below a folder, in natural order of their paths, without people.

    Args:
        folder: Where to look, with the folders below; see :func:`~.listing.list_inputs`.
        num_keypoints: K of the (0, K, 3) keypoints of the entries.

    Returns:
        Entries as of :func:`annotated_stills`; ``img_id`` counts them from 0.

    Raises:
        FileNotFoundError: There is no such folder, or no image in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"folder of images {folder} does not exist: is data_root right?")
    files = list_inputs(folder, IMAGE_SUFFIXES, recursive=True).files
    if not files:
        endings = ", ".join(IMAGE_SUFFIXES)
        raise FileNotFoundError(f"no images ({endings}) in {folder}{note_on_folder(folder)}")
    nobody = dict(
        keypoints=np.zeros((0, num_keypoints, 3), np.float32),
        boxes=np.zeros((0, 4), np.float32),
        annotated_size=None,
    )
    return [dict(nobody, img_id=i, img_path=str(file)) for i, file in enumerate(files)]


def annotated_stills(
    path: str | Path,
    image_root: str | Path,
    skeleton: Skeleton,
    *,
    left_out: Counter[str],
    aliases: Mapping[str, str] | None = None,
    frame_step: int = 1,
) -> list[dict[str, Any]]:
    """The images of a COCO keypoint file, or the frames of PoseTrack18-layout files.

    Nothing that makes a video of them is used: neither ids of tracks nor the frames next to
    them.

    Args:
        path: One JSON file, or a folder of one per video.
        image_root: What the names of images are relative to.
        skeleton: The K keypoints of the network; those of the file are found by their names.
        left_out: Counts the people who are left out, by reason.
        aliases: The network's name of a keypoint -> the file's, where they differ.
        frame_step: Every n-th image of a file; in a folder, every n-th frame of each video.

    Returns:
        Entries with ``img_path``, ``img_id`` (int), ``annotated_size`` ((width, height) or
        None), ``keypoints`` (P, K, 3) float32, x, y in image pixels and 1 if annotated (a
        hidden joint that is annotated counts), and ``boxes`` (P, 4) float32 xyxy.

    Raises:
        FileNotFoundError: No annotations.
        ValueError: Broken annotations; no keypoint of the network is among those of the file;
            an alias that names none.
    """
    path = Path(path)
    frames: list[FrameAnnotation] = []
    if path.is_dir():
        options = dict(need_ids=False, skeleton=None, frame_step=frame_step)
        for video in load_videos(path, **options):
            frames += video.frames
    else:
        frames = read_frames(path, need_ids=False, skeleton=None)[::frame_step]
    if not frames:
        raise ValueError(f"{path} lists no images")
    mapping = map_keypoints(skeleton, frames[0].skeleton, aliases=aliases)
    if (mapping.index < 0).all():
        raise ValueError(
            refuse_keypoints(
                "the network",
                skeleton,
                str(path),
                frames[0].skeleton,
                advice="At least one must be there: state aliases, or use the images as a plain "
                "folder (data_root without ann_file)",
            )
        )
    return [_entry(frame, path, image_root, mapping, left_out) for frame in frames]


def _entry(
    frame: FrameAnnotation,
    path: Path,
    image_root: str | Path,
    mapping: KeypointMapping,
    left_out: Counter[str],
) -> dict[str, Any]:
    name = checked_name(frame.file_name, f"{path}: image {frame.image_id}")
    keypoints = np.array([p.keypoints for p in frame.people], np.float32)
    keypoints = mapping.take(keypoints.reshape(-1, len(frame.skeleton), 3))
    boxes = np.array([p.box for p in frame.people], np.float32).reshape(-1, 4)
    crowd = np.array([p.is_crowd for p in frame.people], bool)
    without = ~(keypoints[..., 2] > 0).any(1) & ~crowd
    flat = (boxes[:, 2:] <= boxes[:, :2]).any(1) & ~crowd & ~without
    for reason, who in ((CROWD, crowd), (NO_KEYPOINT, without), (EMPTY_BOX, flat)):
        left_out[reason] += int(who.sum())
    kept = ~(crowd | without | flat)
    return dict(
        img_id=frame.image_id,
        img_path=str(safe_join(image_root, name)),
        annotated_size=frame.size,
        keypoints=keypoints[kept],
        boxes=boxes[kept],
    )


def count_people(entries: Iterable[Mapping[str, Any]]) -> int:
    """People of all entries."""
    return sum(len(entry["boxes"]) for entry in entries)
