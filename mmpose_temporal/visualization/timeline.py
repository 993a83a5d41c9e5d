"""Who was called what, when: the identities of a video as plain data."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from mmpose.structures import PoseDataSample
from mmpose.structures.bbox import bbox_overlaps
from scipy.optimize import linear_sum_assignment

from mmpose_temporal.structures import UNMERGED, UNTRACKED

_ABSENT = -2  # in the table: the row's person is not in the frame


@dataclass(frozen=True)
class Segment:
    """A stretch of columns in which one row has one predicted id.

    Attributes:
        row: Row of the timeline.
        track_id: Predicted id, or -1 if the person is there and nobody tracks them (a gap).
        start: First column.
        stop: Column after the last.
    """

    row: int
    track_id: int
    start: int
    stop: int


@dataclass(frozen=True)
class Switch:
    """A person gets another predicted id than the last one they had.

    Attributes:
        row: Row of the timeline.
        column: Where the new id begins.
        old_id: Last predicted id before, perhaps before a gap.
        new_id: Predicted id from here on.
    """

    row: int
    column: int
    old_id: int
    new_id: int


@dataclass(frozen=True)
class Merge:
    """Two tracks became one at the end of the video.

    With ground truth the two rows differ where tracks of different people were merged, or where
    a track had gone over to somebody else before.

    Attributes:
        row: Row in which the earlier track is last.
        end: Column after the last pose of the earlier track.
        later_row: Row in which the later track is first.
        begin: Column of the first pose of the later one.
        later_id: Id of the later one before they were merged.
        track_id: Id of both.
    """

    row: int
    end: int
    later_row: int
    begin: int
    later_id: int
    track_id: int


@dataclass(frozen=True)
class Timeline:
    """The identities of a video. P rows, T columns.

    Attributes:
        row_ids: (P,) int64, ids of the ground-truth people, or the predicted ids themselves where
            there is no ground truth; in the order in which they appear.
        frames: (T,) int64, frame index of each column, ascending.
        segments: By row, then time. Columns that no segment covers: the person is absent.
        switches: By row, then time.
        has_ground_truth: Whether rows are ground-truth people.
        merges: By id, then time; none where the tracker does not say what it merged.
        merges_elsewhere: Number of merges that no row shows: one of the tracks covers nobody who
            is annotated.
    """

    row_ids: np.ndarray
    frames: np.ndarray
    segments: tuple[Segment, ...]
    switches: tuple[Switch, ...]
    has_ground_truth: bool
    merges: tuple[Merge, ...] = ()
    merges_elsewhere: int = 0

    @property
    def coverage(self) -> float:
        """Share of the people's columns in which somebody tracks them; NaN without people."""
        lengths = np.array([s.stop - s.start for s in self.segments])
        tracked = np.array([s.track_id != UNTRACKED for s in self.segments], dtype=bool)
        return float(lengths[tracked].sum() / lengths.sum()) if len(lengths) else float("nan")

    def switches_of(self, row: int) -> int:
        """Number of switches in a row."""
        return sum(switch.row == row for switch in self.switches)


