"""Object keypoint similarity with where a track is expected."""

from collections.abc import Sequence

import numpy as np
from mmpose.registry import MODELS

from mmpose_temporal.structures import FramePacket, People

from .base import PairScores, Representation, Scene
from .functional import pairwise_oks
from .oks import OKSSimilarity

MAX_EXTRAPOLATION = 4
"""Frames that a velocity is believed; a person who was not seen for longer is expected where he
would have got to by then (choice)."""


@MODELS.register_module()
class MotionOKSSimilarity(OKSSimilarity):
    """OKS of a pose with the place where a track is expected, in [0, 1].

    What it has beyond :class:`OKSSimilarity`, all choices of this project:

    - A track has a velocity, the mean step of its joints, smoothed over its poses, and is
      expected where that takes it.
    - A joint that is not there in a track's last pose is remembered for ``memory`` frames where
      it moved along with the others. So a track is still a whole person after a pose of which only
      a part was seen, and a fragment is not similar to it.
    - The similarity of a joint falls as ``1 / (1 + e)`` instead of ``exp(-e)``: a person who has
      just appeared and moves by half a body's width from frame to frame is still more similar to
      itself than to anybody else.

    Args:
        memory: Frames that a joint is remembered, 0 or more.
        smoothing: Weight of a track's last step in its velocity, in [0, 1]; 0: people are expected
            to stand still.
        sigmas: See :class:`OKSSimilarity`.

    Raises:
        ValueError: An option out of its range.
    """

    KERNEL = "student"

    def __init__(
        self,
        *,
        memory: int = 4,
        smoothing: float = 0.3,
        sigmas: Sequence[float] | None = None,
    ):
        super().__init__(missing_joints="disagree", sigmas=sigmas)
        if memory < 0:
            raise ValueError(f"memory must be 0 frames or more, got {memory}")
        if not 0 <= smoothing <= 1:
            raise ValueError(f"smoothing must be in [0, 1], got {smoothing}")
        self.memory = memory
        self.smoothing = smoothing

    def embed(self, packet: FramePacket) -> Representation:
        """Those of :class:`OKSSimilarity`, and what is known about a track of one pose.

        Returns:
            Also ``ticks`` (M,) int64, of the frame; ``seen`` (M, K) int64, when each joint was
            last there; ``velocities`` (M, 2) float32, pixels per frame; ``moved`` (M,) bool,
            whether the velocity is known.

        Raises:
            ValueError: The poses have another number of keypoints than there are sigmas.
        """
        rows = super().embed(packet)
        count = len(packet.people)
        return {
            **rows,
            "ticks": np.full(count, packet.tick, np.int64),
            "seen": np.full(rows["valid"].shape, packet.tick, np.int64),
            "velocities": np.zeros((count, 2), np.float32),
            "moved": np.zeros(count, bool),
        }

    def seen_joints(self, people: People, representation: Representation) -> np.ndarray:
        """(N, K) bool: those of the poses, and those remembered."""
        return self.remembered(representation) > 0

    def pairwise(
        self,
        current: Representation,
        previous: Representation,
        pairs: np.ndarray | None = None,
        scene: Scene | None = None,
    ) -> PairScores:
        """(M_t, M_prev) similarity with the tracks where they are expected."""
        if not len(current["ticks"]):
            return PairScores(np.zeros((0, len(previous["ticks"])), np.float32))
        now = current["ticks"][0]
        return PairScores(
            pairwise_oks(
                current["keypoints"],
                current["valid"],
                current["areas"],
                self._expected(previous, now),
                self.remembered(previous),
                previous["areas"],
                self.sigmas,
                missing_joints="disagree",
                kernel=self.KERNEL,
            )
        )

    def _expected(self, tracks: Representation, now: int) -> np.ndarray:
        """(N, K, 2) the tracks' joints in the frame ``now``."""
        frames = np.minimum(now - tracks["ticks"], MAX_EXTRAPOLATION).astype(np.float32)
        return tracks["keypoints"] + (tracks["velocities"] * frames[:, None])[:, None]

    def remembered(self, tracks: Representation) -> np.ndarray:
        """(N, K) float32: the joints that are compared."""
        return tracks["valid"] * (tracks["ticks"][:, None] - tracks["seen"] <= self.memory)

    def extend(
        self,
        current: Representation,
        rows: np.ndarray,
        previous: Representation,
        columns: np.ndarray,
    ) -> Representation:
        """Carry velocity, size and joints that are not there over, see the base class."""
        changed = ("keypoints", "valid", "areas", "seen", "velocities", "moved")
        after = {**current, **{name: current[name].copy() for name in changed}}
        before = {name: values[columns] for name, values in previous.items()}
        here, there = current["valid"][rows], self.remembered(before)
        apart = current["keypoints"][rows] - before["keypoints"]
        age = (current["ticks"][rows] - before["ticks"])[:, None].astype(np.float32)
        speed, moved = before["velocities"], before["moved"]
        weight = np.where(moved[:, None], self.smoothing, self.smoothing > 0).astype(np.float32)
        if here.all() and there.all():
            step = apart.mean(1)
            after["moved"][rows] = True
        else:
            both = here * there
            count = both.sum(1)[:, None]
            # One that shares no joint with its track goes on as the track did.
            step = (apart * both[..., None]).sum(1) / np.maximum(count, 1)
            step = np.where(count > 0, step, speed * age)
            after["moved"][rows] = moved | (count[:, 0] > 0)
            lost = there > here
            along = before["keypoints"] + step[:, None]
            after["keypoints"][rows] = np.where(lost[..., None], along, current["keypoints"][rows])
            after["valid"][rows] = np.maximum(here, there)
            after["seen"][rows] = np.where(lost, before["seen"], current["seen"][rows])
        after["velocities"][rows] = speed + weight * (step / age - speed)
        after["areas"][rows] = np.maximum(current["areas"][rows], 0.9 * before["areas"])
        return after
