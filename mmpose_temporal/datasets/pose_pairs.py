"""All poses of some videos as arrays, and the pairs of them that matching learns from."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mmpose_temporal.posetrack import FrameAnnotation, VideoAnnotation, frame_poses
from mmpose_temporal.structures import People

from .left_out import CROWD, FEW_KEYPOINTS


@dataclass(frozen=True, slots=True, eq=False)
class PoseTable:
    """The P poses of F frames, ordered by video, frame and place in the file.

    Frames in which people are not detected (unlabelled and without people) are left out, as they
    do not move the clock of a tracker. Coordinates are image pixels.

    Attributes:
        keypoints: (P, K, 2) float32.
        keypoint_scores: (P, K) float32; 0: absent.
        boxes: (P, 4) float32, xyxy.
        track_ids: (P,) int64, ids of the people, each counted within its video.
        frames: (P,) int32, row of the frame that a pose lies in.
        frame_sizes: (F, 2) float32, width and height of the frames; NaN if unknown.
        image_ids: (F,) int64.
        videos: (F,) int32, ascending, index into ``video_ids``.
        video_ids: Names of the videos.
        file_names: Of the F frames, as in the file, relative to the data root; empty if they
            are not asked for.
    """

    keypoints: np.ndarray
    keypoint_scores: np.ndarray
    boxes: np.ndarray
    track_ids: np.ndarray
    frames: np.ndarray
    frame_sizes: np.ndarray
    image_ids: np.ndarray
    videos: np.ndarray
    video_ids: tuple[str, ...]
    file_names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.track_ids)

    @classmethod
    def from_videos(
        cls,
        videos: Sequence[VideoAnnotation],
        *,
        min_joints: int = 1,
        left_out: Counter[str] | None = None,
    ) -> "PoseTable":
        """Collect the poses of videos (at least one).

        Args:
            videos: From :func:`~.load_videos`, with ids.
            min_joints: Poses with fewer joints are left out. Groups (``iscrowd``) always are.
            left_out: Counts these, by reason.

        Raises:
            ValueError: No frame is labelled.
        """
        searched = [
            (number, frame)
            for number, video in enumerate(videos)
            for frame in video.frames
            if was_searched(frame)
        ]
        if not searched:
            raise ValueError("no frame of the videos is labelled")
        crowds = [np.array([p.is_crowd for p in f.people], dtype=bool) for _, f in searched]
        parts = [frame_poses(f)[~c] for (_, f), c in zip(searched, crowds, strict=True)]
        owners = np.repeat(np.arange(len(parts), dtype=np.int32), [len(p) for p in parts])
        poses = People.cat(parts)
        used = (poses.keypoint_scores > 0).sum(1) >= min_joints
        if left_out is not None:
            left_out[CROWD] += int(sum(c.sum() for c in crowds))
            left_out[FEW_KEYPOINTS] += int((~used).sum())
        poses, owners = poses[used], owners[used]
        unknown = (np.nan, np.nan)
        return cls(
            keypoints=poses.keypoints,
            keypoint_scores=poses.keypoint_scores,
            boxes=poses.boxes,
            track_ids=poses.track_ids,
            frames=owners,
            frame_sizes=np.array([f.size or unknown for _, f in searched], np.float32),
            image_ids=np.array([f.image_id for _, f in searched], np.int64),
            videos=np.array([number for number, _ in searched], np.int32),
            video_ids=tuple(video.video_id for video in videos),
            file_names=tuple(f.file_name for _, f in searched),
        )

    def stated_size(self, frame: int) -> tuple[int, int] | None:
        """(width, height) of a row of ``frame_sizes``; None if unknown."""
        width, height = self.frame_sizes[frame].tolist()
        return None if np.isnan(width) else (int(width), int(height))

    @property
    def centers(self) -> np.ndarray:
        """(P, 2) float32: mean of the joints that are present."""
        present = (self.keypoint_scores > 0)[..., None]
        total = np.where(present, self.keypoints, 0).sum(1)
        return total / np.maximum(present.sum(1), 1)


@dataclass(frozen=True, slots=True, eq=False)
class PairTable:
    """E pairs of poses.

    Attributes:
        current: (E,) int32, row of the pose at t.
        previous: (E,) int32, row of the pose at t - d.
        distances: (E,) int16, d in frames.
        labels: (E,) bool, whether both are the same person.
    """

    current: np.ndarray
    previous: np.ndarray
    distances: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: np.ndarray | slice | Sequence[int]) -> "PairTable":
        """Select pairs by a mask, an array of indices or a slice."""
        index = index if isinstance(index, slice) else np.asarray(index)
        return PairTable(*(getattr(self, name)[index] for name in self.__slots__))

    @classmethod
    def cat(cls, parts: Sequence["PairTable"]) -> "PairTable":
        """All pairs of ``parts`` (at least one), in order."""
        return cls(*(np.concatenate([getattr(p, name) for p in parts]) for name in cls.__slots__))


def was_searched(frame: FrameAnnotation) -> bool:
    """Whether people are detected in a frame: it is labelled, or someone is in it."""
    return frame.is_labeled or bool(frame.people)


def find_pairs(
    poses: PoseTable,
    *,
    delta: int,
    strides: Sequence[int] = (1,),
    negatives: Literal["near", "any"] = "near",
    nearest: int = 3,
) -> PairTable:
    """All pairs within a window of time, each pose with those of the frames before it.

    Args:
        poses: The poses.
        delta: Longest distance, in frames.
        strides: A pair at distance d lies d * s frames apart in the file, for each s.
        negatives: Which other people of the earlier frame are non-matching pairs: the
            ``'near'`` ones, or ``'any'``.
        nearest: With ``'near'``, how many of them, by the distance of the mean joints; of
            equally near ones the first in the file.

    Returns:
        The pairs, by stride, distance and pose.
    """
    counts = np.bincount(poses.frames, minlength=len(poses.image_ids))
    firsts = np.cumsum(counts) - counts
    centers = poses.centers
    parts = []
    for stride in strides:
        for distance in range(1, delta + 1):
            current, previous = _pairs_at(poses, counts, firsts, distance * stride)
            labels = poses.track_ids[current] == poses.track_ids[previous]
            if negatives == "near":
                apart = np.square(centers[current] - centers[previous]).sum(1)
                kept = labels | (_ranks(current, np.where(labels, np.inf, apart)) < nearest)
                current, previous, labels = current[kept], previous[kept], labels[kept]
            distances = np.full(len(labels), distance, np.int16)
            parts.append(PairTable(current, previous, distances, labels))
    return PairTable.cat(parts)


def _pairs_at(
    poses: PoseTable, counts: np.ndarray, firsts: np.ndarray, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of each pose and of everyone ``steps`` frames before it in the same video."""
    earlier = poses.frames - steps
    same_video = poses.videos[earlier.clip(0)] == poses.videos[poses.frames]
    inside = (earlier >= 0) & same_video
    current = np.flatnonzero(inside)
    earlier = earlier[inside]
    sizes = counts[earlier]
    begins = np.cumsum(sizes) - sizes  # where the pairs of each pose begin
    offsets = np.arange(sizes.sum()) - np.repeat(begins, sizes)
    previous = np.repeat(firsts[earlier], sizes) + offsets
    return np.repeat(current, sizes).astype(np.int32), previous.astype(np.int32)


def _ranks(groups: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Rank of each value within its group, from 0; ``groups`` is ascending."""
    order = np.lexsort((values, groups))
    begins = np.searchsorted(groups, groups)  # the sorted groups stay where they are
    ranks = np.empty(len(groups), np.int64)
    ranks[order] = np.arange(len(groups)) - begins
    return ranks