def build_timeline(
    row_ids: Sequence[np.ndarray],
    track_ids: Sequence[np.ndarray],
    *,
    unmerged_ids: Sequence[np.ndarray] | None = None,
    frames: Sequence[int] | None = None,
    has_ground_truth: bool = True,
    num_merges: int | None = None,
) -> Timeline:
    """Turn per-frame identities into segments, gaps and switches.

    A switch is counted as in CLEAR-MOT: a person's id differs from the last one that this person
    had, also over a gap.

    Args:
        row_ids: T arrays (M_t,) of the people in the frame.
        track_ids: T arrays (M_t,) of the predicted id that covers each, -1 for none.
        unmerged_ids: T arrays (M_t,), as ``track_ids`` but before tracks were merged. None: the
            same.
        frames: T ascending frame indices; 0 to T - 1 by default.
        has_ground_truth: Whether ``row_ids`` come from ground truth.
        num_merges: Of the whole video, also of tracks that cover nobody in the rows. None: those
            in the rows.

    Returns:
        The timeline.

    Raises:
        ValueError: The lengths differ, a person stands twice in a frame, or the frame indices do
            not ascend.
    """
    frames = np.arange(len(row_ids)) if frames is None else np.asarray(frames, dtype=np.int64)
    if not len(row_ids) == len(track_ids) == len(frames):
        raise ValueError(
            f"row_ids, track_ids and frames must have one entry a frame, got {len(row_ids)}, "
            f"{len(track_ids)} and {len(frames)}"
        )
    if (np.diff(frames) <= 0).any():
        raise ValueError("frames must ascend: add a video's frames in order, each once")
    people = _concatenate(row_ids)
    covering = _concatenate(track_ids)
    before = covering if unmerged_ids is None else _concatenate(unmerged_ids)
    columns = np.repeat(np.arange(len(frames)), [len(ids) for ids in row_ids])
    if not len(people) == len(covering) == len(before):
        raise ValueError("the ids must be those of the same number of people in each frame")
    ids, first, rows = np.unique(people, return_index=True, return_inverse=True)
    order = np.argsort(first)  # by appearance
    rank = np.argsort(order)
    table = np.full((len(ids), len(frames)), _ABSENT, np.int64)
    table[rank[rows], columns] = np.maximum(covering, UNTRACKED)
    unmerged = np.full_like(table, _ABSENT)
    unmerged[rank[rows], columns] = np.maximum(before, UNTRACKED)
    if (table != _ABSENT).sum() != len(people):
        raise ValueError("an id stands twice in a frame; ids must be unique within a frame")
    merges = _merges(table, unmerged)
    return Timeline(
        row_ids=ids[order],
        frames=frames,
        segments=_segments(table),
        switches=_switches(table),
        has_ground_truth=has_ground_truth,
        merges=merges,
        merges_elsewhere=max(0, (num_merges or 0) - len(merges)),
    )


def match_boxes(
    gt_boxes: np.ndarray, pred_boxes: np.ndarray, *, iou_thr: float = 0.5
) -> np.ndarray:
    """Assign predicted boxes to ground truth, at most one each, for the largest sum of IoU.

    Args:
        gt_boxes: (M, 4) xyxy pixels.
        pred_boxes: (P, 4) xyxy pixels.
        iou_thr: Pairs with a lower IoU are not assigned.

    Returns:
        (M,) int64 index of the predicted box, -1 for none.
    """
    match = np.full(len(gt_boxes), -1, np.int64)
    if len(gt_boxes) and len(pred_boxes):
        boxes = (torch.as_tensor(b, dtype=torch.float32) for b in (gt_boxes, pred_boxes))
        iou = np.nan_to_num(bbox_overlaps(*boxes).numpy())
        iou[iou < iou_thr] = 0
        rows, columns = linear_sum_assignment(iou, maximize=True)
        found = iou[rows, columns] > 0
        match[rows[found]] = columns[found]
    return match


class TimelineRecorder:
    """Collects the identities of one video, frame by frame.

    With ground truth, only labelled frames and people with an annotated joint count (choice: the
    others say nothing about who should be tracked; the metrics leave them out as well). Without
    any, the predicted ids are the rows.

    Args:
        iou_thr: See ``match_boxes``.
    """

    def __init__(self, *, iou_thr: float = 0.5) -> None:
        if not 0 < iou_thr <= 1:
            raise ValueError(f"iou_thr must be above 0 and at most 1, got {iou_thr}")
        self._iou_thr = iou_thr
        self._frames: dict[bool, list[int]] = {True: [], False: []}
        self._rows: dict[bool, list[np.ndarray]] = {True: [], False: []}
        self._tracks: dict[bool, list[np.ndarray]] = {True: [], False: []}
        self._unmerged: dict[bool, list[np.ndarray]] = {True: [], False: []}

    def add(self, data_sample: PoseDataSample) -> None:
        """Add a finished frame.

        Args:
            data_sample: With ``frame_index`` (and ``is_labeled``) in its metainfo; ``bboxes`` and
                ``track_ids`` of ``pred_instances`` and ``gt_instances`` are read, and
                ``unmerged_ids`` of ``pred_instances`` if they are there.
        """
        boxes, ids = _boxes_and_ids(data_sample, "pred_instances")
        tracked = ids >= 0
        unmerged = ids
        if UNMERGED in data_sample.get("pred_instances", ()):
            unmerged = np.asarray(data_sample.pred_instances[UNMERGED])
        boxes, ids, unmerged = boxes[tracked], ids[tracked], unmerged[tracked]
        self._add(False, data_sample.frame_index, ids, ids, unmerged)
        if "gt_instances" in data_sample and data_sample.get("is_labeled", True):
            gt_boxes, gt_ids = _boxes_and_ids(data_sample, "gt_instances")
            match = match_boxes(gt_boxes, boxes, iou_thr=self._iou_thr)
            known = (gt_ids >= 0) & _annotated(data_sample)
            covering = (np.append(rows, UNTRACKED)[match][known] for rows in (ids, unmerged))
            self._add(True, data_sample.frame_index, gt_ids[known], *covering)

    def _add(
        self, labelled: bool, frame: int, rows: np.ndarray, ids: np.ndarray, unmerged: np.ndarray
    ) -> None:
        self._frames[labelled].append(frame)
        self._rows[labelled].append(rows)
        self._tracks[labelled].append(ids)
        self._unmerged[labelled].append(unmerged)

    def build(self) -> Timeline:
        """The timeline of the frames so far."""
        labelled = any(len(ids) for ids in self._rows[True])
        own, ids = _concatenate(self._unmerged[False]), _concatenate(self._tracks[False])
        num_merges = len(set(zip(ids.tolist(), own.tolist(), strict=True))) - len(np.unique(ids))
        return build_timeline(
            self._rows[labelled],
            self._tracks[labelled],
            unmerged_ids=self._unmerged[labelled],
            frames=self._frames[labelled],
            has_ground_truth=labelled,
            num_merges=num_merges,
        )


