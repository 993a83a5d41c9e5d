"""The whole way of a video, as a model that mmpose's train and test tools build."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
import torch
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from torch import Tensor

from mmpose_temporal.models.similarities import Similarity
from mmpose_temporal.structures import FramePoses

from .box_sources import Boxes
from .checkpoint_guard import CheckpointGuard
from .estimator_batches import FramePreprocessor, crop_samples, gather_frames
from .feats import Feats, select_people
from .finished_frames import TrackedFrame, is_searched
from .pose_only_tracker import PoseOnlyTracker
from .propagation import Candidates, PropagationMemory, turns
from .refinement import Refinement
from .video_state import VideoState


@MODELS.register_module()
class PoseTracker(PoseOnlyTracker):
    """Estimates and tracks the poses of people in video with a top-down estimator.

    frame -> boxes -> crops -> estimator -> thresholds -> suppression -> association
              ^ propagation of the frame before                  -> refinement -> output

    In training (``mode='loss'``) it is its estimator: a batch of mmpose's top-down pipeline
    gives the estimator's losses. In testing a batch holds whole frames, consecutive ones of a
    video or one of each of several videos; all their people go through the estimator together,
    and the frames that are *finished* come back, at the latest with the video's last frame. The
    state is kept by video id, so that videos may be interleaved.

    A propagation needs the people of the frame before, so with one only frames of different
    videos go through the estimator together (``VideoSampler(streams=V)``), and the frames of one
    video in turn; the boxes of a batch are found together all the same.

    A checkpoint of this model or of its estimator alone can be loaded; one that does not fit
    raises a RuntimeError that says what is missing.

    Args:
        estimator: Config of a top-down pose estimator of mmpose.
        box_source: Config of a :class:`BoxSource`. Default: the boxes the data set proposes.
        cropper: Config of :class:`TopdownCropper`.
        propagation: Config of a :class:`Propagation`. None: each frame by itself.
        max_crops: People that go through the estimator in one call, which bounds memory.
        partial_checkpoint: True: accept checkpoints that fill the model in part only (mmengine
            then lists what is missing as a warning). Names of parts of the estimator, such as
            ``['neck']``: these may be missing, everything else must fit.
        **tracking: Options of :class:`PoseOnlyTracker`: ``association``, ``suppression``, the
            thresholds, ``min_length``, ``refinement``. People under ``box_score_thr`` are not
            cropped at all.

    Raises:
        ValueError: An option out of its range.
    """

    def __init__(
        self,
        *,
        estimator: dict,
        box_source: dict | None = None,
        cropper: dict | None = None,
        propagation: dict | None = None,
        max_crops: int = 128,
        partial_checkpoint: bool | Sequence[str] = False,
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
        self.propagation = None if propagation is None else MODELS.build(propagation)
        self.max_crops = max_crops
        # Only the estimator is trained here, and distributed training waits for all gradients.
        for part in (self.association, self.propagation):
            if part is not None:
                part.requires_grad_(False)
        for part in self.modules():
            if isinstance(part, Similarity | Refinement):
                part.bind(estimator)
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
        boxes, dropped = self._find(frames, data_samples)
        finished: list[list[TrackedFrame]] = [[] for _ in frames]
        for turn in [range(len(frames))] if self.propagation is None else turns(data_samples):
            candidates = [self._propose(data_samples[i], frames[i], boxes[i]) for i in turn]
            estimated = self._estimate(
                [frames[i] for i in turn], [data_samples[i] for i in turn], candidates
            )
            for i, offer, poses, feats in zip(turn, candidates, *estimated, strict=True):
                poses, feats = self._merge(data_samples[i], offer, poses, feats, dropped[i])
                feats["image"] = frames[i]
                finished[i] = self.track(data_samples[i], poses, dropped[i], feats)
        return [self.finish(frame) for frame in chain.from_iterable(finished)]

    def start_video(self, video_id: str, num_frames: int) -> VideoState:
        """See :class:`PoseOnlyTracker`."""
        state = super().start_video(video_id, num_frames)
        if self.propagation is not None:
            state.propagation = self.propagation.start_video()
        return state

    def remember(self, state: VideoState, poses: FramePoses, feats: Feats) -> None:
        """Keep what the propagation needs for the next frame."""
        if self.propagation is not None:
            unseen = feats.get("person_unseen", np.zeros(len(poses), np.int64))
            self.propagation.remember(state.propagation, feats.get("image"), poses, unseen)

    def _memory(self, sample: PoseDataSample) -> PropagationMemory:
        state = self._videos.get(sample.video_id)
        return self.propagation.start_video() if state is None else state.propagation

    def _propose(self, sample: PoseDataSample, image: np.ndarray, boxes: Boxes) -> Candidates:
        """The candidates of a frame: detections, and who was in the frame before."""
        if self.propagation is None or not is_searched(sample):
            return Candidates.of_detections(*boxes)
        return self.propagation.propose(self._memory(sample), image, *boxes)

    def _merge(
        self,
        sample: PoseDataSample,
        offer: Candidates,
        poses: FramePoses,
        feats: Feats,
        dropped: Counter,
    ) -> tuple[FramePoses, Feats]:
        """The people of a frame out of its candidates, the estimated ones and the others."""
        if self.propagation is None:
            return poses, feats
        if offer.poses is not None:
            if feats:
                raise ValueError(
                    f"{type(self.propagation).__name__} offers poses that did not go through the "
                    f"estimator, so they lack its {', '.join(feats)}; use another propagation, or "
                    "an estimator without such features"
                )
            poses = FramePoses.cat([poses, offer.poses])
        if offer.num_suppressed:
            dropped["suppression"] += offer.num_suppressed
        feats = dict(feats, person_source=offer.sources, person_unseen=offer.unseen)
        poses, feats = self._above_thresholds(poses, feats, dropped)
        merged = self.propagation.merge(
            self._memory(sample), poses, feats["person_source"], feats["person_unseen"]
        )
        if merged.num_given_up:
            dropped["propagation"] += merged.num_given_up
        feats = select_people(feats, merged.rows)
        return merged.poses, {**feats, "person_unseen": merged.unseen}

    def _find(
        self, frames: list[np.ndarray], samples: Sequence[PoseDataSample]
    ) -> tuple[list[Boxes], list[Counter]]:
        """The boxes of each frame that pass the threshold, and what else there was."""
        readable = [i for i, sample in enumerate(samples) if sample.get("frame_readable", True)]
        device = next(self.estimator.parameters()).device
        answers = self.box_source(
            [frames[i] for i in readable], [samples[i] for i in readable], device
        )
        nobody = np.zeros((0, 4), np.float32), np.zeros(0, np.float32)
        boxes, dropped = [nobody] * len(frames), [Counter() for _ in frames]
        for i, (found, scores) in zip(readable, answers, strict=True):
            usable = (found[:, 2:] > found[:, :2]).all(1)
            strong = scores >= self.box_score_thr
            for reason, lost in (("empty_box", ~usable), ("box_score_thr", usable & ~strong)):
                if lost.any():
                    dropped[i][reason] += int(lost.sum())
            boxes[i] = found[usable & strong], scores[usable & strong]
        return boxes, dropped

    def _estimate(
        self,
        frames: list[np.ndarray],
        samples: Sequence[PoseDataSample],
        candidates: Sequence[Candidates],
    ) -> tuple[list[FramePoses], list[Feats]]:
        """Poses of all boxes of all frames, through the estimator together; see gather_frames."""
        images, people, owners = [], [], []
        for i, (frame, sample, offer) in enumerate(zip(frames, samples, candidates, strict=True)):
            if not len(offer.boxes):
                continue
            crops = self.cropper(frame, offer.boxes)
            images.append(crops.images)
            owners += [i] * len(offer.boxes)
            people += crop_samples(
                sample, offer.boxes, offer.scores, crops, self.cropper.input_size
            )
        results = self._run_estimator(np.concatenate(images), people) if people else []
        return gather_frames(results, owners, len(frames), len(samples[0].flip_indices))

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
