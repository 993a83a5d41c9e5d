"""What people do in each scene preset."""

from __future__ import annotations

import numpy as np

from .camera import Camera
from .motion import Plan, Segment

_DEPTHS = {"crowded": (4.0, 7.2), "occluded": (4.6, 10.2)}
_ALL_DEPTHS = (4.0, 8.6)


class PlanSampler:
    """Draws plans for the people of one video.

    Args:
        preset: A scene preset other than ``mixed``.
        camera: The camera, which says what is in view.
        length: Length of the video in seconds.
        rng: Random generator.
    """

    def __init__(
        self, *, preset: str, camera: Camera, length: float, rng: np.random.Generator
    ) -> None:
        self.preset, self.camera, self.length, self.rng = preset, camera, length, rng

    def sample(self, index: int) -> Plan:
        """A plan for the person with this number."""
        kinds = {"crossing": "cross", "actions": "act", "calm": "stay", "occluded": "pace"}
        kind = kinds.get(self.preset)
        if kind is None:
            kind = str(self.rng.choice(["cross", "act", "stay", "roam"], p=[0.3, 0.25, 0.15, 0.3]))
        elif kind == "cross":
            kind = str(self.rng.choice(["cross", "roam", "return"], p=[0.65, 0.2, 0.15]))
        elif kind == "act":
            kind = str(self.rng.choice(["act", "turn", "roam"], p=[0.6, 0.2, 0.2]))
        elif kind == "stay":
            kind = str(self.rng.choice(["stay", "act", "turn"], p=[0.5, 0.3, 0.2]))
        elif kind == "pace":
            kind = str(self.rng.choice(["pace", "roam"], p=[0.75, 0.25]))
        return getattr(self, f"_{kind}")(index)

    def _depth(self) -> float:
        return float(self.rng.uniform(*_DEPTHS.get(self.preset, _ALL_DEPTHS)))

    def _gait(self) -> tuple[str, float]:
        if self.rng.random() < 0.2:
            return "run", float(self.rng.uniform(2.4, 3.4))
        return "walk", float(self.rng.uniform(0.9, 1.6))

    def _place(self, reach: float = 0.85) -> tuple[float, float]:
        depth = self._depth()
        return float(self.rng.uniform(-reach, reach) * self.camera.half_width(depth)), depth

    def _cross(self, index: int) -> Plan:
        """From one side to the other; every second person comes from the other side."""
        rng, depth = self.rng, self._depth()
        activity, speed = self._gait()
        right = index % 2 == 0 if rng.random() < 0.8 else bool(rng.random() < 0.5)
        sign = 1.0 if right else -1.0
        length = self.length
        yaw = sign * np.pi / 2 + rng.normal(0, 0.18)
        start = -sign * rng.uniform(0.15, 1.0) * (self.camera.half_width(depth) + 0.2)
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

    def _pace(self, index: int) -> Plan:
        """Walks across the view and turns before its edge."""
        rng, depth = self.rng, self._depth()
        edge = 0.82 * self.camera.half_width(depth)
        x, sign = float(rng.uniform(-edge, edge)), 1.0 if index % 2 == 0 else -1.0
        if sign * x > 0.3 * edge:
            x = -x
        start, heading, total = (x, depth), sign * np.pi / 2 + float(rng.normal(0, 0.1)), 0.0
        activity, speed = self._gait()
        segments = []
        while total < self.length:
            goal = sign * float(rng.uniform(0.75, 1.0)) * edge
            duration = max(abs(goal - x) / speed, 0.3)
            segments.append(
                Segment(duration=duration, activity=activity, speed=speed, yaw=heading)
            )
            x, sign, total = goal, -sign, total + duration
            heading += float(rng.choice([-1, 1])) * np.pi
        return Plan(start=start, segments=tuple(segments))

    def _return(self, index: int) -> Plan:
        """Leaves the frame, turns around outside and comes back."""
        rng, depth = self.rng, self._depth()
        sign = float(rng.choice([-1, 1]))
        speed, length = float(rng.uniform(1.4, 2.0)), self.length
        out = max(0.25 * length, 0.2)
        edge = self.camera.half_width(depth) + 0.5
        start = sign * (edge - speed * 0.8 * out)
        away = Segment(duration=out, activity="walk", speed=speed, yaw=sign * np.pi / 2)
        pause = Segment(
            duration=max(0.15 * length, 0.2), activity="stand", speed=0.0, yaw=sign * np.pi
        )
        back = Segment(duration=length + 1, activity="walk", speed=speed, yaw=sign * 1.5 * np.pi)
        return Plan(start=(float(start), depth), segments=(away, pause, back))

    def _roam(self, index: int) -> Plan:
        """Walks to random places in view, with pauses."""
        rng, place = self.rng, self._place()
        start, heading = place, float(rng.uniform(-np.pi, np.pi))
        segments, total = [], 0.0
        length = self.length
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

    def _act(self, index: int) -> Plan:
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

    def _stay(self, index: int) -> Plan:
        """Walks slowly back and forth without leaving the view."""
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

    def _turn(self, index: int) -> Plan:
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
