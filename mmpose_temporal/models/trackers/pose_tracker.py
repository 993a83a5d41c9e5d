"""The whole way of a video, as a model that mmpose's train and test tools build."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmengine.model import BaseDataPreprocessor, BaseModel
from mmengine.structures import InstanceData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from torch import Tensor

from mmpose_temporal.structures import FramePoses

from .checkpoint_guard import CheckpointGuard
from .finished_frames import TrackedFrame
from .pose_only_tracker import PoseOnlyTracker


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


@MODELS.register_module()
class PoseTracker(PoseOnlyTracker):
    """Estimates and tracks the poses of people in video with a top-down estimator.

    frame -> boxes -> crops -> estimator -> thresholds -> suppression -> association -> output

    In training (``mode='loss'``) it is its estimator: a batch of mmpose's top-down pipeline
    gives the estimator's losses. In testing a batch holds whole frames, consecutive ones of a
    video or one of each of several videos; all their people go through the estimator together,
    and the frames that are *finished* come back, at the latest with the video's last frame. The
    state is kept by video id, so that videos may be interleaved.

    A checkpoint of this model or of its estimator alone can be loaded; one that does not fit
    raises a RuntimeError that says what is missing.

    Args:
        estimator: Config of a top-down pose estimator of mmpose.
        box_source: Config of a :class:`BoxSource`. Default: the boxes the data set proposes.
        cropper: Config of :class:`TopdownCropper`.
        max_crops: People that go through the estimator in one call, which bounds memory.
        partial_checkpoint: Accept checkpoints that fill the model in part only (mmengine then
            lists what is missing as a warning).
        **tracking: Options of :class:`PoseOnlyTracker`: ``association``, ``suppression``, the
            thresholds, ``min_length``. People under ``box_score_thr`` are not cropped at all.

    Raises:
        ValueError: An option out of its range.
    """

    def __init__(
        self,
        *,
        estimator: dict,
        box_source: dict | None = None,
        cropper: dict | None = None,
        max_crops: int = 128,
        partial_checkpoint: bool = False,
        **tracking: Any,
    ):
        if max_crops < 1:
            raise ValueError(f"max_crops must be 1 or more, got {max_crops}")
        estimator = MODELS.build(estimator)
        super().__init__(data_preprocessor=FramePreprocessor(estimator), **tracking)
        self.estimator = estimator
        self.box_source = MODELS.build(box_source or dict(type="DatasetBoxes"))
        self.cropper = MODELS.build(
            dict(
                cropper or dict(type="TopdownCropper"),
                decoder=getattr(estimator.head, "decoder", None),
            )
        )
        self.max_crops = max_crops
        CheckpointGuard(partial=partial_checkpoint).attach(self, child="estimator")

    def forward(
        self,
        inputs: Tensor | list[Tensor],
        data_samples: list[PoseDataSample] | None = None,
        mode: str = "tensor",
    ) -> Any:
        """As in mmengine.

        Args:
            inputs: ``'loss'``, ``'tensor'``: crops (N, 3, h, w), normalised.
                ``'predict'``: frames, each (H, W, 3) uint8 BGR.
            data_samples: One for each crop or frame.
            mode: ``'loss'``, ``'predict'`` or ``'tensor'``.

        Returns:
            Losses; finished frames (list of PoseDataSample); or the estimator's raw output.
        """
        if mode == "predict":
            return self.predict(inputs, data_samples)
        return self.estimator(inputs, data_samples, mode=mode)

    @torch.no_grad()
    def predict(
        self, inputs: Sequence[Tensor], data_samples: Sequence[PoseDataSample]
    ) -> list[PoseDataSample]:
        """Track the people of a batch of frames.

        Args:
            inputs: Frames, each (H, W, 3) uint8 BGR on the CPU, in the order of time within
                each video.
            data_samples: Their samples, as packed by ``PackFrameInputs``.

        Returns:
            The finished frames, see :meth:`finish`.

        Raises:
            ValueError: A frame comes out of order; the estimator has another number of keypoints
                than the data.
        """
        frames = [frame.numpy() for frame in inputs]
        finished: list[TrackedFrame] = []
        for sample, frame, poses, dropped in zip(
            data_samples, frames, *self._estimate(frames, data_samples), strict=True
        ):
            finished += self.track(sample, poses, dropped, dict(image=frame))
        return [self.finish(frame) for frame in finished]

    def _estimate(
        self, frames: list[np.ndarray], samples: Sequence[PoseDataSample]
    ) -> tuple[list[FramePoses], list[Counter]]:
        """Poses of all people of all frames, through the estimator together."""
        readable = [i for i, sample in enumerate(samples) if sample.get("frame_readable", True)]
        device = next(self.estimator.parameters()).device
        boxes = dict(
            zip(
                readable,
                self.box_source(
                    [frames[i] for i in readable], [samples[i] for i in readable], device
                ),
                strict=True,
            )
        )
        images, people, owners, dropped = [], [], [], [Counter() for _ in frames]
        for i in readable:
            found, scores = boxes[i]
            usable = (found[:, 2:] > found[:, :2]).all(1)
            strong = scores >= self.box_score_thr
            for reason, lost in (("empty_box", ~usable), ("box_score_thr", usable & ~strong)):
                if lost.any():
                    dropped[i][reason] += int(lost.sum())
            found, scores = found[usable & strong], scores[usable & strong]
            crops = self.cropper(frames[i], found)
            images.append(crops.images)
            owners += [i] * len(found)
            people += [
                self._person(samples[i], found[p], scores[p], crops.centers[p], crops.scales[p])
                for p in range(len(found))
            ]
        results = self._run_estimator(np.concatenate(images), people) if people else []
        num_keypoints = len(samples[0].flip_indices)
        return self._gather(results, owners, len(frames), num_keypoints), dropped

    def _person(
        self,
        sample: PoseDataSample,
        box: np.ndarray,
        score: np.ndarray,
        center: np.ndarray,
        scale: np.ndarray,
    ) -> PoseDataSample:
        """A sample of one crop, as mmpose's top-down pipeline would pack it."""
        person = PoseDataSample(
            metainfo=dict(
                input_center=center,
                input_scale=scale,
                input_size=self.cropper.input_size,
                flip_indices=sample.flip_indices,
            )
        )
        person.gt_instances = InstanceData(bboxes=box[None], bbox_scores=score[None])
        return person

    def _run_estimator(
        self, images: np.ndarray, people: list[PoseDataSample]
    ) -> list[PoseDataSample]:
        """The estimator on P crops (P, h, w, 3), ``max_crops`` at a time."""
        results: list[PoseDataSample] = []
        for start in range(0, len(images), self.max_crops):
            part = slice(start, start + self.max_crops)
            inputs = torch.from_numpy(images[part]).permute(0, 3, 1, 2)
            data = dict(inputs=inputs, data_samples=people[part])
            data = self.estimator.data_preprocessor(data, False)
            results += self.estimator(**data, mode="predict")
        return results

    @staticmethod
    def _gather(
        results: list[PoseDataSample], owners: list[int], num_frames: int, num_keypoints: int
    ) -> list[FramePoses]:
        if not results:
            return [FramePoses.empty(num_keypoints) for _ in range(num_frames)]
        found = InstanceData.cat([result.pred_instances for result in results])
        everyone, owner = FramePoses.from_instances(found), np.array(owners)
        if everyone.keypoints.shape[1] != num_keypoints:
            raise ValueError(
                f"the estimator answers {everyone.keypoints.shape[1]} keypoints, but the data has "
                f"{num_keypoints}; use an estimator of the data's layout"
            )
        return [everyone[owner == i] for i in range(num_frames)]
