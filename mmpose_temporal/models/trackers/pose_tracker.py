"""From frames to tracks, as a model that mmpose's train and test tools build."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmpose.registry import MODELS, TASK_UTILS
from mmpose.structures import PoseDataSample
from torch import Tensor

from mmpose_temporal.structures import UNSEEN, UNTRACKED, FramePacket, People
from mmpose_temporal.utils.foreign_packages import require_packages

from .estimation import (
    CheckpointGuard,
    DatasetBoxes,
    FramePreprocessor,
    Memory,
    TopdownCropper,
    crop_samples,
    estimate_image,
    gather_people,
    in_no_video,
    say_if_unused,
)
from .mmpose_settings import with_settings
from .propagation import LastFrame, PersonCandidates, Propagation, turns
from .propagation.base import SOURCE
from .tracker_model import TrackerModel


@MODELS.register_module()
class PoseTracker(TrackerModel):
    """Estimates and tracks the poses of people in video with a top-down estimator.

    frame -> boxes -> crops -> estimator -> thresholds -> suppression -> association
              ^ propagation of the previous frame     -> refinement -> end stage -> output

    In training (``mode='loss'``) it is its estimator: a batch of mmpose's top-down pipeline
    gives the estimator's losses. In testing a batch holds whole frames, consecutive ones of a
    video or one of each of several videos; all their people go through the estimator together,
    and the frames that are *finished* are returned, at the latest with the video's last frame.
    The state is kept by video id, so that videos may be interleaved.

    A part that needs the previous frame (a propagation, a memory) gets the frames of one video one
    by one, so then only frames of different videos go through the estimator together
    (``VideoSampler(streams=V)``); the boxes of a batch are still found together.

    A checkpoint of this model or of its estimator alone can be loaded; one that does not fit
    raises a RuntimeError that says what is missing.

    mmpose's ``init_model``, inferencers and ``get_flops.py`` take it for its estimator: samples
    without ``video_id`` are single images, whose poses are those of the estimator, without ids.

    Args:
        estimator: Config of a top-down pose estimator of mmpose.
        box_source: Config of a :class:`BoxSource`. Default: the boxes that the data set proposes.
        cropper: Config of :class:`TopdownCropper`.
        propagation: Config of a :class:`Propagation`. None: each frame by itself.
        memory: Config of a :class:`Memory` of persons. None: crops carry no memory.
        max_crops: Largest number of people per call of the estimator, which limits memory.
        partial_checkpoint: True: accept checkpoints that fill only a part of the model (mmengine
            then lists what is missing as a warning). Names of parts of the estimator, such as
            ``['neck']``: these may be missing, everything else must fit.
        backbone: Settings that replace some of the estimator's. mmpose's ``init_model`` looks for
            ``model.backbone`` in every config, so the shipped ones have an empty one.
        train_cfg: Settings that replace some of the estimator's, as mmpose's tools give them.
        test_cfg: Settings that replace some of the estimator's.
        **tracking: Options of :class:`TrackerModel`: ``association``, ``suppression``, the
            thresholds, ``min_length``, ``refinement``, ``merging``, ``frame_encoder``,
            ``observers``. People below ``box_score_thr`` are not cropped at all.

    Raises:
        ValueError: An option out of its range.
        ImportError: The estimator is made of parts of a package that does not import.
    """

    def __init__(
        self,
        *,
        estimator: dict,
        box_source: dict | None = None,
        cropper: dict | None = None,
        propagation: dict | None = None,
        memory: dict | None = None,
        max_crops: int = 128,
        partial_checkpoint: bool | Sequence[str] = False,
        backbone: dict | None = None,
        train_cfg: dict | None = None,
        test_cfg: dict | None = None,
        **tracking: Any,
    ):
        if max_crops < 1:
            raise ValueError(f"max_crops must be 1 or more, got {max_crops}")
        settings = dict(backbone=backbone, train_cfg=train_cfg, test_cfg=test_cfg)
        require_packages(estimator)
        estimator = MODELS.build(with_settings(estimator, settings))
        moved: Propagation | None = None if propagation is None else MODELS.build(propagation)
        stored: Memory | None = None if memory is None else MODELS.build(memory)
        built = dict(propagation=moved, memory=stored)
        super().__init__(
            data_preprocessor=FramePreprocessor(estimator),
            parts={name: part for name, part in built.items() if part is not None},
            **tracking,
        )
        self.estimator = estimator
        self.box_source = TASK_UTILS.build(box_source or dict(type=DatasetBoxes))
        self.cropper = TASK_UTILS.build(
            dict(
                cropper or dict(type=TopdownCropper),
                decoder=getattr(estimator.head, "decoder", None),
            )
        )
        self.propagation = moved
        self.memory = stored
        self.max_crops = max_crops
        # Only the estimator is trained here, and distributed training waits for all gradients.
        for name, part in self.named_children():
            if name not in ("estimator", "data_preprocessor"):
                part.requires_grad_(False)
        self.bind_parts()
        say_if_unused(estimator, stored)
        CheckpointGuard(partial=partial_checkpoint).attach(self, child="estimator")

    @property
    def test_cfg(self) -> dict:
        """The estimator's, in which mmpose's inferencers set ``output_heatmaps``."""
        return self.estimator.test_cfg

    def _forward(self, inputs: Tensor, data_samples: Any = None) -> Any:
        """The estimator on crops (N, 3, h, w): what mmpose's ``get_flops.py`` counts."""
        return self.estimator(inputs, data_samples, mode="tensor")

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
        answer = self.estimator(inputs, data_samples, mode=mode)
        if mode == "loss":  # after the first batch parts of the estimator are known to be trained
            self.warn_of_random_parts("this training leaves parts of the tracker as they are")
        return answer

    @torch.no_grad()
    def predict(
        self, inputs: Sequence[Tensor], data_samples: Sequence[PoseDataSample]
    ) -> list[PoseDataSample]:
        """Track the people of a batch of frames.

        Args:
            inputs: Frames, each (H, W, 3) uint8 BGR on the CPU, of each video in temporal
                order.
            data_samples: Their samples, as packed by ``PackFrameInputs``.

        Returns:
            The finished frames, see :meth:`TrackingPipeline.output`; of single images (no
            ``video_id``) all of them, with the poses in their ``proposals``.

        Raises:
            ValueError: A frame comes out of order; the estimator has another number of keypoints
                than the data; single images among frames, or without boxes.
        """
        if not len(data_samples):
            return []
        if in_no_video(data_samples):
            return self._estimate_images(inputs, data_samples)
        self.warn_of_random_parts("these are not the results of a trained tracker")
        finished: list[list[FramePacket]] = [[] for _ in data_samples]
        try:
            packets = self._admit(inputs, data_samples)
            detections = self.find_boxes(packets)
            in_turn = self.pipeline.in_turn
            for turn in turns(data_samples) if in_turn else [range(len(packets))]:
                self.estimate([packets[i] for i in turn], [detections[i] for i in turn])
                for i in turn:
                    finished[i] = self.pipeline.track(packets[i])
        except BaseException:
            self.pipeline.forget(sample.video_id for sample in data_samples)
            raise
        return [answer for frames in finished for answer in self._answers(frames)]

    def _estimate_images(
        self, images: Sequence[Tensor], samples: Sequence[PoseDataSample]
    ) -> list[PoseDataSample]:
        """The poses of single images, as the estimator alone finds them, without a memory."""
        return [
            estimate_image(image.numpy(), sample, self.cropper, self._in_parts)
            for image, sample in zip(images, samples, strict=True)
        ]

    def _admit(
        self, inputs: Sequence[Tensor], samples: Sequence[PoseDataSample]
    ) -> list[FramePacket]:
        packets = []
        for frame, sample in zip(inputs, samples, strict=True):
            packet = self.pipeline.admit(sample, frame.numpy())
            packet.people = People.empty(len(sample.flip_indices))
            packets.append(packet)
        return packets

    def find_boxes(self, packets: Sequence[FramePacket]) -> list[PersonCandidates]:
        """The boxes of each frame that pass the threshold; the other ones are counted."""
        readable = [i for i, p in enumerate(packets) if p.sample.get("frame_readable", True)]
        device = next(self.estimator.parameters()).device
        answers = self.box_source(
            [packets[i].image for i in readable], [packets[i].sample for i in readable], device
        )
        nobody = np.zeros((0, 4), np.float32), np.zeros(0, np.float32)
        detections = [PersonCandidates.of_detections(*nobody)] * len(packets)
        for i, (found, scores) in zip(readable, answers, strict=True):
            usable = (found[:, 2:] > found[:, :2]).all(1)
            strong = scores >= self.pipeline.thresholds.box_score_thr
            for reason, lost in (("empty_box", ~usable), ("box_score_thr", usable & ~strong)):
                if lost.any():
                    packets[i].dropped[reason] += int(lost.sum())
            kept = usable & strong
            detections[i] = PersonCandidates.of_detections(found[kept], scores[kept])
        return detections

    def estimate(
        self, packets: Sequence[FramePacket], detections: Sequence[PersonCandidates]
    ) -> None:
        """Fill in the people of frames: of one turn, so at most one frame of each video if parts
        need the previous frame.

        Args:
            packets: Admitted frames.
            detections: Their boxes, of :meth:`find_boxes`.
        """
        self.pipeline.encode(packets)
        candidates = [self._propose(*pair) for pair in zip(packets, detections, strict=True)]
        everyone = self._run_estimator(packets, candidates)
        for packet, offer, people in zip(packets, candidates, everyone, strict=True):
            packet.people = people
            self._merge(packet, offer)

    def _last_frame(self, packet: FramePacket) -> LastFrame:
        return self.pipeline.state_of(packet.video_id, "propagation")

    def _propose(self, packet: FramePacket, detections: PersonCandidates) -> PersonCandidates:
        """The candidates of a frame: detections, and people of the previous frame."""
        if self.propagation is None or not packet.searched:
            return detections
        return self.propagation.propose(
            self._last_frame(packet), packet, detections.boxes, detections.scores
        )

    def _merge(self, packet: FramePacket, offer: PersonCandidates) -> None:
        """Choose the people of a frame among its candidates."""
        if self.propagation is None:
            return
        if offer.num_suppressed:
            packet.dropped["suppression"] += offer.num_suppressed
        packet.people = packet.people.with_extras(**{SOURCE: offer.sources, UNSEEN: offer.unseen})
        self.pipeline.thresholds.apply(packet)
        packet.people, lost = self.propagation.merge(self._last_frame(packet), packet.people)
        if lost:
            packet.dropped["propagation"] += lost

    def _run_estimator(
        self, packets: Sequence[FramePacket], candidates: Sequence[PersonCandidates]
    ) -> list[People]:
        """The people in all boxes of all frames, through the estimator together."""
        images, crops, owners = [], [], []
        for i, (packet, offer) in enumerate(zip(packets, candidates, strict=True)):
            if not len(offer.boxes):
                continue
            cut = self.cropper(packet.image, offer.boxes)
            size = self.cropper.input_size
            samples = crop_samples(packet.sample, offer.boxes, offer.scores, cut, size)
            if self.memory is not None:
                self._attach_memory(packet, offer, samples)
            images.append(cut.images)
            owners += [i] * len(offer.boxes)
            crops += samples
        results = self._in_parts(np.concatenate(images), crops) if crops else []
        return gather_people(results, owners, len(packets), len(packets[0].sample.flip_indices))

    def _attach_memory(
        self, packet: FramePacket, offer: PersonCandidates, crops: list[PoseDataSample]
    ) -> None:
        """Attach what is stored about the persons to the crops that they may be in."""
        ids = np.full(len(offer.boxes), UNTRACKED, np.int64)
        if self.propagation is not None and (offer.sources >= 0).any():
            moved = offer.sources >= 0
            ids[moved] = self._last_frame(packet).people.track_ids[offer.sources[moved]]
        state = self.pipeline.state_of(packet.video_id, "memory")
        self.memory.attach(state, packet, offer, ids, crops)

    def _in_parts(self, images: np.ndarray, crops: list[PoseDataSample]) -> list[PoseDataSample]:
        """The estimator on P crops (P, h, w, 3), ``max_crops`` at a time."""
        results: list[PoseDataSample] = []
        for start in range(0, len(images), self.max_crops):
            part = slice(start, start + self.max_crops)
            inputs = torch.from_numpy(images[part]).permute(0, 3, 1, 2)
            data = dict(inputs=inputs, data_samples=crops[part])
            data = self.estimator.data_preprocessor(data, False)
            results += self.estimator(**data, mode="predict")
        return results
