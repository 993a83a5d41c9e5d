"""Which poses without a track may start one."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from mmpose.registry import TASK_UTILS

from mmpose_temporal.models.similarities import PairScores
from mmpose_temporal.structures import FramePacket

from .live_tracks import LiveTracks


@dataclass(frozen=True, slots=True, eq=False)
class Unmatched:
    """The poses of a frame that continue no track, and what association knows about them.

    Attributes:
        packet: The frame, with all M people.
        rows: (B,) int64, the people who continue no track and were not rejected yet.
        track_ids: (M,) int64, ids of those who continue one; -1 for the others.
        scores: Of the (M, E) pairs; None if there was nobody to compare.
        tracks: The E rows compared with.
    """

    packet: FramePacket
    rows: np.ndarray
    track_ids: np.ndarray
    scores: PairScores | None
    tracks: LiveTracks


class Births(ABC):
    """Rejects poses that must not start a track; they have no id and are not reported.

    Attributes:
        reason: Key under which the tracker counts the rejected poses.
    """

    reason: str

    @abstractmethod
    def __call__(self, unmatched: Unmatched) -> np.ndarray:
        """(B,) bool: which of ``unmatched.rows`` may start a track."""


@TASK_UTILS.register_module()
class ScoreBirths(Births):
    """A pose starts a track if its score is at least ``new_track_thr``.

    Args:
        new_track_thr: Lowest :attr:`People.pose_scores`.
    """

    reason = "new_track_thr"

    def __init__(self, *, new_track_thr: float):
        self.new_track_thr = new_track_thr

    def __call__(self, unmatched: Unmatched) -> np.ndarray:
        """See :class:`Births`."""
        return unmatched.packet.people.pose_scores[unmatched.rows] >= self.new_track_thr
