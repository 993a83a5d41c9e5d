"""How people move: plans of what a person does when, and the joints that follow from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from .actions import ACTIVITIES, ON_THE_SPOT, Style, gait_angles, stride_length
from .skeleton import ANGLE_INDEX, ANGLE_NAMES, Body, forward_kinematics

_STEP = 0.02


@dataclass(frozen=True, kw_only=True)
class Segment:
    """One part of a plan.

    Attributes:
        duration: Seconds.
        activity: One of :data:`ACTIVITIES`.
        speed: Metres per second along the heading; 0 for actions on the spot.
        yaw: Heading in radians (0 away from the camera, pi/2 to the right). Not wrapped: from 0 to
            2 pi is a full turn.
    """

    duration: float
    activity: str
    speed: float
    yaw: float

    def __post_init__(self) -> None:
        if self.activity not in ACTIVITIES:
            raise ValueError(
                f"unknown activity {self.activity!r}; choose one of {', '.join(ACTIVITIES)}"
            )
        if self.duration <= 0 or self.speed < 0:
            raise ValueError("a segment needs duration > 0 and speed >= 0")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Where a person starts (world X, Z in metres) and what it does, in order.

    The last segment goes on when a video is longer than the plan.
    """

    start: tuple[float, float]
    segments: tuple[Segment, ...]

    def __post_init__(self) -> None:
        if not self.segments:
            raise ValueError("a plan needs at least one segment")

    def _sampled(self, end: float) -> tuple[np.ndarray, np.ndarray]:
        """Fine time grid and the index of the segment at each of its points."""
        grid = np.arange(0.0, end + 2 * _STEP, _STEP)
        ends = np.cumsum([segment.duration for segment in self.segments])
        index = np.searchsorted(ends, grid, side="right")
        return grid, np.minimum(index, len(self.segments) - 1)

    def path(self, times: np.ndarray) -> dict[str, np.ndarray]:
        """Ground path at ``times`` (T,) in seconds from the start of the video.

        Returns:
            ``ground`` (T, 2), ``yaw`` (T,), ``walked`` and ``ran`` (T,) metres so far, and
            ``weights`` (T, len(ACTIVITIES)), which sum to 1. Speed, heading and activity change
            smoothly.
        """
        grid, index = self._sampled(float(times.max(initial=0.0)))
        speeds = np.array([segment.speed for segment in self.segments])[index]
        yaws = np.array([segment.yaw for segment in self.segments])[index]
        activity = np.array([ACTIVITIES.index(s.activity) for s in self.segments])[index]
        speed = gaussian_filter1d(speeds, 0.18 / _STEP, mode="nearest")
        yaw = gaussian_filter1d(yaws, 0.22 / _STEP, mode="nearest")
        weights = np.eye(len(ACTIVITIES))[activity]
        weights = gaussian_filter1d(weights, 0.12 / _STEP, axis=0, mode="nearest")
        weights /= weights.sum(axis=1, keepdims=True)
        moved = speed * _STEP
        steps = np.stack([np.sin(yaw), np.cos(yaw)], axis=1) * moved[:, None]
        ground = np.array(self.start) + np.cumsum(steps, axis=0) - steps[0]
        running = weights[:, ACTIVITIES.index("run")]
        columns = np.column_stack(
            [ground, yaw, np.cumsum(moved * (1 - running)), np.cumsum(moved * running), weights]
        )
        place = np.clip(times / _STEP, 0, len(grid) - 1.001)
        low = place.astype(int)
        part = (place - low)[:, None]
        values = columns[low] * (1 - part) + columns[low + 1] * part
        return {
            "ground": values[:, :2],
            "yaw": values[:, 2],
            "walked": values[:, 3],
            "ran": values[:, 4],
            "weights": values[:, 5:],
        }


def animate(
    body: Body, style: Style, plan: Plan, times: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Moves a body along a plan.

    Args:
        body: Sizes of the person.
        style: Personal style.
        plan: What the person does.
        times: (T,) seconds from the start of the video.

    Returns:
        joints (T, len(JOINT_NAMES), 3) in metres, see ``forward_kinematics``, and facing (T, 2):
        yaw of the torso and of the head in radians.
    """
    path = plan.path(times)
    cycles = (
        path["walked"] / stride_length(body, style)
        + path["ran"] / stride_length(body, style, running=True)
        + style.phase
    )
    angles = np.zeros((len(times), len(ANGLE_NAMES)))
    for number, name in enumerate(ACTIVITIES):
        weight = path["weights"][:, number : number + 1]
        if not weight.any():
            continue
        if name in ("walk", "run"):
            table = gait_angles(cycles, style, running=name == "run")
        else:
            table = ON_THE_SPOT[name](times, style)
        angles += weight * table
    joints = forward_kinematics(body, angles, path["ground"], path["yaw"])
    torso = path["yaw"] - 0.5 * angles[:, ANGLE_INDEX["twist"]]
    head = path["yaw"] - angles[:, ANGLE_INDEX["head_yaw"]]
    return joints, np.stack([torso, head], axis=1)
