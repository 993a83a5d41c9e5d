"""COCO keypoints to the 17 of PoseTrack, for pre-training."""

from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

from mmpose_temporal.posetrack.content import to_xyxy
from mmpose_temporal.posetrack.fields import (
    LARGEST,
    flag,
    integer,
    label,
    numbers,
    optional_number,
    record_list,
    sizes_of_box,
)
from mmpose_temporal.posetrack.records import image_record
from mmpose_temporal.utils import write_json

from .files import read_json, require_free
from .report import ConversionReport
from .still_images import (
    check_folder,
    image_name,
    merged_file,
    require_people,
    spread,
    still_person,
)

COCO_KEYPOINTS = (
    "nose",
    "left_eye",
    "right_eye",
    "left_ear",
    "right_ear",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
)
"""COCO's 17 keypoints in order."""

HEAD_BOTTOM = ("shoulders", "none")
"""Where ``head_bottom`` comes from: the middle of the shoulders, or nowhere (unannotated)."""

_POSETRACK_NAMES = tuple(None if "eye" in name else name for name in COCO_KEYPOINTS)
_LEFT_SHOULDER, _RIGHT_SHOULDER = 5, 6  # in both orders


def coco_to_posetrack(keypoints: np.ndarray, *, head_bottom: str = "shoulders") -> np.ndarray:
    """COCO keypoints of one person as the 17 of PoseTrack.

    COCO has neither the neck nor the top of the head. Choices: ``head_bottom`` is the middle of
    the shoulders where both are annotated. On 10,283 people of Multi-Person PoseTrack (45 videos;
    both shoulders and a head of more than 5 pixels annotated), the annotated head_bottom lies a
    median of 0.26 head lengths (the way from head_bottom to head_top; quartiles 0.18 and 0.34)
    from that middle, most of it towards the head: a bias that pre-training can bear, and that
    fine-tuning on PoseTrack takes away.
    ``'none'`` leaves it unannotated. ``head_top`` is always unannotated: no COCO keypoint is near
    enough to tell it. Eyes are dropped. Joints that COCO calls labelled but not visible (1) count
    as annotated.

    Args:
        keypoints: (17, 3) x, y and COCO's visibility 0, 1 or 2.
        head_bottom: ``'shoulders'`` or ``'none'``.

    Returns:
        (17, 3) float64; x, y and 1 if annotated.

    Raises:
        ValueError: Unknown ``head_bottom``.
    """
    if head_bottom not in HEAD_BOTTOM:
        raise ValueError(f"head_bottom must be one of {', '.join(HEAD_BOTTOM)}, got {head_bottom}")
    present = np.array(keypoints, np.float64)
    present[:, 2] = present[:, 2] > 0
    result = spread(present, _POSETRACK_NAMES)
    shoulders = present[[_LEFT_SHOULDER, _RIGHT_SHOULDER]]
    if head_bottom == "shoulders" and shoulders[:, 2].all():
        result[1] = shoulders.mean(0)
    return result


