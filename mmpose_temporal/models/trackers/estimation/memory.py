"""Memories of persons: what a neck or head reads of a person's earlier frames."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.model import BaseModule
from mmpose.structures import PoseDataSample
from torch import nn

from mmpose_temporal.models.necks import find_memory
from mmpose_temporal.models.parts import TrackerPart
from mmpose_temporal.structures import FramePacket
from mmpose_temporal.utils import warn_once

from ..propagation import PersonCandidates


class Memory(BaseModule, TrackerPart):
    """Stored features of each person of a video, handed to the estimator with the person's crop.

    Before the estimator runs, :meth:`attach` puts what is stored about the person of a crop into
    the crop's sample, in which a neck that knows its samples finds it; after association
    :meth:`observe` stores what the estimator computed for each person (extras of
    ``packet.people``) under the person's id. If there is no box in a frame,
    it has no people, and they may be without extras.
    """

    needs_previous_frame = True

    @abstractmethod
    def attach(
        self,
        state: Any,
        packet: FramePacket,
        candidates: PersonCandidates,
        track_ids: np.ndarray,
        crops: Sequence[PoseDataSample],
    ) -> None:
        """Pass on what is stored.

        Args:
            state: Of the video; it is not changed.
            packet: The frame; its people are not known yet.
            candidates: P boxes in it.
            track_ids: (P,) int64, the person whom a propagated box comes from; -1 for a
                detection.
            crops: P samples, which get what is stored as metainfo.
        """


def say_if_unused(estimator: nn.Module, memory: Memory | None) -> None:
    """Warn, once, if an estimator has a memory neck of which a tracker stores nothing."""
    found = None if memory is not None else find_memory(estimator)
    if found is not None:
        warn_once(
            f"estimator.{found[0]} is a PoseTemporalMemory, and the tracker has no memory: in "
            "testing nothing is remembered. Add memory=dict(type='PersonMemory')"
        )
