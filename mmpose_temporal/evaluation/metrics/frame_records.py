"""What the metric keeps of a frame, and frames back into videos."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from mmpose_temporal.posetrack import PredictedFrame
from mmpose_temporal.structures import POSETRACK18, People, Skeleton, enclosing_boxes

from ..functional import GroundTruthFrame, PredictionFrame, bbox_sizes, head_sizes


@dataclass(frozen=True, eq=False)
class FrameRecord:
    """What the metric keeps of one frame.

    Attributes:
        video_id: Name of the video.
        frame_index: Position in the video, from 0.
        num_frames: Number of frames of the video; None: not known, it is as long as what came.
        readable: False if the image was missing or broken and skipped.
        truth: Annotated people, with the sizes of their heads, NaN if a person has no head
            box (None if only files are written).
        predicted: Predicted people, all K keypoints.
        bboxes: (M, 4) xyxy, pixels, of the annotated people.
        skeleton: The K keypoints of both.
        dropped: Reason -> number of poses that the tracker left out.
    """

    video_id: str
    frame_index: int
    num_frames: int | None
    readable: bool
    truth: GroundTruthFrame | None
    predicted: PredictedFrame
    bboxes: np.ndarray | None = None
    skeleton: Skeleton = POSETRACK18
    dropped: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def from_sample(
        cls, sample: dict, *, with_truth: bool, skeleton: Skeleton = POSETRACK18
    ) -> "FrameRecord":
        """Take what is needed from a data sample given as a dict.

        Args:
            sample: Fields as in :meth:`~.PoseTrackMetric.process`.
            with_truth: Whether the annotated people are needed.
            skeleton: Of the data set.

        Raises:
            ValueError: There are no predictions or annotations, they have another number of
                keypoints than the skeleton, or their arrays do not fit each other.
        """
        where = f"video {sample['video_id']!r}, frame {sample['frame_index']}"
        if "pred_instances" not in sample:
            raise ValueError(f"{where}: the sample has no pred_instances; is it finished?")
        return cls(
            video_id=str(sample["video_id"]),
            frame_index=int(sample["frame_index"]),
            num_frames=None if sample.get("num_frames") is None else int(sample["num_frames"]),
            readable=bool(sample["frame_readable"]),
            truth=_truth(sample, where, skeleton) if with_truth else None,
            predicted=_predicted(sample, where, skeleton),
            bboxes=_bboxes(sample) if with_truth else None,
            skeleton=skeleton,
            dropped={str(k): int(v) for k, v in (sample.get("dropped") or {}).items()},
        )

    def sized_truth(self, norm_item: str, bbox_share: float) -> GroundTruthFrame:
        """The annotated people with the sizes that joint distances are measured in.

        Args:
            norm_item: ``'head'`` or ``'bbox'``.
            bbox_share: See :func:`~..functional.bbox_sizes`.
        """
        if norm_item == "head":
            return self.truth
        return replace(self.truth, head_sizes=bbox_sizes(self.bboxes, bbox_share))

    def scored_prediction(self) -> PredictionFrame:
        """The scored joints of the predictions; those with a score above 0 are present."""
        poses, scored = self.predicted.poses, self.skeleton.scored
        scores = poses.keypoint_scores[:, scored]
        return PredictionFrame(
            keypoints=poses.keypoints[:, scored],
            present=~(scores <= 0),  # a NaN score is no absent joint: it is refused later
            scores=scores,
            track_ids=poses.track_ids,
        )


def group_videos(records: Sequence[FrameRecord]) -> dict[str, list[FrameRecord]]:
    """Sort frames into videos.

    Returns:
        The frames of each video in order, by video id, sorted by id.

    Raises:
        ValueError: There are no frames, frames of a video disagree on its length, or a video
            lacks frames or has some more than once (both are named).
    """
    if not records:
        raise ValueError(
            "there is nothing to evaluate: the model returned no finished frame "
            "(is the data set empty?)"
        )
    videos: dict[str, list[FrameRecord]] = {}
    for record in records:
        videos.setdefault(record.video_id, []).append(record)
    for video_id, frames in videos.items():
        lengths = {frame.num_frames for frame in frames}
        if len(lengths) > 1:
            raise ValueError(
                f"video {video_id!r}: its frames disagree on num_frames: "
                f"{sorted(lengths, key=str)}"
            )
        indices = np.array([frame.frame_index for frame in frames])
        found, counts = np.unique(indices, return_counts=True)
        length = lengths.pop()
        length = int(found[-1]) + 1 if length is None else length
        expected = np.arange(length)
        missing, repeated = np.setdiff1d(expected, found), found[counts > 1]
        unknown = np.setdiff1d(found, expected)
        if len(missing) or len(repeated) or len(unknown):
            raise ValueError(
                f"video {video_id!r} is not whole (num_frames {length}): missing frames "
                f"{missing.tolist()}, repeated frames {repeated.tolist()}, unknown frames "
                f"{unknown.tolist()}; use VideoSampler, and let the model return every frame once"
            )
        frames.sort(key=lambda frame: frame.frame_index)
    return {video_id: videos[video_id] for video_id in sorted(videos)}


def _array(value: Any, dtype: type) -> np.ndarray:
    """A copy of its own: the sample's arrays may be views of larger ones."""
    return np.array(value.detach().cpu() if hasattr(value, "detach") else value, dtype)


