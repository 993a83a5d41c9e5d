"""Where the people of one video were in its last frames."""

from collections import deque

import numpy as np

from mmpose_temporal.structures import People

TRAIL_ANCHORS = {
    "foot": np.float32([[0.5, 0, 0.5, 0], [0, 0, 0, 1]]),  # middle of the box's lower edge
    "center": np.float32([[0.5, 0, 0.5, 0], [0, 0.5, 0, 0.5]]),
}
"""Name of a point of a box -> (2, 4) matrix that takes it from an xyxy box."""


class Trails:
    """Last positions of the tracked people of one video.

    Bounded: at most ``length`` positions of a track, and a track that was not seen in the last
    ``length`` drawn frames is forgotten.

    Args:
        length: Positions kept of a track; 0 keeps none.
        anchor: Point of the box that leaves the trail: ``'foot'`` or ``'center'``.

    Raises:
        ValueError: ``length`` is negative or ``anchor`` is unknown.
    """

    def __init__(self, *, length: int, anchor: str = "foot") -> None:
        if length < 0:
            raise ValueError(f"trail length must be 0 (no trails) or more frames, got {length}")
        if anchor not in TRAIL_ANCHORS:
            raise ValueError(f"trail anchor must be one of {list(TRAIL_ANCHORS)}, got {anchor!r}")
        self.length = length
        self._take = TRAIL_ANCHORS[anchor]
        self._positions: dict[int, deque[tuple[int, np.ndarray]]] = {}
        self._count = 0
        self._last_index: int | None = None

    def __len__(self) -> int:
        """Tracks remembered."""
        return len(self._positions)

    def update(self, poses: People, frame_index: int | None = None) -> None:
        """Add a frame.

        Args:
            poses: People of the frame; the untracked ones leave no trail.
            frame_index: Position of the frame in the video, where known.

        Raises:
            ValueError: The frame does not come after the one before.
        """
        if frame_index is not None:
            if self._last_index is not None and frame_index <= self._last_index:
                raise ValueError(
                    f"frame {frame_index} after frame {self._last_index}: trails need a video's "
                    "frames in order, each once; call end_video and start_video to begin again"
                )
            self._last_index = frame_index
        self._count += 1
        if not self.length:
            return
        tracked = (poses.track_ids >= 0) & np.isfinite(poses.boxes).all(1)
        points = poses.boxes[tracked] @ self._take.T
        for track_id, point in zip(poses.track_ids[tracked].tolist(), points, strict=True):
            past = self._positions.setdefault(track_id, deque(maxlen=self.length))
            past.append((self._count, point))
        oldest = self._count - self.length
        for track_id in [i for i, past in self._positions.items() if past[-1][0] <= oldest]:
            del self._positions[track_id]

    def segments(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pieces of the trails between frames that follow each other (S of them).

        Returns:
            points (S, 2, 2) float32 start and end in pixels; track_ids (S,) int64; freshness
            (S,) float32 in (0, 1], 1 for the newest piece and falling to 0 at ``length`` frames.
        """
        ids = [i for i, past in self._positions.items() for _ in past]
        if len(ids) < 2:
            return np.zeros((0, 2, 2), np.float32), np.zeros(0, np.int64), np.zeros(0, np.float32)
        track_ids = np.array(ids)
        ticks, points = zip(
            *(entry for past in self._positions.values() for entry in past), strict=True
        )
        ticks, points = np.array(ticks), np.stack(points)
        joined = (track_ids[1:] == track_ids[:-1]) & (ticks[1:] == ticks[:-1] + 1)
        freshness = 1 - (self._count - ticks[1:]) / self.length
        keep = joined & (freshness > 0)
        pairs = np.stack([points[:-1], points[1:]], axis=1)
        return pairs[keep], track_ids[1:][keep], freshness[keep].astype(np.float32)