def _concatenate(arrays: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.zeros(0, np.int64), *arrays]).astype(np.int64)


def _boxes_and_ids(data_sample: PoseDataSample, name: str) -> tuple[np.ndarray, np.ndarray]:
    """(M, 4) boxes and (M,) ids of a kind of instances; empty where either is absent."""
    instances = data_sample.get(name)
    if instances is None or "track_ids" not in instances or "bboxes" not in instances:
        return np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
    return np.asarray(instances.bboxes), np.asarray(instances.track_ids)


def _annotated(data_sample: PoseDataSample) -> np.ndarray:
    """(M,) bool: which ground-truth people have a joint; all where joints are not given."""
    instances = data_sample.gt_instances
    visible = instances.get("keypoints_visible")
    if visible is None:
        return np.ones(len(instances), bool)
    seen = np.asarray(visible) > 0  # (M, K), or (M, K, 2) with the weights of mmpose's codecs
    return seen.any(axis=tuple(range(1, seen.ndim)))


def _segments(table: np.ndarray) -> tuple[Segment, ...]:
    """Runs of equal values in each row."""
    begins = np.ones(table.shape, bool)
    begins[:, 1:] = table[:, 1:] != table[:, :-1]
    rows, starts = np.nonzero(begins)
    ends_row = np.append(rows[1:] != rows[:-1], True)[: len(rows)]
    stops = np.where(ends_row, table.shape[1], np.append(starts[1:], 0)[: len(rows)])
    values = table[rows, starts]
    kept = values != _ABSENT
    fields = (rows[kept], values[kept], starts[kept], stops[kept])
    return tuple(Segment(*run) for run in zip(*(f.tolist() for f in fields), strict=True))


def _switches(table: np.ndarray) -> tuple[Switch, ...]:
    """Tracked entries whose id differs from the row's tracked entry before."""
    rows, columns = np.nonzero(table >= 0)
    ids = table[rows, columns]
    switched = np.flatnonzero((rows[1:] == rows[:-1]) & (ids[1:] != ids[:-1]))
    fields = (rows[switched], columns[switched + 1], ids[switched], ids[switched + 1])
    return tuple(Switch(*change) for change in zip(*(f.tolist() for f in fields), strict=True))


def _merges(table: np.ndarray, unmerged: np.ndarray) -> tuple[Merge, ...]:
    """Poses of one id that follow each other in time, in whatever rows, with other own ids.

    Merged tracks are never in one frame, so of each id there is at most one pose in a column.
    """
    rows, columns = np.nonzero(table >= 0)
    order = np.lexsort((columns, table[rows, columns]))
    rows, columns = rows[order], columns[order]
    ids, own = table[rows, columns], unmerged[rows, columns]
    last = np.flatnonzero((ids[1:] == ids[:-1]) & (own[1:] != own[:-1]))
    first = last + 1
    fields = (rows[last], columns[last] + 1, rows[first], columns[first], own[first], ids[last])
    return tuple(Merge(*join) for join in zip(*(f.tolist() for f in fields), strict=True))
