"""Whole videos of known poses, one frame at a time, without images."""

from pathlib import Path
from typing import Any

import numpy as np
from mmpose.registry import DATASETS

from mmpose_temporal.posetrack import (
    FrameAnnotation,
    VideoAnnotation,
    frame_clocks,
    frame_poses,
    load_videos,
)
from mmpose_temporal.structures import UNTRACKED, People

from .pose_pairs import was_searched
from .posetrack_video_dataset import PoseTrackVideoDataset


@DATASETS.register_module()
class PoseTrackPoseDataset(PoseTrackVideoDataset):
    """One item is one frame of a video with its annotated people and the poses to be tracked.

    For testing and validating a ``PoseOnlyTracker`` in mmengine's loops, in whole videos as
    :class:`PoseTrackVideoDataset` (its ``video_spans`` are what ``VideoSampler`` reads). Images
    are not needed.

    An item has what that class gives without proposals, and: ``frame_poses``
    (:class:`People` without ids), ``known_ids`` (P,) int64, the true ids of these poses or
    -1, ``frame_size`` (width, height) or None if the annotations do not have it, ``searched``
    and ``frame_readable`` (True).

    Args:
        poses: Folder (or file) of poses in the same layout, relative to ``data_root``, with all
            videos used and their labelled frames; frames belong together by image id. Ids in it
            are ignored, and ``known_ids`` is -1 (``MatchKnownIds`` finds them out). None:
            the annotated poses, whose true ids are known.
        **kwargs: See :class:`PoseTrackBase`.

    Raises:
        ValueError: Broken annotations or poses, or ``poses`` lacks a video or a labelled frame.
        FileNotFoundError: Annotations or poses are missing, or an image whose size is asked for.
    """

    def __init__(self, *, poses: str | None = None, **kwargs: Any):
        for name in ("box_source", "bbox_file"):
            if name in kwargs:
                raise ValueError(f"PoseTrackPoseDataset takes no {name}: its poses are known")
        self.pose_file = poses
        super().__init__(box_source="detector", **kwargs)  # no proposals

    def load_data_list(self) -> list[dict]:
        """Read annotations and poses into one dict per frame, in video order."""
        videos = self.read_videos()
        if self.pose_file is None:
            sources = [video.frames for video in videos]
        else:
            sources = self._load_poses(videos)
        return [
            self._pose_item(video, index, source) | clock
            for video, frames in zip(videos, sources, strict=True)
            for (index, source), clock in zip(
                enumerate(frames), frame_clocks(video, self.fps), strict=True
            )
        ]

    def _load_poses(self, videos: list[VideoAnnotation]) -> list[list[FrameAnnotation | None]]:
        """For each frame of each video the one with its poses, None if there is none."""
        path = Path(self.data_root or "", self.pose_file)
        names = [video.video_id for video in videos]
        found = load_videos(
            path,
            videos=names,
            need_ids=False,
            skeleton=self.skeleton,
            frame_order=self.frame_order,
        )
        loaded = {video.video_id: video for video in found}
        sources = []
        for video in videos:
            found = {frame.image_id: frame for frame in loaded[video.video_id].frames}
            missing = [f for f in video.frames if f.is_labeled and f.image_id not in found]
            if missing:
                raise ValueError(
                    f"{path}: video {video.video_id} has no poses of image "
                    f"{missing[0].image_id} ({missing[0].file_name}) and {len(missing) - 1} "
                    "other labelled frames; a frame without people must be listed too"
                )
            sources.append([found.get(frame.image_id) for frame in video.frames])
        return sources

    def _pose_item(
        self, video: VideoAnnotation, index: int, source: FrameAnnotation | None
    ) -> dict:
        item = self._frame_item(video, index, None)
        poses = People.empty(len(self.skeleton)) if source is None else frame_poses(source)
        nobody = np.full(len(poses), UNTRACKED, np.int64)
        item.update(
            frame_poses=poses.replace(track_ids=nobody),
            known_ids=poses.track_ids if self.pose_file is None else nobody,
            frame_size=video.frames[index].size,
            searched=source is not None and was_searched(source),
            frame_readable=True,
        )
        return item
