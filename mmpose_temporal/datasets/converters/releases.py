"""Which PoseTrack release a folder holds, and how many sequences its releases have."""

import re
from collections.abc import Collection
from dataclasses import dataclass

SEQUENCES = {
    "posetrack17": {"train": (250, 292, 300), "val": (50,), "test": (208, 214)},
    "posetrack18": {"train": (592, 593), "val": (74, 170), "test": (375,)},
    "posetrack21": {"train": (592, 593), "val": (170,)},
}
"""Numbers of sequences that papers and downloads of a release state; they differ."""

OFFICIAL_NAME = re.compile(r"\d{6}_(mpiinew|mpii|bonn)(_(train|test))?$")
"""Name of a sequence in PoseTrack18 and PoseTrack21 (with the ending) and in PoseTrack17."""

_VAL_NOTE = {
    74: "papers report on 74 or on 170 of PoseTrack18; compare with those of 74",
    170: "papers report on 74 or on 170 of PoseTrack18; compare with those of 170",
}


@dataclass(frozen=True)
class Release:
    """What a folder looks like.

    Attributes:
        name: ``posetrack17``, ``posetrack18``, ``posetrack21`` or ``other`` (the PoseTrack18
            layout with names of its own, as synthetic data).
        why: What it was recognised by.
    """

    name: str
    why: str


def guess_release(*, videos: Collection[str], fields: Collection[str], annolist: bool) -> Release:
    """Tell the release by its files.

    Args:
        videos: Names of the folders of the images.
        fields: Fields of the images and people.
        annolist: Files are ``annolist`` structures (mat or json).
    """
    if annolist:
        return Release("posetrack17", "the files are annolist structures")
    more = sorted({"person_id", "has_labeled_person"} & set(fields))
    if more:
        return Release("posetrack21", f"the files have {' and '.join(more)}")
    official = [name for name in videos if OFFICIAL_NAME.match(name)]
    if not official:
        return Release("other", "no sequence has an official name like 000342_mpii_test")
    if all(OFFICIAL_NAME.match(name)[2] for name in official):
        return Release("posetrack18", f"{len(official)} of {len(videos)} sequences have its names")
    return Release("posetrack17", "sequences are named like 000342_mpii: converted PoseTrack17")


def describe_count(release: str, split: str, count: int) -> str:
    """One sentence on whether a split has as many sequences as the release states."""
    stated = SEQUENCES.get(release, {}).get(split)
    if stated is None:
        return f"{count} sequences"
    if count not in stated:
        return f"{count} sequences, not {' or '.join(map(str, stated))}: a part of {release}"
    note = _VAL_NOTE.get(count) if (release, split) == ("posetrack18", "val") else None
    return f"{count} sequences: {note or f'all of {release}'}"
