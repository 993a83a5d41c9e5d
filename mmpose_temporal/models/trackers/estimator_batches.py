"""From frames to the batches of a top-down estimator, and from its answers back to frames."""

from collections.abc import Sequence

import numpy as np
from mmengine.model import BaseDataPreprocessor, BaseModel
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from mmpose_temporal.models.pose_estimators.describers import MMPOSE_FIELDS
from mmpose_temporal.structures import FramePoses

from .cropping import Crops
from .feats import PERSON, Feats, select_people


class FramePreprocessor(BaseDataPreprocessor):
    """Training batches go to the estimator's own preprocessor; test frames stay as they are.

    People are cropped from the uint8 frame on the CPU, and only the crops travel to the device.

    Args:
        estimator: The pose estimator.
    """

    def __init__(self, estimator: BaseModel):
        super().__init__()
        self._of_crops = [estimator.data_preprocessor]  # in a list: it is not a second owner

    def forward(self, data: dict, training: bool = False) -> dict:
        """Prepare a batch: crops with samples when training, frames with samples otherwise."""
        return self._of_crops[0](data, True) if training else data


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


def gather_frames(
    results: Sequence[PoseDataSample], owners: Sequence[int], num_frames: int, num_keypoints: int
) -> tuple[list[FramePoses], list[Feats]]:
    """The poses of each frame, and what the estimator adds: ``name`` as ``person_<name>``.

    Args:
        results: The estimator's answers of all crops.
        owners: The frame that each of them lies in, 0 to ``num_frames`` - 1.
        num_frames: Number of frames.
        num_keypoints: K of the data.

    Raises:
        ValueError: The estimator answers another number of keypoints.
    """
    if not results:
        nobody = [FramePoses.empty(num_keypoints) for _ in range(num_frames)]
        return nobody, [{} for _ in nobody]
    found = InstanceData.cat([result.pred_instances for result in results])
    everyone, owner = FramePoses.from_instances(found), np.array(owners)
    if everyone.keypoints.shape[1] != num_keypoints:
        raise ValueError(
            f"the estimator answers {everyone.keypoints.shape[1]} keypoints, but the data has "
            f"{num_keypoints}; use an estimator of the data's layout"
        )
    feats = {PERSON + name: x for name, x in found.items() if name not in MMPOSE_FIELDS}
    frames = [owner == i for i in range(num_frames)]
    return [everyone[mine] for mine in frames], [select_people(feats, m) for m in frames]
