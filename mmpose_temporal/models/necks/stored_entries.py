"""What is stored about people, and how it comes to the neck that reads it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """The stored entries of B people, padded to the largest number among them.

    An entry is a feature map of an earlier frame, as keys and values.

    Attributes:
        keys: (B, E, n, c'), c' embedding channels in n cells.
        values: (B, E, n, c).
        counts: (B,) int64 on the CPU: the first ``counts`` of a person's E entries are stored, the
            others are padding.
        crowded: (B,) bool on the CPU: the person's video is crowded.
    """

    keys: Tensor
    values: Tensor
    counts: Tensor
    crowded: Tensor

    def __len__(self) -> int:
        return len(self.counts)

    def __getitem__(self, rows: Tensor) -> "Entries":
        """The entries of some people: (B',) int64 on the CPU."""
        there = rows.to(self.keys.device)
        return Entries(self.keys[there], self.values[there], self.counts[rows], self.crowded[rows])

    @property
    def valid(self) -> Tensor | None:
        """(B, E) bool on the CPU, False for padding; None: there is no padding."""
        longest = self.keys.shape[1]
        if bool((self.counts == longest).all()):
            return None
        return torch.arange(longest) < self.counts[:, None]


class EntryTable:
    """Which places of a pool hold the entries of each person, the oldest first.

    Args:
        capacity: Largest number of entries of a person.
        people: P, people so far, who have none.
    """

    def __init__(self, capacity: int, people: int = 0):
        self.places = np.full((people, capacity), -1, np.int64)
        self.counts = np.zeros(people, np.int64)

    def append(self, people: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Append an entry to each of some distinct people.

        Args:
            people: (B,) integers.
            places: (B,) int64, where the entries are in the pool.

        Returns:
            The places of the oldest entries of those who had no room, which are free now.
        """
        capacity = self.places.shape[1]
        full = people[self.counts[people] == capacity]
        freed = self.places[full, 0].copy()
        self.places[full, :-1] = self.places[full, 1:]
        self.counts[full] -= 1
        self.places[people, self.counts[people]] = places
        self.counts[people] += 1
        return freed

    def select(self, people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The entries of some people.

        Args:
            people: (B,) integers; -1: a person of whom nothing is stored.

        Returns:
            - (B, E) int64, places in the pool, the first of each row valid, the others 0; E is the
              largest number of entries of them.
            - (B,) int64, how many there are.
        """
        known = people >= 0
        counts = np.where(known, self.counts[people] if len(self.counts) else 0, 0)
        longest = int(counts.max(initial=0))
        places = np.zeros((len(people), longest), np.int64)
        places[known] = self.places[people[known], :longest]
        places[np.arange(longest) >= counts[:, None]] = 0
        return places, counts


class FrameFeatures:
    """What the neck computed for the P crops of one frame, until it is known who they are.

    Attributes:
        read_from: (P,) int64, row of the person in the video's memory that each crop read, -1:
            nothing.
        iou: (P,) float32, overlap of the crop's box with that person's last box; 1 for a box that
            was propagated from that person.
        crowded: The video is crowded so far.
        watched: Keep what was read too, for pictures.
    """

    def __init__(
        self,
        read_from: np.ndarray,
        iou: np.ndarray,
        *,
        crowded: bool = False,
        watched: bool = False,
    ):
        self.read_from = read_from
        self.iou = iou
        self.crowded = crowded
        self.watched = watched
        self._maps: list[dict[int, tuple[Tensor, int]]] = [{}, {}]
        self._inputs: dict[int, tuple[Tensor, int]] = {}

    def put(self, crop: int, maps: Tensor, row: int, *, mirrored: bool) -> None:
        """Take the enhanced map of a crop: ``maps[row]``, of ``maps`` (B, c, h, w)."""
        self._maps[mirrored][crop] = maps, row

    def put_input(self, crop: int, maps: Tensor, row: int) -> None:
        """Take the map of a crop before it was enhanced, see :meth:`put`."""
        self._inputs[crop] = maps, row

    def gather(self, crops: np.ndarray) -> Tensor:
        """(B, S, c, h, w), the enhanced maps of some crops, of the S sides that were computed.

        Raises:
            ValueError: The estimator has no neck that stores, or it did not see these crops.
        """
        sides = [side for side in self._maps if side]
        if not sides or any(crop not in side for side in sides for crop in crops.tolist()):
            raise ValueError("the neck has not enhanced the features of these crops")
        return torch.stack([_gather(side, crops) for side in sides], 1)

    def inputs(self, crops: np.ndarray) -> Tensor:
        """(B, c, h, w), the maps of some crops before they were enhanced; if ``watched``."""
        return _gather(self._inputs, crops)


def _gather(found: dict[int, tuple[Tensor, int]], crops: np.ndarray) -> Tensor:
    pairs = [found[crop] for crop in crops.tolist()]
    first = pairs[0][0]
    if all(maps is first for maps, _ in pairs):
        return first[torch.tensor([row for _, row in pairs], device=first.device)]
    return torch.stack([maps[row] for maps, row in pairs])


@dataclass(frozen=True, slots=True, eq=False)
class PersonEntries:
    """What is stored about the person of a crop: metainfo ``person_memory`` of its sample.

    Samples are copied on their way to the network; this is not copied with them, so that no
    stored feature is.

    Attributes:
        store: Of the video, a :class:`MemoryStore`; None: nothing is stored of anybody yet.
        row: Of the person in it; -1: nothing is stored of this one.
        frame: Takes what is computed for the crop.
        crop: Which of the frame's crops it is.
    """

    store: Any
    row: int
    frame: FrameFeatures = field(repr=False)
    crop: int = 0

    @property
    def count(self) -> int:
        """Number of entries."""
        return 0 if self.store is None or self.row < 0 else int(self.store.counts[self.row])

    def __copy__(self) -> "PersonEntries":
        return self

    def __deepcopy__(self, memo: dict) -> "PersonEntries":
        return self
