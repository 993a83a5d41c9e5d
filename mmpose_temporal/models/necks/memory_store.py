"""The stored features of the people of one video."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mmpose_temporal.structures import plain_state

from .keypoint_quality import SavedKeypoints
from .precision import within_range
from .stored_entries import Entries, EntryTable, PersonEntries

FIRST_PLACES = 16
"""Places of a new pool; it doubles when it is full."""


@plain_state
@dataclass(slots=True, eq=False)
class MemoryStore:
    """A pool of entries, which entries each of R people has, and their saved keypoints.

    An entry stays where it is; people are selected by rows, and their entries are gathered once,
    when they are read. All arrays that have R rows describe the same people.

    Attributes:
        size: h and w of the stored maps.
        keys: (P, S, h * w, c') pool of keys, of S sides (the crop, and the mirrored crop with a
            flip test), on the network's device.
        values: (P, S, h * w, c).
        frames: (P,) int64, the frame of each entry; -1: the place is free.
        places: (R, capacity) int64, see :class:`EntryTable`.
        counts: (R,) int64.
        vectors: (R, S, K, c), see :class:`SavedKeypoints`.
        there: (R, K) bool.
    """

    size: tuple[int, int]
    keys: Tensor
    values: Tensor
    frames: np.ndarray
    places: np.ndarray
    counts: np.ndarray
    vectors: Tensor
    there: Tensor

    @classmethod
    def create(
        cls,
        *,
        size: tuple[int, int],
        capacity: int,
        keypoints: int,
        keys: Tensor,
        values: Tensor,
        dtype: torch.dtype | None = None,
    ) -> "MemoryStore":
        """An empty one.

        Args:
            size: h and w.
            capacity: Entries of a person.
            keypoints: K.
            keys: (B, S, n, c'), an example.
            values: (B, S, n, c), an example.
            dtype: What is stored in; None: as the examples are.
        """
        sides, channels = values.shape[1], values.shape[-1]
        dtype = dtype or values.dtype
        return cls(
            size=size,
            keys=keys.new_zeros((FIRST_PLACES, *keys.shape[1:]), dtype=dtype),
            values=values.new_zeros((FIRST_PLACES, *values.shape[1:]), dtype=dtype),
            frames=np.full(FIRST_PLACES, -1, np.int64),
            places=np.zeros((0, capacity), np.int64),
            counts=np.zeros(0, np.int64),
            vectors=values.new_zeros((0, sides, keypoints, channels), dtype=dtype),
            there=torch.zeros(0, keypoints, dtype=torch.bool, device=values.device),
        )

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def num_bytes(self) -> int:
        """Bytes of the tensors, free places included."""
        tensors = self.keys, self.values, self.vectors, self.there
        return sum(x.numel() * x.element_size() for x in tensors)

    def check(self, size: tuple[int, int], sides: int) -> None:
        """Refuse maps that do not go with the stored ones.

        Args:
            size: Their h and w.
            sides: 2 if there are those of mirrored crops, too.

        Raises:
            ValueError: They are of another size, or there are more or fewer sides.
        """
        if tuple(size) != tuple(self.size):
            raise ValueError(
                f"feature maps of {tuple(size)} cells (h, w) do not go with a memory of "
                f"{tuple(self.size)}: the crops of a video must have one size"
            )
        if sides != self.keys.shape[1]:
            raise ValueError(
                "the memory of a video was begun "
                f"{'with' if self.keys.shape[1] == 2 else 'without'} the flip test, and goes on "
                f"{'with' if sides == 2 else 'without'} it"
            )

    def add(self, people: int) -> np.ndarray:
        """Rows for new people, of whom nothing is stored."""
        before = len(self)
        self.places = np.pad(self.places, ((0, people), (0, 0)), constant_values=-1)
        self.counts = np.pad(self.counts, (0, people))
        self.vectors = _grown(self.vectors, people)
        self.there = _grown(self.there, people)
        return np.arange(before, before + people)

    def keep(self, rows: np.ndarray) -> None:
        """Forget everybody but these rows, (R',) integers, which get the numbers 0 to R' - 1."""
        gone = np.setdiff1d(np.arange(len(self)), rows)
        if not len(gone) and len(rows) == len(self):
            return
        for row in gone.tolist():
            self.frames[self.places[row, : self.counts[row]]] = -1
        self.places, self.counts = self.places[rows], self.counts[rows]
        index = torch.from_numpy(rows).to(self.vectors.device)
        self.vectors, self.there = self.vectors[index], self.there[index]

    def saved(self, rows: np.ndarray) -> SavedKeypoints:
        """The saved keypoints of people, in the order of the rows, (B,) integers."""
        index = torch.from_numpy(rows).to(self.vectors.device)
        return SavedKeypoints(self.vectors[index], self.there[index])

    def write(
        self,
        rows: np.ndarray,
        keys: Tensor,
        values: Tensor,
        stored: np.ndarray,
        saved: SavedKeypoints,
        frame: int,
    ) -> None:
        """Append an entry to people, and replace their saved keypoints.

        Numbers beyond the range of the stored precision become the largest that it has.

        Args:
            rows: (B,) distinct integers.
            keys: (B, S, n, c').
            values: (B, S, n, c).
            stored: (B,) bool, whose entry is good enough.
            saved: Of the B people.
            frame: Number of the frame.
        """
        index = torch.from_numpy(rows).to(self.vectors.device)
        self.vectors[index] = within_range(saved.vectors, self.vectors.dtype)
        self.there[index] = saved.there
        chosen = np.flatnonzero(stored)
        if not len(chosen):
            return
        people = rows[chosen]
        table = self._table()
        # places of oldest entries are free before new ones are looked for
        full = people[table.counts[people] == table.places.shape[1]]
        self.frames[table.places[full, 0]] = -1
        places = self._free(len(chosen))
        table.append(people, places)
        self.frames[places] = frame
        where = torch.from_numpy(places).to(self.keys.device)
        which = torch.from_numpy(chosen).to(keys.device)
        self.keys[where] = within_range(keys[which], self.keys.dtype)
        self.values[where] = within_range(values[which], self.values.dtype)

    def newest(self, rows: np.ndarray) -> np.ndarray:
        """Place of the newest entry of each of B people, -1 of those who have none."""
        counts = self.counts[rows]
        return np.where(counts > 0, self.places[rows, np.maximum(counts, 1) - 1], -1)

    def select(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Places and numbers of the entries of people, see :meth:`EntryTable.select`."""
        return self._table().select(rows)

    def _table(self) -> EntryTable:
        table = EntryTable(self.places.shape[1])
        table.places, table.counts = self.places, self.counts
        return table

    def _free(self, number: int) -> np.ndarray:
        """Free places; the pool doubles until there are enough."""
        free = np.flatnonzero(self.frames < 0)
        while len(free) < number:
            places = len(self.frames)
            self.frames = np.pad(self.frames, (0, places), constant_values=-1)
            self.keys, self.values = _grown(self.keys, places), _grown(self.values, places)
            free = np.flatnonzero(self.frames < 0)
        return free[:number]


def _grown(x: Tensor, rows: int) -> Tensor:
    return torch.cat([x, x.new_zeros((rows, *x.shape[1:]))])


def gather_entries(
    persons: Sequence[PersonEntries], size: tuple[int, int], mirrored: bool
) -> Entries:
    """The entries of the people of a batch, whose videos may differ.

    Args:
        persons: B people, each with one entry or more.
        size: h and w of the maps on the memory's grid.
        mirrored: Those of the mirrored crops.

    Returns:
        In the precision that they are stored in.

    Raises:
        ValueError: Maps of another size are stored, or none of mirrored crops.
    """
    videos: dict[int, list[int]] = {}
    for row, person in enumerate(persons):
        videos.setdefault(id(person.store), []).append(row)
    counts = np.zeros(len(persons), np.int64)
    crowded = torch.tensor([person.frame.crowded for person in persons])
    found = []
    for rows in videos.values():
        store = persons[rows[0]].store
        store.check(size, 2 if mirrored else store.keys.shape[1])
        places, counts[rows] = store.select(np.array([persons[row].row for row in rows]))
        places = torch.from_numpy(places).to(store.keys.device)
        found.append(
            (rows, store.keys[places, int(mirrored)], store.values[places, int(mirrored)])
        )
    if len(found) == 1:
        return Entries(*found[0][1:], torch.from_numpy(counts), crowded)
    pools = []
    for which in (1, 2):
        first = found[0][which]
        pool = first.new_zeros((len(persons), counts.max(), *first.shape[2:]))
        for rows, *parts in found:
            part = parts[which - 1]
            pool[torch.tensor(rows, device=pool.device), : part.shape[1]] = part.to(pool.dtype)
        pools.append(pool)
    return Entries(*pools, torch.from_numpy(counts), crowded)
