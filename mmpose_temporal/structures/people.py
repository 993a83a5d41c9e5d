"""The people of one frame: the object that travels through the tracker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from mmengine.structures import InstanceData
from torch import Tensor

from .rows import NamedRows, Rows, cat_rows, select_all, select_rows

UNTRACKED = -1
"""Track id of a pose that belongs to no track yet."""

INPUT_ROW = "input_row"
"""Extra of poses that come from a file: the index of each among those of its frame, which stays
with it to the end."""

UNSEEN = "unseen"
"""Extra of people of a tracker that propagates: (M,) int64, the number of consecutive frames, up
to this one, in which each was found only by propagation; 0: detected. It stays with them to the
end, and is a field of ``pred_instances``."""

UNMERGED = "unmerged_ids"
"""Extra of people of a tracker that merges: (M,) int64, their track ids before tracks were merged
at the end of the video; a field of ``pred_instances``."""

CORE = ("keypoints", "keypoint_scores", "boxes", "box_scores", "track_ids")
"""The arrays that every frame's people have."""

MMPOSE_FIELDS = frozenset(
    ("keypoints", "keypoint_scores", "keypoints_visible", "bboxes", "bbox_scores", "track_ids")
)
"""Fields of mmpose's ``pred_instances`` that are no extra rows."""


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Poses of the M people found in one frame, as arrays with one row per person.

    Coordinates are image pixels; the centre of the top-left pixel is (0, 0). Association works
    on these small arrays with numpy: at a handful of people per frame the cost of a call counts,
    not the arithmetic (choice).

    Attributes:
        keypoints: (M, K, 2) float32, x and y.
        keypoint_scores: (M, K) float32; a joint with a score of 0 or less is absent.
        boxes: (M, 4) float32, xyxy.
        box_scores: (M,) float32.
        track_ids: (M,) int64, -1 if there is none.
        extras: What else is known about them: named arrays or tensors with M rows each, selected
            and joined together with the poses.

    Raises:
        ValueError: The shapes do not fit each other.
    """

    keypoints: np.ndarray
    keypoint_scores: np.ndarray
    boxes: np.ndarray
    box_scores: np.ndarray
    track_ids: np.ndarray
    extras: NamedRows = field(default_factory=dict)

    def __post_init__(self) -> None:
        num_people, num_keypoints = self.keypoint_scores.shape
        if (
            self.keypoints.shape != (num_people, num_keypoints, 2)
            or self.boxes.shape != (num_people, 4)
            or self.box_scores.shape != (num_people,)
            or self.track_ids.shape != (num_people,)
        ):
            shapes = ", ".join(f"{name} {getattr(self, name).shape}" for name in CORE)
            raise ValueError(
                "a frame's people need keypoints (M, K, 2), keypoint_scores (M, K), boxes (M, 4), "
                f"box_scores (M,) and track_ids (M,) with the same M and K, got {shapes}"
            )
        for name, rows in self.extras.items():
            if name in CORE:
                raise ValueError(f"{name!r} is a field of its own and cannot be an extra")
            if len(rows) != num_people:
                raise ValueError(f"extra {name!r} has {len(rows)} rows for {num_people} people")

    @classmethod
    def create(
        cls,
        *,
        keypoints: np.ndarray,
        keypoint_scores: np.ndarray | None = None,
        boxes: np.ndarray | None = None,
        box_scores: np.ndarray | None = None,
        track_ids: np.ndarray | None = None,
        extras: Mapping[str, Rows] | None = None,
    ) -> "People":
        """Build from what is known; fill in the rest.

        Absent ``keypoint_scores`` and ``box_scores`` are 1, absent ``boxes`` enclose the joints
        that are present, absent ``track_ids`` are -1. Joints with a NaN coordinate become absent
        (score 0 at (0, 0)).
        """
        keypoints = np.array(keypoints, dtype=np.float32)
        if keypoints.ndim != 3 or keypoints.shape[-1] != 2:
            raise ValueError(f"keypoints must have the shape (M, K, 2), got {keypoints.shape}")
        num_people = len(keypoints)
        scores = np.ones(keypoints.shape[:2]) if keypoint_scores is None else keypoint_scores
        scores = np.array(scores, dtype=np.float32)
        broken = ~np.isfinite(keypoints).all(-1) | ~np.isfinite(scores)
        keypoints[broken] = 0
        scores[broken] = 0
        return cls(
            keypoints=keypoints,
            keypoint_scores=scores,
            boxes=(
                enclosing_boxes(keypoints, scores > 0)
                if boxes is None
                else np.asarray(boxes, dtype=np.float32)
            ),
            box_scores=(
                np.ones(num_people, np.float32)
                if box_scores is None
                else np.asarray(box_scores, dtype=np.float32)
            ),
            track_ids=(
                np.full(num_people, UNTRACKED, np.int64)
                if track_ids is None
                else np.asarray(track_ids, dtype=np.int64)
            ),
            extras=dict(extras or {}),
        )

    @classmethod
    def empty(cls, num_keypoints: int) -> "People":
        """A frame without people."""
        return cls.create(keypoints=np.zeros((0, num_keypoints, 2), np.float32))

    @classmethod
    def cat(cls, parts: Sequence["People"]) -> "People":
        """All people of ``parts`` (at least one), in order.

        Raises:
            ValueError: The parts do not have the same extras.
        """
        if len(parts) == 1:
            return parts[0]
        core = [np.concatenate([getattr(part, name) for part in parts]) for name in CORE]
        return cls(*core, cat_rows([part.extras for part in parts]))

    @classmethod
    def from_instances(cls, instances: InstanceData) -> "People":
        """From mmpose's ``pred_instances`` (numpy or tensors; absent ids become -1).

        Fields that mmpose does not define become extras, as they are.
        """

        def array(name: str) -> np.ndarray | None:
            value = instances.get(name)
            if isinstance(value, Tensor):
                value = value.detach().cpu()
                value = (value.float() if value.is_floating_point() else value).numpy()
            return value

        return cls.create(
            keypoints=array("keypoints"),
            keypoint_scores=array("keypoint_scores"),
            boxes=array("bboxes"),
            box_scores=array("bbox_scores"),
            track_ids=array("track_ids"),
            extras={name: rows for name, rows in instances.items() if name not in MMPOSE_FIELDS},
        )

    def to_instances(self) -> InstanceData:
        """As mmpose's ``pred_instances``, with the additional field ``track_ids``.

        Of the extras only :data:`UNSEEN` and :data:`UNMERGED` become fields; the others belong to
        the tracker.
        """
        reported = {n: self.extras[n] for n in (UNSEEN, UNMERGED) if n in self.extras}
        return InstanceData(
            keypoints=self.keypoints,
            keypoint_scores=self.keypoint_scores,
            keypoints_visible=self.keypoint_scores,
            bboxes=self.boxes,
            bbox_scores=self.box_scores,
            track_ids=self.track_ids,
            **reported,
        )

    def __len__(self) -> int:
        return len(self.track_ids)

    def __getitem__(self, index: np.ndarray | slice) -> "People":
        """Select people by a mask, an array of indices or a slice."""
        return _trusted(
            self.keypoints[index],
            self.keypoint_scores[index],
            self.boxes[index],
            self.box_scores[index],
            self.track_ids[index],
            select_all(self.extras, index) if self.extras else self.extras,
        )

    def replace(self, **changes: np.ndarray) -> "People":
        """A copy with some of the five fields exchanged.

        Raises:
            TypeError: There is no such field.
        """
        unknown = changes.keys() - set(CORE)
        if unknown:
            raise TypeError(f"people have no field {', '.join(sorted(unknown))}; see with_extras")
        return People(*(changes.get(name, getattr(self, name)) for name in CORE), self.extras)

    def with_ids(self, track_ids: np.ndarray) -> "People":
        """A copy with these (M,) int64 track ids."""
        if track_ids.shape != self.track_ids.shape:
            raise ValueError(f"{track_ids.shape} track ids for {len(self)} people")
        return _trusted(
            self.keypoints,
            self.keypoint_scores,
            self.boxes,
            self.box_scores,
            track_ids,
            self.extras,
        )

    def with_extras(self, **rows: Rows) -> "People":
        """A copy with extras added or exchanged."""
        return People(*(getattr(self, name) for name in CORE), {**self.extras, **rows})

    def only_extras(self, *names: str) -> "People":
        """A copy with only these extras; missing ones are left out."""
        if not self.extras:
            return self
        kept = {name: self.extras[name] for name in names if name in self.extras}
        return _trusted(*(getattr(self, name) for name in CORE), kept)

    def extra(self, name: str, index: np.ndarray | slice | None = None) -> Rows:
        """Rows of an extra.

        Args:
            name: Which.
            index: Of the people, see :func:`select_rows`. None: all.

        Raises:
            KeyError: There is no such extra; the text names those that exist.
        """
        if name not in self.extras:
            there = ", ".join(sorted(self.extras)) or "none"
            raise KeyError(f"people have no extra {name!r}; there are: {there}")
        rows = self.extras[name]
        return rows if index is None else select_rows(rows, index)

    @property
    def pose_scores(self) -> np.ndarray:
        """(M,) float32: mean score of the joints present times the box score; 0 without joints.

        As mmpose rescores a person for suppression.
        """
        present = self.keypoint_scores > 0
        # Summed in double: 17 joints of 0.7 must not end up below a threshold of 0.7.
        total = np.where(present, self.keypoint_scores, 0).sum(1, dtype=np.float64)
        return (self.box_scores * total / np.maximum(present.sum(1), 1)).astype(np.float32)


_SET = tuple(getattr(People, name).__set__ for name in (*CORE, "extras"))


def _trusted(*values: np.ndarray | NamedRows) -> People:
    """People of rows that fit each other already: nothing is checked again."""
    people = object.__new__(People)
    for set_value, value in zip(_SET, values, strict=True):
        set_value(people, value)
    return people


def enclosing_boxes(keypoints: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Tightest boxes around the joints that are present.

    Args:
        keypoints: (M, K, 2), pixels.
        present: (M, K) bool.

    Returns:
        (M, 4) float32 xyxy; all zero for a person without joints.
    """
    low = np.where(present[..., None], keypoints, np.inf).min(1, initial=np.inf)
    high = np.where(present[..., None], keypoints, -np.inf).max(1, initial=-np.inf)
    boxes = np.concatenate([low, high], axis=1)
    boxes[~present.any(1)] = 0
    return boxes.astype(np.float32)
