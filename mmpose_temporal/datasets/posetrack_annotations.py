"""The annotated people, frames and videos of PoseTrack, whatever file they come from."""

from dataclasses import dataclass

import numpy as np

from mmpose_temporal.structures import NUM_KEYPOINTS, FramePoses


@dataclass(frozen=True, slots=True)
class PersonAnnotation:
    """One annotated person of a frame.

    Attributes:
        annotation_id: Id in the file.
        track_id: Id of the person in the video, >= 0; -1 where none is asked for and none is
            there.
        keypoints: (17, 3) float32: x, y in image pixels and visibility in {0, 1}; a joint of a
            prediction (with scores) is there unless it is at (0, 0).
        box: (4,) float32 xyxy.
        head_box: (4,) float32 xyxy, NaN where the file has none. Of size 0 where nobody drew
            one: nothing then matches this person, as in the official evaluator.
        area: Pixels squared, None where the file has none.
        is_crowd: The annotation is of a group (COCO's ``iscrowd``).
        keypoint_scores: (17,) float32 of a prediction, None where the file has none.
        score: Of a prediction's box; 1 where the file has none.
    """

    annotation_id: int
    track_id: int
    keypoints: np.ndarray
    box: np.ndarray
    head_box: np.ndarray
    area: float | None = None
    is_crowd: bool = False
    keypoint_scores: np.ndarray | None = None
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class FrameAnnotation:
    """One frame of a video, with its people.

    Attributes:
        image_id: Id of the image in the file, unique over the data set.
        frame_id: The file's ``frame_id`` (``image_id`` where absent).
        file_name: Path relative to the data root, as in the file.
        size: (width, height) in pixels, or None where the file does not say.
        is_labeled: Whether annotators looked at this frame.
        ignore_regions: Polygons (P, 2) float32, image pixels.
        people: The annotated people.
    """

    image_id: int
    frame_id: int
    file_name: str
    size: tuple[int, int] | None
    is_labeled: bool
    ignore_regions: list[np.ndarray]
    people: list[PersonAnnotation]


@dataclass(frozen=True, slots=True)
class VideoAnnotation:
    """The frames of one video, in order."""

    video_id: str
    frames: list[FrameAnnotation]


def frame_poses(frame: FrameAnnotation) -> FramePoses:
    """The people of a frame as poses: of predictions with their scores, else with score 1.

    Joints without visibility are absent (score 0).
    """
    people = frame.people
    keypoints = np.array([p.keypoints for p in people], np.float32).reshape(-1, NUM_KEYPOINTS, 3)
    visible = keypoints[..., 2] > 0
    scores = [
        v if p.keypoint_scores is None else p.keypoint_scores
        for p, v in zip(people, visible, strict=True)
    ]
    return FramePoses.create(
        keypoints=keypoints[..., :2],
        keypoint_scores=np.where(visible, np.array(scores, np.float32).reshape(visible.shape), 0),
        boxes=np.array([p.box for p in people], np.float32).reshape(-1, 4),
        box_scores=np.array([p.score for p in people], np.float32),
        track_ids=np.array([p.track_id for p in people], np.int64),
    )
