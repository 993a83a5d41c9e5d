"""What is read of a file of PoseTrack, as arrays over its people, whichever layout it has.

P people in all T frames of the file. Coordinates are image pixels.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from mmpose_temporal.structures import POSETRACK18, Skeleton, enclosing_boxes
from mmpose_temporal.utils.text import shown_name

BOX_MARGIN = 0.15
"""If a person has no box: the box of the joints, enlarged by this share on each side (choice; the
boxes of PoseTrack18 are made the same way with about this margin)."""


@dataclass(frozen=True)
class Wanted:
    """Fields of images and people that a reader looks at; others are not even checked.

    Attributes:
        required: Those without which the file is broken.
        optional: Those that may be absent.
    """

    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()

    @classmethod
    def of(cls, required: Collection[str], optional: Collection[str] = ()) -> "Wanted":
        """From any collections of names."""
        return cls(frozenset(required), frozenset(optional))

    def __contains__(self, name: str) -> bool:
        return name in self.required or name in self.optional


@dataclass(frozen=True, eq=False)
class FileFrame:
    """One frame of a file.

    Attributes:
        name: Path of the image as in the file; empty if it has none.
        image_id: Its id; None in PoseTrack17's layout, which has none.
        frame_id: The file's ``frame_id``, the image's id where absent.
        stated: The file's ``frame_index`` and ``frame_id``; None if absent.
        video: The file's ``vid_id`` or ``video_id``; None if absent.
        number: Of the frame in its video, see :mod:`.frame_order`; None if it has none, and as
            long as nobody asked which video the frame is of (:func:`~.file_videos.file_videos`).
        size: (width, height) in pixels; None if the file does not have it.
        time: The file's ``time``, seconds; None if absent.
        labeled: The file's ``is_labeled``; None if absent.
        listed: PoseTrack17: the file lists people here, with joints or not.
        regions: Ignore regions, (V, 2) float64 each.
    """

    name: str
    image_id: int | None = None
    frame_id: int | None = None
    stated: tuple[int | None, int | None] = (None, None)
    video: str | None = None
    number: int | None = None
    size: tuple[int, int] | None = None
    time: float | None = None
    labeled: bool | None = None
    listed: bool = False
    regions: list[np.ndarray] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class FileContent:
    """The frames and people of a file; people in the order of frame and file.

    What a file does not have is NaN, or -1 if it is an integer.

    Attributes:
        path: The file.
        video_ids: The different ``vid_id`` of its images, sorted.
        frames: T frames.
        rows: (P,) int64, frame of each person.
        labels: P names of people for error texts.
        keypoints: (P, K, 3): x, y and the file's third number (PoseTrack17: 1 for a joint that
            is listed).
        scores: (P, K), of predicted joints.
        visibility: (P, K) int8: PoseTrack17's ``is_visible`` of a joint.
        track_ids: (P,) int64.
        annotation_ids: (P,) int64.
        boxes: (P, 4) xyxy.
        head_boxes: (P, 4) xyxy.
        box_scores: (P,), of predicted people.
        areas: (P,), pixels squared.
        crowds: (P,) bool: the annotation is of a group.
        hidden: (P, K) int8: 1 for a joint that is annotated although something hides it, 0 for
            another; -1 if the person does not have the field.
        without_joints: PoseTrack17: how many people have no joint; they have no row.
        skeleton: The K keypoints, in the order of the arrays.
    """

    path: Path
    video_ids: tuple[str, ...]
    frames: list[FileFrame]
    rows: np.ndarray
    labels: list[str]
    keypoints: np.ndarray
    scores: np.ndarray
    visibility: np.ndarray
    track_ids: np.ndarray
    annotation_ids: np.ndarray
    boxes: np.ndarray
    head_boxes: np.ndarray
    box_scores: np.ndarray
    areas: np.ndarray
    crowds: np.ndarray
    hidden: np.ndarray
    without_joints: int = 0
    skeleton: Skeleton = POSETRACK18

    def where(self, person: int) -> str:
        """File, frame and person, for an error text."""
        return location(self.path, self.frames, self.rows[person], self.labels[person])

    def select(self, frames: Sequence[FileFrame], positions: Sequence[int]) -> "FileContent":
        """A part of the frames, with their people.

        Args:
            frames: What stands for the frames.
            positions: Which frames of this content they are, in their order.
        """
        if list(positions) == list(range(len(self.frames))):
            return replace(self, frames=list(frames))
        place = np.full(len(self.frames), -1)
        place[np.asarray(positions, np.int64)] = np.arange(len(positions))
        rows = place[self.rows]
        kept = np.argsort(rows, kind="stable")[np.count_nonzero(rows < 0) :]
        arrays = {
            name: getattr(self, name)[kept]
            for name in (
                *("keypoints", "scores", "visibility", "track_ids", "annotation_ids", "boxes"),
                *("head_boxes", "box_scores", "areas", "crowds", "hidden"),
            )
        }
        labels = [self.labels[index] for index in kept.tolist()]
        return replace(self, frames=list(frames), rows=rows[kept], labels=labels, **arrays)

    @property
    def parts(self) -> list[slice]:
        """The rows of each frame."""
        bounds = np.searchsorted(self.rows, np.arange(len(self.frames) + 1)).tolist()
        return [slice(first, stop) for first, stop in pairwise(bounds)]

    @property
    def predicted(self) -> np.ndarray:
        """(P,) bool: people with joint scores, so of a prediction."""
        return ~np.isnan(self.scores).all(1)

    @property
    def marks_hidden(self) -> np.ndarray:
        """(P,) bool: people whose annotation says which of its joints are hidden."""
        return (self.hidden >= 0).any(1)

    def check_track_ids(self, *, limit: int | None = None, hint: str = "") -> None:
        """Track ids are not negative, and nobody has that of another in the same frame.

        Args:
            limit: They are below it.
            hint: Said of an id that is not.

        Raises:
            ValueError: They are not so.
        """
        ids = self.track_ids
        wrong = ids < 0
        if limit is not None:
            wrong |= ids >= limit
        if wrong.any():
            person = int(wrong.argmax())
            why = "is negative" if ids[person] < 0 else f"is not below {limit}{hint}"
            raise ValueError(f"{self.where(person)}: 'track_id' {ids[person]} {why}")
        key = np.stack([self.rows, ids], 1)
        _, first, counts = np.unique(key, axis=0, return_index=True, return_counts=True)
        if (counts > 1).any():
            person = int(first[counts > 1].min())
            raise ValueError(
                f"{self.where(person)}: 'track_id' {ids[person]} is repeated within the frame"
            )


def location(path: Path, frames: Sequence[FileFrame], frame: int, person: str = "") -> str:
    """File, frame and person, for an error text."""
    name = shown_name(frames[frame].name) if frames[frame].name else "no name"
    return f"{path}, frame {frame} ({name}){', ' * bool(person)}{person}"


def to_xyxy(boxes: np.ndarray) -> np.ndarray:
    """(P, 4) boxes of x, y, width, height as xyxy."""
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


def to_xywh(box: np.ndarray) -> list[float]:
    """A box of two opposite corners as a file has it: x, y, width, height."""
    xa, ya, xb, yb = np.asarray(box, np.float64).tolist()
    x, y = min(xa, xb), min(ya, yb)
    return [x, y, max(xa, xb) - x, max(ya, yb) - y]


def boxes_of_joints(keypoints: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Boxes of the joints that are present, enlarged by :data:`BOX_MARGIN` on each side.

    Args:
        keypoints: (P, K, 2) pixels.
        present: (P, K) bool.

    Returns:
        (P, 4) float32 xyxy.
    """
    boxes = enclosing_boxes(keypoints, present)
    margin = BOX_MARGIN * (boxes[:, 2:] - boxes[:, :2])
    return np.concatenate([boxes[:, :2] - margin, boxes[:, 2:] + margin], axis=1)
