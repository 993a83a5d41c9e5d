"""Poses per second of the IoU and OKS trackers on poses without images.

Ours: what PoseOnlyTracker does with the poses of a frame (thresholds, suppression, association,
track life), with the settings of configs/_base_/models/oks_tracker.py and of its IoU sibling.
Reference: a plain loop over frames, numpy IoU and scipy's Hungarian algorithm, nothing else.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from common import arguments, emit
from mmengine.config import Config
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from mmpose.utils import register_all_modules
from scipy.optimize import linear_sum_assignment

from mmpose_temporal.datasets import VideoAnnotation, load_videos
from mmpose_temporal.structures import People
from mmpose_temporal.testing import write_tiny_posetrack

ROOT = Path(__file__).resolve().parents[1]
TRACKER = ROOT / "configs" / "_base_" / "models" / "oks_tracker.py"
TARGET = ">= 40000"


def read_poses(videos: list[VideoAnnotation]) -> list[list[tuple[PoseDataSample, People]]]:
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


def plain_reference(videos: list[list[tuple[PoseDataSample, People]]]) -> None:
    """Per frame: IoU with the previous frame, Hungarian, new ids for the rest."""
    for frames in videos:
        boxes, ids, following = np.zeros((0, 4), np.float32), np.zeros(0, np.int64), 0
        for _, poses in frames:
            now = poses.boxes
            low = np.maximum(now[:, None, :2], boxes[None, :, :2])
            high = np.minimum(now[:, None, 2:], boxes[None, :, 2:])
            sides = np.clip(high - low, 0, None)
            shared = sides[..., 0] * sides[..., 1]
            area_now = (now[:, 2:] - now[:, :2]).prod(1)
            area_before = (boxes[:, 2:] - boxes[:, :2]).prod(1)
            iou = shared / (area_now[:, None] + area_before[None] - shared)
            rows, columns = linear_sum_assignment(-iou)
            good = iou[rows, columns] >= 0.3
            new_ids = np.full(len(now), -1)
            new_ids[rows[good]] = ids[columns[good]]
            fresh = np.flatnonzero(new_ids < 0)
            new_ids[fresh] = np.arange(following, following + len(fresh))
            following += len(fresh)
            boxes, ids = now, new_ids


def build_tracker(similarity: str):
    """A tracker of known poses with the shipped settings."""
    settings = dict(Config.fromfile(TRACKER).tracker, type="PoseOnlyTracker")
    settings["association"]["similarity"] = dict(type=similarity)
    return MODELS.build(settings)


def track_all(tracker, videos: list[list[tuple[PoseDataSample, People]]]) -> None:
    """Every video, frame by frame."""
    for frames in videos:
        for sample, poses in frames:
            tracker.track(sample, poses)


def rates(function: Callable[[], None], poses: int, repeats: int) -> list[float]:
    """Poses per second of each repeat, after one to warm up."""
    function()
    result = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        result.append(poses / (time.perf_counter() - start))
    return result


def main() -> None:
    """Run."""
    parser = arguments(__doc__.split("\n")[0])
    parser.add_argument(
        "--annotations",
        type=Path,
        default=ROOT.parent / "shared/data/multiperson_posetrack/annotations/val",
        help="folder of PoseTrack18 JSON files; without it, small generated videos",
    )
    args = parser.parse_args()
    register_all_modules()
    if args.annotations.is_dir():
        name, videos = str(args.annotations.name), load_videos(args.annotations)
    else:
        name = "generated"
        with tempfile.TemporaryDirectory() as folder:
            write_tiny_posetrack(folder, videos={"a": 200, "b": 200}, people=3)
            videos = load_videos(Path(folder, "annotations", "val"))
    frames = read_poses(videos)
    poses = sum(len(people) for video in frames for _, people in video)
    repeats = 5 if args.quick else 15
    plain = rates(lambda: plain_reference(frames), poses, repeats)
    reference = f"plain numpy IoU + scipy Hungarian on {poses} poses ({name})"
    for similarity, row in (("IoUSimilarity", "iou"), ("OKSSimilarity", "oks")):
        tracker = build_tracker(similarity)
        ours = rates(lambda tracker=tracker: track_all(tracker, frames), poses, repeats)
        emit(
            f"{row}_poses_per_s",
            ours,
            unit="poses/s",
            target=TARGET,
            reference=reference,
            digits=0,
        )
        emit(
            f"{row}_share_of_plain",
            [a / b for a, b in zip(ours, plain, strict=True)],
            unit="x",
            target=None,
            reference=reference,
        )
    emit("plain_poses_per_s", plain, unit="poses/s", target=None, reference="itself", digits=0)


if __name__ == "__main__":
    main()
