"""Merging by scores: what all ways of merging have in common but the scores."""

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mmpose_temporal.structures import FramePacket, plain_state

from .joining import Join, join_tracks, may_follow, merged_ids
from .merging import TrackMerging


@dataclass(frozen=True, slots=True, eq=False)
class TrackTable:
    """The N tracks of a video, in the order of their ids.

    Attributes:
        ids: (N,) int64.
        firsts: (N,) int64, tick of the first pose.
        lasts: (N,) int64, tick of the last pose.
        lengths: (N,) int64, number of poses.
        first_times: (N,) float64, seconds of the first pose; NaN if they are not known.
        last_times: (N,) float64, likewise of the last pose.
    """

    ids: np.ndarray
    firsts: np.ndarray
    lasts: np.ndarray
    lengths: np.ndarray
    first_times: np.ndarray
    last_times: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)


@plain_state
@dataclass(slots=True, eq=False)
class TrackSpans:
    """When the tracks of one video are there; it grows with the tracks, not with the frames.

    Attributes:
        spans: Track id -> tick of the first pose, tick of the last pose, number of poses.
        times: Track id -> seconds of the first and of the last pose; NaN if they are not known.
    """

    spans: dict = field(default_factory=dict)
    times: dict = field(default_factory=dict)

    def add(self, packet: FramePacket) -> None:
        """Take note of the people of a frame."""
        tick, time = packet.tick, float("nan") if packet.time is None else packet.time
        for track in packet.people.track_ids.tolist():
            first, _, length = self.spans.get(track, (tick, tick, 0))
            self.spans[track] = (first, tick, length + 1)
            self.times[track] = (self.times.get(track, (time, time))[0], time)

    def table(self) -> TrackTable:
        """The tracks so far."""
        ids = sorted(self.spans)
        spans = np.array([self.spans[i] for i in ids], np.int64).reshape(-1, 3)
        times = np.array([self.times[i] for i in ids], np.float64).reshape(-1, 2)
        return TrackTable(np.array(ids, np.int64), *spans.T, *times.T)


@plain_state
@dataclass(slots=True, eq=False)
class MergingState:
    """What a :class:`ScoredMerging` keeps of one video.

    Attributes:
        spans: When the tracks are there.
        kept: What its subclass keeps.
        joins: What was decided at the end of the video.
    """

    spans: TrackSpans
    kept: Any = None
    joins: tuple[Join, ...] = ()


class ScoredMerging(TrackMerging):
    """Joins each track to the one that it continues best, see :func:`join_tracks`.

    A subclass says how well a track continues an earlier one (:meth:`scores`) and what must be
    kept of the tracks for that (:meth:`start`, :meth:`keep`); what it keeps must grow with the
    tracks, not with the frames.

    Observers get, as ``merging`` in the records of each frame they watch, the tuple of the
    :class:`Join` of the video, best first.

    Args:
        min_similarity: Lowest score of a join.
        max_gap: Largest number of frames in which people are detected from the last pose of a
            track to the first of the one that continues it; 1: no frame lies between. None: any.
        max_gap_seconds: Instead of ``max_gap``; the frames need times.
        min_poses: Tracks with fewer poses are not joined, as they may be nobody's.

    Raises:
        ValueError: Both ``max_gap`` and ``max_gap_seconds``; one below 1 or 0, or ``min_poses``
            below 1.
    """

    def __init__(
        self,
        *,
        min_similarity: float,
        max_gap: int | None = None,
        max_gap_seconds: float | None = None,
        min_poses: int = 1,
    ):
        super().__init__()
        if max_gap is not None and max_gap_seconds is not None:
            raise ValueError(
                f"give max_gap or max_gap_seconds, not both: got {max_gap} and {max_gap_seconds}"
            )
        if max_gap is not None and max_gap < 1:
            raise ValueError(f"max_gap must be 1 frame or more, got {max_gap}")
        if max_gap_seconds is not None and not max_gap_seconds > 0:
            raise ValueError(f"max_gap_seconds must be positive, got {max_gap_seconds}")
        if min_poses < 1:
            raise ValueError(f"min_poses must be 1 or more, got {min_poses}")
        self.min_similarity = min_similarity
        self.max_gap = max_gap
        self.max_gap_seconds = max_gap_seconds
        self.min_poses = min_poses

    def start(self) -> Any:
        """What is kept of a video that starts; None: nothing but the spans of its tracks."""
        return None

    def keep(self, kept: Any, packet: FramePacket) -> None:
        """Keep what is needed of the people of a frame; see :meth:`TrackerPart.observe`.

        Args:
            kept: Of the video, changed in place.
            packet: The frame, with image and features; ``people`` are those with an id, and
                ``comparison`` is what the association compared, of the same people.
        """

    @abstractmethod
    def scores(self, kept: Any, tracks: TrackTable, pairs: np.ndarray) -> np.ndarray:
        """How well tracks continue others; called once, if there is a pair.

        Args:
            kept: Of the video.
            tracks: Its N tracks.
            pairs: (N, N) bool, row: the earlier track, column: the later one: those that may
                be joined. What is returned for the others is ignored.

        Returns:
            (N, N) float; higher is better. NaN: not compared.
        """

    def start_video(self) -> MergingState:
        """See :class:`TrackerPart`."""
        return MergingState(TrackSpans(), self.start())

    def observe(self, state: MergingState, packet: FramePacket) -> None:
        """See :class:`TrackerPart`.

        Raises:
            ValueError: ``max_gap_seconds`` is given, and the frame has no time.
        """
        if self.max_gap_seconds is not None and packet.time is None:
            raise ValueError(
                f"video {packet.video_id}: gaps of tracks are given in seconds, but frame "
                f"{packet.index} has no time: give samples 'time' or 'fps', a data set fps, or "
                "tools/track_poses.py --fps; or give max_gap in frames"
            )
        state.spans.add(packet)
        self.keep(state.kept, packet)

    def may_join(self, tracks: TrackTable) -> np.ndarray:
        """(N, N) bool, the pairs that may be joined, whatever they look like."""
        may = may_follow(tracks.firsts, tracks.lasts, self.max_gap)
        if self.max_gap_seconds is not None:
            may &= tracks.first_times - tracks.last_times[:, None] <= self.max_gap_seconds
        long = tracks.lengths >= self.min_poses
        return may & long & long[:, None]

    def finish(self, state: MergingState) -> dict[int, int]:
        """See :class:`TrackMerging`; ``state.joins`` says why."""
        tracks = state.spans.table()
        pairs = self.may_join(tracks)
        joins = []
        if pairs.any():
            joins = join_tracks(
                tracks.ids,
                tracks.firsts,
                tracks.lasts,
                self.scores(state.kept, tracks, pairs),
                min_score=self.min_similarity,
                allowed=pairs,
            )
        state.joins = tuple(joins)
        return merged_ids(joins)

    def record(self, state: MergingState) -> tuple[Join, ...]:
        """See :class:`TrackMerging`: the joins, best first."""
        return state.joins
