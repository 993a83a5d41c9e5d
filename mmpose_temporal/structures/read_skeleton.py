"""A skeleton from whatever a config says about its keypoints."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from mmpose.datasets.datasets.utils import parse_pose_metainfo

from mmpose_temporal.utils.text import shown_name

from .posetrack_layout import KEYPOINT_NAMES, SCORED_KEYPOINTS
from .skeleton import Skeleton, metainfo_keypoint_names

SCORED = "scored_keypoint_ids"
"""Key of the keypoints that evaluation looks at; mmpose's own metainfo has no such thing."""


def read_metainfo(metainfo: Mapping[str, Any]) -> dict[str, Any]:
    """Metainfo as mmpose's configs and data sets have it, parsed.

    Args:
        metainfo: ``dict(from_file='configs/_base_/datasets/coco.py')``, which is also looked for
            in the installed mmpose; the content of such a file's ``dataset_info``; or metainfo
            that was parsed already. ``scored_keypoint_ids`` may be given with either.

    Returns:
        A copy, as mmpose's parser returns it. Of PoseTrack's 17 keypoints the 15 that PoseTrack
        annotates are scored, unless ``scored_keypoint_ids`` says otherwise.

    Raises:
        ValueError: It is none of these, or does not fit together.
        FileNotFoundError: No such file.
    """
    if metainfo_keypoint_names(metainfo) is not None:
        parsed = deepcopy(dict(metainfo))
    elif "from_file" in metainfo or "keypoint_info" in metainfo:
        try:
            parsed = parse_pose_metainfo(dict(metainfo))
        except OSError:
            raise
        except Exception as error:  # the file is code, and mmpose's parser checks nothing
            raise ValueError(f"{_name(metainfo)} {_why(error)}") from error
        if metainfo.get(SCORED) is not None:
            parsed[SCORED] = metainfo[SCORED]
    else:
        raise ValueError(
            "metainfo must have 'from_file', or 'keypoint_info' as in mmpose's files of data "
            f"sets, or be parsed; it has {', '.join(map(str, metainfo)) or 'nothing'}"
        )
    if parsed.get(SCORED) is None and metainfo_keypoint_names(parsed) == KEYPOINT_NAMES:
        parsed[SCORED] = SCORED_KEYPOINTS
    return parsed


def read_skeleton(metainfo: Mapping[str, Any]) -> Skeleton:
    """The skeleton of metainfo as mmpose's configs and data sets have it.

    Args:
        metainfo: See :func:`read_metainfo`.

    Raises:
        ValueError: It is no metainfo, or does not fit together.
        FileNotFoundError: No such file.
    """
    parsed = read_metainfo(metainfo)
    try:
        return Skeleton.from_metainfo(parsed)
    except (ValueError, TypeError, OverflowError) as error:
        if "from_file" not in metainfo:
            raise
        raise ValueError(f"{_name(metainfo)} {_why(error)}") from error


def _name(metainfo: Mapping[str, Any]) -> str:
    return shown_name(metainfo.get("from_file", "the metainfo"))


def _why(error: Exception) -> str:
    text = " ".join(str(error).split())[:300]
    return f"is no description of keypoints as mmpose has it: {type(error).__name__}: {text}"
