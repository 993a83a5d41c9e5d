"""What a memory of people needs to know about each crop once its heatmaps are there."""

from typing import ClassVar

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn

from mmpose_temporal.models.necks import PoseTemporalMemory, find_memory
from mmpose_temporal.models.parts import Shared

from .describers import Describer, EstimatedCrops, require_heatmaps


@MODELS.register_module()
class MemoryDescriber(Describer):
    """How well each keypoint was found, for :class:`PersonMemory`.

    ===================  ==============================================================
    ``memory_crop``      (B,) int64, which of its frame's crops it is; -1: no tracker asked
    ``memory_quality``   (B, K) float32, see :func:`keypoint_quality`
    ``memory_places``    (B, K, 2) float32, shares of the crop's width and height
    ===================  ==============================================================

    The feature maps themselves are no rows: rows are copied at each selection of people.

    Raises:
        ValueError: When it is bound: the estimator has no :class:`PoseTemporalMemory`, or no
            heatmaps.
    """

    needs_heatmaps: ClassVar[bool] = True
    names = ("memory_crop", "memory_quality", "memory_places")

    def __init__(self) -> None:
        super().__init__()
        self._memory: Shared[PoseTemporalMemory] = Shared()

    def bind(self, estimator: nn.Module) -> None:
        """See :class:`Describer`."""
        found = find_memory(estimator)
        if found is None:
            raise ValueError(
                "MemoryDescriber describes what a PoseTemporalMemory stores, and the estimator "
                "has none: add it as the neck, or leave the describer out"
            )
        require_heatmaps(estimator, type(self).__name__)
        self._memory.module = found[1]

    def describe(self, crops: EstimatedCrops) -> dict[str, Tensor]:
        """See :class:`Describer`."""
        quality, places = self._memory.module.judge(crops.heatmaps)
        persons = [sample.get("person_memory") for sample in crops.samples]
        numbers = [-1 if person is None else person.crop for person in persons]
        return dict(
            memory_crop=torch.tensor(numbers, dtype=torch.int64),
            memory_quality=quality,
            memory_places=places,
        )
