"""A jointed body in 3D: sizes, joint angles and forward kinematics.

World frame: metres, X to the right of the camera, Y up from the ground, Z away from the camera.
A person with yaw 0 walks away from the camera (+Z), with yaw pi/2 to the right (+X).
Body frame: (forward, left, up).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmpose_temporal.structures.posetrack_layout import KEYPOINT_NAMES

EXTRA_JOINTS = (
    "left_hand",
    "right_hand",
    "left_heel",
    "right_heel",
    "left_toe",
    "right_toe",
    "pelvis",
    "neck",
)
JOINT_NAMES = tuple(KEYPOINT_NAMES) + EXTRA_JOINTS
"""The 17 annotated keypoints in the order of the layout, then the drawn ones."""
JOINT_INDEX = {name: index for index, name in enumerate(JOINT_NAMES)}

_PAIRED = ("hip", "hip_out", "knee", "ankle", "shoulder", "shoulder_out", "elbow", "elbow_up")
ANGLE_NAMES = (
    *(f"{name}_{side}" for name in _PAIRED for side in "lr"),
    *("lean", "sway", "twist", "head_yaw", "head_pitch", "lift"),
)
ANGLE_INDEX = {name: index for index, name in enumerate(ANGLE_NAMES)}
"""Columns of an angle table of shape (T, len(ANGLE_NAMES)).

Radians, flexion positive: ``hip``, ``shoulder`` swing the limb forward, ``*_out`` away from the
body, ``knee`` and ``elbow`` bend the joint, ``ankle`` lifts the toes. ``elbow_up`` in [0, 1] turns
the bend of the elbow from forward to upward. ``lean`` and ``sway`` tip the torso forward and to
the left, ``twist`` turns the shoulders to the left. ``lift`` is the height of the lower foot
above the ground in metres.
"""


@dataclass(frozen=True, kw_only=True)
class Body:
    """Sizes of a person in metres (half widths where the name says so)."""

    height: float
    thigh: float
    shank: float
    ankle_height: float
    foot: float
    torso: float
    neck: float
    head: float
    upper_arm: float
    forearm: float
    hand: float
    hip_half: float
    shoulder_half: float
    girth: float

    @property
    def leg(self) -> float:
        """Length from hip to ankle."""
        return self.thigh + self.shank


def sample_body(rng: np.random.Generator) -> Body:
    """Draws a build: adult or (one in eight) child, slim to heavy, narrow to broad.

    Choice: proportions follow the usual drawing canon of about 7.5 heads for an adult and 6 for
    a child, each varied by a few percent.
    """
    child = rng.random() < 0.125
    height = float(rng.uniform(1.12, 1.4) if child else np.clip(rng.normal(1.73, 0.09), 1.5, 1.98))
    head = height * (0.178 if child else 0.148) * rng.uniform(0.97, 1.03)
    girth = float(rng.uniform(0.85, 1.3))
    leg = height * (0.455 if child else 0.475) * rng.uniform(0.97, 1.03)
    broad = rng.uniform(0.92, 1.1)
    return Body(
        height=height,
        thigh=leg * 0.51,
        shank=leg * 0.49,
        ankle_height=height * 0.045,
        foot=height * 0.145,
        torso=height * 0.3 * rng.uniform(0.97, 1.03),
        neck=height * 0.03,
        head=float(head),
        upper_arm=height * 0.175,
        forearm=height * 0.15,
        hand=height * 0.075,
        hip_half=height * 0.052 * (0.75 + 0.25 * girth) * rng.uniform(0.95, 1.1),
        shoulder_half=float(height * 0.108 * broad),
        girth=girth,
    )


def _direction(swing: np.ndarray, out: np.ndarray, side: int) -> np.ndarray:
    """Unit vectors (T, 3) of a hanging limb swung forward by ``swing`` and out by ``out``."""
    return np.stack(
        [np.sin(swing) * np.cos(out), side * np.sin(out), -np.cos(swing) * np.cos(out)], axis=-1
    )


def _turn(vectors: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Turns (T, 3) body-frame vectors to the left about the up axis by (T,) angles."""
    cos, sin = np.cos(angle), np.sin(angle)
    forward, left, up = np.moveaxis(vectors, -1, 0)
    return np.stack([cos * forward - sin * left, sin * forward + cos * left, up], axis=-1)


def _legs(body: Body, angles: np.ndarray, joints: dict[str, np.ndarray]) -> None:
    for side, name, sign in (("l", "left", 1), ("r", "right", -1)):
        hip, out, knee, ankle = (
            angles[:, ANGLE_INDEX[f"{part}_{side}"]]
            for part in ("hip", "hip_out", "knee", "ankle")
        )
        start = np.broadcast_to(np.array([0.0, sign * body.hip_half, 0.0]), (len(hip), 3))
        joints[f"{name}_hip"] = start
        joints[f"{name}_knee"] = start + body.thigh * _direction(hip, out, sign)
        joints[f"{name}_ankle"] = joints[f"{name}_knee"] + body.shank * _direction(
            hip - knee, out, sign
        )
        pitch = hip - knee + ankle
        toe_out = sign * 0.12
        along = np.stack(
            [np.cos(pitch) * np.cos(toe_out), np.full_like(pitch, np.sin(toe_out)), np.sin(pitch)],
            axis=-1,
        )
        down = np.stack([np.sin(pitch), np.zeros_like(pitch), -np.cos(pitch)], axis=-1)
        sole = joints[f"{name}_ankle"] + body.ankle_height * down
        joints[f"{name}_heel"] = sole - 0.25 * body.foot * along
        joints[f"{name}_toe"] = sole + 0.75 * body.foot * along


