"""What a look over a data set found, and what to do about it."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from .releases import Release

ADVICE = {
    "unreadable annotations": "download or convert the file again",
    "not the PoseTrack18 layout": "convert it first: tools/dataset_converters/posetrack17_to_"
    "posetrack18.py, posetrack21_to_posetrack18.py",
    "joint order": "this package goes by the names of the keypoints, but other readers by their "
    "order: posetrack21_to_posetrack18.py puts them into PoseTrack18's",
    "field errors": "repair the named field; data sets refuse the file as it is",
    "order of the frames": "data sets refuse the file as it is; frame_order (--frame-order) "
    "chooses what orders the frames",
    "several videos in a file": "write a file for each video; data sets refuse the file as it is",
    "repeated track ids": "give every person of a frame its own track id; data sets refuse the "
    "file as it is",
    "other categories": "remove annotations of categories other than 1 (person); data sets "
    "refuse the file as it is",
    "paths outside the root": "make the file names relative to the data root; data sets refuse "
    "them",
    "missing head boxes": "PCKh, AP and MOTA need the head box of every annotated person: take "
    "the official annotations, or use this split for training only",
    "gaps in frame numbers": "restore the missing frames: tracks and motion jump there",
    "fewer frames than stated": "the file lists fewer frames than its nframes says: restore them, "
    "or treat results as of a part",
    "no labelled frames": "nothing of the video is evaluated or trained on; leave it out",
    "missing images": "unpack the images below ROOT (images/SPLIT/VIDEO/FRAME.jpg)",
    "unreadable images": "download the image again; trackers skip it and predict nothing",
    "image sizes": "width and height of the file are not the image's: is it another version of "
    "the images?",
}
"""What to do about each kind of finding."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: its kind (a key of :data:`ADVICE`), and where."""

    kind: str
    where: str


@dataclass
class SplitReport:
    """Counts and findings of one split.

    Attributes:
        split: Its name.
        videos: Number of sequences; ``readable`` of their files could be read.
        frames: Listed frames; ``labeled`` of them are labelled, ``images`` were decoded.
        labeled: See ``frames``.
        images: See ``frames``.
        people: Annotated people; ``tracks`` are their tracks.
        tracks: See ``people``.
        readable: See ``videos``.
        release: Which release it looks like.
        count_note: Whether the number of sequences is that of the release.
        findings: What is wrong, in the order of the files.
        left_out: Files that no reader takes for videos: their names, and why.
    """

    split: str
    videos: int = 0
    frames: int = 0
    labeled: int = 0
    images: int = 0
    people: int = 0
    tracks: int = 0
    readable: int = 0
    release: Release = field(default_factory=lambda: Release("other", "no files"))
    count_note: str = ""
    findings: list[Finding] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @property
    def counts(self) -> Counter:
        """Findings by kind."""
        return Counter(finding.kind for finding in self.findings)


@dataclass
class DatasetReport:
    """What :func:`check_posetrack` found."""

    root: Path
    splits: list[SplitReport]

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not any(split.findings for split in self.splits)

    def text(self, *, first: int = 5) -> str:
        """A table of the splits and, of each kind of finding, the first few.

        Args:
            first: How many of a kind.
        """
        columns = ("videos", "frames", "labeled", "images", "people", "tracks")
        lines = ["split     " + "".join(f"{name:>9}" for name in columns) + " findings"]
        for split in self.splits:
            cells = "".join(f"{getattr(split, name):9d}" for name in columns)
            lines.append(f"{split.split:10s}{cells}{len(split.findings):9d}")
        for split in self.splits:
            lines.append(f"{split.split}: {split.release.name} ({split.release.why})")
            lines.append(f"{split.split}: {split.count_note}")
            if split.left_out:
                lines.append(
                    f"{split.split}: {len(split.left_out)} files are no videos: "
                    f"{'; '.join(split.left_out[:first])}"
                )
        for split in self.splits:
            for kind, count in split.counts.items():
                lines.append(f"{split.split}: {count} x {kind}: {ADVICE[kind]}")
                places = [f.where for f in split.findings if f.kind == kind]
                lines += [f"    {where}" for where in places[:first]]
                if count > first:
                    lines.append(f"    and {count - first} more")
        if self.ok:
            lines.append("nothing is wrong")
        return "\n".join(lines)
