"""Sizes of frames that annotations do not tell, as in the released PoseTrack files."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from mmpose_temporal.utils import safe_join

from .posetrack_annotations import VideoAnnotation


def with_frame_sizes(
    videos: Sequence[VideoAnnotation], data_root: str | Path
) -> list[VideoAnnotation]:
    """Give frames without a size that of their video's first image without one.

    Only the header of this image is read. Choice: the frames of a video have one size, since
    opening all of a release takes minutes.

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
    path = safe_join(data_root, unknown.file_name)
    if not Path(path).is_file():
        raise FileNotFoundError(
            f"video {video.video_id}: the annotations do not say how large its frames are, and "
            f"{path} does not exist: add 'width' and 'height' to the images in its file, or get "
            "the frames"
        )
    try:
        with Image.open(path) as image:
            size = image.size
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise ValueError(f"video {video.video_id}: {path} is no image: {error}") from error
    frames = [replace(frame, size=frame.size or size) for frame in video.frames]
    return VideoAnnotation(video_id=video.video_id, frames=frames)
