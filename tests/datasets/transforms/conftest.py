"""Stills for the transforms of pairs of views."""

from collections.abc import Callable

import numpy as np
import pytest

from mmpose_temporal.structures import POSETRACK18


@pytest.fixture
def still() -> Callable[..., dict]:
    """Makes an item of StillPairDataset: a textured image with people at given keypoints."""

    def make(
        *,
        size: tuple[int, int] = (96, 64),
        image: np.ndarray | None = None,
        people: np.ndarray | None = None,
        boxes: np.ndarray | None = None,
        seed: int = 0,
        **options: object,
    ) -> dict:
        """``people`` (P, 17, 3); their boxes are those of the keypoints unless given."""
        if image is None:
            image = np.random.default_rng(7).integers(0, 256, (*size[::-1], 3), np.uint8)
        people = np.zeros((0, 17, 3), np.float32) if people is None else np.float32(people)
        if boxes is None:
            present = [p[p[:, 2] > 0, :2] for p in people]
            boxes = np.array([[*p.min(0), *p.max(0)] for p in present]).reshape(-1, 4)
        item = dict(
            img=image,
            img_path="still.png",
            img_id=5,
            ori_shape=image.shape[:2],
            keypoints=people,
            boxes=np.float32(boxes),
            other_img=None,
            patch_img=None,
            num_people=1,
            num_random=1,
            fill_random=False,
            num_keypoints=17,
            skeleton=POSETRACK18,
            flip_indices=POSETRACK18.flip_indices.tolist(),
            dataset_name="posetrack18",
            rng=np.random.default_rng(seed),
        )
        return item | options

    return make
