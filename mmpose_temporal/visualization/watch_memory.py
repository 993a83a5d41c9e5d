"""What the memory of a tracker (PTM) read and stored in a video, for pictures of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from rich.progress import track

from mmpose_temporal.datasets import PoseTrackVideoDataset
from mmpose_temporal.models.necks import PoseTemporalMemory, find_memory
from mmpose_temporal.models.trackers import MemoryRecord, PoseTracker
from mmpose_temporal.structures import FramePacket, Observer

from .watch_frame import require_searched


@dataclass(frozen=True, slots=True)
class EntryAttention:
    """The attention of a point of a person's crop over one stored entry.

    Attributes:
        frame: Position in the video of the frame that the entry is of.
        row: Of the person in the record of that frame.
        weights: (N, h, w), of each head over the cells of the entry.
    """

    frame: int
    row: int
    weights: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class QualityCourse:
    """How well a track's keypoints were found in the frames of a video, T of them with it.

    Attributes:
        frames: (T,) int64, positions in the video, ascending.
        quality: (T, K) float32.
        replaced: (T, K) bool, keypoints whose cells were replaced.
        stored: (T,) bool.
    """

    frames: np.ndarray
    quality: np.ndarray
    replaced: np.ndarray
    stored: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class WatchedMemory:
    """What a tracker's memory did until a frame.

    Attributes:
        index: Position of the frame in the video.
        records: Position -> record, of the frames up to it that have people. Only that of
            ``index`` has ``inputs`` and ``entries``.
        neck: The memory's.
    """

    index: int
    records: Mapping[int, MemoryRecord]
    neck: PoseTemporalMemory

    @property
    def record(self) -> MemoryRecord:
        """Of the frame."""
        return self.records[self.index]

    @property
    def counts(self) -> np.ndarray:
        """(M,): the number of entries that each person of the frame read."""
        return (self.record.entry_frames >= 0).sum(1)

    def person(self, track_id: int | None = None) -> int:
        """Row of a person in the frame's record.

        Args:
            track_id: Which. None: the first of those who read the most entries.

        Raises:
            ValueError: There is no such person, or it read nothing.
        """
        ids = self.record.track_ids
        if track_id is None:
            row = int(self.counts.argmax())
        elif track_id in ids:
            row = int(np.flatnonzero(ids == track_id)[0])
        else:
            known = ", ".join(map(str, sorted(ids.tolist())))
            raise ValueError(
                f"no person in frame {self.index} has the track id {track_id}; there are {known}"
            )
        if not self.counts[row]:
            who = "nobody" if track_id is None else f"id {track_id}"
            what = "anything" if track_id is None else "nothing"
            raise ValueError(
                f"{who} has read {what} in frame {self.index}: nothing was stored of them before; "
                "give a later --frame, or a lower model.estimator.neck.heatmap_thr"
            )
        return row

    @torch.no_grad()
    def attention(self, row: int, point: np.ndarray) -> list[EntryAttention]:
        """The weights (Eq. 1) of the cell at a point over the entries, the oldest first.

        Args:
            row: Of the person in the frame's record, who read something.
            point: (2,), shares of the width and height of the crop.

        Raises:
            ValueError: The point is outside of the crop.
        """
        record = self.record
        inputs, count = record.inputs[row : row + 1], int(self.counts[row])
        entries = record.entries[torch.tensor([row])]
        entries = replace(entries, keys=entries.keys[:, :count], values=entries.values[:, :count])
        height, width = self.neck.pool(inputs).shape[-2:]
        x, y = cell_of(point, (height, width))
        found = self.neck.weights(inputs, entries)[0, :, y * width + x]
        found = found.unflatten(-1, (height, width)).cpu().numpy()  # (N, E, h, w)
        frames, slots = record.entry_frames[row], record.entry_slots[row]
        return [
            EntryAttention(
                frame=int(frame),
                row=int(np.flatnonzero(self.records[int(frame)].slots == slot)[0]),
                weights=found[:, number],
            )
            for number, (frame, slot) in enumerate(zip(frames[:count], slots, strict=False))
        ]

    @property
    def signed(self) -> bool:
        """The weights are those of CoDA, in (-1, 1); else they are shares."""
        entries = self.record.entries
        return bool(self.neck.uses_coda(entries.crowded).any())

    def grid(self) -> tuple[int, int]:
        """H and w of the memory's cells."""
        return tuple(self.neck.pool(self.record.inputs[:1]).shape[-2:])

    def course(self, track_id: int) -> QualityCourse:
        """The qualities of a track in the frames so far."""
        rows = [
            (index, record, int(np.flatnonzero(record.track_ids == track_id)[0]))
            for index, record in sorted(self.records.items())
            if track_id in record.track_ids
        ]
        return QualityCourse(
            frames=np.array([index for index, _, _ in rows], np.int64),
            quality=np.stack([record.quality[row] for _, record, row in rows]),
            replaced=np.stack([record.replaced[row] for _, record, row in rows]),
            stored=np.array([record.stored[row] for _, record, row in rows]),
        )


