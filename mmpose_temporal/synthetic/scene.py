"""Who is in a video, what they do, and what stands around."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .actions import Style, sample_style
from .appearance import Outfit, sample_outfit
from .camera import Camera, sample_camera
from .config import MIXED_SCENES, SyntheticVideoConfig
from .motion import Plan, Segment, animate
from .occluders import Occluder, make_occluder
from .plans import PlanSampler
from .skeleton import Body, sample_body

_SPACING = 0.5
_OUTSIDE = ("pole", "pole", "tree", "bush", "bush", "box", "bin", "car")
_INSIDE = ("pole", "box", "box", "bin")
_MANY = 7
_NARROW_OUTSIDE = ("pole", "pole", "pole", "tree", "box", "bin")
_NARROW_INSIDE = ("pole", "pole", "pole", "box", "bin")


@dataclass(frozen=True, kw_only=True)
class Person:
    """One actor with its whole motion.

    Attributes:
        joints: (S, J, 3) world positions in metres at every rendered instant.
        facing: (S, 2) yaw of torso and head.
    """

    body: Body
    style: Style
    outfit: Outfit
    plan: Plan
    joints: np.ndarray
    facing: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Everything that a video shows, before drawing.

    Attributes:
        preset: The scene preset in use (never ``mixed``).
        subframes: Rendered instants per frame; more than one gives motion blur.
        noise: Standard deviation of the sensor noise in grey levels.
        gain: (3,) colour factor of the whole video.
        crowd: People far away that are drawn into the background and not annotated.
    """

    preset: str
    camera: Camera
    subframes: int
    noise: float
    gain: np.ndarray
    people: tuple[Person, ...]
    occluders: tuple[Occluder, ...]
    crowd: tuple[Person, ...]


