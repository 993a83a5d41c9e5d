"""The one interface of everything that scores two poses."""

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from mmengine.model import BaseModule
from torch import Tensor

from mmpose_temporal.models.parts import TrackerPart
from mmpose_temporal.structures import FramePacket, NamedRows, People

Representation = NamedRows
"""What a similarity keeps of M people: named arrays or tensors with M rows each."""

Scene = dict[str, Any]
"""What else a similarity keeps of a video, by name, see :meth:`Similarity.advance`."""


@dataclass(slots=True, eq=False)
class PairScores:
    """How similar the M people of a frame and N people seen before are.

    Attributes:
        total: (M, N) float, higher is more similar; the assignment uses it.
        allowed: (M, N) bool, the pairs that may be one person; None: all. A similarity may
            forbid pairs here; gates and thresholds forbid more.
        parts: Named scores that ``total`` was made of, (M, N) each, for parts that look at more
            than the total.
    """

    total: np.ndarray
    allowed: np.ndarray | None = None
    parts: dict[str, np.ndarray] = field(default_factory=dict)


class Similarity(BaseModule, TrackerPart):
    """Scores the people of a frame against people seen before.

    A person is embedded once, when first seen; the tracker keeps the rows of the live tracks and
    pairs them with each later frame in one call. For each frame in which people are detected it
    calls, in this order, :meth:`advance` with the rows it remembers, :meth:`embed` with the
    frame, and :meth:`pairwise` if there are people on both sides.

    A joint that is missing in one pose adds nothing to the similarity of two, and a pose without
    joints matches nobody. How much of two people must be seen in both, the association decides
    for all similarities alike, from :meth:`seen_joints`.

    Attributes:
        max_distance: Largest distance of two people in time, frames; None: any.
    """

    ready: bool = True
    """Whether it has the weights it needs; one that learns has not, before its first
    :meth:`loss` in training or the loading of weights."""

    max_distance: int | None = None

    compares_joints: bool = True
    """Whether two people must have joints in common; not where boxes or pixels are compared."""

    def seen_joints(self, people: People, representation: Representation) -> np.ndarray:
        """Which joints it can compare; of both sides of a pair.

        Args:
            people: N people, of the frame or remembered.
            representation: What it knows of them.

        Returns:
            (N, K) bool, True for a joint that is there. Here: those of the poses; a similarity
            that looks at more than a track's last pose says what it knows from all of them.
        """
        return people.keypoint_scores > 0

    @abstractmethod
    def embed(self, packet: FramePacket) -> Representation:
        """Represent the M people of a frame.

        Args:
            packet: The frame with its ``people``.

        Returns:
            Named arrays with M rows; any subset of rows represents those people.

        Raises:
            ValueError: Something is needed that the packet lacks.
        """

    def advance(
        self, previous: Representation | None, packet: FramePacket, scene: Scene
    ) -> Representation | None:
        """Bring the people remembered up to the frame that begins.

        For similarities that move poses along with the image. Called once per frame, also if
        nobody is remembered or found, so each call takes one step and steps add up for people
        not seen for a while. Frames in which people are not detected are skipped.

        Args:
            previous: Representation of the N people remembered; None before the first.
            packet: The frame that begins.
            scene: What else this similarity keeps of the video, by name; empty at the video's
                start, changed in place here, dropped at the video's end. Must not grow with the
                video.

        Returns:
            The same people, in rows of the same names, which replace ``previous``.
            Here: ``previous`` itself.

        Raises:
            ValueError: Something is needed that the packet lacks.
        """
        return previous

    @abstractmethod
    def pairwise(
        self,
        current: Representation,
        previous: Representation,
        pairs: np.ndarray | None = None,
        scene: Scene | None = None,
    ) -> PairScores:
        """Score every pair.

        Args:
            current: Representation of the frame's M people.
            previous: Representation of N people seen before.
            pairs: (M, N) bool, the pairs that pass the gates; None: all. A costly
                similarity scores only these; what it returns for the others is ignored.
            scene: As :meth:`advance` left it for this frame. None: outside of an association,
                which only similarities accept whose rows say all.

        Returns:
            The scores of the (M, N) pairs.
        """

    def extend(
        self,
        current: Representation,
        rows: np.ndarray,
        previous: Representation,
        columns: np.ndarray,
    ) -> Representation:
        """Carry the matched tracks' history over to the current poses.

        For similarities that look at more than the last pose of a track. Called once per frame
        in which somebody is matched, after :meth:`pairwise`.

        Args:
            current: Representation of the frame's people, which is not changed.
            rows: (P,) int64, those who were matched.
            previous: Representation of the people remembered.
            columns: (P,) int64, the people whom they were matched with.

        Returns:
            The frame's people as they are remembered from now on. Here: ``current`` itself.
        """
        return current

    def same_as(self, other: "Similarity | None") -> bool:
        """Whether another similarity returns the same for the same people.

        Then embeddings and scores of one need not be computed again by the other.

        Args:
            other: Any similarity; None: no.
        """
        return other is self

    def loss(self, *args: Any, **kwargs: Any) -> dict[str, Tensor]:
        """Training loss of a similarity that learns.

        Raises:
            TypeError: This one has nothing to learn.
        """
        raise TypeError(f"{type(self).__name__} has nothing to learn, so it has no loss")
