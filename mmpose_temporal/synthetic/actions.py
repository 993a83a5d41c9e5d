"""Joint angles over time: the gait cycle and actions on the spot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .skeleton import ANGLE_INDEX, ANGLE_NAMES, Body

ACTIVITIES = ("stand", "walk", "run", "wave", "jump", "squat", "cheer", "talk", "phone")
_CYCLE_OFFSET = {"l": 0.5, "r": 0.0}


@dataclass(frozen=True, kw_only=True)
class Style:
    """Personal way of moving: amplitude factor, arm swing, tempo, and a phase in radians."""

    amplitude: float
    arm_swing: float
    tempo: float
    phase: float
    side: str


def sample_style(rng: np.random.Generator) -> Style:
    """Draws a personal style."""
    return Style(
        amplitude=float(rng.uniform(0.9, 1.12)),
        arm_swing=float(rng.uniform(0.5, 1.3)),
        tempo=float(rng.uniform(0.85, 1.15)),
        phase=float(rng.uniform(0, 2 * np.pi)),
        side=str(rng.choice(["l", "r"])),
    )


def _bump(cycle: np.ndarray, centre: float, width: float) -> np.ndarray:
    """Smooth periodic bump of height 1 over a cycle in [0, 1)."""
    offset = (cycle - centre + 0.5) % 1.0 - 0.5
    return np.exp(-0.5 * (offset / width) ** 2)


def _table(steps: int, **columns: np.ndarray | float) -> np.ndarray:
    """Angle table (T, len(ANGLE_NAMES)) from degrees; lift and elbow_up as they are."""
    table = np.zeros((steps, len(ANGLE_NAMES)))
    for name, value in columns.items():
        plain = name == "lift" or name.startswith("elbow_up")
        table[:, ANGLE_INDEX[name]] = value if plain else np.deg2rad(value)
    return table


def gait_angles(cycles: np.ndarray, style: Style, *, running: bool = False) -> np.ndarray:
    """Joint angles of walking or running.

    Args:
        cycles: (T,) gait cycles done so far; the right heel strikes at whole numbers, the left one
            half a cycle later. Arms swing against the leg of their side.
        style: Personal style.
        running: Running has a larger swing, bent elbows and a flight phase.

    Returns:
        (T, len(ANGLE_NAMES)) angle table. Choice: hip and knee follow the textbook shape of
        walking (hip +30 to -10 degrees; knee peaks of 18 degrees in stance and 60 in swing).
    """
    columns: dict[str, np.ndarray | float] = {}
    for side in "lr":
        cycle = (cycles + _CYCLE_OFFSET[side]) % 1.0
        wave = np.cos(2 * np.pi * cycle)
        swing, stance = _bump(cycle, 0.73, 0.095), _bump(cycle, 0.14, 0.075)
        if running:
            hip, knee = 16 + 32 * wave, 18 + 78 * swing + 20 * stance
            arm, elbow = -8 - 38 * wave, 85 - 12 * wave
        else:
            hip, knee = 9 + 21 * wave, 4 + 56 * swing + 13 * stance
            arm, elbow = 2 - 24 * style.arm_swing * wave, 20 - 12 * style.arm_swing * wave
        push = _bump(cycle, 0.6, 0.07)
        columns[f"hip_{side}"] = hip * style.amplitude
        columns[f"knee_{side}"] = knee
        columns[f"ankle_{side}"] = knee * 0.35 - hip * 0.35 - 22 * push
        columns[f"shoulder_{side}"], columns[f"elbow_{side}"] = arm, elbow
        columns[f"shoulder_out_{side}"] = 9.0
        columns[f"hip_out_{side}"] = 1.5
    right = np.cos(2 * np.pi * cycles)
    columns["twist"] = (7 if running else 5) * right
    columns["lean"] = 11.0 if running else 3.0
    columns["sway"] = 1.5 * np.sin(2 * np.pi * cycles)
    if running:
        columns["lift"] = 0.05 * (1 + np.cos(4 * np.pi * (cycles - 0.42)))
    return _table(len(cycles), **columns)


def stride_length(body: Body, style: Style, *, running: bool = False) -> float:
    """Metres walked in one gait cycle, so that the standing foot does not slide much."""
    if running:
        return 2.1 * body.leg
    swing = np.sin(np.deg2rad(30 * style.amplitude)) + np.sin(np.deg2rad(12 * style.amplitude))
    return float(2.0 * body.leg * swing)


def _stand(times: np.ndarray, style: Style) -> np.ndarray:
    slow = np.sin(0.9 * times * style.tempo + style.phase)
    return _table(
        len(times),
        shoulder_l=3 + 2 * slow,
        shoulder_r=4 - 2 * slow,
        shoulder_out_l=10,
        shoulder_out_r=10,
        elbow_l=14 + 4 * slow,
        elbow_r=16,
        hip_out_l=4,
        hip_out_r=4,
        knee_l=3 + 3 * slow,
        knee_r=3 - 3 * slow,
        sway=2 * slow,
        head_yaw=28 * np.sin(0.7 * times + 2 * style.phase),
        lean=1.0,
    )


def _set(table: np.ndarray, **columns: np.ndarray | float) -> np.ndarray:
    changed = _table(len(table), **columns)
    indices = [ANGLE_INDEX[name] for name in columns]
    table[:, indices] = changed[:, indices]
    return table


def _wave(times: np.ndarray, style: Style) -> np.ndarray:
    beat = np.sin(2 * np.pi * 1.5 * style.tempo * times + style.phase)
    arm = {
        f"shoulder_out_{style.side}": 105 + 8 * beat,
        f"shoulder_{style.side}": 12.0,
        f"elbow_{style.side}": 62 + 30 * beat,
        f"elbow_up_{style.side}": 1.0,
    }
    return _set(_stand(times, style), **arm)


def _jump(times: np.ndarray, style: Style) -> np.ndarray:
    """Jumps on the spot, about one in 1.1 s: bend, flight, landing."""
    cycle = (times * style.tempo / 1.1 + style.phase) % 1.0
    flight = np.clip((cycle - 0.4) / 0.4, 0, 1)
    lift = 4 * 0.3 * flight * (1 - flight)
    bend = _bump(cycle, 0.24, 0.1) + 0.8 * _bump(cycle, 0.86, 0.06)
    up = _bump(cycle, 0.58, 0.14)
    table = _stand(times, style)
    for side in "lr":
        columns = {
            f"hip_{side}": 48 * bend + 8 * up,
            f"knee_{side}": 85 * bend + 25 * up,
            f"ankle_{side}": 37 * bend - 25 * up,
            f"shoulder_{side}": -40 * bend + 110 * up,
            f"elbow_{side}": 25 + 30 * up,
            f"shoulder_out_{side}": 12 + 15 * up,
        }
        table = _set(table, **columns)
    return _set(table, lean=4 + 32 * bend, lift=lift)


def _squat(times: np.ndarray, style: Style) -> np.ndarray:
    depth = 0.5 - 0.5 * np.cos(2 * np.pi * 0.45 * style.tempo * times + style.phase)
    table = _stand(times, style)
    for side in "lr":
        columns = {
            f"hip_{side}": 92 * depth,
            f"knee_{side}": 4 + 112 * depth,
            f"ankle_{side}": 4 + 20 * depth,
            f"hip_out_{side}": 4 + 12 * depth,
            f"shoulder_{side}": 5 + 75 * depth,
            f"elbow_{side}": 15 + 20 * depth,
        }
        table = _set(table, **columns)
    return _set(table, lean=2 + 35 * depth, head_pitch=-15 * depth)


def _cheer(times: np.ndarray, style: Style) -> np.ndarray:
    beat = np.sin(2 * np.pi * 1.1 * style.tempo * times + style.phase)
    table = _stand(times, style)
    for side in "lr":
        columns = {
            f"shoulder_out_{side}": 148 + 14 * beat,
            f"elbow_{side}": 25 + 12 * beat,
            f"elbow_up_{side}": 1.0,
        }
        table = _set(table, **columns)
    return table


def _talk(times: np.ndarray, style: Style) -> np.ndarray:
    first = np.sin(2 * np.pi * 0.8 * style.tempo * times + style.phase)
    second = np.sin(2 * np.pi * 0.6 * style.tempo * times + 1.7 * style.phase)
    return _set(
        _stand(times, style),
        shoulder_l=18 + 10 * first,
        shoulder_r=14 + 12 * second,
        elbow_l=80 + 22 * first,
        elbow_r=70 + 28 * second,
        twist=8 * second,
        head_pitch=5 * first,
    )


def _phone(times: np.ndarray, style: Style) -> np.ndarray:
    columns = {
        f"shoulder_{style.side}": 42.0,
        f"shoulder_out_{style.side}": 22.0,
        f"elbow_{style.side}": 138.0,
        f"elbow_up_{style.side}": 0.45,
    }
    return _set(_stand(times, style), **columns)


ON_THE_SPOT = {
    "stand": _stand,
    "wave": _wave,
    "jump": _jump,
    "squat": _squat,
    "cheer": _cheer,
    "talk": _talk,
    "phone": _phone,
}