def convert_coco(
    source: str | Path,
    out: str | Path,
    *,
    image_folder: str,
    head_bottom: str = "shoulders",
    overwrite: bool = False,
    progress: bool = False,
) -> ConversionReport:
    """Convert ``person_keypoints_*.json`` into one PoseTrack18-layout file.

    Boxes and areas are COCO's. Left out and counted: crowds, people without joints, annotations
    of other categories, images without people.

    Args:
        source: COCO's annotation file.
        out: JSON file to write.
        image_folder: Folder of the images below the data root, ``train2017``.
        head_bottom: See :func:`coco_to_posetrack`.
        overwrite: Replace ``out``.
        progress: Show a progress bar.

    Raises:
        FileExistsError: ``out`` exists and ``overwrite`` is not set.
        FileNotFoundError: No ``source``.
        ValueError: It is not a COCO keypoint file, a record of it is broken, or nobody is left.
    """
    out = Path(out)
    require_free([out], overwrite=overwrite, inputs=[source])
    check_folder(image_folder)
    content = read_json(source)
    person = _check(content, source)
    report = ConversionReport()
    images = {}
    for image in content["images"]:
        where = f"{source}: {label(image, 'image')}"
        image_id = integer(image, "id", where)
        if image_id in images:
            raise ValueError(f"{where}: 'id' stands twice in 'images'")
        images[image_id] = image_record(
            image_name(image_folder, image.get("file_name"), where),
            image_id=image_id,
            video_number=image_folder,
            num_frames=len(content["images"]),
            is_labeled=True,
            size=_size(image, where),
        )
    people: list[dict] = []
    count = dict.fromkeys(images, 0)
    steps = track(content["annotations"], "Converting", disable=not progress)
    for annotation in steps:
        where = f"{source}: {label(annotation, 'annotation')}"
        image_id = integer(annotation, "image_id", where)
        if image_id not in images:
            raise ValueError(f"{where} belongs to image {image_id}, which the file does not list")
        keypoints = _keypoints(annotation, person, where, report)
        if keypoints is None:
            continue
        record = still_person(
            coco_to_posetrack(keypoints, head_bottom=head_bottom),
            image_id=image_id,
            position=count[image_id],
            box=_box(annotation, where),
            area=optional_number(annotation, "area", where, largest=LARGEST**2),
        )
        if not record["num_keypoints"]:
            report.left_out["people with eyes only"] += 1
            continue
        people.append(record)
        count[image_id] += 1
    used = [images[image_id] for image_id, number in count.items() if number]
    report.left_out["images without people"] += len(images) - len(used)
    require_people(people, source, report)
    report.converted.update(images=len(used), people=len(people))
    report.note("eyes are dropped, head_top is unannotated")
    if head_bottom == "shoulders":
        report.note("head_bottom is the middle of the shoulders where both are annotated")
    write_json(out, merged_file(used, people))
    return report


def _check(content: Any, source: str | Path) -> int:
    """The category id of people."""
    fields = ("images", "annotations", "categories")
    if not isinstance(content, dict) or any(
        not isinstance(content.get(field), list) for field in fields
    ):
        raise ValueError(f"{source} is no COCO file: it needs the lists {', '.join(fields)}")
    for field in fields:
        record_list(content, field, str(source))
    for category in content["categories"]:
        if category.get("name") == "person":
            names = category.get("keypoints")
            if not isinstance(names, list) or tuple(names) != COCO_KEYPOINTS:
                raise ValueError(f"{source}: the keypoints of 'person' are not the 17 of COCO")
            return integer(category, "id", f"{source}: category 'person'")
    raise ValueError(f"{source} has no category 'person'")


def _size(image: dict, where: str) -> tuple[int, int]:
    """(width, height)."""
    width, height = (integer(image, side, where) for side in ("width", "height"))
    if min(width, height) < 1 or max(width, height) > LARGEST:
        raise ValueError(f"{where}: 'width' and 'height' are {width} and {height}")
    return width, height


def _keypoints(
    annotation: dict, person: int, where: str, report: ConversionReport
) -> np.ndarray | None:
    """(17, 3), or None for what is left out, which is counted."""
    reason = None
    if annotation.get("category_id") != person:
        reason = "annotations of other categories"
    elif flag(annotation, "iscrowd", where, default=False):
        reason = "crowds"
    elif annotation.get("keypoints") in (None, []):
        reason = "people without joints"
    if reason is None:
        count = 3 * len(COCO_KEYPOINTS)
        keypoints = numbers(annotation["keypoints"], "keypoints", count, where).reshape(-1, 3)
        if keypoints[:, 2].any():
            return keypoints
        reason = "people without joints"
    report.left_out[reason] += 1
    return None


def _box(annotation: dict, where: str) -> np.ndarray | None:
    if annotation.get("bbox") is None:
        return None
    box = sizes_of_box(numbers(annotation["bbox"], "bbox", 4, where), "bbox", where)
    return to_xyxy(box[None])[0]
