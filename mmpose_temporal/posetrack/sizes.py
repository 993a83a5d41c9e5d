"""Sizes of images from their files, for annotations that do not have them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mmpose_temporal.utils import safe_join
from mmpose_temporal.utils.images import image_size_of, read_bytes

from .annotations import VideoAnnotation


def image_size(root: str | Path, file_name: str) -> tuple[int, int]:
    """(width, height) of an image as it is decoded, upright.

    See :mod:`mmpose_temporal.utils.images`.

    Raises:
        FileNotFoundError: The image is missing.
        ValueError: The file is no whole image, or its name leaves ``root``.
    """
    path = safe_join(root, file_name)
    data = read_bytes(path)
    try:
        return image_size_of(data)
    except ValueError as error:
        raise ValueError(f"image {path} cannot be read: {error}") from error


def with_frame_sizes(
    videos: Sequence[VideoAnnotation], data_root: str | Path
) -> list[VideoAnnotation]:
    """Give frames without a size that of their video's first image without one.

    Choice: the frames of a video have one size, since opening all of a release takes minutes.

    Args:
        videos: As they were read.
        data_root: Root of the images' paths.

    Raises:
        FileNotFoundError: Such an image is missing.
        ValueError: It is no image, or its path leaves the data root.
    """
    return [_with_sizes(video, data_root) for video in videos]


def _with_sizes(video: VideoAnnotation, data_root: str | Path) -> VideoAnnotation:
    unknown = next((frame for frame in video.frames if frame.size is None), None)
    if unknown is None:
        return video
    try:
        size = image_size(data_root, unknown.file_name)
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"video {video.video_id}: the annotations do not say how large its frames are, and "
            f"{error}; add 'width' and 'height' to the images in its file, or get the frames"
        ) from None
    except ValueError as error:
        raise ValueError(f"video {video.video_id}: {error}") from error
    frames = [replace(frame, size=frame.size or size) for frame in video.frames]
    return VideoAnnotation(video_id=video.video_id, frames=frames)
