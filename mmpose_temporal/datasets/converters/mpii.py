"""MPII Human Pose to the 17 keypoints of PoseTrack, for pre-training.

The source is mmpose's JSON form of MPII (``mpii_train.json``, ``mpii_val.json``, ...): a list of
people, each with ``image``, ``joints`` (16 x, y), ``joints_vis`` (16), ``center`` and ``scale``.
MPII's own .mat release is not read.
"""

import re
from pathlib import Path

import numpy as np
from rich.progress import track

from mmpose_temporal.posetrack import image_size
from mmpose_temporal.posetrack.fields import numbers
from mmpose_temporal.posetrack.records import image_record
from mmpose_temporal.utils import write_json
from mmpose_temporal.utils.text import shown

from .files import read_json, require_free
from .multiperson_posetrack import MPII_JOINTS
from .report import ConversionReport
from .still_images import (
    check_folder,
    image_name,
    merged_file,
    require_people,
    spread,
    still_person,
)


def mpii_to_posetrack(joints: np.ndarray, annotated: np.ndarray) -> np.ndarray:
    """MPII joints of one person as the 17 keypoints of PoseTrack.

    Upper neck and head top are PoseTrack's head_bottom and head_top; pelvis and thorax are
    dropped; nose and ears are unannotated, as MPII has none. MPII counts pixels from 1, so 1 is
    subtracted (choice; mmpose's own MPII data set subtracts it from the centre only).

    Args:
        joints: (16, 2) in MPII's order.
        annotated: (16,) nonzero where annotated.

    Returns:
        (17, 3) float64; x, y in pixels from 0, and 1 if annotated.
    """
    points = np.concatenate([joints - 1.0, (annotated > 0)[:, None]], axis=1)
    return spread(points, MPII_JOINTS)


def convert_mpii(
    source: str | Path,
    out: str | Path,
    *,
    image_folder: str = "images",
    image_root: str | Path | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> ConversionReport:
    """Convert an ``mpii_*.json`` of mmpose into one PoseTrack18-layout file.

    Choice: a person's box encloses the joints with 15 % more on each side, as PoseTrack's boxes,
    and is not MPII's square of ``scale``: pre-training then sees the crops that fine-tuning sees.
    The id of an image is its number, as in mmpose.

    Args:
        source: The JSON list.
        out: JSON file to write.
        image_folder: Folder of the images below the data root.
        image_root: The data root, to write the sizes of the images; None: they are left out.
        overwrite: Replace ``out``.
        progress: Show a progress bar.

    Raises:
        FileExistsError: ``out`` exists and ``overwrite`` is not set.
        FileNotFoundError: No ``source``, or no image below ``image_root``.
        ValueError: It is not such a list, a record of it is broken, or nobody is left.
    """
    out = Path(out)
    require_free([out], overwrite=overwrite, inputs=[source])
    check_folder(image_folder)
    content = read_json(source)
    if not isinstance(content, list) or not all(isinstance(item, dict) for item in content):
        raise ValueError(f"{source} is not mmpose's form of MPII: it must be a list of people")
    report = ConversionReport()
    people: dict[int, list[dict]] = {}
    names: dict[int, str] = {}
    for index, record in enumerate(track(content, "Converting", disable=not progress)):
        where = f"{source}: person {index}"
        name = image_name(image_folder, record.get("image"), where)
        if not re.fullmatch(r"[0-9]{1,18}", Path(name).stem):
            raise ValueError(
                f"{where}: the name of image {shown(record['image'])} is no number of at most 18 "
                "digits"
            )
        image_id = int(Path(name).stem)
        if names.setdefault(image_id, name) != name:
            raise ValueError(f"{where}: images {name} and {names[image_id]} have one number")
        keypoints = _joints(record, where)
        if not keypoints[:, 2].any():
            report.left_out["people without joints"] += 1
            continue
        group = people.setdefault(image_id, [])
        group.append(still_person(keypoints, image_id=image_id, position=len(group)))
    images = [
        image_record(
            names[image_id],
            image_id=image_id,
            video_number=image_folder,
            num_frames=len(people),
            is_labeled=True,
            size=None if image_root is None else image_size(image_root, names[image_id]),
        )
        for image_id in people
    ]
    flat = [person for group in people.values() for person in group]
    report.left_out["images without people"] += len(names) - len(people)
    require_people(flat, source, report)
    report.converted.update(images=len(images), people=len(flat))
    report.note("pelvis and thorax are dropped, nose and ears are unannotated")
    write_json(out, merged_file(images, flat))
    return report


def _joints(record: dict, where: str) -> np.ndarray:
    points, count = record.get("joints"), len(MPII_JOINTS)
    if not isinstance(points, list) or len(points) != count:
        found = f"{len(points)}" if isinstance(points, list) else shown(points)
        raise ValueError(f"{where}: 'joints' must be a list of {count} points, got {found}")
    joints = np.stack([numbers(point, "joints", 2, where) for point in points])
    return mpii_to_posetrack(joints, numbers(record.get("joints_vis"), "joints_vis", count, where))
