"""The figure of a person: which tubes its limbs, clothes and head are made of."""

from __future__ import annotations

import numpy as np

from .appearance import Outfit
from .camera import Camera
from .skeleton import Body
from .tubes import Tube, TubeBuilder


class PersonShape:
    """Turns one person's joints into tubes, sorted from back to front."""

    def __init__(self, *, body: Body, outfit: Outfit) -> None:
        self.body = body
        self.outfit = outfit

    def tubes(
        self, joints: np.ndarray, facing: np.ndarray, camera: Camera, instant: int
    ) -> list[Tube]:
        """Tubes of one instant, the farthest first.

        Args:
            joints: (J, 3) world positions in metres.
            facing: (2,) yaw of the torso and of the head in radians.
            camera: The camera.
            instant: Index of the rendered instant.
        """
        builder = TubeBuilder(
            joints=joints, facing=facing, camera=camera, instant=instant, body=self.body
        )
        self._add_legs(builder)
        self._add_torso(builder)
        self._add_arms(builder)
        self._add_head(builder)
        return builder.finish()

    def _add_legs(self, add: TubeBuilder) -> None:
        body, wear = self.body, self.outfit
        thigh = 0.053 * body.height * (0.55 + 0.45 * body.girth)
        calf = 0.034 * body.height * (0.7 + 0.3 * body.girth)
        loose = wear.loose
        bare = wear.legs != "long"
        lower = wear.skin if bare else wear.trousers
        cut = 1.0 if bare else loose
        for side in ("left", "right"):
            hip, knee, ankle = (add.joint(f"{side}_{n}") for n in ("hip", "knee", "ankle"))
            heel, toe = add.joint(f"{side}_heel"), add.joint(f"{side}_toe")
            rise = np.array([0.0, 0.018, 0.0]) * body.height
            sole = 0.021 * body.height
            add.tube(
                heel + rise,
                toe + 0.6 * rise,
                np.linspace(1.05, 0.8, 5) * sole,
                wear.shoe,
                bias=0.07,
                limb=True,
            )
            shank = calf * np.array([1.0, 1.12, 1.05, 0.8, 0.62]) * cut
            if not bare:
                shank = calf * np.array([1.05, 1.08, 1.0, 0.92, 0.85]) * loose
            add.tube(knee, ankle, shank, lower, bias=0.05, limb=True)
            start = hip + 0.06 * (knee - hip)
            if wear.legs != "long":
                leg = np.linspace(thigh * 0.95, calf * 1.02, 5)
                add.tube(start, knee, leg, wear.skin, cap=(0.6, 1.0), bias=0.1, limb=True)
            if wear.legs != "skirt":
                low = 1.0 if wear.legs == "long" else 0.8
                leg = np.linspace(thigh, calf * (2.2 - 1.1 * low), 5) * loose
                end, cap = start + low * (knee - start), 1.0 if low == 1.0 else 0.1
                add.tube(start, end, leg, wear.trousers, cap=(0.6, cap), bias=0.09, limb=True)

    def _add_torso(self, add: TubeBuilder) -> None:
        body, wear = self.body, self.outfit
        tall, girth = body.height, body.girth
        pelvis, neck = add.joint("pelvis"), add.joint("neck")
        spine = neck - pelvis
        wide = body.shoulder_half
        across = np.array(
            [
                0.86 * wide,
                0.9 * wide,
                0.78 * wide * (0.5 + 0.5 * girth),
                0.74 * wide * (0.35 + 0.65 * girth),
                0.058 * tall + 0.6 * body.hip_half * girth,
            ]
        )
        deep = tall * np.array([0.045, 0.062, 0.062, 0.056, 0.06]) * (0.4 + 0.6 * girth)
        hips = np.array([0.95, 1.0, 1.05, 1.03, 0.9])
        add.tube(
            pelvis + 0.16 * spine,
            pelvis - 0.1 * spine,
            add.oval(across[4] * hips, deep[4] * hips),
            wear.trousers,
            cap=(0.3, 0.5),
            bias=0.11,
        )
        add.tube(
            neck - 0.12 * spine,
            pelvis - 0.02 * spine,
            add.oval(across, deep) * (0.5 + 0.5 * wear.loose),
            wear.top,
            cap=(0.62, 0.12),
            bias=-0.05,
        )
        add.tube(
            add.joint("head_bottom") + 0.1 * body.head * add.up,
            neck - 0.03 * spine,
            np.linspace(0.027, 0.033, 5) * tall * (0.75 + 0.25 * girth),
            wear.skin,
            cap=(1.0, 0.35),
            bias=-0.045,
        )
        if wear.legs == "skirt":
            self._add_skirt(add, float(across[4]), float(deep[4]))

    def _add_skirt(self, add: TubeBuilder, wide: float, deep: float) -> None:
        knees = 0.5 * (add.joint("left_knee") + add.joint("right_knee"))
        spread = 0.5 * np.linalg.norm(add.joint("left_knee") - add.joint("right_knee"))
        hem = np.linspace(1.0, 1.25, 5)
        low = wide * hem + np.linspace(0, 0.6, 5) * spread
        add.tube(
            add.joint("pelvis"),
            knees,
            add.oval(low, deep * hem + np.linspace(0, 0.7, 5) * spread),
            self.outfit.trousers,
            cap=(0.3, 0.05),
            bias=-0.02,
        )

    def _add_arms(self, add: TubeBuilder) -> None:
        body, wear = self.body, self.outfit
        size = body.height * (0.7 + 0.3 * body.girth)
        for side in ("left", "right"):
            shoulder, elbow, wrist, hand = (
                add.joint(f"{side}_{n}") for n in ("shoulder", "elbow", "wrist", "hand")
            )
            shoulder = shoulder - 0.012 * body.height * add.up
            long = wear.sleeves == "long"
            upper = size * np.array([0.03, 0.033, 0.03, 0.027, 0.025]) * wear.loose
            if not long:
                bare = size * np.array([0.027, 0.027, 0.026, 0.025, 0.023])
                start = shoulder + 0.4 * (elbow - shoulder)
                add.tube(start, elbow, bare, wear.skin, cap=(0.3, 1.0), bias=-0.05, limb=True)
                upper = upper * 1.05
                sleeve_end = shoulder + 0.55 * (elbow - shoulder)
                add.tube(
                    shoulder,
                    sleeve_end,
                    upper,
                    wear.sleeve,
                    bias=-0.06,
                    cap=(1.0, 0.15),
                    limb=True,
                )
            else:
                add.tube(shoulder, elbow, upper, wear.sleeve, bias=-0.06, limb=True)
            lower = size * np.array([0.024, 0.025, 0.023, 0.02, 0.017])
            add.tube(
                elbow,
                wrist,
                lower * (wear.loose if long else 1.0),
                wear.sleeve if long else wear.skin,
                bias=-0.065,
                limb=True,
            )
            add.tube(
                wrist,
                0.35 * wrist + 0.65 * hand,
                size * np.array([0.016, 0.02, 0.022, 0.02, 0.014]),
                wear.skin,
                bias=-0.062,
                limb=True,
            )

    def _add_head(self, add: TubeBuilder) -> None:
        body, wear = self.body, self.outfit
        bottom, top = add.joint("head_bottom"), add.joint("head_top")
        axis, head = top - bottom, body.head
        profile = np.array([1.0, 1.03, 1.0, 0.92, 0.78])
        wide = add.oval(0.335 * head * profile, 0.4 * head * profile, head=True)
        add.tube(
            bottom + 0.66 * axis,
            bottom + 0.3 * axis,
            wide,
            wear.head,
            bias=-0.12,
            head=True,
            cap_metres=(0.34 * head, 0.2 * head),
        )
        nose = add.joint("nose")
        base = bottom + 0.46 * axis
        if nose[2] < base[2] + 0.04:
            add.tube(
                nose + 0.05 * axis,
                nose - 0.03 * axis + 0.05 * (base - nose),
                np.linspace(0.03, 0.055, 5) * head,
                wear.skin * 0.97,
                bias=-0.2,
            )
        if wear.hair_style == "long":
            ahead = nose - base
            behind = base - 0.55 * ahead
            add.tube(
                behind + 0.25 * axis,
                behind - 0.75 * axis,
                add.oval(0.34 * head * profile, 0.2 * head * profile, head=True),
                wear.hair,
                bias=-0.11,
            )
        if wear.hair_style == "cap":
            brow = bottom + 0.7 * axis
            ahead = nose - base
            add.tube(
                brow + 0.75 * ahead,
                brow + 1.7 * ahead,
                add.oval(np.full(5, 0.27 * head), np.full(5, 0.05 * head), head=True)
                * np.array([1, 1, 1, 0.95, 0.8]),
                wear.hair * 0.85,
                bias=-0.1,
                cap=(0.1, 0.2),
            )
