"""The annotated people, frames and videos of PoseTrack, whatever file they come from."""

from dataclasses import dataclass

import numpy as np

from mmpose_temporal.structures import POSETRACK18, People, Skeleton, enclosing_boxes

from .content import FileContent, boxes_of_joints


@dataclass(frozen=True, slots=True)
class PersonAnnotation:
    """One annotated person of a frame.

    Attributes:
        annotation_id: Id in the file.
        track_id: Id of the person in the video, >= 0; -1 if none is asked for and none is
            there.
        keypoints: (K, 3) float32: x, y in image pixels and visibility in {0, 1}; a joint of a
            prediction (with scores) is there unless it is at (0, 0).
        box: (4,) float32 xyxy.
        head_box: (4,) float32 xyxy, NaN if the file has none. Of size 0 if nobody drew
            one: then nothing matches this person, as in the official evaluator.
        area: Pixels squared, None if the file has none.
        is_crowd: The annotation is of a group (COCO's ``iscrowd``).
        keypoint_scores: (K,) float32 of a prediction, None if the file has none.
        score: Of a prediction's box; 1 if the file has none.
        keypoints_hidden: (K,) bool, annotated although something hides the joint; None if the
            file does not say it.
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
    keypoints_hidden: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class FrameAnnotation:
    """One frame of a video, with its people.

    Attributes:
        image_id: Id of the image in the file, unique over the data set.
        frame_id: The file's ``frame_id`` (``image_id`` where absent).
        file_name: Path relative to the data root, as in the file.
        size: (width, height) in pixels, or None if the file does not have it.
        is_labeled: Whether annotators looked at this frame.
        ignore_regions: Polygons (P, 2) float32, image pixels.
        people: The annotated people.
        skeleton: Their K keypoints.
        frame_number: Of the frame in its video, by the file's fields or the names of the images,
            see :mod:`.frame_order`; frames that are missing between two frames leave a gap. None
            if there is none.
        time: Seconds, by the file; None if it has none.
    """

    image_id: int
    frame_id: int
    file_name: str
    size: tuple[int, int] | None
    is_labeled: bool
    ignore_regions: list[np.ndarray]
    people: list[PersonAnnotation]
    skeleton: Skeleton = POSETRACK18
    frame_number: int | None = None
    time: float | None = None


@dataclass(frozen=True, slots=True)
class VideoAnnotation:
    """The frames of one video, in order."""

    video_id: str
    frames: list[FrameAnnotation]

    @property
    def skeleton(self) -> Skeleton:
        """The keypoints of its people; PoseTrack18's if it has no frames."""
        return self.frames[0].skeleton if self.frames else POSETRACK18

    @property
    def people_per_frame(self) -> float:
        """Mean number of annotated people, without groups, in labelled frames; 0 without them."""
        counts = [
            sum(not person.is_crowd for person in frame.people)
            for frame in self.frames
            if frame.is_labeled
        ]
        return sum(counts) / len(counts) if counts else 0.0


def joints_present(content: FileContent) -> np.ndarray:
    """Which joints are there, by the rule of data sets.

    An annotated joint has a visibility above 0. A joint of a prediction (a person with joint
    scores) is there unless it is at (0, 0), as estimators write what they like as visibility.
    (poseval has a third rule: see :mod:`mmpose_temporal.evaluation.video_files`.)

    Returns:
        (P, K) bool.
    """
    points = content.keypoints
    elsewhere = (points[..., :2] != 0).any(2)
    return np.where(content.predicted[:, None], elsewhere, points[..., 2] > 0)


def annotated_frames(content: FileContent) -> list[FrameAnnotation]:
    """The frames of a file in the PoseTrack18 layout with their people, in the file's order.

    A person without box gets that of the joints, see :func:`~.content.boxes_of_joints`.
    """
    people = _people(content)
    return [
        FrameAnnotation(
            image_id=frame.image_id,
            frame_id=frame.frame_id,
            file_name=frame.name,
            size=frame.size,
            is_labeled=frame.labeled is not False,
            ignore_regions=[region.astype(np.float32) for region in frame.regions],
            people=people[part],
            skeleton=content.skeleton,
            frame_number=frame.number,
            time=frame.time,
        )
        for frame, part in zip(content.frames, content.parts, strict=True)
    ]


def joint_boxes(content: FileContent) -> np.ndarray:
    """Boxes of the people as data sets have them.

    Returns:
        (P, 4) xyxy: the file's; of a person without one that of :func:`~.content.boxes_of_joints`,
        and if the file's has no area the smallest one around the joints.
    """
    present, points = joints_present(content), content.keypoints[..., :2]
    missing = np.isnan(content.boxes).any(1)
    boxes = np.where(missing[:, None], boxes_of_joints(points, present), content.boxes)
    flat = (boxes[:, 2:] <= boxes[:, :2]).any(1)
    return np.where(flat[:, None], enclosing_boxes(points, present), boxes)


def _people(content: FileContent) -> list[PersonAnnotation]:
    present = joints_present(content)
    keypoints = content.keypoints.astype(np.float32)
    keypoints[..., 2] = present
    boxes = content.boxes.astype(np.float32)
    missing = np.isnan(boxes).any(1)
    boxes[missing] = boxes_of_joints(keypoints[missing, :, :2], present[missing])
    heads = content.head_boxes.astype(np.float32)
    scores = content.scores.astype(np.float32)
    hidden, marked = content.hidden > 0, content.marks_hidden
    rows = zip(
        content.annotation_ids.tolist(),
        content.track_ids.tolist(),
        content.areas.tolist(),
        content.crowds.tolist(),
        content.predicted.tolist(),
        np.nan_to_num(content.box_scores, nan=1.0).tolist(),
        strict=True,
    )
    return [
        PersonAnnotation(
            annotation_id=annotation_id,
            track_id=track_id,
            keypoints=keypoints[row],
            box=boxes[row],
            head_box=heads[row],
            area=None if np.isnan(area) else area,
            is_crowd=is_crowd,
            keypoint_scores=scores[row] if predicted else None,
            score=score,
            keypoints_hidden=hidden[row] if marked[row] else None,
        )
        for row, (annotation_id, track_id, area, is_crowd, predicted, score) in enumerate(rows)
    ]


def frame_poses(frame: FrameAnnotation) -> People:
    """The people of a frame as poses: of predictions with their scores, else with score 1.

    Joints without visibility are absent (score 0).
    """
    people = frame.people
    count = len(frame.skeleton)
    keypoints = np.array([p.keypoints for p in people], np.float32).reshape(-1, count, 3)
    visible = keypoints[..., 2] > 0
    scores = [
        v if p.keypoint_scores is None else p.keypoint_scores
        for p, v in zip(people, visible, strict=True)
    ]
    return People.create(
        keypoints=keypoints[..., :2],
        keypoint_scores=np.where(visible, np.array(scores, np.float32).reshape(visible.shape), 0),
        boxes=np.array([p.box for p in people], np.float32).reshape(-1, 4),
        box_scores=np.array([p.score for p in people], np.float32),
        track_ids=np.array([p.track_id for p in people], np.int64),
    )
