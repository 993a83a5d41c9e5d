"""Poses per second of the IoU and OKS trackers on poses without images.

Ours: what PoseOnlyTracker does with the poses of a frame (thresholds, suppression, association,
track life), with the settings of configs/_base_/models/oks_tracker.py (oks), with IoU instead
(iou), and with the association of the same file that is as published (published_oks).
Reference: a plain loop over frames, numpy IoU and scipy's Hungarian algorithm, nothing else.
"""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from common import arguments, emit, only_rows, start
from mmengine.config import Config
from mmpose.registry import MODELS
from mmpose.utils import register_all_modules
from pose_videos import Video, add_annotations, annotation_folder, pose_videos
from scipy.optimize import linear_sum_assignment

ROOT = Path(__file__).resolve().parents[1]
TRACKER = ROOT / "configs" / "_base_" / "models" / "oks_tracker.py"
TARGET = ">= 40000"


def plain_reference(videos: list[Video]) -> None:
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


def build_tracker(row: str):
    """The tracker of known poses of a row."""
    config = Config.fromfile(TRACKER)
    settings = dict(config.tracker, type="PoseOnlyTracker")
    if row == "iou":
        settings["association"]["similarity"] = dict(type="IoUSimilarity")
    if row == "published_oks":
        settings["association"] = config.published_oks_association
    return MODELS.build(settings)


def track_all(tracker, videos: list[Video]) -> None:
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
    add_annotations(parser)
    args = parser.parse_args()
    folder = annotation_folder(args)
    with only_rows():
        register_all_modules()
        bench(*pose_videos(folder), repeats=5 if args.quick else 15)


def bench(data: str, frames: list[Video], repeats: int) -> None:
    """All rows."""
    poses = sum(len(people) for video in frames for _, people in video)
    plain = rates(lambda: plain_reference(frames), poses, repeats)
    reference = f"plain numpy IoU + scipy Hungarian on {poses} poses"
    for row in ("iou", "oks", "published_oks"):
        tracker = build_tracker(row)
        ours = rates(lambda tracker=tracker: track_all(tracker, frames), poses, repeats)
        emit(
            f"{row}_poses_per_s",
            ours,
            unit="poses/s",
            target=TARGET,
            reference=reference,
            data=data,
            digits=0,
        )
        emit(
            f"{row}_share_of_plain",
            [a / b for a, b in zip(ours, plain, strict=True)],
            unit="x",
            target=None,
            reference=reference,
            data=data,
        )
    emit(
        "plain_poses_per_s",
        plain,
        unit="poses/s",
        target=None,
        reference="itself",
        data=data,
        digits=0,
    )


if __name__ == "__main__":
    start(main)
