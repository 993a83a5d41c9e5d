"""Necks that know whose crops they see."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from mmengine.model import BaseModule
from mmpose.structures import PoseDataSample
from torch import Tensor, nn


class SampleNeck(BaseModule, ABC):
    """A neck that needs to know whose crop a feature map is of, as a memory of people does.

    :class:`TemporalPoseEstimator` calls such a neck with the samples of the crops, and every
    other neck as mmpose does. What is stored about a person is not a state of the neck, it comes
    with the samples: in testing the tracker puts it into the sample of each crop, in training
    the batch of clips gives the order (``clip_index``, ``track_id``, ``frame_offset``).
    """

    def bind(self, estimator: nn.Module) -> None:
        """Take what it needs of the estimator's other parts, which are built by then.

        Keep a module in a list so that ``nn.Module`` does not register it; its owner has the
        weights.

        Raises:
            ValueError: The estimator lacks it.
        """

    @abstractmethod
    def forward(
        self,
        feats: tuple[Tensor, ...],
        *,
        samples: Sequence[PoseDataSample] | None,
        mirrored: bool,
    ) -> tuple[Tensor, ...]:
        """Process the backbone's features.

        Args:
            feats: Of B crops, (B, C_i, H_i, W_i) each.
            samples: Of the B crops, in their order. None if nobody knows whose crops they
                are, as when FLOPs are counted: nothing is remembered of anybody then.
            mirrored: The crops are mirrored: the second pass of the flip test, over crops that
                were already seen as they are.

        Returns:
            Feature maps for the head and for what else works on them.
        """

    def taught(self, samples: Sequence[PoseDataSample]) -> list[int]:
        """The crops of a training batch that the losses are on, known after :meth:`forward`.

        Args:
            samples: Of the B crops.

        Returns:
            Their positions, ascending; here all of them.
        """
        return list(range(len(samples)))
