"""The people of a video as rows."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from mmpose_temporal.posetrack import VideoAnnotation


@dataclass(frozen=True, slots=True)
class ClipTable:
    """The people of one video that can be training examples, a row for a person in a frame.

    Attributes:
        video: The annotations.
        frame_index: (P,) int64, position of the row's frame in the video.
        track_ids: (P,) int64.
        boxes: (P, 4) float32 xyxy, image pixels.
        keypoints: (P, K, 3) float32: x, y in image pixels, visibility in {0, 1}.
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
                -1, len(video.skeleton), 3
            ),
            annotation_ids=np.array([p.annotation_id for _, p in rows], np.int64),
        )

    def __len__(self) -> int:
        return len(self.frame_index)
