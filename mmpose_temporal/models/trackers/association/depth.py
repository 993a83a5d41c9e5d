"""How far back a pose is compared with a track."""

from abc import ABC, abstractmethod

import numpy as np
from mmpose.registry import TASK_UTILS

from mmpose_temporal.structures import UNTRACKED, People

from .live_tracks import LiveTracks


class Depth(ABC):
    """Which poses of a track are remembered, and how their scores become the track's score.

    Attributes:
        reach: Frames that a pose is remembered, at most; None: as long as its track lives.
        one_row: A track has one row, its last pose.
    """

    reach: int | None = None
    one_row: bool = True

    def near(self, people: People, tracks: LiveTracks) -> np.ndarray | None:
        """(M, E) bool, the rows that each person is compared with; None: all."""
        return None

    @abstractmethod
    def columns(self, tracks: LiveTracks) -> tuple[np.ndarray, np.ndarray] | None:
        """Which rows belong to one track.

        Returns:
            (E,) int64, the rows ordered by track, and (T,) int64, where each track begins in
            that order; None: each row is a track.
        """


@TASK_UTILS.register_module()
class LastPose(Depth):
    """A track is its last pose."""

    def columns(self, tracks: LiveTracks) -> None:
        """See :class:`Depth`."""
        return None


@TASK_UTILS.register_module()
class History(Depth):
    """A track is its poses of the last frames, and its score the highest of theirs.

    Source: Snower et al., 15 Keypoints Is All You Need, CVPR 2020, sections 3.1 and A.4. What is
    remembered is bounded by ``history`` frames, and what is scored by ``history * nearest``
    pairs per pose.

    Args:
        history: Frames that are remembered (delta of the paper), >= 1; a frame counts whether it
            has people or not.
        nearest: Number of poses that are compared per remembered frame, those with the nearest
            centres (n of the paper). None: all.

    Raises:
        ValueError: An option is below 1.
    """

    one_row = False

    def __init__(self, *, history: int = 4, nearest: int | None = None):
        if history < 1:
            raise ValueError(f"history must be 1 frame or more, got {history}")
        if nearest is not None and nearest < 1:
            raise ValueError(f"nearest must be 1 pose or more, or None for all, got {nearest}")
        self.history = history
        self.nearest = nearest

    @property
    def reach(self) -> int:
        """See :class:`Depth`."""
        return self.history

    def near(self, people: People, tracks: LiveTracks) -> np.ndarray | None:
        """See :class:`Depth`."""
        if self.nearest is None:
            return None
        return nearest_pairs(people, tracks.people, tracks.last_seen, self.nearest)

    def columns(self, tracks: LiveTracks) -> tuple[np.ndarray, np.ndarray]:
        """See :class:`Depth`."""
        order = np.argsort(tracks.ids, kind="stable")
        return order, np.flatnonzero(np.diff(tracks.ids[order], prepend=UNTRACKED))


def nearest_pairs(
    current: People, previous: People, times: np.ndarray, nearest: int
) -> np.ndarray:
    """Of each earlier frame the poses nearest to each current one.

    Args:
        current: M people.
        previous: E people of earlier frames.
        times: (E,) frame of each of them.
        nearest: Number of people that are picked per frame; of several at the same distance, the
            first. Distance is that of the centres: means of the keypoints that are present, or
            box centres if there are none.

    Returns:
        (M, E) bool.
    """
    offsets = pose_centers(current)[:, None] - pose_centers(previous)
    distance = np.hypot(offsets[..., 0], offsets[..., 1])
    near = np.zeros(distance.shape, dtype=bool)
    for time in np.unique(times):
        columns = np.flatnonzero(times == time)
        order = distance[:, columns].argsort(axis=1, kind="stable")[:, :nearest]
        np.put_along_axis(near, columns[order], True, axis=1)
    return near


def pose_centers(poses: People) -> np.ndarray:
    """(M, 2) means of the keypoints that are present, pixels; box centres if there is none."""
    present = (poses.keypoint_scores > 0)[..., None]
    count = present.sum(1)
    mean = np.where(present, poses.keypoints, 0).sum(1) / np.maximum(count, 1)
    return np.where(count > 0, mean, (poses.boxes[:, :2] + poses.boxes[:, 2:]) / 2)
