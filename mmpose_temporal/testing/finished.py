"""Finished frames, as a tracker hands them to metrics."""

import numpy as np
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from mmpose_temporal.structures import POSETRACK18, Skeleton


def finished_sample(
    video: str,
    index: int,
    num_frames: int,
    *,
    people: int = 2,
    found: int | None = None,
    ids: np.ndarray | None = None,
    skeleton: Skeleton = POSETRACK18,
    head_boxes: bool = True,
    **metainfo,
) -> PoseDataSample:
    """A finished frame in which the people found are exactly where they are annotated.

    At frame t person p is at 50 + 200 p + t, in x and in y; the head size is 0.6 * 50 = 30.

    Args:
        video: Name of the video, a number.
        index: Position of the frame in it.
        num_frames: Its length.
        people: People annotated, with the ids 0, 1, ...; their scored joints are visible.
        found: People predicted, the first ones. None: all. The joints' scores ascend from 0.5
            to 0.9, person by person.
        ids: Track ids of the predictions. None: 10, 11, ...
        skeleton: Of both.
        head_boxes: The annotated people have them.
        **metainfo: Instead of the usual.
    """
    found = people if found is None else found
    count = len(skeleton)
    points = np.arange(people)[:, None, None] * 200 + np.full((people, count, 2), 50 + index)
    visible = np.zeros((people, count), np.float32)
    visible[:, skeleton.scored] = 1
    boxes = np.tile(np.array([[0, 0, 90, 90]], np.float32), (people, 1))
    sample = PoseDataSample(
        metainfo=dict(
            img_id=int(video) * 10000 + index,
            img_path=f"/nowhere/{video}/{index:06d}.jpg",
            video_id=video,
            frame_index=index,
            num_frames=num_frames,
            frame_name=f"images/val/{video}/{index:06d}.jpg",
            frame_id=index,
            ori_shape=(480, 640),
            is_labeled=True,
            ignore_regions=[],
            frame_readable=True,
            dataset_name="posetrack",
        )
    )
    sample.set_metainfo(metainfo)
    sample.gt_instances = InstanceData(
        bboxes=boxes,
        bbox_scores=np.ones(people, np.float32),
        keypoints=points.astype(np.float32),
        keypoints_visible=visible,
        track_ids=np.arange(people),
    )
    if head_boxes:
        boxes_of_heads = np.tile(np.array([[0, 0, 30, 40]], np.float32), (people, 1))
        sample.gt_instances.head_boxes = boxes_of_heads
    scores = np.linspace(0.5, 0.9, visible.size, dtype=np.float32).reshape(visible.shape)
    sample.pred_instances = InstanceData(
        bboxes=boxes[:found],
        bbox_scores=np.full(found, 0.75, np.float32),
        keypoints=points[:found].astype(np.float32),
        keypoint_scores=scores[:found],
        track_ids=np.arange(found) + 10 if ids is None else ids,
    )
    return sample


def finished_video(video: str = "000001", num_frames: int = 4, **options) -> list[PoseDataSample]:
    """The frames of a video, each by :func:`finished_sample` with these options."""
    return [finished_sample(video, index, num_frames, **options) for index in range(num_frames)]
