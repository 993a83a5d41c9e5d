"""The one reader of PoseTrack's files, annotations and predictions, in both layouts.

Files come from strangers: every field that is used is checked, and an error names the file, the
frame and the field.
"""

from collections.abc import Collection
from pathlib import Path

import numpy as np

from mmpose_temporal.structures import POSETRACK18, Skeleton

from .content import FileContent, Wanted
from .fields import load_json, structs
from .layout17 import read_layout17
from .layout18 import HIDDEN_FIELD, VISIBILITY_FIELD, read_layout18
from .matlab import load_mat
from .scores import say_scores

ANNOTATION_FIELDS = (
    *("frame_id", "size", "keypoints", "scores", "bbox", "bbox_head", "score", "area", "iscrowd"),
    VISIBILITY_FIELD,
    "is_visible",
    HIDDEN_FIELD,
)
"""What data sets and converters read if the file has it."""

LAYOUTS = ("posetrack18", "posetrack17")


def read_file(
    path: str | Path,
    *,
    required: Collection[str],
    optional: Collection[str] = (),
    layouts: Collection[str] = LAYOUTS,
    dtype: type = np.float64,
    skeleton: Skeleton | None = POSETRACK18,
) -> FileContent:
    """Read a file; its layout is recognised by its content.

    PoseTrack18: ``images``, ``annotations`` and ``categories`` with the names of the keypoints,
    which are put into the order of ``skeleton``; PoseTrack21's files are of this layout. A file
    without names is taken to have the keypoints of ``skeleton`` in their order, which is logged.
    PoseTrack17: ``annolist``, mat or json; people without joints have no row.

    Args:
        path: The file.
        required: Fields without which it is broken, named as in PoseTrack18's layout: of images
            ``file_name``; of people ``track_id``, ``keypoints``, ``scores``, ``bbox_head``.
        optional: Fields that are read if they exist, see :data:`ANNOTATION_FIELDS`.
        layouts: Those that are taken.
        dtype: Of coordinates and scores. float32 adds and subtracts in float32.
        skeleton: The keypoints that the file must have, in any order; those that are not scored
            may lack. None: those that it names itself; PoseTrack18's if it names none, or
            PoseTrack18's in another order.

    Raises:
        FileNotFoundError: No such file.
        ValueError: It is no JSON (or .mat) file, not in one of the layouts, or a field is missing
            or wrong; or it has other keypoints than ``skeleton``, with both lists.
    """
    path, wanted = Path(path), Wanted.of(required, optional)
    if not path.is_file():
        link = " (it is a link that leads nowhere)" if path.is_symlink() else ""
        raise FileNotFoundError(f"{path} does not exist{link}")
    mat = path.suffix == ".mat" and "posetrack17" in layouts
    content = {"annolist": load_mat(path, "annolist")} if mat else load_json(path)
    if isinstance(content, dict) and "annolist" in content and "posetrack17" in layouts:
        records = structs(content, "annolist", str(path))
        return _said(read_layout17(path, records, wanted, dtype, skeleton))
    known = isinstance(content, dict) and {"images", "annotations"} <= content.keys()
    if known and "posetrack18" in layouts:
        return _said(read_layout18(path, content, wanted, dtype, skeleton))
    raise ValueError(refused(path, content, layouts))


def _said(content: FileContent) -> FileContent:
    say_scores(content.path, scores=content.scores, score=content.box_scores)
    return content


def refused(path: Path, content: object, layouts: Collection[str]) -> str:
    """Why a file is in none of the layouts."""
    if isinstance(content, dict) and "annolist" in content:
        return (
            f"{path} is not in the PoseTrack18 layout: it is PoseTrack17's; convert it first "
            "(tools/dataset_converters/posetrack17_to_posetrack18.py)"
        )
    has = {
        "posetrack18": "the PoseTrack18 layout: no 'images' and 'annotations'",
        "posetrack17": "the PoseTrack17 layout: no 'annolist'",
    }
    return f"{path} is not in " + ", nor in ".join(has[layout] for layout in layouts)


def require_frames(content: FileContent) -> FileContent:
    """Figures of no frames would be 0 and NaN without a word.

    Raises:
        ValueError: The file lists no frames.
    """
    if not content.frames:
        raise ValueError(
            f"{content.path} lists no frames: list every frame of the video, or leave the file out"
        )
    return content
