"""The memory of PTM in a tracker: what is stored about each person of each video."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from torch import nn

from mmpose_temporal.models.necks import (
    Entries,
    FrameFeatures,
    MemoryStore,
    PersonEntries,
    PoseTemporalMemory,
    find_memory,
)
from mmpose_temporal.models.parts import Shared
from mmpose_temporal.models.pose_estimators import find_describer
from mmpose_temporal.models.similarities import pairwise_iou
from mmpose_temporal.structures import FramePacket

from ..propagation import PersonCandidates
from .memory import Memory
from .person_memories import MemoryRecord, PersonMemories

DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


@MODELS.register_module()
class PersonMemory(Memory):
    """Stores feature maps of each person for :class:`PoseTemporalMemory` (PTM, section 2.2).

    A detected box reads the memory of the person whose last box has the highest IoU with it; a
    propagated box that of the person whom it comes from. Once the people are known, each
    one's enhanced features are written:

    - ``follow='boxes'``, as in the paper: into the memory that was read, whatever id the tracker
      gives. Where two people have read the same memory, it goes on with the one whose box
      overlaps more, and the other starts a new one (choice).
    - ``follow='tracks'``: into the memory of the person's track id. A wrong id of the tracker
      mixes two people in one memory then, and a track that is found again goes on with its own.

    Whether a video is crowded is known from the people found in it so far, or from its frames'
    metainfo ``crowded`` (bool), which counts then.

    The estimator needs a :class:`PoseTemporalMemory` (capacity and thresholds are its options)
    and a :class:`MemoryDescriber`.

    Args:
        follow: See above.
        min_iou: Lowest IoU of one person, in (0, 1]. The paper names no number: 0.3 (choice: that
            of the association by IoU in this project's tests and of mmpose's trackers).
        max_age: Frames that a memory stays after its person was last seen, counted as a
            :class:`TrackLife` counts them (choice: that of the default association; the paper
            reads the previous frame's alone, which is 1).
        dtype: What is stored in: ``'float32'``, ``'float16'`` or ``'bfloat16'``; numbers that are
            too large become the largest. None: what the network computes in.

    Raises:
        ValueError: An option out of its range; when it is bound: the estimator lacks something.
    """

    def __init__(
        self,
        *,
        follow: Literal["boxes", "tracks"] = "boxes",
        min_iou: float = 0.3,
        max_age: int = 8,
        dtype: str | None = None,
    ):
        super().__init__()
        if follow not in ("boxes", "tracks"):
            raise ValueError(f"follow must be 'boxes' or 'tracks', got {follow!r}")
        if not 0 < min_iou <= 1:
            raise ValueError(f"min_iou must be in (0, 1], got {min_iou}")
        if max_age < 1:
            raise ValueError(f"max_age must be 1 frame or more, got {max_age}")
        if dtype is not None and dtype not in DTYPES:
            raise ValueError(f"dtype must be one of {', '.join(DTYPES)}, got {dtype!r}")
        self.follow = follow
        self.min_iou = min_iou
        self.max_age = max_age
        self.dtype = dtype
        self._neck: Shared[PoseTemporalMemory] = Shared()

    def bind(self, tracker: nn.Module) -> None:
        """See :class:`TrackerPart`.

        Raises:
            ValueError: The estimator has no memory neck, or no describer for it.
        """
        found = find_memory(tracker.estimator)
        if found is None:
            raise ValueError(
                "PersonMemory stores what a PoseTemporalMemory reads, and the estimator has none: "
                "add neck=dict(type='PoseTemporalMemory', ...) to it"
            )
        if find_describer(tracker.estimator, "memory_quality") is None:
            raise ValueError(
                "PersonMemory needs to know how well keypoints were found: add "
                "describers=[dict(type='MemoryDescriber')] to the estimator"
            )
        self._neck.module = found[1]

    @property
    def ready(self) -> bool:
        """Whether the neck was trained."""
        return self._neck.module is None or self._neck.module.ready

    def signature(self) -> str:
        """See :class:`TrackerPart`."""
        neck = self._neck.module
        return (
            f"PersonMemory(capacity={neck.capacity}, channels={neck.in_channels}+"
            f"{neck.embed_channels}, keypoints={neck.num_keypoints}, dtype={self.dtype})"
        )

    def start_video(self) -> PersonMemories:
        """See :class:`TrackerPart`."""
        return PersonMemories()

    # ---- before the estimator

    def attach(
        self,
        state: PersonMemories,
        packet: FramePacket,
        candidates: PersonCandidates,
        track_ids: np.ndarray,
        crops: Sequence[PoseDataSample],
    ) -> None:
        """See :class:`Memory`: each crop's sample gets the metainfo ``person_memory``."""
        rows, iou = self._find(state, packet.tick, candidates.boxes, track_ids)
        crowded = packet.sample.get("crowded")
        if crowded is None:
            size = self._neck.module.crowd_size
            crowded = state.num_people > size * max(state.num_frames, 1)
        state.frame = frame = FrameFeatures(
            rows, iou, crowded=bool(crowded), watched=packet.records is not None
        )
        for crop, (sample, row) in enumerate(zip(crops, rows.tolist(), strict=True)):
            person = PersonEntries(state.store, row, frame, crop)
            sample.set_field(person, "person_memory", field_type="metainfo", dtype=None)

    def _find(
        self, state: PersonMemories, tick: int, boxes: np.ndarray, track_ids: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Whose memory each box reads: (P,) int64 rows, -1 for a new person, and (P,) IoU."""
        rows, iou = np.full(len(boxes), -1, np.int64), np.zeros(len(boxes), np.float32)
        if not len(state.track_ids) or not len(boxes):
            return rows, iou
        alive = state.alive(tick, self.max_age)
        overlap = pairwise_iou(boxes, state.boxes)
        overlap[:, ~alive] = 0
        best = overlap.argmax(1)
        iou = overlap[np.arange(len(boxes)), best].astype(np.float32)
        rows = np.where(iou >= self.min_iou, best, -1)
        moved = track_ids >= 0
        rows[moved] = state.of_tracks(track_ids[moved], alive)
        iou[moved] = 1
        return rows, iou

    # ---- after association

    def observe(self, state: PersonMemories, packet: FramePacket) -> None:
        """See :class:`TrackerPart`: write the people's enhanced features."""
        frame, state.frame = state.frame, None
        people = packet.people
        state.num_frames += 1
        state.num_people += len(people)
        if len(people):
            self._write(state, frame, packet)
        alive = state.alive(packet.tick + 1, self.max_age)
        if not alive.all():
            self._keep(state, np.flatnonzero(alive))

    def _keep(self, state: PersonMemories, rows: np.ndarray) -> None:
        state.store.keep(rows)
        for name in ("track_ids", "boxes", "ticks"):
            setattr(state, name, getattr(state, name)[rows])

    def _write(self, state: PersonMemories, frame: FrameFeatures, packet: FramePacket) -> None:
        neck, people = self._neck.module, packet.people
        crops = people.extra("memory_crop").cpu().numpy()
        quality, places = people.extra("memory_quality"), people.extra("memory_places")
        maps = frame.gather(crops)
        if state.store is None:
            state.store = self._new_store(maps)
        state.store.check(maps.shape[-2:], maps.shape[1])
        record = None
        if packet.records is not None:
            record = self._what_was_read(state, frame, crops)
        rows = self._rows(state, frame, crops, packet)
        written = neck.write(maps, quality, places, state.store.saved(rows))
        stored = written.stored.cpu().numpy()
        state.store.write(rows, written.keys, written.values, stored, written.saved, packet.index)
        state.track_ids[rows] = people.track_ids
        state.boxes[rows] = people.boxes
        state.ticks[rows] = packet.tick
        if record is not None:
            packet.records["memory"] = MemoryRecord(
                crops=crops,
                track_ids=people.track_ids,
                boxes=people.boxes,
                inputs=frame.inputs(crops),
                quality=quality.cpu().numpy(),
                places=places.cpu().numpy(),
                replaced=written.replaced.cpu().numpy(),
                stored=stored,
                slots=np.where(stored, state.store.newest(rows), -1),
                **record,
            )

    def _new_store(self, maps: torch.Tensor) -> MemoryStore:
        """Empty, for maps like these (B, S, c, h, w)."""
        neck = self._neck.module
        people, sides, channels, height, width = maps.shape
        shape = people, sides, height * width
        return MemoryStore.create(
            size=(height, width),
            capacity=neck.capacity,
            keypoints=neck.num_keypoints,
            keys=maps.new_empty((*shape, neck.embed_channels)),
            values=maps.new_empty((*shape, channels)),
            dtype=DTYPES.get(self.dtype),
        )

    def _rows(
        self, state: PersonMemories, frame: FrameFeatures, crops: np.ndarray, packet: FramePacket
    ) -> np.ndarray:
        """The rows that the M people write into, new ones where they have none."""
        if self.follow == "tracks":
            alive = state.alive(packet.tick, self.max_age)
            rows = state.of_tracks(packet.people.track_ids, alive)
            known = rows >= 0
        else:
            rows, iou = frame.read_from[crops], frame.iou[crops]
            order = np.lexsort((-iou, rows))
            first = np.ones(len(order), bool)
            first[1:] = rows[order][1:] != rows[order][:-1]
            known = np.zeros(len(rows), bool)
            known[order[first]] = True
            known &= rows >= 0
        new = np.flatnonzero(~known)
        rows = rows.copy()
        rows[new] = state.store.add(len(new))
        state.track_ids = np.pad(state.track_ids, (0, len(new)), constant_values=-1)
        state.boxes = np.pad(state.boxes, ((0, len(new)), (0, 0)))
        state.ticks = np.pad(state.ticks, (0, len(new)))
        return rows

    def _what_was_read(
        self, state: PersonMemories, frame: FrameFeatures, crops: np.ndarray
    ) -> dict:
        """The entries that the M people read, and their frames."""
        store = state.store
        places, counts = store.select(frame.read_from[crops])
        frames = store.frames[places] if places.size else np.zeros(places.shape, np.int64)
        there = np.arange(places.shape[1]) < counts[:, None]
        known = dict(entry_frames=np.where(there, frames, -1))
        known["entry_slots"] = np.where(there, places, -1)
        if not counts.any():
            return dict(entries=None, **known)
        index = torch.from_numpy(places).to(store.keys.device)
        entries = Entries(
            keys=store.keys[index, 0],
            values=store.values[index, 0],
            counts=torch.from_numpy(counts),
            crowded=torch.full((len(crops),), frame.crowded),
        )
        return dict(entries=entries, **known)
