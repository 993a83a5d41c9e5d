"""What is known about the memories of the people of a video."""

from dataclasses import dataclass, field

import numpy as np
import torch

from mmpose_temporal.models.necks import Entries, FrameFeatures, MemoryStore
from mmpose_temporal.structures import plain_state
from mmpose_temporal.structures.plain_state import TRANSIENT


@plain_state
@dataclass(slots=True, eq=False)
class PersonMemories:
    """The memories of the people of one video; row r of all arrays is one person.

    Attributes:
        store: What is stored; None before the first frame with people.
        track_ids: (R,) int64, id of the person's pose in the last frame it was seen in.
        boxes: (R, 4) float32 xyxy, image pixels, in that frame.
        ticks: (R,) int64, the tick of that frame.
        num_people: Sum of the people of all frames so far.
        num_frames: Frames so far in which people were looked for, those without any included.
        frame: What the neck computed for the frame that is being tracked.
    """

    store: MemoryStore | None = None
    track_ids: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    boxes: np.ndarray = field(default_factory=lambda: np.zeros((0, 4), np.float32))
    ticks: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    num_people: int = 0
    num_frames: int = 0
    frame: FrameFeatures | None = field(default=None, metadata={TRANSIENT: True})

    def alive(self, tick: int, max_age: int) -> np.ndarray:
        """Who can be read in a frame.

        Args:
            tick: Of the frame.
            max_age: Largest distance to the frame in which the person was last seen; frames may
                be missing by their numbers.

        Returns:
            (R,) bool.
        """
        return tick - self.ticks <= max_age

    def of_tracks(self, track_ids: np.ndarray, alive: np.ndarray) -> np.ndarray:
        """The person of each track id.

        Args:
            track_ids: (M,) int64.
            alive: (R,) bool, who counts.

        Returns:
            (M,) int64 rows, of those with this id the one that was seen last; -1: nobody has it.
        """
        if not len(self.track_ids):
            return np.full(len(track_ids), -1, np.int64)
        same = (track_ids[:, None] == self.track_ids) & alive
        return np.where(same.any(1), np.where(same, self.ticks, -1).argmax(1), -1)


@dataclass(frozen=True, slots=True, eq=False)
class MemoryRecord:
    """What was read and written in a watched frame: ``packet.records['memory']``.

    Attributes:
        crops: (M,) int64, which of the frame's crops the people are.
        track_ids: (M,) int64.
        boxes: (M, 4) float32 xyxy, image pixels.
        inputs: (M, c, H, W), feature maps before they were enhanced.
        entries: Which each of them read; None: nobody read anything.
        entry_frames: (M, E) int64, the frame of each entry, -1 for padding.
        entry_slots: (M, E) int64, where each entry lies, -1 for padding: in that frame's record it
            is the slot of the person whose entry it was.
        quality: (M, K) float32.
        places: (M, K, 2) float32, shares of the crop's width and height.
        replaced: (M, K) bool, keypoints whose cells were replaced.
        stored: (M,) bool, people whose entry was good enough to be stored.
        slots: (M,) int64, where it was stored, -1: it was not. A slot is used again once its entry
            is the oldest of a full memory, or its person is gone.
    """

    crops: np.ndarray
    track_ids: np.ndarray
    boxes: np.ndarray
    inputs: torch.Tensor
    entries: Entries | None
    entry_frames: np.ndarray
    entry_slots: np.ndarray
    quality: np.ndarray
    places: np.ndarray
    replaced: np.ndarray
    stored: np.ndarray
    slots: np.ndarray
