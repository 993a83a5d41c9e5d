"""COCO keypoint results: one JSON list for all videos."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from mmpose_temporal.utils import write_json

from .tracks import VideoTracks

COCO_LOSES = (
    "COCO results have no frames without people, no image names and sizes, no people without "
    "joints, and one score per person (mean joint score times box score) instead of two; the "
    "person boxes are lost; track_id is an additional field"
)
"""What the format cannot hold."""


def coco_results(tracks: VideoTracks) -> list[dict]:
    """The people of one video as COCO keypoint results.

    Keypoints are those of the tracks in their order (PoseTrack's 17 are not COCO's), as x, y,
    score; an absent joint is 0, 0, 0. As in mmpose's result files, the third number is the
    joint's score.

    Returns:
        ``{image_id, category_id: 1, keypoints (3 K), score, track_id}`` for each person that has a
        joint.
    """
    results = []
    for frame in tracks.frames:
        poses = frame.poses
        present = poses.keypoint_scores > 0
        rows = np.concatenate([poses.keypoints, poses.keypoint_scores[..., None]], axis=2)
        rows = np.where(present[..., None], rows, 0).astype(np.float64)
        rows = rows.reshape(len(poses), 3 * rows.shape[1])
        people = zip(
            rows.tolist(),
            poses.pose_scores.astype(np.float64).tolist(),
            poses.track_ids.tolist(),
            present.any(1).tolist(),
            strict=True,
        )
        results += [
            {
                "image_id": int(frame.image_id),
                "category_id": 1,
                "keypoints": keypoints,
                "score": score,
                "track_id": track_id,
            }
            for keypoints, score, track_id, has_joints in people
            if has_joints
        ]
    return results


def write_coco_results(path: str | Path, videos: Iterable[VideoTracks]) -> int:
    """Write the results of many videos to one file, atomically; see :func:`coco_results`.

    Returns:
        How many people were written.

    Raises:
        ValueError: Two videos share an image id, so their people could not be distinguished.
    """
    results: list[dict] = []
    owner: dict[int, str] = {}
    for tracks in videos:
        for frame in tracks.frames:
            known = owner.setdefault(int(frame.image_id), tracks.video_id)
            if known != tracks.video_id:
                raise ValueError(
                    f"videos {known} and {tracks.video_id} share the image id {frame.image_id}"
                )
        results += coco_results(tracks)
    write_json(path, results)
    return len(results)