class SceneSampler:
    """Draws a scene for a config; all randomness comes from the given generator."""

    def __init__(self, *, config: SyntheticVideoConfig, rng: np.random.Generator) -> None:
        self.config, self.rng = config, rng
        self.preset = config.scene
        if config.scene == "mixed":
            self.preset = str(rng.choice([*MIXED_SCENES], p=[*MIXED_SCENES.values()]))
        # Choice: more people than this hide each other so much that ``occluded`` gives them a
        # wider view and fewer objects.
        self._throng = self.preset == "occluded" and config.max_people > _MANY

    def sample(self, *, outdoors: bool) -> Scene:
        """Draws the scene; a far crowd is possible only ``outdoors``."""
        config, rng, calm = self.config, self.rng, self.preset == "calm"
        subframes, shutter = self._exposure()
        offsets = (np.arange(subframes) - (subframes - 1) / 2) / subframes * shutter
        times = (np.arange(config.num_frames)[:, None] + offsets[None, :]).ravel() / config.fps
        times = np.maximum(times, 0.0)
        self.camera = sample_camera(
            rng,
            width=config.width,
            height=config.height,
            seconds=times,
            still=calm,
            sway=0.3 if self.preset == "occluded" else 1.0,
        )
        if self._throng:
            self.camera = replace(self.camera, focal=0.75 * self.camera.focal)
        self._planner = PlanSampler(
            preset=self.preset,
            camera=self.camera,
            length=config.num_frames / config.fps,
            rng=rng,
        )
        people = self._people(times)
        places = self._occluder_places()
        crowd = outdoors and not calm and rng.random() < 0.45
        return Scene(
            preset=self.preset,
            camera=self.camera,
            subframes=subframes,
            noise=0.0 if calm else float(rng.choice([1.5, 3.0, 5.0, 8.0])),
            gain=np.ones(3) if calm else np.clip(rng.normal(1.0, 0.05, 3), 0.85, 1.12),
            people=people,
            occluders=tuple(self._occluder(outdoors, place) for place in places),
            crowd=tuple(self._crowd()) if crowd else (),
        )

    def _exposure(self) -> tuple[int, float]:
        """Rendered instants per frame, and the time that they span as a share of a frame's.

        Choice: in ``occluded`` the exposure is 1/25 to 1/15 s, as in poor light, but at most 0.9
        of a frame's time, in 5 instants, so that the legs of a walker are smeared by several
        pixels.
        """
        if self.preset == "calm":
            return 1, 0.3
        if self.preset == "occluded":
            seconds = float(self.rng.uniform(1 / 25, 1 / 15))
            return 5, min(seconds * self.config.fps, 0.9)
        return int(self.rng.choice([1, 1, 3])), 0.3

    def _people(self, times: np.ndarray) -> tuple[Person, ...]:
        config, rng = self.config, self.rng
        number = int(rng.integers(config.min_people, config.max_people + 1))
        alike = 0.55 if self.preset == "crowded" else 0.25
        people: list[Person] = []
        planner = self._planner
        for index in range(number):
            body, style = sample_body(rng), sample_style(rng)
            uniform = people[0].outfit if people and rng.random() < alike else None
            outfit = sample_outfit(rng, uniform=uniform)
            best: tuple[float, Plan, np.ndarray, np.ndarray] | None = None
            for _ in range(6):
                plan = planner.sample(index)
                joints, facing = animate(body, style, plan, times)
                gap = _closest([other.joints for other in people], joints)
                if best is None or gap > best[0]:
                    best = (gap, plan, joints, facing)
                if gap > _SPACING:
                    break
            _, plan, joints, facing = best
            people.append(
                Person(
                    body=body, style=style, outfit=outfit, plan=plan, joints=joints, facing=facing
                )
            )
        return tuple(people)

    def _occluder_places(self) -> list[tuple[float, float] | None]:
        """Where objects stand: share of the half width of the view and depth; None: anywhere.

        Choice: in ``occluded`` they stand near the camera and side by side, so that none hides
        another, and there are fewer where many people hide each other.
        """
        rng = self.rng
        if self.preset == "calm":
            return []
        if self.preset != "occluded":
            low, high = (1, 4) if self.preset == "crowded" else (0, 3)
            return [None] * int(rng.integers(low, high))
        number = int(rng.integers(1, 3) if self._throng else rng.integers(2, 4))
        edges = np.linspace(-0.9, 0.9, number + 1)
        depths = rng.uniform(3.2, 4.4, number)
        return list(zip(rng.uniform(edges[:-1], edges[1:]), depths, strict=True))

    def _occluder(self, outdoors: bool, place: tuple[float, float] | None) -> Occluder:
        rng = self.rng
        if place is not None:
            kind = str(rng.choice(_NARROW_OUTSIDE if outdoors else _NARROW_INSIDE))
            side, depth = place
        else:
            kind = str(rng.choice(_OUTSIDE if outdoors else _INSIDE))
            depth = float(rng.uniform(3.4, 6.5)) if kind != "car" else float(rng.uniform(4.6, 6.0))
            side = float(rng.uniform(-1.0, 1.0))
        scale = self.camera.focal / depth * 1.15
        return make_occluder(rng, kind, (side * self.camera.half_width(depth), depth), scale)

    def _crowd(self) -> list[Person]:
        rng, crowd = self.rng, []
        depth = float(rng.uniform(13.0, 15.5))
        middle = float(rng.uniform(-0.9, 0.9)) * self.camera.half_width(depth)
        for _ in range(int(rng.integers(6, 15))):
            place = (middle + float(rng.normal(0, 1.3)), depth + float(rng.uniform(0, 1.5)))
            activity = str(rng.choice(["stand", "talk", "phone", "walk"]))
            yaw = float(rng.uniform(-np.pi, np.pi))
            body, style = sample_body(rng), sample_style(rng)
            plan = Plan(
                start=place,
                segments=(
                    Segment(
                        duration=1.0, activity=activity, speed=float(activity == "walk"), yaw=yaw
                    ),
                ),
            )
            joints, facing = animate(body, style, plan, np.array([float(rng.uniform(0, 0.5))]))
            crowd.append(
                Person(
                    body=body,
                    style=style,
                    outfit=sample_outfit(rng),
                    plan=plan,
                    joints=joints,
                    facing=facing,
                )
            )
        return crowd


def _closest(others: list[np.ndarray], joints: np.ndarray) -> float:
    """Smallest ground distance in metres to other people over the video, inf without any."""
    if not others:
        return float("inf")
    ground = np.stack([other[:, -2, ::2] for other in others])
    return float(np.linalg.norm(ground - joints[None, :, -2, ::2], axis=-1).min())
