"""Memories of the people of a batch of training clips, filled in the order of their frames."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from mmpose.structures import PoseDataSample
from torch import Tensor

from .keypoint_quality import SavedKeypoints
from .stored_entries import Entries, EntryTable


@dataclass(frozen=True, slots=True, eq=False)
class ClipStep:
    """What happened to the crops of one step (:meth:`ClipMemory.steps`).

    Attributes:
        crops: (B_s,) int64, their positions in the batch.
        x: (B_s, c, H, W), their maps before they were enhanced.
        entries: What they read; None: nothing about any of them was stored.
        stored: (B_s,) bool, who got an entry of this step.
    """

    crops: np.ndarray
    x: Tensor
    entries: Entries | None
    stored: np.ndarray


class ClipMemory:
    """What is stored about the people of clips while a batch goes through the network.

    People are those of one ``track_id`` in one ``clip_index``; their crops follow each other by
    ``frame_offset``. :meth:`steps` goes through all first crops, then all second ones, and so on,
    so that every step is one batch of different people.

    Args:
        samples: Of the crops, with the metainfo of :class:`PersonClipDataset` and
            :func:`collate_clips`.
        capacity: Entries of a person.
        crowd_size: A clip with more people per frame in its video (metainfo ``people_per_frame``)
            is crowded; one that does not say it is not.
        keypoints: K.

    Raises:
        ValueError: Samples without this metainfo; two crops of a person in one frame.
    """

    def __init__(
        self,
        samples: Sequence[PoseDataSample],
        *,
        capacity: int,
        crowd_size: float,
        keypoints: int,
    ):
        needed = ("clip_index", "track_id", "frame_offset")
        missing = [name for name in needed if any(name not in sample for sample in samples)]
        if missing:
            raise ValueError(
                f"a memory is trained on clips, and the samples have no {', '.join(missing)}: use "
                "PersonClipDataset with draw=dict(type='OrderedDraw') and collate_clips"
            )
        owner = np.array([[s.clip_index, s.track_id] for s in samples], np.int64)
        frame = np.array([s.frame_offset for s in samples], np.int64)
        people, self.person = np.unique(owner, axis=0, return_inverse=True)
        self.person = self.person.reshape(-1)
        self._order = np.lexsort((frame, self.person))
        ranked = self.person[self._order]
        same = ranked[1:] == ranked[:-1]
        if (same & (np.diff(frame[self._order]) == 0)).any():
            raise ValueError("a clip has two crops of one person in one frame")
        starts = np.flatnonzero(np.r_[True, ~same])
        rank = np.arange(len(ranked)) - starts[ranked]
        self.step = np.empty_like(rank)
        self.step[self._order] = rank
        mean = np.array([s.get("people_per_frame", 0.0) for s in samples], np.float64)
        self.crowded = torch.from_numpy(mean > crowd_size)
        self.keypoints = keypoints
        self._table = EntryTable(capacity, len(people))
        self._keys: Tensor | None = None
        self._values: Tensor | None = None
        self._saved: SavedKeypoints | None = None

    def steps(self) -> Iterator[np.ndarray]:
        """The crops of each step, (B_s,) int64 positions in the batch, ascending."""
        for step in range(int(self.step.max(initial=-1)) + 1):
            yield np.flatnonzero(self.step == step)

    def entries(self, crops: np.ndarray) -> Entries | None:
        """What is stored about the people of some crops; None: nothing about any of them."""
        places, counts = self._table.select(self.person[crops])
        if not counts.any():
            return None
        index = torch.from_numpy(places).to(self._keys.device)
        return Entries(
            keys=self._keys[index],
            values=self._values[index],
            counts=torch.from_numpy(counts),
            crowded=self.crowded[torch.from_numpy(crops)],
        )

    def saved(self, crops: np.ndarray, like: Tensor) -> SavedKeypoints:
        """The saved keypoints of the people of some crops.

        Args:
            crops: Positions in the batch.
            like: (B_s, S, c, h, w), the maps that vectors are of.
        """
        if self._saved is None:
            self._saved = SavedKeypoints.nothing(len(self._table.counts), self.keypoints, like)
        rows = self._rows(crops, like.device)
        return SavedKeypoints(self._saved.vectors[rows], self._saved.there[rows])

    def write(
        self,
        crops: np.ndarray,
        keys: Tensor,
        values: Tensor,
        stored: np.ndarray,
        saved: SavedKeypoints,
    ) -> None:
        """Append an entry to the people of some crops, with its gradient.

        Args:
            crops: Positions in the batch, of different people.
            keys: (B_s, n, c').
            values: (B_s, n, c).
            stored: (B_s,) bool, whose entry is good enough.
            saved: Of the people.
        """
        rows = self._rows(crops, keys.device)
        self._saved = SavedKeypoints(
            self._saved.vectors.index_copy(0, rows, saved.vectors),
            self._saved.there.index_copy(0, rows, saved.there),
        )
        chosen = np.flatnonzero(stored)
        which = torch.from_numpy(chosen).to(keys.device)
        first = 0 if self._keys is None else len(self._keys)
        self._table.append(self.person[crops[chosen]], first + np.arange(len(chosen)))
        keys, values = keys[which], values[which]
        self._keys = keys if self._keys is None else torch.cat([self._keys, keys])
        self._values = values if self._values is None else torch.cat([self._values, values])

    def _rows(self, crops: np.ndarray, device: torch.device) -> Tensor:
        return torch.from_numpy(self.person[crops]).to(device)