def cell_of(point: np.ndarray, size: tuple[int, int]) -> tuple[int, int]:
    """The cell, (x, y), in which a point lies.

    Args:
        point: (2,), shares of width and height.
        size: h and w in cells.

    Raises:
        ValueError: It is outside.
    """
    if not ((point >= 0) & (point <= 1)).all():
        raise ValueError("the point lies outside of the person's crop")
    x, y = np.minimum(np.asarray(point) * size[::-1], np.array(size[::-1]) - 1).astype(int)
    return int(x), int(y)


def watch_memory(
    tracker: PoseTracker, dataset: PoseTrackVideoDataset, index: int, *, progress: bool = True
) -> WatchedMemory:
    """Track a video until a frame is finished, and report what the memory did.

    Args:
        tracker: From :func:`build_pose_tracker`, with a memory; videos that it has open are
            forgotten.
        dataset: The video alone, from :func:`load_test_video`.
        index: Position of the frame in the video.
        progress: Show a progress bar.

    Raises:
        ValueError: There is no memory or no such frame; it cannot be read, people are not detected
            in it, or it has no people.
    """
    found = find_memory(tracker.estimator)
    if tracker.memory is None or found is None:
        raise ValueError(
            "the config's tracker must have a memory=dict(type='PersonMemory') and its estimator "
            "a PoseTemporalMemory"
        )
    if not 0 <= index < len(dataset):
        raise ValueError(f"the video has the frames 0 to {len(dataset) - 1}, there is no {index}")
    watched = MemoryObserver(index)
    tracker.reset()
    tracker.observers.append(watched)
    try:
        for position in track(
            range(len(dataset)), "Tracking", total=index + 1, disable=not progress
        ):
            if watched.done:
                break
            item = dataset[position]
            if position == index:
                require_searched(item["data_samples"])
            tracker.test_step(pseudo_collate([item]))
    finally:
        tracker.observers.remove(watched)
        tracker.reset()
    if index not in watched.records:
        raise ValueError(f"nobody was found in frame {index}")
    return WatchedMemory(index, watched.records, found[1])


class MemoryObserver(Observer):
    """Keeps the memory's records of the frames up to one.

    Args:
        index: Position of the frame; the records of earlier ones are kept without features.

    Attributes:
        records: Position -> record.
        done: The frame is finished.
    """

    def __init__(self, index: int):
        self.index = index
        self.records: dict[int, MemoryRecord] = {}
        self.done = False

    def wants(self, packet: FramePacket) -> bool:
        """See :class:`Observer`."""
        return packet.index <= self.index

    def finished(self, packet: FramePacket) -> None:
        """See :class:`Observer`."""
        record = packet.records.get("memory")
        if record is not None:
            if packet.index < self.index:
                nothing = record.inputs.new_empty((0, *record.inputs.shape[1:]))
                record = replace(record, inputs=nothing, entries=None)
            self.records[packet.index] = record
        self.done = self.done or packet.index == self.index
