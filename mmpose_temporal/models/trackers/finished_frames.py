"""Hold frames back until nothing about them can change any more."""

from collections import Counter, deque
from dataclasses import dataclass, field

import numpy as np
from mmpose.structures import PoseDataSample

from mmpose_temporal.structures import FramePoses


@dataclass(slots=True)
class TrackedFrame:
    """A frame after association.

    Attributes:
        sample: The frame's data sample.
        poses: Its people, each with an id.
        dropped: Reason -> number of poses that were taken out.
    """

    sample: object
    poses: FramePoses
    dropped: Counter = field(default_factory=Counter)

    @property
    def searched(self) -> bool:
        """Whether people were looked for in it."""
        return is_searched(self.sample)


def is_searched(sample: PoseDataSample) -> bool:
    """Whether people were looked for in a frame."""
    return bool(sample.get("searched", True) and sample.get("frame_readable", True))


class FinishedFrames:
    """Frames of one video that wait for their short tracks to end or to grow.

    With ``min_length = 1`` every frame is finished at once. Otherwise a frame is finished when
    each of its tracks has ``min_length`` poses or has ended; the poses of those that ended too
    short are taken out and counted as ``'short_track'``. At most
    ``min_length * (max_age + 1)`` frames wait.

    Args:
        min_length: Least number of poses of a track.
    """

    def __init__(self, min_length: int):
        self.min_length = min_length
        self._lengths: Counter = Counter()
        self._waiting: deque[TrackedFrame] = deque()

    def push(self, frame: TrackedFrame, live_ids: np.ndarray) -> list[TrackedFrame]:
        """Add a frame.

        Args:
            frame: The newest frame.
            live_ids: Ids of the tracks that may still grow.

        Returns:
            The frames that are finished now, oldest first.
        """
        if self.min_length == 1:
            return [frame]
        self._lengths.update(frame.poses.track_ids.tolist())
        self._waiting.append(frame)
        live = set(live_ids.tolist())
        finished = []
        while self._waiting and not self._undecided(self._waiting[0], live):
            finished.append(self._settle(self._waiting.popleft()))
        waiting = {i for f in self._waiting for i in f.poses.track_ids.tolist()}
        for gone in [i for i in self._lengths if i not in live and i not in waiting]:
            del self._lengths[gone]
        return finished

    def flush(self) -> list[TrackedFrame]:
        """All frames that still wait: the video is over."""
        finished = [self._settle(frame) for frame in self._waiting]
        self._waiting.clear()
        return finished

    def _undecided(self, frame: TrackedFrame, live: set[int]) -> bool:
        return any(
            i in live and self._lengths[i] < self.min_length
            for i in frame.poses.track_ids.tolist()
        )

    def _settle(self, frame: TrackedFrame) -> TrackedFrame:
        ids = frame.poses.track_ids.tolist()
        long = np.array([self._lengths[i] >= self.min_length for i in ids], dtype=bool)
        if not long.all():
            frame.dropped["short_track"] += int((~long).sum())
            frame.poses = frame.poses[long]
        return frame
