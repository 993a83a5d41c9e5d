"""The one interface of everything that scores two poses."""

from abc import abstractmethod
from typing import Any

import numpy as np
from mmengine.model import BaseModule
from torch import Tensor

from mmpose_temporal.structures import FramePoses

Representation = dict[str, np.ndarray | Tensor]
"""What a similarity keeps of M people: named arrays or tensors with M rows each."""


class Similarity(BaseModule):
    """Scores the people of a frame against people seen before.

    A person is embedded once, when first seen; the tracker keeps the rows of those that live on
    and pairs them with each later frame in one call.
    """

    @abstractmethod
    def embed(self, poses: FramePoses, feats: Any = None) -> Representation:
        """Represent the M people of a frame.

        Args:
            poses: The frame's people.
            feats: What is known beside the poses, by name: ``time``, the number of the frame
                (int, ascending), ``frame_size``, its width and height in pixels or None, where
                there is one ``image``, the frame (H, W, 3) uint8 BGR, and under
                ``person_<name>`` what the estimator adds for the M people (M rows).

        Returns:
            Named arrays with M rows; any subset of rows represents those people.

        Raises:
            ValueError: Something of ``feats`` is needed and not there.
        """

    @abstractmethod
    def pairwise(
        self,
        current: Representation,
        previous: Representation,
        pairs: np.ndarray | None = None,
    ) -> np.ndarray:
        """Score every pair.

        Args:
            current: Representation of the frame's M_t people.
            previous: Representation of M_prev people seen before.
            pairs: (M_t, M_prev) bool, the pairs that the gates let through; None: all. A
                costly similarity scores only these; what it answers for the others is not
                looked at.

        Returns:
            (M_t, M_prev) float array, higher is more alike.
        """

    def loss(self, *args: Any, **kwargs: Any) -> dict[str, Tensor]:
        """Training loss of a similarity that learns.

        Raises:
            TypeError: This one has nothing to learn.
        """
        raise TypeError(f"{type(self).__name__} has nothing to learn, so it has no loss")
