"""What a tracker compares in one frame of a video, for pictures of it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mmengine.model import BaseModel
from torch import nn

from mmpose_temporal.datasets import LoadVideoFrame, VideoAnnotation, frame_poses, frame_sample
from mmpose_temporal.models import PoseEntailment
from mmpose_temporal.models.similarities import KeypointMatchingSimilarity, Representation
from mmpose_temporal.models.trackers import Comparison
from mmpose_temporal.structures import (
    UNTRACKED,
    CallbackObserver,
    FramePacket,
    People,
    select_all,
)
from mmpose_temporal.utils import safe_join


@dataclass(frozen=True, slots=True)
class KeypointMatches:
    """The keypoints of P people in a frame and in the previous one with detection.

    Attributes:
        track_ids: (P,) int64, ascending.
        earlier: (P, K, 2) float32, image pixels of the previous frame.
        keypoints: (P, K, 2) float32, image pixels of the frame.
        probabilities: (P, K) float32 in [0, 1], of Eq. 5 of TKMR: the two are of one person; NaN
            if one of them is absent, or does not count.
    """

    track_ids: np.ndarray
    earlier: np.ndarray
    keypoints: np.ndarray
    probabilities: np.ndarray


@dataclass(frozen=True, slots=True)
class FrameMatches:
    """The people of a frame and the poses that are remembered.

    Attributes:
        poses: The M people that are left after thresholds and suppression, with the ids they
            get (-1: none).
        remembered: The E remembered poses with their ids.
        ages: (E,) int64 frames since each was seen, on the clock of the tracks.
        scores: (M, E) float32 similarities; NaN if a gate stops a pair.
        current: What the similarity knows about the people.
        previous: What it knows about the remembered poses.
    """

    poses: People
    remembered: People
    ages: np.ndarray
    scores: np.ndarray
    current: Representation
    previous: Representation

    def attention(self, similarity: nn.Module, row: int, column: int) -> np.ndarray:
        """Attention between a person of the frame and a remembered pose.

        Args:
            similarity: The tracker's.
            row: Of ``poses``.
            column: Of ``remembered``.

        Returns:
            (layers, heads, 2J, 2J) float32, see :meth:`PoseEntailment.attention`.

        Raises:
            TypeError: The similarity has no attention between two poses.
        """
        if not isinstance(similarity, PoseEntailment):
            raise TypeError(
                "attention between two poses is PoseEntailment's; the tracker compares by "
                f"{type(similarity).__name__}"
            )
        chosen = ((self.current, row), (self.previous, column))
        pair = [select_all(rows, np.array([index])) for rows, index in chosen]
        return similarity.attention(*pair)[0]

    def keypoint_matches(self, similarity: nn.Module) -> KeypointMatches:
        """The people who had their id in the previous frame with detection, keypoint by keypoint.

        Args:
            similarity: The tracker's.

        Raises:
            TypeError: The similarity does not compare single keypoints.
        """
        if not isinstance(similarity, KeypointMatchingSimilarity):
            raise TypeError(
                "probabilities of single keypoints are KeypointMatchingSimilarity's (TKM); the "
                f"tracker compares by {type(similarity).__name__}"
            )
        newest = np.flatnonzero(self.ages == 1)
        known = np.flatnonzero(self.poses.track_ids != UNTRACKED)
        ids, rows, columns = np.intersect1d(
            self.poses.track_ids[known],
            self.remembered.track_ids[newest],
            assume_unique=True,
            return_indices=True,
        )
        rows, columns = known[rows], newest[columns]
        earlier, keypoints = self.remembered.keypoints[columns], self.poses.keypoints[rows]
        found = np.zeros((0, keypoints.shape[1]), np.float32)
        if len(ids):
            found = similarity.probabilities(self.current, self.previous, rows, columns)
        return KeypointMatches(ids, earlier, keypoints, found)


class MatchesObserver(CallbackObserver):
    """Watches one frame of a video.

    Args:
        index: Position of the frame in the video.

    Attributes:
        found: What was compared there; None: the frame was not associated yet.
    """

    def __init__(self, index: int):
        super().__init__(wants=lambda packet: packet.index == index, associated=self._take)
        self.found: FrameMatches | None = None

    def _take(self, packet: FramePacket) -> None:
        self.found = frame_matches_of(packet.comparison)


def frame_matches_of(comparison: Comparison) -> FrameMatches:
    """What association compared in a frame, as arrays for pictures."""
    tracks = comparison.tracks
    return FrameMatches(
        poses=comparison.people,
        remembered=tracks.people if len(tracks) else comparison.people[:0],
        ages=comparison.tick - tracks.last_seen,
        scores=comparison.masked_scores(),
        current=comparison.current,
        previous=tracks.representation if len(tracks) else {},
    )


def frame_matches(
    tracker: BaseModel, video: VideoAnnotation, index: int, *, images: str | Path | None = None
) -> FrameMatches:
    """Track a video up to a frame and report what is compared there.

    Args:
        tracker: From :func:`build_pose_only_tracker`.
        video: Poses; ids in it are ignored.
        index: Position of the frame in the video.
        images: Folder that the frames' paths begin in, for a tracker that looks at them.

    Raises:
        ValueError: There is no such frame, or people are not detected in it.
    """
    if not 0 <= index < len(video.frames):
        raise ValueError(
            f"video {video.video_id} has the frames 0 to {len(video.frames) - 1}, got {index}"
        )
    load = LoadVideoFrame(on_error="raise")
    watched = MatchesObserver(index)
    tracker.observers.append(watched)
    try:
        for position in range(index + 1):
            frame, sample = video.frames[position], frame_sample(video, position)
            image = None
            if images is not None and sample.searched:
                path = str(safe_join(images, frame.file_name))
                item = dict(img_path=path, video_id=video.video_id, frame_index=position)
                image = load(dict(item, annotated_size=frame.size))["img"]
            tracker.track(sample, frame_poses(frame), image)
    finally:
        tracker.observers.remove(watched)
        tracker.reset()
    if watched.found is None:
        raise ValueError(f"video {video.video_id}: frame {index} is not labeled: nobody in it")
    return watched.found