def _predicted(sample: dict, where: str, skeleton: Skeleton) -> PredictedFrame:
    people = sample["pred_instances"]
    try:
        poses = People(
            keypoints=_array(people["keypoints"], np.float32),
            keypoint_scores=_array(people["keypoint_scores"], np.float32),
            boxes=_array(people["bboxes"], np.float32),
            box_scores=_array(people["bbox_scores"], np.float32),
            track_ids=_array(people["track_ids"], np.int64),
        )
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error
    if poses.keypoint_scores.shape[1] != len(skeleton):
        raise ValueError(
            f"{where}: predictions have {poses.keypoint_scores.shape[1]} keypoints, the data set "
            f"({skeleton.name or 'without name'}) has {len(skeleton)} "
            f"({', '.join(skeleton.keypoint_names)}); set the model's head to the layout of the "
            "data set"
        )
    height, width = sample["ori_shape"][:2]  # 0, 0: unreadable, and the annotations have no size
    return PredictedFrame(
        image_id=int(sample["img_id"]),
        frame_id=int(sample["frame_id"]),
        file_name=str(sample["frame_name"]),
        size=(int(width), int(height)),
        poses=poses,
    )


def _truth(sample: dict, where: str, skeleton: Skeleton) -> GroundTruthFrame:
    if "gt_instances" not in sample:
        raise ValueError(f"{where}: no gt_instances; without annotations use format_only=True")
    people = sample["gt_instances"]
    keypoints = _array(people["keypoints"], np.float32)
    if keypoints.ndim != 3 or keypoints.shape[1] != len(skeleton):
        raise ValueError(
            f"{where}: annotated keypoints have the shape {keypoints.shape}, expected "
            f"(M, {len(skeleton)}, 2), x and y of {', '.join(skeleton.keypoint_names)}"
        )
    hidden = None
    if "keypoints_hidden" in people:
        hidden = _array(people["keypoints_hidden"], bool)[:, skeleton.scored]
    heads = np.full(len(keypoints), np.nan)
    if "head_boxes" in people:
        heads = head_sizes(_array(people["head_boxes"], np.float32))
    return GroundTruthFrame(
        keypoints=keypoints[:, skeleton.scored],
        visible=_array(people["keypoints_visible"], np.float32)[:, skeleton.scored] > 0,
        head_sizes=heads,
        track_ids=_array(people["track_ids"], np.int64),
        ignore_regions=tuple(_array(region, np.float32) for region in sample["ignore_regions"]),
        labeled=bool(sample["is_labeled"]),
        hidden=hidden,
    )


def _bboxes(sample: dict) -> np.ndarray:
    """(M, 4) annotated boxes; if one is missing or has no area, that around the joints."""
    people = sample["gt_instances"]
    keypoints = _array(people["keypoints"], np.float32)
    around = enclosing_boxes(keypoints, _array(people["keypoints_visible"], np.float32) > 0)
    if "bboxes" not in people:
        return around
    boxes = _array(people["bboxes"], np.float32).reshape(-1, 4)
    known = np.isfinite(boxes).all(1) & (boxes[:, 2:] > boxes[:, :2]).all(1)
    return np.where(known[:, None], boxes, around)
