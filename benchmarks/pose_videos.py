"""The poses that trackers and the evaluation are measured on: real ones where they are, else made.

Nothing needs to be there: without the sample data (``--annotations``) people who walk are
generated, always the same ones.
"""

import argparse
from pathlib import Path

import numpy as np
from mmpose.structures import PoseDataSample

from mmpose_temporal.datasets import VideoAnnotation, load_videos
from mmpose_temporal.structures import People
from mmpose_temporal.testing import random_poses

SAMPLE = Path(__file__).resolve().parents[2] / "shared/data/multiperson_posetrack/annotations/val"
SIZE = (1920, 1080)
VIDEOS, FRAMES, PEOPLE = 15, 56, 5
"""Of the generated data: about as much as the sample data."""
GENERATED = f"generated: {VIDEOS} videos of {FRAMES} frames with {PEOPLE} people who walk"

Video = list[tuple[PoseDataSample, People]]


def add_annotations(parser: argparse.ArgumentParser) -> None:
    """``--annotations``."""
    parser.add_argument(
        "--annotations",
        type=Path,
        metavar="FOLDER",
        help="PoseTrack18 JSON files, one per video (default: the sample data beside the clone, "
        "if they are there, else generated videos)",
    )


def annotation_folder(args: argparse.Namespace) -> Path | None:
    """The folder to read; None: generate.

    Raises:
        SystemExit: The folder that was named is not there.
    """
    if args.annotations is None:
        return SAMPLE if SAMPLE.is_dir() else None
    if not args.annotations.is_dir():
        raise SystemExit(f"--annotations: {args.annotations} is no folder")
    return args.annotations


def pose_videos(folder: Path | None) -> tuple[str, list[Video]]:
    """What the data are, in words, and the poses of each frame of each video."""
    if folder is None:
        return GENERATED, [crowd(PEOPLE, FRAMES, seed=number) for number in range(VIDEOS)]
    videos = sorted(load_videos(folder), key=lambda video: video.video_id)
    return f"real: {len(videos)} videos of {folder}", read_poses(videos)


def read_poses(videos: list[VideoAnnotation]) -> list[Video]:
    """The annotated poses of each frame, as an estimator would give them."""
    result = []
    for video in videos:
        frames = []
        for index, frame in enumerate(video.frames):
            keypoints = np.array([p.keypoints for p in frame.people], np.float32)
            keypoints = keypoints.reshape(-1, 17, 3)
            poses = People.create(
                keypoints=keypoints[..., :2],
                keypoint_scores=keypoints[..., 2],
                boxes=np.array([p.box for p in frame.people], np.float32).reshape(-1, 4),
            )
            meta = dict(
                video_id=video.video_id,
                frame_index=index,
                num_frames=len(video.frames),
                frame_size=frame.size,
            )
            frames.append((PoseDataSample(metainfo=meta), poses))
        result.append(frames)
    return result


def crowd(people: int, length: int, *, stay: int | None = None, seed: int = 0) -> Video:
    """A video of people who walk straight on, with some noise; its name is ``v`` and the seed.

    Args:
        people: In each frame.
        length: Frames.
        stay: Frames after which a person is replaced by another one elsewhere, people in turn.
            None: all stay.
        seed: The same seed gives the same people.
    """
    rng = np.random.default_rng(seed)
    shape = random_poses(people, seed=seed, size=SIZE).keypoints
    shape = (shape - shape.mean(1, keepdims=True)) * min(1, np.sqrt(10 / people))
    place = rng.uniform(0.1, 0.9, (people, 1, 2)) * SIZE
    speed = rng.normal(0, 2, (people, 1, 2))
    start = np.zeros((people, 1, 1))
    video = []
    for index in range(length):
        if stay:
            new = (index + np.arange(people) * stay // people) % stay == 0
            place[new] = rng.uniform(0.1, 0.9, (int(new.sum()), 1, 2)) * SIZE
            start[new] = index
        keypoints = shape + place + speed * (index - start) + rng.normal(0, 1, shape.shape)
        meta = dict(video_id=f"v{seed}", frame_index=index, num_frames=length, frame_size=SIZE)
        video.append((PoseDataSample(metainfo=meta), People.create(keypoints=keypoints)))
    return video
