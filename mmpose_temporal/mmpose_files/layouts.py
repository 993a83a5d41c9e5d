"""What mmpose's files of predictions look like, and which of them are a video.

======================  =======================================================================
written by              content
======================  =======================================================================
the inferencer,         ``[{"frame_id": 0, "instances": [...]}, ...]``, one file for a video
of a video
the inferencer,         ``[...]``, the instances; a file for each image, named as the image
of images
demos, of a video       ``{"meta_info": {...}, "instance_info": [{"frame_id": 1, "instances":
                        [...]}, ...]}``
demos, of an image      ``{"meta_info": {...}, "instance_info": [...]}``
======================  =======================================================================

An instance is ``{"keypoints": [[x, y], ...], "keypoint_scores": [...], "bbox": [[x1, y1, x2, y2]],
"bbox_score": s}``; the box lies in a list of one, since mmpose writes a tuple.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmpose_temporal.posetrack.fields import load_json, record_list
from mmpose_temporal.posetrack.other_files import other_content
from mmpose_temporal.utils import log_once
from mmpose_temporal.utils.listing import is_input, list_inputs, natural_key
from mmpose_temporal.utils.text import shown

HEAD = 65536
"""Bytes in which a file shows its layout."""

FRAMES, IMAGE, EMPTY = "frames of a video", "instances of one image", "an empty list"
MMPOSE, POSETRACK, COCO, OTHER = "mmpose's", "PoseTrack's", "COCO results", "no video"
UNKNOWN = "broken, or nothing that is known here"


@dataclass(frozen=True, eq=False)
class Document:
    """A file of predictions.

    Attributes:
        path: Of the file.
        name: Its path below what was given; the written file has the same below the output.
        content: The JSON document.
        rows: The list in it that holds frames, or the instances of an image.
        kind: :data:`FRAMES`, :data:`IMAGE` or :data:`EMPTY`.
        meta_info: What mmpose says of the keypoints; None: nothing.
    """

    path: Path
    name: str
    content: Any
    rows: list
    kind: str
    meta_info: Any


def is_mmpose_predictions(path: str | Path) -> bool:
    """Whether a file, or the first video in a folder or in its sub-folders, is in these layouts.

    Only the beginning of files is looked at. COCO's list of results counts where there is no
    video, so that :func:`read_document` can say what to do with it.
    """
    path = Path(path)
    if not path.is_dir():
        return path.is_file() and _beginning(path) in (MMPOSE, EMPTY, COCO)
    groups = document_paths(path)
    kinds = [_beginning(file) for file in groups[0]] if groups else []
    decided = [kind for kind in kinds if kind in (MMPOSE, POSETRACK)]
    return decided[0] == MMPOSE if decided else bool({EMPTY, COCO} & {*kinds})


def _beginning(path: Path) -> str:
    """What a file seems to be."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError:  # whoever reads the file says so
        return UNKNOWN
    text = head.decode(json.detect_encoding(head), "ignore").lstrip("\ufeff \t\r\n")
    if text.startswith("["):
        if text[1:].lstrip().startswith("]"):
            return EMPTY
        known = '"instances"' in text or '"keypoint_scores"' in text
        return COCO if '"image_id"' in text and not known else MMPOSE
    if re.match(r'\{\s*"(meta_info|instance_info)"', text):
        return MMPOSE
    if other_content(path) is not None:
        return OTHER
    return POSETRACK if re.search('"(images|annotations|annolist|categories)"', text) else UNKNOWN


def document_paths(folder: Path) -> list[list[Path]]:
    """The JSON files of a folder, or of each of its sub-folders if it has none itself.

    Detections, COCO results, figures and logs among others are left out, which is logged.

    Returns:
        A group of files for each folder that has some, in natural order.
    """
    own = _files(folder)
    if own:
        return [own]
    folders = [path for path in folder.iterdir() if path.is_dir() and is_input(path.name)]
    folders.sort(key=lambda path: natural_key(path.name))
    return [group for group in map(_files, folders) if group]


def _files(folder: Path) -> list[Path]:
    files = list_inputs(folder, (".json",)).files
    others = [path for path in files if _beginning(path) in (COCO, OTHER)]
    if not others or len(others) == len(files):
        return files
    names = ", ".join(path.name for path in others[:3])
    more = ", ..." * (len(others) > 3)
    log_once(f"{folder}: {len(others)} files are no videos and are left out ({names}{more})")
    return [path for path in files if path not in others]


def read_document(path: Path, name: str) -> Document:
    """Read a file and recognise its layout.

    Raises:
        ValueError: It is not JSON, or in another layout.
    """
    content = load_json(path)
    rows, meta_info = content, None
    if isinstance(content, dict) and "instance_info" in content:
        rows = record_list(content, "instance_info", str(path))
        meta_info = content.get("meta_info")
    if not isinstance(rows, list):
        raise ValueError(f"{path} is no file of mmpose's predictions: {_found(content)}")
    first = rows[0] if rows else None
    if not rows:
        kind = EMPTY
    elif not isinstance(first, dict):
        raise ValueError(
            f"{path} is no file of mmpose's predictions: a list that begins with {shown(first)}"
        )
    elif "instances" in first or "frame_id" in first:
        kind = FRAMES
    elif "image_id" in first and "keypoints" not in first:
        raise ValueError(f"{path} is a list of detections, without keypoints: poses are tracked")
    elif "image_id" in first:
        raise ValueError(
            f"{path} is a list of COCO results, which say nothing of videos and of the order of "
            "their frames: put it as 'annotations' into a file with the 'images' and 'categories' "
            "of its annotation file (the PoseTrack18 layout), and track that"
        )
    elif "keypoints" in first:
        kind = IMAGE
    else:
        raise ValueError(
            f"{path} is no file of mmpose's predictions: its first record has neither 'instances' "
            f"nor 'keypoints': {shown(sorted(first))}"
        )
    return Document(path, name, content, rows, kind, meta_info)


def _found(content: Any) -> str:
    if isinstance(content, dict):
        if {"images", "annotations"} & content.keys():
            return "it is in the PoseTrack18 layout; give files of one layout at a time"
        return f"a record with {shown(sorted(content))}"
    return shown(content)
