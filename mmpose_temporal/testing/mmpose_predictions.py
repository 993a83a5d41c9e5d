"""Records of mmpose's files of predictions, of people of two keypoints."""

from typing import Any

from mmpose_temporal.structures import Skeleton

PAIR = Skeleton(keypoint_names=("left", "right"), sigmas=(0.1, 0.1), name="pair")

PAIR_META = dict(
    dataset_name="pair", keypoint_id2name={"0": "left", "1": "right"}, sigmas=[0.1, 0.1]
)
"""What mmpose's demos say of these keypoints."""


def mmpose_instance(x: float = 0, **changes: Any) -> dict:
    """A person at ``x``: joints (x, 10) and (x + 20, 10), in pixels.

    Args:
        x: Pixels from the left.
        **changes: Fields that differ; None leaves one out.
    """
    fields = dict(
        keypoints=[[x, 10.0], [x + 20, 10.0]],
        keypoint_scores=[0.9, 0.8],
        bbox=[[x - 5, 0, x + 25, 20]],
        bbox_score=0.7,
    )
    return {name: v for name, v in {**fields, **changes}.items() if v is not None}


def mmpose_frame(frame_id: int, *instances: dict) -> dict:
    """A frame of a video with its instances."""
    return dict(frame_id=frame_id, instances=list(instances))
