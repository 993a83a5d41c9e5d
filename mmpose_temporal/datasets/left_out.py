"""Who is no example of a training: counted by reason, and said once."""

from collections import Counter
from collections.abc import Sequence

from mmengine.logging import print_log

NO_KEYPOINT = "no_keypoint"
"""None is annotated."""

CROWD = "crowd"
"""The annotation is of a group (``iscrowd``)."""

EMPTY_BOX = "empty_box"
"""There is no area to crop, in the frame."""

OUTSIDE = "outside"
"""All keypoints are above and left of the frame."""

FEW_KEYPOINTS = "few_keypoints"
"""Fewer than the data set wants."""


def say_left_out(
    ann_file: str | Sequence[str], what: str, kept: int, left_out: Counter[str]
) -> None:
    """Log how many people are examples and who is not.

    Args:
        ann_file: Where the people come from.
        what: What is kept: ``'people'``, ``'clips'``, ``'videos'``.
        kept: How many.
        left_out: Reason -> number of people.

    Raises:
        ValueError: Nothing is kept.
    """
    left_out = +left_out
    reasons = ", ".join(f"{reason} {count}" for reason, count in left_out.most_common())
    reasons = reasons or "nobody"
    if not kept:
        raise ValueError(f"{ann_file} has no {what} to train on; people left out: {reasons}")
    if left_out:
        print_log(f"{ann_file}: {kept} {what}; people left out: {reasons}", logger="current")
