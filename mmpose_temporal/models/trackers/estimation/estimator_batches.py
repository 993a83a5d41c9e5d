"""From frames to the batches of a top-down estimator, and from its results back to frames."""

from collections.abc import Sequence

import numpy as np
from mmengine.model import BaseDataPreprocessor, BaseModel
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from mmpose_temporal.models.parts import Shared
from mmpose_temporal.structures import People

from .cropping import Crops


class FramePreprocessor(BaseDataPreprocessor):
    """Training batches go to the estimator's own preprocessor; test frames stay as they are.

    People are cropped from the uint8 frame on the CPU, and only the crops travel to the device.

    Args:
        estimator: The pose estimator.
    """

    def __init__(self, estimator: BaseModel):
        super().__init__()
        self._of_crops = Shared(estimator.data_preprocessor)

    def forward(self, data: dict, training: bool = False) -> dict:
        """Prepare a batch: crops with samples when training, frames with samples otherwise."""
        return self._of_crops.module(data, True) if training else data


def crop_samples(
    sample: PoseDataSample,
    boxes: np.ndarray,
    scores: np.ndarray,
    crops: Crops,
    input_size: tuple[int, int],
) -> list[PoseDataSample]:
    """A sample of each crop of a frame, as mmpose's top-down pipeline would pack it.

    Args:
        sample: Of the frame; its ``flip_indices`` are taken over.
        boxes: (P, 4) xyxy, image pixels.
        scores: (P,), of the boxes.
        crops: Of the boxes.
        input_size: Width and height of the crops.
    """
    people = []
    for box, score, center, scale in zip(boxes, scores, crops.centers, crops.scales, strict=True):
        person = PoseDataSample(
            metainfo=dict(
                input_center=center,
                input_scale=scale,
                input_size=input_size,
                flip_indices=sample.flip_indices,
            )
        )
        person.gt_instances = InstanceData(bboxes=box[None], bbox_scores=score[None])
        people.append(person)
    return people


def gather_people(
    results: Sequence[PoseDataSample], owners: Sequence[int], num_frames: int, num_keypoints: int
) -> list[People]:
    """The people of each frame, with what the estimator computes beyond the pose as extras.

    Args:
        results: The estimator's results of all crops.
        owners: The frame that each of them lies in, 0 to ``num_frames`` - 1.
        num_frames: Number of frames.
        num_keypoints: K of the data.

    Raises:
        ValueError: The estimator returns another number of keypoints.
    """
    if not results:
        return [People.empty(num_keypoints) for _ in range(num_frames)]
    found = InstanceData.cat([result.pred_instances for result in results])
    everyone, owner = People.from_instances(found), np.array(owners)
    if everyone.keypoints.shape[1] != num_keypoints:
        raise ValueError(
            f"the estimator answers {everyone.keypoints.shape[1]} keypoints, but the data has "
            f"{num_keypoints}; use an estimator of the data's layout"
        )
    return [everyone[owner == i] for i in range(num_frames)]
