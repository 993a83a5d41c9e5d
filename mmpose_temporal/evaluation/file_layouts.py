"""Reading a video's JSON file in the layouts of PoseTrack18 and PoseTrack17, as poseval reads it.

Files come from strangers: every field that is used is checked, and an error names the file, the
frame and the field.
"""

import json
from pathlib import Path

from .file_fields import FileContent, records_of
from .posetrack17_file import read_posetrack17
from .posetrack18_file import read_posetrack18


def read_layout(path: Path, *, predicted: bool) -> FileContent:
    """Read one video's file; the layout is told by the content.

    PoseTrack18: ``images``, ``annotations`` and, if the keypoints are not the 17 of PoseTrack18
    in their order, ``categories`` with their names. A joint is there unless x, y and visibility
    are all 0. PoseTrack17: ``annolist``. A joint is there if it is listed; people without joints
    are dropped, but their frame is ``listed``.

    Args:
        path: The file.
        predicted: Whether joint scores are wanted (predictions), else head boxes (ground truth).

    Raises:
        ValueError: The file is no JSON, not in one of the layouts, lists no images, or a field is
            missing or wrong.
    """
    try:
        with path.open(encoding="utf-8") as file:
            content = json.load(file)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not valid JSON (truncated?): {error}") from error
    if isinstance(content, dict) and "annolist" in content:
        frames = _not_empty(path, content, "annolist")
        return read_posetrack17(path, frames, predicted)
    if isinstance(content, dict) and {"images", "annotations"} <= content.keys():
        _not_empty(path, content, "images")
        return read_posetrack18(path, content, predicted)
    raise ValueError(
        f"{path} is in no PoseTrack layout: neither 'images' and 'annotations' (PoseTrack18) nor "
        "'annolist' (PoseTrack17)"
    )


def _not_empty(path: Path, content: dict, name: str) -> list[dict]:
    """The list of frames, one or more: figures of no frames would be 0 and NaN without a word."""
    frames = records_of(content, name, str(path))
    if not frames:
        raise ValueError(
            f"{path}: '{name}' is empty: list every frame of the video, or leave the file out of "
            "ground truth and predictions"
        )
    return frames
