"""A skeleton from whatever a config says about its keypoints."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from mmpose.datasets.datasets.utils import parse_pose_metainfo

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
        parsed = parse_pose_metainfo(dict(metainfo))
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
    return Skeleton.from_metainfo(read_metainfo(metainfo))