def _arms(
    body: Body, angles: np.ndarray, spine: np.ndarray, joints: dict[str, np.ndarray]
) -> None:
    twist = angles[:, ANGLE_INDEX["twist"]]
    for side, name, sign in (("l", "left", 1), ("r", "right", -1)):
        swing, out, elbow, up = (
            angles[:, ANGLE_INDEX[f"{part}_{side}"]]
            for part in ("shoulder", "shoulder_out", "elbow", "elbow_up")
        )
        across = _turn(np.tile([0.0, float(sign), 0.0], (len(swing), 1)), twist)
        shoulder = spine * (body.torso * 0.93) + body.shoulder_half * across
        upper = _direction(swing, out, sign)
        hint = np.stack([1 - up, np.full_like(up, -0.15 * sign), up], axis=-1)
        bend = hint - np.sum(hint * upper, axis=-1, keepdims=True) * upper
        bend /= np.linalg.norm(bend, axis=-1, keepdims=True) + 1e-9
        lower = np.cos(elbow)[:, None] * upper + np.sin(elbow)[:, None] * bend
        lower /= np.linalg.norm(lower, axis=-1, keepdims=True)
        upper, lower = _turn(upper, twist), _turn(lower, twist)
        joints[f"{name}_shoulder"] = shoulder
        joints[f"{name}_elbow"] = shoulder + body.upper_arm * upper
        joints[f"{name}_wrist"] = joints[f"{name}_elbow"] + body.forearm * lower
        joints[f"{name}_hand"] = joints[f"{name}_wrist"] + body.hand * lower


def _head(
    body: Body, angles: np.ndarray, spine: np.ndarray, joints: dict[str, np.ndarray]
) -> None:
    yaw, pitch = angles[:, ANGLE_INDEX["head_yaw"]], angles[:, ANGLE_INDEX["head_pitch"]]
    zero = np.zeros_like(yaw)
    up = np.stack([np.sin(pitch), zero, np.cos(pitch)], axis=-1)
    ahead = np.stack([np.cos(pitch), zero, -np.sin(pitch)], axis=-1)
    left = np.tile([0.0, 1.0, 0.0], (len(yaw), 1))
    facing = np.cos(yaw)[:, None] * ahead + np.sin(yaw)[:, None] * left
    sideways = np.cos(yaw)[:, None] * left - np.sin(yaw)[:, None] * ahead
    joints["neck"] = spine * body.torso
    bottom = joints["neck"] + body.neck * (0.5 * spine + 0.5 * up)
    joints["head_bottom"] = bottom
    joints["head_top"] = bottom + body.head * up
    joints["nose"] = bottom + 0.42 * body.head * up + 0.42 * body.head * facing
    joints["left_ear"] = bottom + 0.48 * body.head * up + 0.3 * body.head * sideways
    joints["right_ear"] = bottom + 0.48 * body.head * up - 0.3 * body.head * sideways


def forward_kinematics(
    body: Body, angles: np.ndarray, ground: np.ndarray, yaw: np.ndarray
) -> np.ndarray:
    """Joint positions of a moving body; the lower foot stands on the ground plus ``lift``.

    Args:
        body: Sizes of the person.
        angles: (T, len(ANGLE_NAMES)) joint angles, see :data:`ANGLE_INDEX`.
        ground: (T, 2) world X and Z of the pelvis in metres.
        yaw: (T,) heading in radians.

    Returns:
        (T, len(JOINT_NAMES), 3) float64 world positions in metres. The lengths of all limbs are
        those of ``body`` at every time.

    Raises:
        ValueError: When the shapes disagree.
    """
    steps = len(yaw)
    if angles.shape != (steps, len(ANGLE_NAMES)) or ground.shape != (steps, 2):
        raise ValueError(
            f"expected angles ({steps}, {len(ANGLE_NAMES)}) and ground ({steps}, 2), "
            f"got {angles.shape} and {ground.shape}"
        )
    joints: dict[str, np.ndarray] = {"pelvis": np.zeros((steps, 3))}
    lean, sway = angles[:, ANGLE_INDEX["lean"]], angles[:, ANGLE_INDEX["sway"]]
    spine = np.stack([np.sin(lean) * np.cos(sway), np.sin(sway), np.cos(lean) * np.cos(sway)], -1)
    _legs(body, angles, joints)
    _arms(body, angles, spine, joints)
    _head(body, angles, spine, joints)
    local = np.stack([joints[name] for name in JOINT_NAMES], axis=1)
    feet = [
        JOINT_INDEX[f"{side}_{part}"] for side in ("left", "right") for part in ("heel", "toe")
    ]
    height = angles[:, ANGLE_INDEX["lift"]] - local[:, feet, 2].min(axis=1)
    sin, cos = np.sin(yaw)[:, None], np.cos(yaw)[:, None]
    forward, left, up = np.moveaxis(local, -1, 0)
    return np.stack(
        [
            ground[:, :1] + forward * sin - left * cos,
            height[:, None] + up,
            ground[:, 1:] + forward * cos + left * sin,
        ],
        axis=-1,
    )
