"""Whole videos of poses as one array, and their augmentation.

A clip is (T, P, K, 3) float32: frames, people, keypoints; x and y in pixels, and 1 if the
keypoint is annotated, else 0.
"""

from collections import Counter

import numpy as np

from mmpose_temporal.datasets.left_out import CROWD, NO_KEYPOINT
from mmpose_temporal.posetrack import VideoAnnotation

STRIDES = (1, 1, 1, 2, 3, 3, 4, 5, 6, 8)
"""Every n-th frame of a clip, drawn from these: from 25 frames per second down to 3 (choice)."""


def clip_of_video(video: VideoAnnotation, left_out: Counter[str] | None = None) -> np.ndarray:
    """The labelled frames of a video as a clip; people in the order of their ids.

    Args:
        video: The annotations.
        left_out: Counts by reason who is not in the clip: groups (``iscrowd``), and people
            without an annotated keypoint.
    """
    left_out = Counter() if left_out is None else left_out
    frames = [frame for frame in video.frames if frame.is_labeled or frame.people]
    rows = []
    for row, frame in enumerate(frames):
        for person in frame.people:
            if person.is_crowd:
                left_out[CROWD] += 1
            elif not person.keypoints[:, 2].any():
                left_out[NO_KEYPOINT] += 1
            else:
                rows.append((row, person))
    ids = sorted({person.track_id for _, person in rows})
    column = {track_id: index for index, track_id in enumerate(ids)}
    clip = np.zeros((len(frames), len(ids), len(video.skeleton), 3), np.float32)
    for row, person in rows:
        clip[row, column[person.track_id]] = person.keypoints
    return clip


def corners(keypoints: np.ndarray, present: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Upper left and lower right (..., 2) of the (..., K, 2) that are present; 0 without any."""
    low = np.where(present[..., None], keypoints, np.inf).min(-2)
    high = np.where(present[..., None], keypoints, -np.inf).max(-2)
    none = ~present.any(-1)
    low[none], high[none] = 0, 0
    return low, high


def augment_clip(
    clip: np.ndarray, size: tuple[float, float], flip_indices: list[int], rng: np.random.Generator
) -> np.ndarray:
    """Another clip that could have been filmed. All ranges are choices.

    Every n-th frame, 12 to 39 of them if the clip has so many and 2 at least, forwards or
    backwards, mirrored or not, stretched by about 15 % in each direction, turned a little, and
    in half of the cases with a camera that pans, jerks and zooms.

    Args:
        clip: (T, P, K, 3), T >= 2.
        size: Width and height of the frames, pixels, or of what the people cover.
        flip_indices: Keypoint that each becomes in the mirror.
        rng: Source of randomness.

    Returns:
        (T', P, K, 3).
    """
    stride = min(int(rng.choice(STRIDES)), len(clip) - 1)
    clip = clip[rng.integers(min(stride, len(clip) - stride)) :: stride]
    if rng.random() < 0.5:
        clip = clip[::-1]
    length = int(rng.integers(12, 40))
    if len(clip) > length:
        first = rng.integers(len(clip) - length + 1)
        clip = clip[first : first + length]
    places, present = clip[..., :2], clip[..., 2:]
    if rng.random() < 0.5:
        places = places[:, :, flip_indices] * (-1, 1) + (size[0], 0)
        present = present[:, :, flip_indices]
    angle = rng.normal() * 0.1
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    places = (places - np.array(size) / 2) @ (turn * np.exp(rng.normal(size=2) * 0.15)).T
    if rng.random() < 0.5:
        places = _move_camera(places, size[0], stride, rng)
    return np.concatenate([places, present], -1).astype(np.float32)


def _move_camera(
    places: np.ndarray, width: float, stride: int, rng: np.random.Generator
) -> np.ndarray:
    """Pan with a smooth speed, now and then with jerks, and zoom."""
    frames = len(places)
    speed = np.cumsum(rng.normal(size=(frames, 2)), 0)
    speed -= speed.mean(0) * rng.random()
    speed /= max(np.abs(speed).max(), 1e-6)
    if rng.random() < 0.3:
        jerks = rng.random((frames, 1)) < 0.1
        speed = np.where(jerks, rng.normal(size=(frames, 2)) * 2, speed)
    pan = np.cumsum(speed, 0) * rng.exponential(0.02) * np.sqrt(stride) * width
    zoom = np.exp(np.cumsum(rng.normal(size=frames) * 0.01 * np.sqrt(stride) * rng.random()))
    return (places + pan[:, None, None]) * zoom[:, None, None, None]
