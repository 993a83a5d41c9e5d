"""The neighbours of a frame, and the paths of best matches through them."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from torch import Tensor

from mmpose_temporal.models.similarities import Representation
from mmpose_temporal.structures import FramePacket, People, plain_state

NOBODY = -1
"""Row of the person that a path goes on to where it ends."""


@plain_state
@dataclass(slots=True, eq=False)
class Neighbour:
    """A frame of a window.

    Attributes:
        index: Its position in the video.
        searched: People were detected in it.
        poses: Its people, as the estimator predicted them.
        people: What refinement knows about them, M rows each.
        before: (M,) int64, row of the best match in the frame linked before; -1: none.
        after: (M,) int64, row of the best match in the frame linked after; -1: none.
        frame: The frame; None once it was released.
    """

    index: int
    searched: bool
    poses: People
    people: Representation
    before: np.ndarray
    after: np.ndarray
    frame: FramePacket | None


Context = list[tuple[np.ndarray, np.ndarray, Neighbour]]
"""The frames on the paths of a frame's people, see :meth:`RefinementWindow.paths`."""


@plain_state
@dataclass(frozen=True, slots=True, eq=False)
class PathStep:
    """Poses of one frame that were context for P of the people of another.

    Attributes:
        frame_index: Its position in the video.
        rows: (P,) int64, the people who got context, as rows of the record.
        keypoints: (P, K, 2), predicted places in the frame, image pixels.
        boxes: (P, 4) xyxy, image pixels.
        weights: (P, K, n), W of Eq. 6: of each candidate with the predicted place.
    """

    frame_index: int
    rows: np.ndarray
    keypoints: np.ndarray
    boxes: np.ndarray
    weights: np.ndarray


@plain_state
@dataclass(frozen=True, slots=True, eq=False)
class RefinementRecord:
    """How the M people of a frame were refined; all arrays numpy.

    Attributes:
        track_ids: (M,) int64.
        boxes: (M, 4) xyxy, image pixels.
        candidates: (M, K, n, 2), image pixels.
        before: (M, K, n), responses of the heatmap; -inf if there are fewer candidates.
        after: (M, K, n), refined responses; -inf likewise.
        steps: The frames on their paths, in temporal order.
    """

    track_ids: np.ndarray
    boxes: np.ndarray
    candidates: np.ndarray
    before: np.ndarray
    after: np.ndarray
    steps: list[PathStep]


@plain_state
@dataclass(slots=True, eq=False)
class RefinementWindow:
    """The frames of a video that refinement still needs: at most 2 reach + 1.

    Attributes:
        reach: Frames that count on each side.
        frames: In order; those with a ``frame`` wait, the others are only neighbours.
    """

    reach: int
    frames: deque[Neighbour] = field(default_factory=deque)

    def walk(self, position: int, step: int, index: int) -> Iterator[Neighbour]:
        """The frames with detection that are within reach of a frame, in one direction.

        Args:
            position: Where to start in ``frames``; that one is left out.
            step: 1 or -1.
            index: The frame's position in the video.
        """
        position += step
        while 0 <= position < len(self.frames):
            held = self.frames[position]
            if abs(held.index - index) > self.reach:
                return
            if held.searched:
                yield held
            position += step

    def paths(self, position: int) -> Iterator[tuple[np.ndarray, np.ndarray, Neighbour]]:
        """The frames on the paths of a frame's people, first backwards, then forwards.

        Args:
            position: Of the frame in ``frames``.

        Yields:
            Rows of the people whose paths lead to a frame, rows of their matches there (both
            int64, of one length), and it.
        """
        start = self.frames[position]
        for step in (-1, 1):
            rows, link = np.arange(len(start.poses)), start.before if step < 0 else start.after
            for held in self.walk(position, step, start.index):
                on = link != NOBODY
                rows, matches = rows[on], link[on]
                if not len(rows):
                    break
                yield rows, matches, held
                link = (held.before if step < 0 else held.after)[matches]


def make_record(
    held: Neighbour, context: Context, weights: list[Tensor], responses: Tensor
) -> RefinementRecord:
    """How the people of a frame were refined.

    Args:
        held: The frame.
        context: The frames on their paths.
        weights: For each of those (P, K, n), W of Eq. 6.
        responses: (M, K, n), refined.
    """
    steps = [
        PathStep(
            frame_index=other.index,
            rows=rows,
            keypoints=other.poses.keypoints[matches],
            boxes=other.poses.boxes[matches],
            weights=weight.cpu().numpy(),
        )
        for (rows, matches, other), weight in zip(context, weights, strict=True)
    ]
    return RefinementRecord(
        track_ids=held.poses.track_ids,
        boxes=held.poses.boxes,
        candidates=held.people["candidates"].cpu().numpy(),
        before=held.people["candidate_scores"].float().cpu().numpy(),
        after=responses.cpu().numpy(),
        steps=sorted(steps, key=lambda step: step.frame_index),
    )
