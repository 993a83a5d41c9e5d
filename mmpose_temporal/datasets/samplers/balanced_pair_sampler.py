"""Pairs of poses, matching and non-matching ones equally often."""

import math
from collections.abc import Iterator

import numpy as np
import torch
from mmengine.dataset import ConcatDataset
from mmengine.dist import get_dist_info, sync_random_seed
from mmpose.registry import DATA_SAMPLERS
from torch.utils.data import Sampler


@DATA_SAMPLERS.register_module()
class BalancedPairSampler(Sampler[int]):
    """Draw pairs with replacement, both classes equally often.

    What torch's WeightedRandomSampler does with weights that are inverse to the sizes of the
    classes (Snower et al., CVPR 2020, A.4), but for any number of pairs: first the class is
    drawn, then one of its pairs. The draws of an epoch depend only on seed and epoch and are
    divided among the ranks, so that n processes see what one does.

    Args:
        dataset: A dataset with ``pair_labels()``, as :class:`PosePairDataset`, or a
            ``ConcatDataset`` of such.
        num_samples: Pairs per epoch, of all ranks together; rounded up to a multiple of the
            ranks. None: twice the pairs of the rarer class, so that each of these is drawn
            once on average (choice: the paper does not say what an epoch is).
        matching_share: Share of matching pairs, in (0, 1).
        seed: None: one that the ranks agree on. mmengine's runner passes its own.

    Raises:
        ValueError: ``num_samples`` < 1, ``matching_share`` not in (0, 1), or a class is empty.
        TypeError: The dataset has no ``pair_labels()``.
    """

    def __init__(
        self,
        dataset,
        *,
        num_samples: int | None = None,
        matching_share: float = 0.5,
        seed: int | None = None,
    ):
        if num_samples is not None and num_samples < 1:
            raise ValueError(f"num_samples must be 1 or more, got {num_samples}")
        if not 0 < matching_share < 1:
            raise ValueError(f"matching_share must be between 0 and 1, got {matching_share}")
        labels = _pair_labels(dataset)
        self.classes = [torch.from_numpy(np.flatnonzero(labels == c)) for c in (False, True)]
        sizes = [len(members) for members in self.classes]
        if not min(sizes):
            raise ValueError(
                f"of {len(labels)} pairs {sizes[1]} match: there is nothing to balance"
            )
        self.rank, self.world_size = get_dist_info()
        wanted = 2 * min(sizes) if num_samples is None else num_samples
        self.num_samples = math.ceil(wanted / self.world_size)
        self.total_size = self.num_samples * self.world_size
        self.matching_share = matching_share
        self.seed = sync_random_seed() if seed is None else seed
        self.epoch = 0

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.seed + self.epoch)
        match = torch.rand(self.total_size, generator=generator) < self.matching_share
        # in double: 24 bits of a float would not reach every one of many pairs
        places = torch.rand(self.total_size, generator=generator, dtype=torch.float64)
        others, same = (
            members[(places * len(members)).long().clamp_(max=len(members) - 1)]
            for members in self.classes
        )
        drawn = torch.where(match, same, others)
        return iter(drawn[self.rank :: self.world_size].tolist())

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Draw other pairs; mmengine's DistSamplerSeedHook calls this before each epoch."""
        self.epoch = epoch


def _pair_labels(dataset) -> np.ndarray:
    """(E,) bool, of a dataset of pairs or of several in a row."""
    if hasattr(dataset, "pair_labels"):
        return np.asarray(dataset.pair_labels())
    if isinstance(dataset, ConcatDataset):
        return np.concatenate([_pair_labels(part) for part in dataset.datasets])
    raise TypeError(
        f"BalancedPairSampler needs a dataset of pairs (PosePairDataset), got "
        f"{type(dataset).__name__}"
    )
