"""Memories of persons: what a neck or head reads of a person's earlier frames."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.model import BaseModule
from mmpose.structures import PoseDataSample

from mmpose_temporal.models.parts import TrackerPart
from mmpose_temporal.structures import FramePacket

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
