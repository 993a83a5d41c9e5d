"""Which keypoints a file of mmpose's predictions has."""

from collections.abc import Mapping, Sequence
from typing import Any

from mmpose_temporal.posetrack.categories import MAX_KEYPOINTS
from mmpose_temporal.structures import Skeleton, read_skeleton, refuse_keypoints
from mmpose_temporal.utils.text import shown

from .layouts import FRAMES, Document

USED = (
    "dataset_name",
    "keypoint_id2name",
    "keypoint_name2id",
    "sigmas",
    "flip_indices",
    "skeleton_links",
)
"""What is read of ``meta_info``; colours and weights of losses are not."""


def documents_skeleton(documents: Sequence[Document], stated: Skeleton | None) -> Skeleton:
    """The keypoints of the files.

    Args:
        documents: At least one.
        stated: What they must be; None: what the files say in ``meta_info``.

    Raises:
        ValueError: The files name others than ``stated``, or not the same; or neither names
            any.
    """
    found, source = stated, "what is stated"
    for document in documents:
        named = _named(document)
        if named is None:
            continue
        if found is not None and not named.same_keypoints(found):
            raise ValueError(refuse_keypoints(source, found, str(document.path), named))
        if found is None:
            found, source = named, str(document.path)
    if found is None:
        raise ValueError(_unnamed(documents))
    return found


def _named(document: Document) -> Skeleton | None:
    """The keypoints in ``meta_info``."""
    if document.meta_info is None:
        return None
    where = f"{document.path}: 'meta_info'"
    if not isinstance(document.meta_info, dict):
        raise ValueError(f"{where} must be a record, got {shown(document.meta_info)}")
    plain = {key: _plain(document.meta_info[key]) for key in USED if key in document.meta_info}
    names = plain.get("keypoint_id2name") or plain.get("keypoint_name2id")
    if not names:
        return None
    if not isinstance(names, dict) or len(names) > MAX_KEYPOINTS:
        raise ValueError(f"{where}: 'keypoint_id2name' must name 1 to {MAX_KEYPOINTS} keypoints")
    try:
        return read_skeleton(plain)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        text = " ".join(str(error).split())
        raise ValueError(f"{where} does not describe keypoints: {text[:300]}") from error


def _plain(value: Any) -> Any:
    """json_tricks, with which the demos write, wraps arrays in a record."""
    if isinstance(value, Mapping) and "__ndarray__" in value:
        return value["__ndarray__"]
    return value


def _unnamed(documents: Sequence[Document]) -> str:
    count = next((found for d in documents if (found := _count(d)) is not None), None)
    per_person = "" if count is None else f" ({count} per person)"
    seventeen = " (COCO and PoseTrack18 both have 17)" * (count == 17)
    return (
        f"{documents[0].path} does not name its keypoints{per_person}, and their number does not "
        f"say which they are{seventeen}: state them with --metainfo, for example "
        "configs/_base_/datasets/coco.py (from Python: skeleton=)"
    )


def _count(document: Document) -> int | None:
    """Keypoints of the first instance that has some."""
    rows = document.rows
    if document.kind == FRAMES:
        lists = [row["instances"] for row in rows if isinstance(row, dict) and "instances" in row]
        rows = [item for found in lists if isinstance(found, list) for item in found[:1]]
    for row in rows:
        if isinstance(row, dict) and isinstance(row.get("keypoints"), list):
            return len(row["keypoints"])
    return None
