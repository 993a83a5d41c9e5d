"""Similarities whose features and classifiers are part of the pose estimator."""

from abc import abstractmethod
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from mmpose_temporal.models.heads import MatchingHead
from mmpose_temporal.models.parts import Shared
from mmpose_temporal.models.pose_estimators import find_describer
from mmpose_temporal.structures import FramePacket

from .base import PairScores, Representation, Scene, Similarity

FEATURES = "keypoint_features"
"""Extra row of the people that holds the matching features at their keypoints."""


class EstimatorMatching(Similarity):
    """Scores people by the matching head of the estimator that found them.

    The head is trained and saved as part of the estimator; the tracker binds this similarity to
    it. A person's features pass the first layer of the classifiers once, when they are embedded.
    """

    HEAD: ClassVar[type[MatchingHead]]
    """The matching head that this similarity is for."""

    def __init__(self):
        super().__init__()
        self._bound: Shared[MatchingHead] = Shared()

    def bind(self, tracker: nn.Module) -> None:
        """Take the matching head of the tracker's estimator.

        Raises:
            ValueError: The estimator has none, or one of another kind, or describes no features.
        """
        estimator = tracker.estimator
        if estimator is None:
            return  # said when it is used: a PoseOnlyTracker is built to be given an estimator's
        head = getattr(estimator, "matching_head", None)
        if not isinstance(head, self.HEAD):
            found = "none" if head is None else f"a {type(head).__name__}"
            raise ValueError(
                f"{type(self).__name__} needs estimator=dict(type='TemporalPoseEstimator', "
                f"matching_head=dict(type='{self.HEAD.__name__}', ...)), and the "
                f"{type(estimator).__name__} has {found}"
            )
        if find_describer(estimator, "keypoint_features") is None:
            raise ValueError(
                f"{type(self).__name__} needs the features that "
                "estimator=dict(describers=[dict(type='KeypointDescriber')]) hands on"
            )
        self._bound.module = head

    @property
    def ready(self) -> bool:
        """Whether the head was trained, or has weights of a checkpoint."""
        return self._bound.module is None or self._bound.module.ready

    @property
    def head(self) -> MatchingHead:
        """The estimator's matching head.

        Raises:
            ValueError: Not bound to an estimator.
        """
        if self._bound.module is None:
            raise ValueError(
                f"{type(self).__name__} needs the features of a pose estimator: use it in a "
                "PoseTracker, which binds it to its estimator (PoseOnlyTracker has none)"
            )
        return self._bound.module

    @torch.no_grad()
    def embed(self, packet: FramePacket) -> Representation:
        """The halves of the classifiers' first layer, and which keypoints are there.

        Returns:
            ``first`` and ``second`` (M, G, C), see :meth:`KeypointClassifiers.project`, and
            ``present`` (M, G) bool.

        Raises:
            ValueError: The people lack the extra ``keypoint_features`` (M, K, C).
        """
        poses = packet.people
        features = poses.extras.get(FEATURES)
        if features is None:
            if len(poses):
                raise ValueError(
                    f"{type(self).__name__} needs people with the extra '{FEATURES}', which a "
                    "TemporalPoseEstimator gives"
                )
            weight = self.head.classifiers.weight1
            features = weight.new_zeros((0, poses.keypoints.shape[1], self.head.channels))
        if features.shape[:2] != poses.keypoint_scores.shape:
            raise ValueError(
                f"the extra '{FEATURES}' is {tuple(features.shape)} for poses of "
                f"{poses.keypoint_scores.shape} people and keypoints"
            )
        present = torch.from_numpy(poses.keypoint_scores > 0).to(features.device)
        features, present = self.pool(features, present)
        first, second = self.head.classifiers.project(features)
        return {"first": first, "second": second, "present": present}

    @abstractmethod
    def pool(self, features: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """What the G classifiers look at.

        Args:
            features: (M, K, C), at the keypoints.
            present: (M, K) bool.

        Returns:
            (M, G, C) features and (M, G) bool, whether there are such.
        """

    @torch.no_grad()
    def pairwise(
        self,
        current: Representation,
        previous: Representation,
        pairs: np.ndarray | None = None,
        scene: Scene | None = None,
    ) -> PairScores:
        """Score the pairs that pass the gates, all in one call.

        The current person is the first of each pair, as in Eq. 5, the previous one the second.

        Returns:
            (M_t, M_prev) float32: the sum of G probabilities, 0 for pairs that do not pass. A
            keypoint that is absent in one of the two adds nothing.
        """
        shape = len(current["first"]), len(previous["second"])
        scores = np.zeros(shape, np.float32)
        rows, columns = np.nonzero(np.ones(shape, bool) if pairs is None else pairs)
        if not len(rows):
            return PairScores(scores)
        found, both = self._score(current, previous, rows, columns)
        scores[rows, columns] = (found * both).sum(-1).float().cpu().numpy()
        return PairScores(scores)

    @torch.no_grad()
    def probabilities(
        self,
        current: Representation,
        previous: Representation,
        rows: np.ndarray,
        columns: np.ndarray,
    ) -> np.ndarray:
        """Probabilities of the classifiers for P pairs, one by one, as for pictures.

        Args:
            current: Representation of M_t people.
            previous: Representation of M_prev people.
            rows: (P,) int64, the current one of each pair.
            columns: (P,) int64, its previous one.

        Returns:
            (P, G) float32 in [0, 1]; NaN if one of the two has no such keypoint.
        """
        found, both = self._score(current, previous, np.asarray(rows), np.asarray(columns))
        return found.float().masked_fill(~both, float("nan")).cpu().numpy()

    def _score(
        self,
        current: Representation,
        previous: Representation,
        rows: np.ndarray,
        columns: np.ndarray,
    ) -> tuple[Tensor, Tensor]:
        """(P, G) probabilities, and (P, G) bool: both have the keypoint."""
        device = current["first"].device
        i, j = (torch.from_numpy(index).to(device) for index in (rows, columns))
        found = self.head.classifiers.pair_probabilities(
            current["first"], previous["second"], i, j
        )
        return found, current["present"][i] & previous["present"][j]
