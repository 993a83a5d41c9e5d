"""A skeleton from whatever a config says of its keypoints."""

from collections.abc import Mapping
from typing import Any

from mmpose.datasets.datasets.utils import parse_pose_metainfo

from .skeleton import Skeleton, metainfo_keypoint_names


def read_skeleton(metainfo: Mapping[str, Any]) -> Skeleton:
    """From metainfo as mmpose's configs and data sets have it.

    Args:
        metainfo: ``dict(from_file='configs/_base_/datasets/coco.py')``, which is also looked for
            in the installed mmpose; the content of such a file's ``dataset_info``; or metainfo
            that was parsed already.

    Raises:
        ValueError: It is none of these, or does not fit together.
        FileNotFoundError: No such file.
    """
    if metainfo_keypoint_names(metainfo) is not None:
        return Skeleton.from_metainfo(metainfo)
    if "from_file" not in metainfo and "keypoint_info" not in metainfo:
        raise ValueError(
            "metainfo must have 'from_file', or 'keypoint_info' as in mmpose's files of data "
            f"sets, or be parsed; it has {', '.join(map(str, metainfo)) or 'nothing'}"
        )
    return Skeleton.from_metainfo(parse_pose_metainfo(dict(metainfo)))
