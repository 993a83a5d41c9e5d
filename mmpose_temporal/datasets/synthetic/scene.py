"""Who is in a video, what they do, and what stands around."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .actions import Style, sample_style
from .appearance import Outfit, sample_outfit
from .camera import Camera, sample_camera
from .config import SCENES, SyntheticVideoConfig
from .motion import Plan, Segment, animate
from .occluders import Occluder, make_occluder
from .skeleton import Body, sample_body

_NEAR, _FAR = 4.0, 8.6
_SPACING = 0.5


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
        presets = [name for name in SCENES if name != "mixed"]
        mixed = config.scene == "mixed"
        self.preset = str(rng.choice(presets, p=[0.35, 0.3, 0.25, 0.1])) if mixed else config.scene

    def sample(self, *, outdoors: bool) -> Scene:
        """Draws the scene; a far crowd is possible only ``outdoors``."""
        config, rng, calm = self.config, self.rng, self.preset == "calm"
        subframes = 1 if calm else int(rng.choice([1, 1, 3]))
        count = config.num_frames * subframes
        offsets = (np.arange(subframes) - (subframes - 1) / 2) / subframes * 0.3
        times = (np.arange(config.num_frames)[:, None] + offsets[None, :]).ravel() / config.fps
        times = np.maximum(times, 0.0)
        self.camera = sample_camera(
            rng, width=config.width, height=config.height, instants=count, still=calm
        )
        people = self._people(times)
        crowded = self.preset == "crowded"
        number = 0 if calm else int(rng.integers(1, 4) if crowded else rng.integers(0, 3))
        crowd = outdoors and not calm and rng.random() < 0.45
        return Scene(
            preset=self.preset,
            camera=self.camera,
            subframes=subframes,
            noise=0.0 if calm else float(rng.choice([1.5, 3.0, 5.0, 8.0])),
            gain=np.ones(3) if calm else np.clip(rng.normal(1.0, 0.05, 3), 0.85, 1.12),
            people=people,
            occluders=tuple(self._occluder() for _ in range(number)),
            crowd=tuple(self._crowd()) if crowd else (),
        )

    def half_width(self, depth: float) -> float:
        """Metres from the middle of the picture to its edge at a depth."""
        return 0.5 * self.config.width / self.camera.focal * depth

    def _people(self, times: np.ndarray) -> tuple[Person, ...]:
        config, rng = self.config, self.rng
        number = int(rng.integers(config.min_people, config.max_people + 1))
        alike = 0.55 if self.preset == "crowded" else 0.25
        people: list[Person] = []
        for index in range(number):
            body, style = sample_body(rng), sample_style(rng)
            uniform = people[0].outfit if people and rng.random() < alike else None
            outfit = sample_outfit(rng, uniform=uniform)
            best: tuple[float, Plan, np.ndarray, np.ndarray] | None = None
            for _ in range(6):
                plan = self._plan(index, number)
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

    def _plan(self, index: int, number: int) -> Plan:
        kind = {"crossing": "cross", "actions": "act", "calm": "stay"}.get(self.preset)
        if kind is None:
            kind = str(self.rng.choice(["cross", "act", "stay", "roam"], p=[0.3, 0.25, 0.15, 0.3]))
        elif kind == "cross":
            kind = str(self.rng.choice(["cross", "roam", "return"], p=[0.65, 0.2, 0.15]))
        elif kind == "act":
            kind = str(self.rng.choice(["act", "turn", "roam"], p=[0.6, 0.2, 0.2]))
        elif kind == "stay":
            kind = str(self.rng.choice(["stay", "act", "turn"], p=[0.5, 0.3, 0.2]))
        return getattr(self, f"_{kind}")(index, number)

    def _depth(self) -> float:
        far = 7.2 if self.preset == "crowded" else _FAR
        return float(self.rng.uniform(_NEAR, far))

    def _gait(self) -> tuple[str, float]:
        if self.rng.random() < 0.2:
            return "run", float(self.rng.uniform(2.4, 3.4))
        return "walk", float(self.rng.uniform(0.9, 1.6))

    def _place(self, reach: float = 0.85) -> tuple[float, float]:
        depth = self._depth()
        return float(self.rng.uniform(-reach, reach) * self.half_width(depth)), depth

    def _cross(self, index: int, number: int) -> Plan:
        """From one side to the other; every second person comes from the other side."""
        rng, depth = self.rng, self._depth()
        activity, speed = self._gait()
        right = index % 2 == 0 if rng.random() < 0.8 else bool(rng.random() < 0.5)
        sign = 1.0 if right else -1.0
        length = self.config.num_frames / self.config.fps
        yaw = sign * np.pi / 2 + rng.normal(0, 0.18)
        start = -sign * rng.uniform(0.15, 1.0) * (self.half_width(depth) + 0.2)
        if rng.random() < 0.5:
            start = -sign * rng.uniform(0.2, 0.7) * speed * length
        segments = [Segment(duration=length + 1, activity=activity, speed=speed, yaw=float(yaw))]
        if rng.random() < 0.2:
            first = Segment(
                duration=float(rng.uniform(0.3, 0.7) * length),
                activity=activity,
                speed=speed,
                yaw=float(yaw),
            )
            stop = Segment(duration=1.0, activity="talk", speed=0.0, yaw=sign * 2.6)
            segments = [first, stop]
        return Plan(start=(float(start), depth), segments=tuple(segments))

    def _return(self, index: int, number: int) -> Plan:
        """Leaves the frame, turns around outside and comes back."""
        rng, depth = self.rng, self._depth()
        sign = float(rng.choice([-1, 1]))
        speed, length = float(rng.uniform(1.4, 2.0)), self.config.num_frames / self.config.fps
        out = max(0.25 * length, 0.2)
        edge = self.half_width(depth) + 0.5
        start = sign * (edge - speed * 0.8 * out)
        away = Segment(duration=out, activity="walk", speed=speed, yaw=sign * np.pi / 2)
        pause = Segment(
            duration=max(0.15 * length, 0.2), activity="stand", speed=0.0, yaw=sign * np.pi
        )
        back = Segment(duration=length + 1, activity="walk", speed=speed, yaw=sign * 1.5 * np.pi)
        return Plan(start=(float(start), depth), segments=(away, pause, back))

    def _roam(self, index: int, number: int) -> Plan:
        """Walks to random places in view, with pauses."""
        rng, place = self.rng, self._place()
        start, heading = place, float(rng.uniform(-np.pi, np.pi))
        segments, total = [], 0.0
        length = self.config.num_frames / self.config.fps
        while total < length:
            goal = self._place(0.75)
            step = np.subtract(goal, place)
            distance = float(np.hypot(*step))
            target = float(np.arctan2(step[0], step[1]))
            heading += (target - heading + np.pi) % (2 * np.pi) - np.pi
            activity, speed = self._gait()
            segments.append(
                Segment(
                    duration=max(distance / speed, 0.3),
                    activity=activity,
                    speed=speed,
                    yaw=heading,
                )
            )
            total += segments[-1].duration
            if rng.random() < 0.4:
                pause = float(rng.uniform(0.5, 1.2))
                segments.append(Segment(duration=pause, activity="stand", speed=0.0, yaw=heading))
                total += pause
            place = goal
        return Plan(start=start, segments=tuple(segments))

    def _towards(self, place: tuple[float, float], spread: float) -> float:
        """Yaw that faces the camera from a place, with a random error."""
        return float(np.arctan2(place[0], place[1]) + np.pi + self.rng.normal(0, spread))

    def _act(self, index: int, number: int) -> Plan:
        """Actions on the spot, facing roughly the camera."""
        rng, place = self.rng, self._place()
        names = rng.permutation(["wave", "jump", "squat", "cheer", "talk", "phone", "stand"])
        yaw = self._towards(place, 0.7)
        segments = [
            Segment(
                duration=float(rng.uniform(1.0, 2.0)),
                activity=str(name),
                speed=0.0,
                yaw=yaw + float(rng.normal(0, 0.5)),
            )
            for name in names
        ]
        return Plan(start=place, segments=tuple(segments))

    def _stay(self, index: int, number: int) -> Plan:
        """Walks slowly to and fro without leaving the view."""
        rng, place = self.rng, self._place(0.5)
        sign = float(rng.choice([-1, 1]))
        heading = sign * np.pi / 2 + float(rng.normal(0, 0.2))
        segments = []
        for _ in range(8):
            speed = float(rng.uniform(0.8, 1.2))
            segments.append(
                Segment(
                    duration=float(rng.uniform(0.7, 1.2)),
                    activity="walk",
                    speed=speed,
                    yaw=heading,
                )
            )
            heading += np.pi
        return Plan(start=place, segments=tuple(segments))

    def _turn(self, index: int, number: int) -> Plan:
        """Turns on the spot."""
        rng, place = self.rng, self._place()
        yaw, turn = self._towards(place, 0.5), float(rng.choice([-1, 1]) * rng.uniform(0.8, 1.6))
        segments = []
        for step in range(12):
            activity = "talk" if step % 3 == 2 else "stand"
            segments.append(
                Segment(duration=0.5, activity=activity, speed=0.0, yaw=yaw + step * turn)
            )
        return Plan(start=place, segments=tuple(segments))

    def _occluder(self) -> Occluder:
        rng = self.rng
        kind = str(
            rng.choice(
                ["pole", "tree", "bush", "box", "bin", "car"], p=[0.3, 0.15, 0.2, 0.15, 0.12, 0.08]
            )
        )
        depth = float(rng.uniform(3.4, 6.5)) if kind != "car" else float(rng.uniform(4.6, 6.0))
        x = float(rng.uniform(-1.0, 1.0)) * self.half_width(depth)
        scale = self.camera.focal / depth * 1.15
        return make_occluder(rng, kind, (x, depth), scale)

    def _crowd(self) -> list[Person]:
        rng, crowd = self.rng, []
        depth = float(rng.uniform(13.0, 15.5))
        middle = float(rng.uniform(-0.9, 0.9)) * self.half_width(depth)
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
