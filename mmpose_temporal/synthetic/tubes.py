"""Drawable parts: every limb is a generalised cylinder (a *tube*)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .camera import Camera
from .skeleton import JOINT_INDEX, Body

KNOTS = 5
PROFILE = 33
_STEPS = np.linspace(0, KNOTS - 1, PROFILE)[:, None] - np.arange(KNOTS)
_INTERPOLATE = np.maximum(0.0, 1.0 - np.abs(_STEPS)).T
_UP = np.array([0.0, 1.0, 0.0])


@dataclass(frozen=True, kw_only=True)
class Tube:
    """A part of a body in frame pixels.

    Attributes:
        start, end: (2,) ends of the axis.
        profile: (PROFILE,) float32 half widths in pixels at equal steps along the axis.
        caps: (2,) lengths in pixels of the rounded ends beyond the start and the end.
        azimuth: Angle in radians of the surface that faces the camera, 0 = front of the body.
        texture: (R, C, 3) float32 BGR.
        light: Brightness factor.
    """

    start: np.ndarray
    end: np.ndarray
    profile: np.ndarray
    caps: np.ndarray
    azimuth: float
    texture: np.ndarray
    light: float


@dataclass(frozen=True, kw_only=True)
class _Part:
    """A tube in the world, in metres."""

    start: np.ndarray
    end: np.ndarray
    widths: np.ndarray
    texture: np.ndarray
    caps: tuple[float, float]
    bias: float
    head: bool
    limb: bool


class TubeBuilder:
    """Collects the tubes of one person at one instant.

    Args:
        joints: (J, 3) world positions in metres.
        facing: (2,) yaw of the torso and of the head in radians.
        camera: The camera.
        instant: Index of the rendered instant.
        body: Sizes of the person.
    """

    def __init__(
        self,
        *,
        joints: np.ndarray,
        facing: np.ndarray,
        camera: Camera,
        instant: int,
        body: Body,
    ) -> None:
        self._joints, self._camera, self._instant = joints, camera, instant
        self._root = joints[JOINT_INDEX["pelvis"]]
        sight = np.arctan2(self._root[0], self._root[2])
        self._facing = facing - sight
        self._span = 0.25 * body.height
        self._parts: list[_Part] = []

    @property
    def up(self) -> np.ndarray:
        """The upward direction (3,) of the world."""
        return _UP

    def joint(self, name: str) -> np.ndarray:
        """World position (3,) of a joint."""
        return self._joints[JOINT_INDEX[name]]

    def oval(self, across: np.ndarray, deep: np.ndarray, *, head: bool = False) -> np.ndarray:
        """Half width seen by the camera of an oval section, by how far it is turned."""
        yaw = self._facing[int(head)]
        return np.hypot(across * np.cos(yaw), deep * np.sin(yaw))

    def tube(
        self,
        start: np.ndarray,
        end: np.ndarray,
        widths: np.ndarray,
        texture: np.ndarray,
        *,
        cap: tuple[float, float] = (1.0, 1.0),
        cap_metres: tuple[float, float] | None = None,
        bias: float = 0.0,
        head: bool = False,
        limb: bool = False,
    ) -> None:
        """Adds a tube between world points.

        Args:
            start, end: (3,) metres.
            widths: (KNOTS,) half widths in metres.
            texture: (R, C, 3) float32 BGR.
            cap: Lengths of the rounded ends relative to the width there.
            cap_metres: The same in metres, instead of ``cap``.
            bias: Added to the depth in metres that decides what is drawn first.
            head: Turns with the head and not with the torso.
            limb: Is darker when it is on the far side of the body.
        """
        if cap_metres is None:
            cap_metres = (cap[0] * float(widths[0]), cap[1] * float(widths[-1]))
        self._parts.append(
            _Part(
                start=start,
                end=end,
                widths=widths,
                texture=texture,
                caps=cap_metres,
                bias=bias,
                head=head,
                limb=limb,
            )
        )

    def finish(self) -> list[Tube]:
        """Projects all parts; the farthest comes first."""
        parts = self._parts
        ends = np.array([(part.start, part.end) for part in parts])
        depth = ends[:, :, 2].mean(axis=1)
        pixels = self._camera.project(ends, self._instant)
        scale = self._camera.scale(depth, self._instant)[:, None]
        widths = np.maximum(np.array([part.widths for part in parts]) * scale, 0.35)
        profiles = (widths @ _INTERPOLATE).astype(np.float32)
        caps = np.maximum(np.array([part.caps for part in parts]) * scale, 0.3)
        limb = np.array([part.limb for part in parts])
        light = 1.0 - 0.3 * limb * np.clip((depth - self._root[2]) / self._span, 0, 1)
        order = np.argsort(-(depth + [part.bias for part in parts]), kind="stable")
        return [
            Tube(
                start=pixels[i, 0],
                end=pixels[i, 1],
                profile=profiles[i],
                caps=caps[i],
                azimuth=float(self._facing[int(parts[i].head)] + np.pi),
                texture=parts[i].texture,
                light=float(light[i]),
            )
            for i in order
        ]
