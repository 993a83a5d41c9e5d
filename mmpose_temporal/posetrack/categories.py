"""The class of people in ``categories``, and its keypoints."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmpose_temporal.structures import (
    POSETRACK18,
    Skeleton,
    keypoint_names,
    map_keypoints,
    refuse_keypoints,
)
from mmpose_temporal.utils import log_once
from mmpose_temporal.utils.text import shown

from .fields import integer, numbers, record_list

PERSON_CATEGORY = 1
"""Id of people if the file has no categories."""

MAX_KEYPOINTS = 1000
"""Of a category (choice: the largest layouts have a few hundred; arrays have a row for each
keypoint of each person, so a small file with endless names would fill the memory)."""


@dataclass(frozen=True, eq=False)
class PersonCategory:
    """The class of the people of a file.

    Attributes:
        number: Its id.
        skeleton: The K keypoints that are read.
        columns: (F,) int64, for each of the file's F keypoints its index among the K.
    """

    number: int
    skeleton: Skeleton
    columns: np.ndarray


def person_category(content: dict, path: Path, skeleton: Skeleton | None) -> PersonCategory:
    """The class of people and its keypoints.

    It is the category called ``person``, or the only one, where this one names keypoints (a file
    of hands, or of animals). Without names of keypoints the file is taken to have those of
    ``skeleton`` in their order, which is logged.

    Args:
        content: The document.
        path: Of the file, for error texts.
        skeleton: The keypoints that are asked for. None: those that the file names; PoseTrack18's
            if it names none.

    Raises:
        ValueError: No category is of people; or its keypoints are not those of ``skeleton`` (all,
            or all that are scored), in any order.
    """
    stated = POSETRACK18 if skeleton is None else skeleton
    categories = record_list(content, "categories", str(path)) if "categories" in content else []
    if not categories:
        return _unnamed(PERSON_CATEGORY, stated, path)
    people = [record for record in categories if record.get("name") == "person"]
    if not people and len(categories) == 1 and _may_be_people(categories[0]):
        people = categories
    if len(people) != 1:
        names = [record.get("name") for record in categories]
        raise ValueError(
            f"{path}: 'categories' must hold one category 'person', found {shown(names)}"
        )
    number = integer(people[0], "id", f"{path}: category 'person'")
    if people[0].get("keypoints") is None:
        return _unnamed(number, stated, path)
    names = people[0]["keypoints"]
    where = f"{path}: 'keypoints' of the category"
    names = names if isinstance(names, list) else [names]
    if len(names) > MAX_KEYPOINTS:
        raise ValueError(f"{where}: {len(names)} names; at most {MAX_KEYPOINTS} are read")
    strange = [name for name in names if not isinstance(name, str) or not name.isprintable()]
    if strange:
        raise ValueError(f"{where} must be names in plain text, got {shown(strange[0])}")
    try:
        names = keypoint_names(names)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error
    if not _fits(names, stated):
        if skeleton is not None:
            expected = f"what is stated ({skeleton.name or 'without name'})"
            raise ValueError(
                refuse_keypoints(expected, skeleton, str(path), names, advice=OTHER_KEYPOINTS)
            )
        stated = Skeleton(keypoint_names=names, links=_links(people[0], len(names), path))
    return PersonCategory(number, stated, map_keypoints(names, stated).index)


OTHER_KEYPOINTS = (
    "State the keypoints of the file: metainfo=dict(from_file=...) of the data set, --metainfo of "
    "the tools"
)


def _may_be_people(record: dict) -> bool:
    """The only category: without a name, or with keypoints that are not PoseTrack's."""
    names = record.get("keypoints")
    if "name" not in record or not isinstance(names, list):
        return "name" not in record
    return not _fits(tuple(name for name in names if isinstance(name, str)), POSETRACK18)


def _unnamed(number: int, skeleton: Skeleton, path: Path) -> PersonCategory:
    log_once(
        f"files of {path.parent} do not name their keypoints: taken for the {len(skeleton)} of "
        f"{skeleton.name or 'the metainfo'} ({', '.join(skeleton.keypoint_names)})"
    )
    return PersonCategory(number, skeleton, np.arange(len(skeleton)))


def _fits(names: tuple[str, ...], skeleton: Skeleton) -> bool:
    """Names of the skeleton's keypoints, without any but those that are not scored."""
    scored = {skeleton.keypoint_names[index] for index in skeleton.scored}
    return scored <= set(names) <= set(skeleton.keypoint_names)


def _links(record: dict, num_keypoints: int, path: Path) -> np.ndarray:
    """(L, 2) int64 from the 1-based pairs of a category's ``skeleton``; none if absent."""
    pairs = record.get("skeleton") or []
    where = f"{path}: 'skeleton' of the category"
    if not isinstance(pairs, list):
        raise ValueError(f"{where} must be a list of pairs")
    links = np.array([numbers(pair, "skeleton", 2, where) for pair in pairs]).reshape(-1, 2) - 1
    if ((links < 0) | (links >= num_keypoints) | (links != np.floor(links))).any():
        raise ValueError(f"{where} must be pairs of the numbers 1 to {num_keypoints}")
    return links.astype(np.int64)
