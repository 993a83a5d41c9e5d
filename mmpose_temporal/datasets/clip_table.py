"""The people of a video as rows, and the choice of examples for a clip."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from mmpose_temporal.posetrack import VideoAnnotation
from mmpose_temporal.structures import NUM_KEYPOINTS


@dataclass(frozen=True, slots=True)
class ClipTable:
    """The people of one video that can be training examples, a row for a person in a frame.

    Attributes:
        video: The annotations.
        frame_index: (P,) int64, position of the row's frame in the video.
        track_ids: (P,) int64.
        boxes: (P, 4) float32 xyxy, image pixels.
        keypoints: (P, 17, 3) float32: x, y in image pixels, visibility in {0, 1}.
        annotation_ids: (P,) int64.
    """

    video: VideoAnnotation
    frame_index: np.ndarray
    track_ids: np.ndarray
    boxes: np.ndarray
    keypoints: np.ndarray
    annotation_ids: np.ndarray

    @classmethod
    def create(cls, video: VideoAnnotation, left_out: Counter) -> "ClipTable":
        """Make the rows of a video.

        Args:
            video: The annotations.
            left_out: Counts the people without a row, by reason: ``no_keypoint`` (none
                annotated), ``crowd`` (a group), ``empty_box`` (no area to crop).
        """
        rows = []
        for index, frame in enumerate(video.frames):
            for person in frame.people:
                if person.is_crowd:
                    left_out["crowd"] += 1
                elif not person.keypoints[:, 2].any():
                    left_out["no_keypoint"] += 1
                elif (person.box[2:] <= person.box[:2]).any():
                    left_out["empty_box"] += 1
                else:
                    rows.append((index, person))
        return cls(
            video=video,
            frame_index=np.array([index for index, _ in rows], np.int64),
            track_ids=np.array([p.track_id for _, p in rows], np.int64),
            boxes=np.array([p.box for _, p in rows], np.float32).reshape(-1, 4),
            keypoints=np.array([p.keypoints for _, p in rows], np.float32).reshape(
                -1, NUM_KEYPOINTS, 3
            ),
            annotation_ids=np.array([p.annotation_id for _, p in rows], np.int64),
        )

    def __len__(self) -> int:
        return len(self.frame_index)

    def anchors(self, tau: int) -> np.ndarray:
        """Rows of people who are in another frame at most ``tau`` away too, (A,) int64."""
        order = np.lexsort((self.frame_index, self.track_ids))
        ids, frames = self.track_ids[order], self.frame_index[order]
        near = (ids[1:] == ids[:-1]) & (frames[1:] - frames[:-1] <= tau)
        found = np.zeros(len(self), dtype=bool)
        found[order[1:][near]] = True
        found[order[:-1][near]] = True
        return np.flatnonzero(found)

    def mates(self, row: int, tau: int) -> np.ndarray:
        """Rows of the same id in other frames at most ``tau`` away, (S,) int64."""
        offsets = np.abs(self.frame_index - self.frame_index[row])
        mine = self.track_ids == self.track_ids[row]
        return np.flatnonzero(mine & (offsets > 0) & (offsets <= tau))

    def draw(
        self, row: int, *, tau: int, num_same: int, num_other: int, rng: np.random.Generator
    ) -> np.ndarray:
        """Choose the examples of a clip.

        Same id: any of the window's frames, uniformly. Other ids: from the frames chosen so far
        (choice: no further image is decoded, and these are the people to be told apart), more
        likely the nearer they are to the person in that frame: with weight exp(-d), d the
        distance of the box centres in diagonals of the person's box (choice: confusion comes
        from people close by, but a video's other people are needed too).

        Args:
            row: The anchor.
            tau: Half of the window, frames; the window ends where the video does.
            num_same: Rows of the same id beside the anchor, at most.
            num_other: Rows of other ids, at most.
            rng: Random numbers.

        Returns:
            (B,) int64 rows, 1 <= B <= 1 + num_same + num_other: the anchor, then those of its
            id, then the others.
        """
        mine = self.track_ids == self.track_ids[row]
        mates = rng.permutation(self.mates(row, tau))[:num_same]
        own = np.concatenate([[row], mates])
        reference = np.full(len(self.video.frames), -1)
        reference[self.frame_index[own]] = own
        others = np.flatnonzero(~mine & (reference[self.frame_index] >= 0))
        if not len(others) or not num_other:
            return own
        beside = reference[self.frame_index[others]]
        sides = self.boxes[:, 2:] - self.boxes[:, :2]
        centres = self.boxes[:, :2] + sides / 2
        distance = np.linalg.norm(centres[others] - centres[beside], axis=1)
        weights = np.exp(-np.minimum(distance / np.linalg.norm(sides[beside], axis=1), 20))
        count = min(num_other, len(others))
        chosen = rng.choice(others, count, replace=False, p=weights / weights.sum())
        return np.concatenate([own, chosen])
