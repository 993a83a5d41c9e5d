"""Poses and frames out of nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample
from torch import Tensor

from mmpose_temporal.structures import (
    POSETRACK18,
    FramePacket,
    People,
    frame_time,
    posetrack_metainfo,
)

from .models import template_keypoints


def random_poses(
    num_people: int,
    *,
    seed: int,
    num_keypoints: int = 17,
    size: tuple[int, int] = (640, 480),
    absent: float = 0.0,
) -> People:
    """People at random places, each with joints spread over its box.

    Args:
        num_people: M.
        seed: The same seed gives the same people.
        num_keypoints: K.
        size: Width and height of the frame in pixels.
        absent: Share of the joints that are absent.
    """
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, 0.7, (num_people, 2)) * size
    sides = rng.uniform(0.1, 0.3, (num_people, 2)) * size
    shares = rng.uniform(0, 1, (num_people, num_keypoints, 2))
    scores = rng.uniform(0.1, 1, (num_people, num_keypoints))
    scores[rng.uniform(size=scores.shape) < absent] = 0
    return People.create(
        keypoints=low[:, None] + shares * sides[:, None],
        keypoint_scores=scores,
        boxes=np.concatenate([low, low + sides], axis=1),
        box_scores=rng.uniform(0.1, 1, num_people),
    )


def make_frame(
    *,
    video_id: str,
    frame_index: int,
    num_frames: int | None,
    boxes: Sequence[Sequence[float]] = (),
    scores: Sequence[float] | None = None,
    size: tuple[int, int] = (64, 48),
    readable: bool = True,
    seed: int = 0,
) -> tuple[Tensor, PoseDataSample]:
    """A frame of seeded noise as ``PackFrameInputs`` packs it; tiny people are its ground truth.

    Args:
        video_id: Name of the video.
        frame_index: Position in it.
        num_frames: Its length; None: not known.
        boxes: The people, (M, 4) xyxy pixels; proposals and ground truth alike.
        scores: (M,) scores of the proposals. None: 1.
        size: Width and height in pixels.
        readable: False: the frame could not be read, and its image is empty.
        seed: Of the noise.

    Returns:
        The image (H, W, 3) uint8 BGR, and its sample.
    """
    width, height = size
    rng = np.random.default_rng([seed, frame_index])
    image = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    scores = np.ones(len(boxes)) if scores is None else scores
    sample = PoseDataSample(
        metainfo=dict(
            img_id=frame_index,
            img_path=f"{video_id}/{frame_index:06d}.jpg",
            video_id=video_id,
            frame_index=frame_index,
            num_frames=num_frames,
            frame_name=f"images/val/{video_id}/{frame_index:06d}.jpg",
            frame_id=frame_index,
            ori_shape=(height, width),
            img_shape=(height, width),
            is_labeled=True,
            ignore_regions=[],
            frame_readable=readable,
            dataset_name="posetrack18",
            flip_indices=posetrack_metainfo("posetrack18")["flip_indices"],
        )
    )
    keypoints = template_keypoints(boxes)
    sample.gt_instances = InstanceData(
        bboxes=boxes,
        bbox_scores=np.ones(len(boxes), np.float32),
        keypoints=keypoints,
        keypoints_visible=np.ones(keypoints.shape[:2], np.float32),
        head_boxes=np.full((len(boxes), 4), np.nan, np.float32),
        track_ids=np.arange(len(boxes)),
    )
    sample.proposals = InstanceData(bboxes=boxes, bbox_scores=np.array(scores, np.float32))
    return torch.from_numpy(image if readable else image[:0, :0]), sample


def make_packet(
    people: People,
    *,
    tick: int = 0,
    index: int | None = None,
    video_id: str = "v",
    num_frames: int | None = None,
    frame_size: tuple[int, int] | None = None,
    image: np.ndarray | None = None,
    searched: bool = True,
    watched: bool = False,
    features: Mapping[str, Any] | None = None,
    **metainfo: Any,
) -> FramePacket:
    """A frame with its people, as a tracker hands it to its parts.

    Args:
        people: In the frame.
        tick: Number of the frame among those that were searched.
        index: Position in the video. None: that of ``tick``.
        video_id: Name of the video.
        num_frames: Its length; None: not known.
        frame_size: Width and height in pixels. None: those of ``image``, or not known.
        image: (H, W, 3) uint8 BGR. None: only poses.
        searched: People are detected in it.
        watched: An observer wants it, so that stages report their work.
        features: Of a frame encoder.
        **metainfo: Of the sample, beside these.
    """
    index = tick if index is None else index
    sample = PoseDataSample(
        metainfo=dict(video_id=video_id, frame_index=index, num_frames=num_frames, **metainfo)
    )
    if frame_size is None and image is not None:
        frame_size = image.shape[1], image.shape[0]
    return FramePacket(
        sample,
        video_id,
        index,
        tick,
        searched,
        people,
        time=frame_time(sample),
        frame_size=frame_size,
        image=image,
        features=dict(features or {}),
        records={} if watched else None,
    )


def make_pose_pair(size: tuple[float, float] = (100, 80)) -> dict:
    """An item of ``PosePairDataset`` that can be worked out by hand.

    Both poses have the top of the head and left shoulder, hip and ankle, with score 1, at
    (20, 10), (30, 20), (28, 30), (28, 50) and 2 pixels to the right and 1 below; boxes are 30
    wide and 40 high, so 50 along the diagonal. They are of one person, 2 frames apart.

    Args:
        size: Width and height of the frame in pixels.
    """
    present = [2, 5, 11, 15]
    keypoints = np.zeros((2, 17, 2), np.float32)
    keypoints[0, present] = [[20, 10], [30, 20], [28, 30], [28, 50]]
    keypoints[1, present] = keypoints[0, present] + [2, 1]
    scores = np.zeros((2, 17), np.float32)
    scores[:, present] = 1
    return dict(
        keypoints=keypoints,
        keypoint_scores=scores,
        boxes=np.array([[10, 10, 40, 50], [12, 11, 42, 51]], np.float32),
        frame_size=np.array(size, np.float32),
        distance=2,
        label=1,
        video_id="v",
        img_ids=np.array([7, 5]),
        track_ids=np.array([3, 3]),
        dataset_name="posetrack18",
        flip_indices=posetrack_metainfo("posetrack18")["flip_indices"],
        skeleton=POSETRACK18,
    )
