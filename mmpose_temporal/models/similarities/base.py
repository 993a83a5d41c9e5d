"""The one interface of everything that scores two poses."""

from abc import abstractmethod
from typing import Any

import numpy as np
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmpose_temporal.structures import FramePoses, Skeleton

Representation = dict[str, np.ndarray | Tensor]
"""What a similarity keeps of M people: named arrays or tensors with M rows each."""


class Similarity(BaseModule):
    """Scores the people of a frame against people seen before.

    A person is embedded once, when first seen; the tracker keeps the rows of those that live on
    and pairs them with each later frame in one call. For each frame in which people were looked
    for it calls, in this order, :meth:`advance` with the rows it remembers, :meth:`embed` with
    the frame's people, and :meth:`pairwise` where there is somebody on both sides.

    A similarity itself keeps nothing of a video, since videos may be interleaved.

    Attributes:
        max_distance: How many frames two people may be apart at most; None: any number.
    """

    max_distance: int | None = None

    def bind(self, estimator: nn.Module) -> None:
        """Get to know the tracker's pose estimator, once, when the tracker is built.

        For a similarity whose weights are part of the estimator, which trains and saves them. A
        reference that is kept must not register as a sub-module: hold it in a list.

        Args:
            estimator: The pose estimator of the :class:`PoseTracker`.
        """

    def use_skeleton(self, skeleton: Skeleton) -> None:
        """Get to know the keypoints of the data, before the first poses.

        The tracker tells it once it knows the data's metainfo. For similarities that depend on
        what the keypoints are: their sigmas, or the places of a network's joints, by name.

        Args:
            skeleton: Of the data.

        Raises:
            ValueError: The similarity cannot compare poses of this layout.
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

    def advance(
        self, previous: Representation | None, feats: dict[str, Any], scene: dict[str, Any]
    ) -> Representation | None:
        """Bring the people remembered up to the frame that begins.

        For similarities that move poses along with the image. Called once a frame, also where
        nobody is remembered or found, so each call takes one step and steps add up for people
        not seen for a while. Frames in which nobody was looked for are stepped over.

        Args:
            previous: Representation of the M_prev people remembered; None before the first.
            feats: As for :meth:`embed`, of the frame that begins.
            scene: What this similarity keeps of the video beside the people, by name; empty at
                the video's start, changed in place here, dropped at the video's end. Must not
                grow with the video.

        Returns:
            The same people, in rows of the same names, which take the place of ``previous``.
            Here: ``previous`` itself.

        Raises:
            ValueError: Something of ``feats`` is needed and not there.
        """
        return previous

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

    def extend(
        self,
        current: Representation,
        rows: np.ndarray,
        previous: Representation,
        columns: np.ndarray,
    ) -> Representation:
        """Let people who were recognised take along what is remembered of them.

        For similarities that look at more than the last pose of a track. Called once a frame in
        which somebody is recognised, after :meth:`pairwise`.

        Args:
            current: Representation of the frame's people, which may be changed in place.
            rows: (P,) int64, those who were recognised.
            previous: Representation of the people remembered.
            columns: (P,) int64, whom they are.

        Returns:
            The frame's people as they are remembered from now on. Here: ``current`` itself.
        """
        return current

    def loss(self, *args: Any, **kwargs: Any) -> dict[str, Tensor]:
        """Training loss of a similarity that learns.

        Raises:
            TypeError: This one has nothing to learn.
        """
        raise TypeError(f"{type(self).__name__} has nothing to learn, so it has no loss")
