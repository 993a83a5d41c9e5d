"""Videos of people whose joints are squares of different colours, and a network for them."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from mmpose.registry import MODELS

from mmpose_temporal.structures import KEYPOINT_NAMES
from mmpose_temporal.utils import atomic_write, write_json
from mmpose_temporal.utils.training_mark import mark_as_trained

from .correspondences import CELL, color_network_config

COLORED = {
    "head_top": (1, 3, (255, 0, 0)),
    "left_shoulder": (3, 5, (0, 255, 0)),
    "right_hip": (1, 7, (0, 0, 255)),
    "left_knee": (4, 9, (0, 255, 255)),
}
"""Joint -> column and row of its cell in the first frame, and its colour, BGR."""

BOX = (0, 4, 30, 40)
"""Box of the person in the first frame, xywh pixels: its diagonal is 50."""


def joint_network_config(**options: Any) -> dict[str, Any]:
    """Config of a CorrespondenceNetwork by colours, without refinement."""
    preprocessor = dict(mean=[0.0] * 3, std=[255.0] * 3)
    return {**color_network_config(patch=1), "data_preprocessor": preprocessor, **options}


def save_joint_network(path: Path, *, trained: bool = True) -> Path:
    """Write a checkpoint of :func:`joint_network_config` whose affinities are sharp."""
    network = MODELS.build(joint_network_config())
    with torch.no_grad():
        network.embedding.log_scale.fill_(4.0)
    if trained:
        mark_as_trained(network)
    torch.save(network.state_dict(), path)
    return path


def write_colored_video(
    root: Path, *, name: str = "v1", num_frames: int = 4, size: tuple[int, int] = (64, 64)
) -> Path:
    """Write a video of one person who moves one cell, 4 pixels, to the right per frame.

    The ground is black; each joint of :data:`COLORED` is a square of one cell, annotated in its
    middle. The box moves along. Files: ``images/val/NAME/000000.png`` and
    ``annotations/val/NAME.json``.

    Returns:
        The root.
    """
    images, annotations = [], []
    for index in range(num_frames):
        file_name = f"images/val/{name}/{index:06d}.png"
        frame = np.zeros((size[1], size[0], 3), np.uint8)
        keypoints = np.zeros((len(KEYPOINT_NAMES), 3))
        for joint, (column, row, color) in COLORED.items():
            x, y = CELL * (column + index), CELL * row
            frame[y : y + CELL, x : x + CELL] = color
            middle = (CELL - 1) / 2
            keypoints[KEYPOINT_NAMES.index(joint)] = x + middle, y + middle, 1
        with atomic_write(Path(root, file_name), "wb") as file:
            file.write(cv2.imencode(".png", frame)[1].tobytes())
        images.append(
            dict(
                id=10000 + index,
                frame_id=10000 + index,
                vid_id="000001",
                file_name=file_name,
                nframes=num_frames,
                is_labeled=True,
                width=size[0],
                height=size[1],
            )
        )
        x, y, width, height = BOX
        annotations.append(
            dict(
                id=1000000 + index,
                image_id=10000 + index,
                track_id=7,
                category_id=1,
                bbox=[x + CELL * index, y, width, height],
                keypoints=keypoints.reshape(-1).tolist(),
            )
        )
    person = dict(id=1, name="person", keypoints=list(KEYPOINT_NAMES), skeleton=[])
    content = dict(images=images, annotations=annotations, categories=[person])
    write_json(Path(root, "annotations", "val", f"{name}.json"), content)
    return Path(root)


def colored_stills_config(root: Path) -> dict[str, Any]:
    """Config of pairs of views of the frames of :func:`write_colored_video`, moved a little."""
    views = dict(type="StillViews", size=64, scale=(1.0, 1.0), rotation=0.0, shift=0.1)
    return dict(
        type="StillPairDataset",
        data_root=str(root),
        ann_file="annotations/val",
        num_people=1,
        num_random=1,
        test_mode=True,
        pipeline=[
            dict(views, crop_prob=0.0, mirror_prob=0.0),
            dict(type="DrawStillQueries"),
            dict(type="PackStillPair"),
        ],
    )
