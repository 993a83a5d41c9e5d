"""A view that moves along with the people: places of one frame that compare with another's."""

from dataclasses import dataclass, field

import numpy as np

from mmpose_temporal.structures import People, plain_state

FEWEST_JOINTS = 3
"""Joints that must be there in both frames for a person's step to count."""

FEWEST_PEOPLE = 2
"""People who must have made a step: one alone may as well have walked."""


@plain_state
@dataclass(slots=True, eq=False)
class SteadyView:
    """How far the people of a video have moved together since its start.

    A camera that turns moves everybody alike, and nothing but the people is known here. From a
    frame to the next, the view moves by the median step of the people who are in both; where they
    are fewer than two, it stays (choices).

    Attributes:
        offset: (2,) float64, pixels: where the point has got to that was at (0, 0).
        people: Those of the last frame; None before the first.
    """

    offset: np.ndarray = field(default_factory=lambda: np.zeros(2))
    people: People | None = None

    def follow(self, people: People) -> None:
        """Move on to the next frame with detection, by the track ids of its people."""
        before, self.people = self.people, people.only_extras()
        if before is None:
            return
        ids = people.track_ids, before.track_ids
        _, rows, columns = np.intersect1d(*ids, assume_unique=True, return_indices=True)
        both = (people.keypoint_scores[rows] > 0) & (before.keypoint_scores[columns] > 0)
        steps = (people.keypoints[rows] - before.keypoints[columns]).astype(np.float64)
        counts = both.sum(1) >= FEWEST_JOINTS
        if counts.sum() < FEWEST_PEOPLE:
            return
        steps = np.where(both[..., None], steps, np.nan)[counts]
        self.offset = self.offset + np.median(np.nanmedian(steps, axis=1), axis=0)

    def steadied(self, people: People) -> People:
        """The people of the last frame as they would be seen in the view of the first.

        Args:
            people: Those of the frame; keypoints and boxes are moved.
        """
        present = (people.keypoint_scores > 0)[..., None]
        places = np.where(present, people.keypoints - self.offset, people.keypoints)
        boxes = people.boxes - np.tile(self.offset, 2)
        return people.replace(keypoints=places.astype(np.float32), boxes=boxes.astype(np.float32))
