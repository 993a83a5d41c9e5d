"""Which crops of a batch of clips are compared."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from mmpose.structures import PoseDataSample
from torch import Tensor


@dataclass(frozen=True, slots=True)
class ClipPairs:
    """Ordered pairs of the N crops of a batch of clips, each (S, 2) or (D, 2) int64.

    Both orders of two crops are there (choice): tracking compares a person with the frame
    before, refinement with frames before and after.

    Attributes:
        same: Crops of one id in two frames of one clip.
        other: Crops of two ids in one clip, also of one frame (the people who overlap: choice).
    """

    same: Tensor
    other: Tensor

    @classmethod
    def of_samples(
        cls, samples: Sequence[PoseDataSample], device: torch.device | str = "cpu"
    ) -> "ClipPairs":
        """Pairs of a batch.

        Args:
            samples: Of the crops, as :class:`PersonClipDataset` and ``collate_clips`` make them.
            device: Where the result lies.

        Raises:
            ValueError: A sample has no ``clip_index``, ``track_id`` or ``frame_offset``.
        """
        keys = ("clip_index", "track_id", "frame_offset")
        for sample in samples:
            missing = [key for key in keys if key not in sample]
            if missing:
                raise ValueError(
                    f"a sample has no {', '.join(missing)}: temporal losses are for batches of "
                    "PersonClipDataset with collate_fn=dict(type='collate_clips')"
                )
        clips, ids, frames = (
            np.array([sample.get(key) for sample in samples], np.int64) for key in keys
        )
        one_clip = clips[:, None] == clips
        one_id = ids[:, None] == ids
        one_frame = frames[:, None] == frames
        same = np.argwhere(one_clip & one_id & ~one_frame)
        other = np.argwhere(one_clip & ~one_id)
        return cls(*(torch.from_numpy(pairs).to(device) for pairs in (same, other)))
