"""Settings of the synthetic video generator and their checks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SCENES = ("mixed", "crossing", "crowded", "actions", "calm", "occluded")
"""Names of the scene presets.

- ``mixed``: every video draws ``crossing``, ``crowded``, ``actions`` or ``calm``.
- ``crossing``: walkers and runners that cross each other, enter and leave the frame.
- ``crowded``: people close together among foreground objects, many look alike.
- ``actions``: people that stand, wave, jump, squat and turn, some walk by.
- ``calm``: a still camera, no foreground objects, no noise and no blur; people stay in view.
- ``occluded``: people walk behind narrow objects and each other, so that joints are hidden for a
  few frames and seen before and after; strong motion blur; people stay in view.
"""

MIXED_SCENES = {"crossing": 0.35, "crowded": 0.3, "actions": 0.25, "calm": 0.1}
"""What ``mixed`` draws, with its chance."""

SPLITS = ("train", "val", "test")
_SPLIT_OFFSETS = {"train": 0, "val": 100_000, "test": 200_000}
MAX_VIDEOS = 99_999
MAX_FRAMES = 9_999
MIN_SIDE = 64
MAX_PEOPLE = 60


@dataclass(frozen=True, kw_only=True)
class SyntheticVideoConfig:
    """What a synthetic video looks like; together with a seed it decides every pixel.

    Attributes:
        width, height: Frame size in pixels, each at least 64.
        num_frames: Frames of the video, 1 to 9999.
        min_people, max_people: Range (both included) of the number of annotated people.
        scene: One of :data:`SCENES`.
        fps: Frames per second of the simulated camera. Choice: 15, so that a clip of 30 frames
            holds about two full gait cycles.
        annotate_ears: Whether ears are annotated. PoseTrack18 leaves them out, so it is off.
        annotate_hidden: Whether joints that another person or an object hides are annotated too,
            and marked. PoseTrack18 leaves them out, so it is off. The pictures are the same.

    Raises:
        ValueError: When a value is out of range.
    """

    width: int = 480
    height: int = 360
    num_frames: int = 30
    min_people: int = 2
    max_people: int = 5
    scene: str = "mixed"
    fps: float = 15.0
    annotate_ears: bool = False
    annotate_hidden: bool = False

    def __post_init__(self) -> None:
        if min(self.width, self.height) < MIN_SIDE:
            raise ValueError(
                f"frame size {self.width}x{self.height} is too small; "
                f"each side must be at least {MIN_SIDE} pixels"
            )
        if not 1 <= self.num_frames <= MAX_FRAMES:
            raise ValueError(f"num_frames must be in 1..{MAX_FRAMES}, got {self.num_frames}")
        if not 0 <= self.min_people <= self.max_people <= MAX_PEOPLE:
            raise ValueError(
                "the number of people must satisfy 0 <= min <= max <= "
                f"{MAX_PEOPLE}, got {self.min_people}-{self.max_people}"
            )
        if self.scene not in SCENES:
            raise ValueError(f"unknown scene {self.scene!r}; choose one of {', '.join(SCENES)}")
        if not self.fps > 0:
            raise ValueError(f"fps must be positive, got {self.fps}")


def video_index(split: str, position: int) -> int:
    """Number of a video, unique over the splits: its id, name and part of its seed.

    Args:
        split: ``train``, ``val`` or ``test``.
        position: 0-based position of the video in its split.

    Returns:
        ``position + 1`` for train, 100,000 more for val, 200,000 more for test, so that two
        splits made with one seed share no video.

    Raises:
        ValueError: For an unknown split or a position out of range.
    """
    if split not in _SPLIT_OFFSETS:
        raise ValueError(f"unknown split {split!r}; choose one of {', '.join(SPLITS)}")
    if not 0 <= position < MAX_VIDEOS:
        raise ValueError(f"video position must be in 0..{MAX_VIDEOS - 1}, got {position}")
    return _SPLIT_OFFSETS[split] + position + 1


def video_name(index: int) -> str:
    """Folder name of a video: its index in six digits."""
    return f"{index:06d}"


def spawn_generators(seed: int, index: int, count: int) -> list[np.random.Generator]:
    """Independent random generators of one video, decided by ``(seed, index)`` alone.

    Raises:
        ValueError: When the seed is negative.
    """
    if seed < 0:
        raise ValueError(f"seed must not be negative, got {seed}")
    children = np.random.SeedSequence((seed, index)).spawn(count)
    return [np.random.default_rng(child) for child in children]
