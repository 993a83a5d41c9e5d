"""Pairs of a pose and a track, as a tracker that makes no mistake would meet them."""

from dataclasses import dataclass

import numpy as np
import torch

from mmpose_temporal.utils.track_motion import common_motion

from .clips import corners
from .pose_errors import FALSE_POSITIVE, NoisyFrame


@dataclass(frozen=True, slots=True)
class TrackPairs:
    """N pairs.

    Attributes:
        current: (N, K, 3) float32, the pose: x, y, score.
        history: (N, H, K, 3) float32, the track's poses, the newest first; 0 if it has fewer.
        ages: (N, H) float32, frames before the current one; 0: no such pose.
        motion: (N, 2) float32, see :func:`common_motion`.
        support: (N, 2) float32, likewise.
        labels: (N,) int64, 1 if the pose follows the track.
    """

    current: np.ndarray
    history: np.ndarray
    ages: np.ndarray
    motion: np.ndarray
    support: np.ndarray
    labels: np.ndarray

    def take(self, index: np.ndarray) -> dict[str, np.ndarray]:
        """The pairs at ``index`` (N',), by name."""
        return {name: getattr(self, name)[index] for name in self.__slots__}


@dataclass(slots=True)
class Tracks:
    """L tracks with up to H poses each, known to be right, the newest first.

    Attributes:
        owners: (L,) int64; different negative numbers if nobody is the owner.
        poses: (L, H, K, 3) float32.
        times: (L, H) int64, -1 if there is no pose.
    """

    owners: np.ndarray
    poses: np.ndarray
    times: np.ndarray

    @classmethod
    def empty(cls, history: int, keypoints: int) -> "Tracks":
        """No track yet."""
        return cls(
            np.zeros(0, np.int64),
            np.zeros((0, history, keypoints, 3), np.float32),
            np.zeros((0, history), np.int64),
        )

    def forget(self, time: int, max_age: int) -> None:
        """Drop tracks that were not seen for more than ``max_age`` frames."""
        alive = time - self.times[:, 0] <= max_age
        self.owners, self.poses, self.times = (
            rows[alive] for rows in (self.owners, self.poses, self.times)
        )

    def add(self, frame: NoisyFrame, time: int) -> None:
        """Append a frame's poses; of duplicates the first in the list."""
        owners = frame.owners.copy()
        false = np.flatnonzero(owners == FALSE_POSITIVE)
        owners[false] = min(self.owners.min(initial=0), FALSE_POSITIVE) - 1 - np.arange(len(false))
        owners, first = np.unique(owners, return_index=True)
        poses = frame.poses[first]
        known = np.isin(owners, self.owners)
        rows = np.searchsorted(self.owners, owners[known])  # owners are kept in order
        self.poses[rows, 1:], self.times[rows, 1:] = self.poses[rows, :-1], self.times[rows, :-1]
        self.poses[rows, 0], self.times[rows, 0] = poses[known], time
        fresh = np.zeros((int((~known).sum()), *self.poses.shape[1:]), np.float32)
        fresh[:, 0] = poses[~known]
        times = np.full(fresh.shape[:2], -1)
        times[:, 0] = time
        owners = np.concatenate([self.owners, owners[~known]])
        order = np.argsort(owners)
        self.owners = owners[order]
        self.poses = np.concatenate([self.poses, fresh])[order]
        self.times = np.concatenate([self.times, times])[order]


def draw_pairs(
    frames: list[NoisyFrame],
    rng: np.random.Generator,
    *,
    joints: np.ndarray,
    history: int = 6,
    max_age: int = 12,
    visits: int = 5,
    nearest: int = 4,
    reach: float = 4.0,
    mixed: float = 0.02,
) -> TrackPairs | None:
    """Pairs at some moments of a clip.

    Args:
        frames: The clip as it was observed.
        rng: Source of randomness.
        joints: Indices of the keypoints that vote for the common motion.
        history: H, poses of a track.
        max_age: Frames that a track stays live after its last pose.
        visits: Number of moments that are drawn.
        nearest: Number of tracks per pose that it does not follow, the nearest ones.
        reach: Of those further than this many mean diagonals, nine of ten are left out.
        mixed: Share of the pairs in which one of the track's earlier poses is another person's,
            as after a mistake.

    Returns:
        The pairs, or None if there is none.
    """
    tracks = Tracks.empty(history, frames[0].poses.shape[1])
    moments = set(rng.permutation(np.arange(1, len(frames)))[:visits].tolist())
    drawn = []
    for time, frame in enumerate(frames[: max(moments, default=-1) + 1]):
        tracks.forget(time, max_age)
        if time in moments and len(tracks.owners) and len(frame.owners):
            drawn.append(_pairs_at(tracks, frame, time, rng, joints, nearest, reach, mixed))
        tracks.add(frame, time)
    if not sum(len(pairs["labels"]) for pairs in drawn):
        return None
    return TrackPairs(
        **{name: np.concatenate([pairs[name] for pairs in drawn]) for name in drawn[0]}
    )


def _pairs_at(
    tracks: Tracks,
    frame: NoisyFrame,
    time: int,
    rng: np.random.Generator,
    joints: np.ndarray,
    nearest: int,
    reach: float,
    mixed: float,
) -> dict[str, np.ndarray]:
    """The pairs of one moment."""
    ages = np.where(tracks.times >= 0, time - tracks.times, 0).astype(np.float32)
    motion, support = common_motion(
        *(torch.from_numpy(x) for x in (frame.poses[:, joints], tracks.poses[:, :, joints], ages))
    )
    follows = frame.owners[:, None] == tracks.owners
    distance = _distances(frame.poses, tracks.poses[:, 0])
    rank = np.where(follows, np.inf, distance).argsort(1).argsort(1)
    taken = ~follows & (rank < nearest)
    taken &= (distance <= reach) | (rng.random(taken.shape) < 0.1)
    rows, columns = np.nonzero(follows | taken)
    poses = tracks.poses[columns]
    count = len(tracks.owners)
    wrong = np.flatnonzero((rng.random(len(rows)) < mixed) & (ages[columns, 1] > 0))
    wrong = wrong if count > 1 else wrong[:0]
    for pair in wrong:
        entry = rng.integers(1, (ages[columns[pair]] > 0).sum())
        other = (columns[pair] + rng.integers(1, count)) % count
        poses[pair, entry] = tracks.poses[other, 0]
    return dict(
        current=frame.poses[rows],
        history=poses,
        ages=ages[columns],
        motion=np.repeat(motion.numpy()[None], len(rows), 0),
        support=np.repeat(support.numpy()[None], len(rows), 0),
        labels=follows[rows, columns].astype(np.int64),
    )


def _distances(poses: np.ndarray, last: np.ndarray) -> np.ndarray:
    """(M, L): between centres, in mean diagonals."""
    centers, sizes = [], []
    for people in (poses, last):
        low, high = corners(people[..., :2], people[..., 2] > 0)
        centers.append((low + high) / 2)
        sizes.append(np.linalg.norm(high - low, axis=-1))
    apart = np.linalg.norm(centers[0][:, None] - centers[1], axis=-1)
    return apart / np.maximum((sizes[0][:, None] + sizes[1]) / 2, 8)
