"""Tracking of known poses, as a model that mmpose's tools build."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from torch import Tensor

from mmpose_temporal.structures import FramePacket, People

from .association.live_tracks import KNOWN_IDS
from .mmpose_settings import KNOWN_POSES, refuse_settings
from .propagation import turns
from .tracker_model import TrackerModel, known_ids


@MODELS.register_module()
class PoseOnlyTracker(TrackerModel):
    """Tracks known poses, of any estimator.

    thresholds -> suppression -> association -> refinement -> end stage -> output

    The state is kept by video id, so that videos may be interleaved.

    mmpose's interfaces for images (``init_model``, the inferencers) get an error that says what to
    use instead.

    Args:
        **parts: Options of :class:`TrackerModel`. ``backbone``, ``train_cfg`` and ``test_cfg``,
            which mmpose's tools look for or set in every model, may be there if they are empty.

    Raises:
        TypeError: They are not.
    """

    def __init__(self, **parts: Any):
        super().__init__(**refuse_settings(parts))
        self.estimator = None
        self.bind_parts()

    @property
    def cfg(self) -> None:
        """There is none: mmpose keeps the config in models that it gives images."""
        raise AttributeError("PoseOnlyTracker has no cfg")

    @cfg.setter
    def cfg(self, config: Any) -> None:
        raise TypeError(KNOWN_POSES)

    def forward(
        self,
        inputs: Any = None,
        data_samples: Sequence[PoseDataSample] | None = None,
        mode: str = "predict",
    ) -> list[PoseDataSample] | dict[str, Tensor]:
        """As in mmengine: tracks, or trains the similarity.

        Args:
            inputs: ``'loss'``: what the similarity trains on, see its ``loss``. Else the frames,
                each (H, W, 3) uint8 BGR, for parts that look at them, or None.
            data_samples: ``'predict'``: frames, of each video in temporal order, with their
                poses in ``pred_instances``. ``'loss'``: those of ``inputs``.
            mode: ``'predict'`` or ``'loss'``.

        Returns:
            The finished frames, see :meth:`TrackingPipeline.output`; or the losses of the
            similarity.

        Raises:
            TypeError: ``'loss'``, and the similarity has nothing to learn.
            ValueError: Another ``mode``; a frame comes out of order.
        """
        if mode == "loss":
            self.use_skeleton_of(data_samples)
            return self.association.similarity.loss(inputs, data_samples)
        if mode != "predict":
            raise ValueError(
                f"{type(self).__name__} has the modes 'predict' and 'loss', got {mode!r}"
            )
        return self.predict(inputs, data_samples)

    @torch.no_grad()
    def predict(
        self, inputs: Sequence[Tensor] | None, data_samples: Sequence[PoseDataSample]
    ) -> list[PoseDataSample]:
        """Track the poses of a batch of frames; see :meth:`forward`."""
        self.warn_of_random_parts("the ids mean nothing")
        frames = [None] * len(data_samples) if inputs is None else inputs
        images = [None if frame is None else frame.cpu().numpy() for frame in frames]
        finished: list[list[FramePacket]] = [[] for _ in images]
        try:
            every = [range(len(data_samples))]
            for turn in turns(data_samples) if self.pipeline.in_turn else every:
                people = [People.from_instances(data_samples[i].pred_instances) for i in turn]
                packets = [
                    self._admit(data_samples[i], found, images[i])
                    for i, found in zip(turn, people, strict=True)
                ]
                self.pipeline.encode(packets)
                for i, packet in zip(turn, packets, strict=True):
                    finished[i] = self.pipeline.track(packet)
        except BaseException:
            self.pipeline.forget(sample.video_id for sample in data_samples)
            raise
        return [answer for frames in finished for answer in self._answers(frames)]

    def track(
        self, sample: PoseDataSample, people: People, image: np.ndarray | None = None
    ) -> list[FramePacket]:
        """Track the people of one frame.

        Args:
            sample: See :meth:`TrackingPipeline.admit`. ``known_ids``, (M,) true identities of
                ``people`` (-1: not known), are for observers.
            people: The frame's people.
            image: (H, W, 3) uint8 BGR, for parts that look at it.

        Returns:
            The frames of this video that are finished now.

        Raises:
            ValueError: The frame is not the next one of its video, or was not searched and has
                people; the video is forgotten then, as after any error.
        """
        try:
            packet = self._admit(sample, people, image)
            self.pipeline.encode([packet])
            return self.pipeline.track(packet)
        except BaseException:
            self.pipeline.forget([sample.video_id])
            raise

    def _admit(
        self, sample: PoseDataSample, people: People, image: np.ndarray | None
    ) -> FramePacket:
        packet = self.pipeline.admit(sample, image)
        known = known_ids(sample, len(people))
        packet.people = people if known is None else people.with_extras(**{KNOWN_IDS: known})
        return packet
