"""Which people in which frames make a training clip."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from mmpose.registry import TASK_UTILS

from .clip_table import ClipTable


class ClipDraw(ABC):
    """Chooses the examples of a clip; :class:`PersonClipDataset` cuts them out.

    A clip starts with an anchor, a person in a frame. A draw has no state: all random numbers
    come from the generator that it is given.
    """

    @property
    @abstractmethod
    def needs(self) -> str:
        """Condition for an anchor, for errors: "... nobody ``needs``"."""

    @abstractmethod
    def anchors(self, table: ClipTable) -> np.ndarray:
        """The rows that can start a clip.

        Returns:
            (A,) int64, ascending.
        """

    @abstractmethod
    def draw(self, table: ClipTable, row: int, rng: np.random.Generator) -> np.ndarray:
        """Choose the examples of a clip.

        Args:
            table: The people of a video.
            row: One of the :meth:`anchors`.
            rng: Random numbers.

        Returns:
            (B,) int64 distinct rows, the anchor first.
        """

    def metainfo(self, table: ClipTable, row: int) -> dict[str, Any]:
        """What the sample of a row gets in addition to its id and frame."""
        return {}


@TASK_UTILS.register_module()
class WindowDraw(ClipDraw):
    """TKMR's clips: a person, the same person in near frames, and the people around.

    From the frames t - tau to t + tau come, in addition to the anchor in frame t, up to
    ``num_same`` crops of the same id, uniformly, in no order. Then up to ``num_other`` of other
    ids from the frames chosen so far (choice: no further image is decoded, and these are the
    people to be distinguished), more likely the nearer they are to the person in that frame: with
    weight exp(-d), d the distance of the box centres in diagonals of the person's box (choice:
    confusion comes from people close by, but a video's other people are needed too). At a video's
    ends the window is cut.

    Samples get ``num_neighbours``, the number of other frames at most tau from the crop's
    own in which its id is an example: the window of Eq. 6 around it.

    Args:
        tau: Half of the window, frames of the video as selected (5 in the paper).
        num_same: Crops of the anchor's id in addition to the anchor, at most.
        num_other: Crops of other ids, at most.

    Raises:
        ValueError: An option out of its range.
    """

    def __init__(self, *, tau: int = 5, num_same: int = 2, num_other: int = 3):
        for name, value in (("tau", tau), ("num_same", num_same)):
            if value < 1:
                raise ValueError(
                    f"{name} must be 1 or more, got {value}: a clip holds a person twice"
                )
        if num_other < 0:
            raise ValueError(f"num_other must be 0 or more, got {num_other}")
        self.tau = tau
        self.num_same = num_same
        self.num_other = num_other

    @property
    def needs(self) -> str:
        """See :class:`ClipDraw`."""
        return f"is seen in two frames at most {self.tau} apart"

    def anchors(self, table: ClipTable) -> np.ndarray:
        """See :class:`ClipDraw`: people who are in another frame of their window too."""
        order = np.lexsort((table.frame_index, table.track_ids))
        ids, frames = table.track_ids[order], table.frame_index[order]
        near = (ids[1:] == ids[:-1]) & (frames[1:] - frames[:-1] <= self.tau)
        found = np.zeros(len(table), dtype=bool)
        found[order[1:][near]] = True
        found[order[:-1][near]] = True
        return np.flatnonzero(found)

    def draw(self, table: ClipTable, row: int, rng: np.random.Generator) -> np.ndarray:
        """See :class:`ClipDraw`: the anchor, its id in other frames, others."""
        mates = rng.permutation(self._mates(table, row))[: self.num_same]
        own = np.concatenate([[row], mates])
        reference = np.full(len(table.video.frames), -1)
        reference[table.frame_index[own]] = own
        mine = table.track_ids == table.track_ids[row]
        others = np.flatnonzero(~mine & (reference[table.frame_index] >= 0))
        if not len(others) or not self.num_other:
            return own
        beside = reference[table.frame_index[others]]
        sides = table.boxes[:, 2:] - table.boxes[:, :2]
        centres = table.boxes[:, :2] + sides / 2
        distance = np.linalg.norm(centres[others] - centres[beside], axis=1)
        weights = np.exp(-np.minimum(distance / np.linalg.norm(sides[beside], axis=1), 20))
        count = min(self.num_other, len(others))
        chosen = rng.choice(others, count, replace=False, p=weights / weights.sum())
        return np.concatenate([own, chosen])

    def metainfo(self, table: ClipTable, row: int) -> dict[str, Any]:
        """See :class:`ClipDraw`: ``num_neighbours``."""
        return dict(num_neighbours=len(self._mates(table, row)))

    def _mates(self, table: ClipTable, row: int) -> np.ndarray:
        """Rows of the same id in the other frames of the window, (S,) int64."""
        offsets = np.abs(table.frame_index - table.frame_index[row])
        mine = table.track_ids == table.track_ids[row]
        return np.flatnonzero(mine & (offsets > 0) & (offsets <= self.tau))


@TASK_UTILS.register_module()
class OrderedDraw(ClipDraw):
    """Clips for memories: people in frames that follow each other, the first frame first.

    The anchor is in the first frame t. The clip is of the frames t, t + s, t + 2 s, ... up to
    ``num_frames`` of them, fewer at the end of the video. The clip has one step s, drawn
    uniformly from 1 to ``max_step``, of those by which the anchor's id is seen again (choice:
    videos of other frame rates and faster motion). Each crop but the anchor is then left out with
    probability ``drop_prob``, like people whom the detector misses; one other crop of the
    anchor's id always stays (choice: a clip without it trains no memory).

    Crops are ordered by frame; within a frame the anchor's id is first, then the others in the
    order in which they were drawn.

    Args:
        num_frames: Largest number of frames per clip: for a memory of n entries up to n + 1.
        max_step: Largest step between frames of the clip, in frames of the video as selected.
        drop_prob: How likely a crop is left out, in [0, 1).
        num_people: Largest number of ids per clip, including the anchor's. The others are drawn
            uniformly from those seen in two or more of the clip's frames.
        anchor_step: Clips begin in every ``anchor_step``-th frame of a video only, from the first
            one on (clips that begin in neighbouring frames are nearly the same).

    Raises:
        ValueError: An option out of its range.
    """

    def __init__(
        self,
        *,
        num_frames: int = 5,
        max_step: int = 1,
        drop_prob: float = 0.0,
        num_people: int = 1,
        anchor_step: int = 1,
    ):
        if num_frames < 2:
            raise ValueError(
                f"num_frames must be 2 or more, got {num_frames}: clips have an order"
            )
        for name, value in dict(
            max_step=max_step, num_people=num_people, anchor_step=anchor_step
        ).items():
            if value < 1:
                raise ValueError(f"{name} must be 1 or more, got {value}")
        if not 0 <= drop_prob < 1:
            raise ValueError(f"drop_prob must be in [0, 1), got {drop_prob}")
        self.num_frames = num_frames
        self.max_step = max_step
        self.drop_prob = drop_prob
        self.num_people = num_people
        self.anchor_step = anchor_step

    @property
    def needs(self) -> str:
        """See :class:`ClipDraw`."""
        begins = f"in every {self.anchor_step}. frame " if self.anchor_step > 1 else ""
        return (
            f"{begins}is seen again within {self.num_frames - 1} steps of a length from 1 to "
            f"{self.max_step} frames"
        )

    def anchors(self, table: ClipTable) -> np.ndarray:
        """See :class:`ClipDraw`: people whose id is seen again in a clip that they begin."""
        _, ids = np.unique(table.track_ids, return_inverse=True)
        length = len(table.video.frames) + self.max_step * self.num_frames
        keys = ids * length + table.frame_index  # one number for an id in a frame
        ahead = np.outer(np.arange(1, self.max_step + 1), np.arange(1, self.num_frames))
        found = np.zeros(len(table), dtype=bool)
        for distance in np.unique(ahead).tolist():
            found |= np.isin(keys + distance, keys)
        return np.flatnonzero(found & (table.frame_index % self.anchor_step == 0))

    def draw(self, table: ClipTable, row: int, rng: np.random.Generator) -> np.ndarray:
        """See :class:`ClipDraw`: by frame, the anchor's id first."""
        first, mine = table.frame_index[row], table.track_ids == table.track_ids[row]
        ahead = table.frame_index - first
        steps = np.arange(1, self.max_step + 1)[:, None]
        inside = (ahead >= 0) & (ahead % steps == 0) & (ahead // steps < self.num_frames)
        step = rng.choice(np.flatnonzero((inside & mine & (ahead > 0)).any(1)))
        inside = inside[step]
        ids = self._people(table, inside, table.track_ids[row], rng)
        rank = np.full(len(table), len(ids))
        for position, one in enumerate(ids.tolist()):
            rank[table.track_ids == one] = position
        rows = np.flatnonzero(inside & (rank < len(ids)))
        rows = rows[np.lexsort((rank[rows], table.frame_index[rows]))]
        kept = rng.random(len(rows)) >= self.drop_prob
        again = np.flatnonzero(mine[rows] & (ahead[rows] > 0))
        if not kept[again].any():
            kept[rng.choice(again)] = True
        return rows[kept | (rows == row)]

    def _people(
        self, table: ClipTable, inside: np.ndarray, own: int, rng: np.random.Generator
    ) -> np.ndarray:
        """Ids of the clip, the anchor's first."""
        ids, counts = np.unique(table.track_ids[inside], return_counts=True)
        others = rng.permutation(ids[(counts > 1) & (ids != own)])[: self.num_people - 1]
        return np.concatenate([[own], others])
