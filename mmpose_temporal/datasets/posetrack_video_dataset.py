"""Whole videos, one frame at a time, for testing trackers."""

from collections import Counter
from pathlib import Path
from typing import Any, Literal

import numpy as np
from mmengine.dataset import force_full_init
from mmpose.registry import DATASETS

from mmpose_temporal.posetrack import (
    FrameAnnotation,
    VideoAnnotation,
    frame_clocks,
    load_videos,
)
from mmpose_temporal.utils import safe_join, warn_once
from mmpose_temporal.utils.checkpoints import some

from .detections import PERSON_CATEGORY, read_detections
from .posetrack_base import PoseTrackBase

ALL = dict(videos=None, frames=None, frame_step=1)
"""The selection of a whole data set."""


@DATASETS.register_module()
class PoseTrackVideoDataset(PoseTrackBase):
    """One item is one frame of a video with all its people.

    Frames of a video follow each other; a video's frames are never mixed with another's (the
    interleaving for batches is :class:`VideoSampler`'s). Besides what the pipeline loads,
    each item has ``img_id``, ``img_path``, ``video_id``, ``frame_index`` (position in the video,
    from 0), ``num_frames``, ``frame_name``, ``frame_id``, what :func:`frame_clocks`
    knows of its time (``frame_number``, ``frame_step``, ``time``), ``is_labeled``,
    ``ignore_regions``, the
    ground truth (``bboxes`` (M, 4) xyxy, ``keypoints`` (M, K, 2), ``keypoints_visible``
    (M, K), ``head_boxes`` (M, 4) xyxy, ``track_ids`` (M,), and where the annotations of all M
    people say it ``keypoints_hidden`` (M, K) bool) and, unless a detector finds the
    people, ``proposals`` (P, 4) xyxy with ``proposal_scores`` (P,). Coordinates are image
    pixels.

    Args:
        box_source: Where the boxes come from. ``'gt'``: the annotated boxes of people with an
            annotated joint (a person without one cannot be scored: choice), cut at the frame's
            border as mmpose does; unlabelled frames have no people. ``'file'``: the boxes of
            ``bbox_file``. ``'detector'``: no proposals, the model has a detector.
        bbox_file: COCO-style detections ``[{image_id, category_id, bbox, score}]``, relative to
            ``data_root``.
        bbox_category: The ``category_id`` of people in ``bbox_file``, 1 by default; boxes of other
            categories are left out, which is logged.
        crowd_size: Use only crowded videos: those with more than this number of annotated people
            in the mean over their selected frames that are labelled. 8 is PTM's crowd subset
            (Table 2). None: all videos.
        fps: Frames per second of the frames' numbers, for ages in seconds. None: the files'
            ``time`` of the images, if they have it.
        test_mode: As in mmengine; a tracker is tested, so True is the default.
        **kwargs: See :class:`PoseTrackBase`.

    Raises:
        ValueError: Options that do not fit each other, broken annotations, detections of
            unknown images, a path outside ``data_root``, no crowded video.
        FileNotFoundError: Annotations, detections, or the first frames of all videos are
            missing.
    """

    def __init__(
        self,
        *,
        box_source: Literal["gt", "file", "detector"] = "gt",
        bbox_file: str | None = None,
        bbox_category: int | None = None,
        crowd_size: float | None = None,
        fps: float | None = None,
        test_mode: bool = True,
        **kwargs: Any,
    ):
        if box_source not in ("gt", "file", "detector"):
            raise ValueError(f"box_source must be 'gt', 'file' or 'detector', got {box_source!r}")
        if (bbox_file is not None) != (box_source == "file"):
            raise ValueError(
                f"bbox_file goes with box_source='file': got box_source={box_source!r} and "
                f"bbox_file={bbox_file!r}"
            )
        if bbox_category is not None and bbox_file is None:
            raise ValueError(f"bbox_category={bbox_category} goes with bbox_file")
        self.box_source = box_source
        self.bbox_file = bbox_file
        self.bbox_category = PERSON_CATEGORY if bbox_category is None else bbox_category
        self.crowd_size = crowd_size
        self.fps = fps
        super().__init__(test_mode=test_mode, **kwargs)

    def read_videos(self, ann_file: str | Path | None = None) -> list[VideoAnnotation]:
        """See :class:`PoseTrackBase`; with ``crowd_size`` the crowded ones."""
        videos = super().read_videos(ann_file)
        if self.crowd_size is None:
            return videos
        means = [video.people_per_frame for video in videos]
        if max(means) <= self.crowd_size:
            raise ValueError(
                f"{self.ann_file if ann_file is None else ann_file}: no video has more than "
                f"{self.crowd_size:g} people per frame (crowd_size), the most crowded of "
                f"{len(videos)} has {max(means):.3g}"
            )
        return [video for video, mean in zip(videos, means, strict=True) if mean > self.crowd_size]

    def load_data_list(self) -> list[dict]:
        """Read annotations and proposals into one dict per frame, in video order."""
        videos = self.read_videos()
        proposals = self._load_proposals(videos)
        items = [
            self._frame_item(video, index, proposals) | clock
            for video in videos
            for index, clock in enumerate(frame_clocks(video, self.fps))
        ]
        firsts = [item["img_path"] for item in items if item["frame_index"] == 0]
        if not any(Path(path).is_file() for path in firsts):
            raise FileNotFoundError(
                f"no video has its first frame: {firsts[0]} and the {len(firsts) - 1} others do "
                f"not exist; is data_root={self.data_root!r} right?"
            )
        return items

    def _frame_item(
        self,
        video: VideoAnnotation,
        index: int,
        proposals: dict[int, tuple[np.ndarray, np.ndarray]] | None,
    ) -> dict:
        frame = video.frames[index]
        item = dict(
            img_id=frame.image_id,
            img_path=str(safe_join(self.data_root, frame.file_name)),
            video_id=video.video_id,
            frame_index=index,
            num_frames=len(video.frames),
            frame_name=frame.file_name,
            frame_id=frame.frame_id,
            is_labeled=frame.is_labeled,
            ignore_regions=frame.ignore_regions,
            annotated_size=frame.size,
            # there are no annotated boxes in a frame without labels
            searched=self.box_source != "gt" or frame.is_labeled,
            clip_proposals=self.box_source == "gt",
            **_ground_truth(frame),
        )
        if self.box_source == "gt":
            shown = item["keypoints_visible"].any(1)
            item["proposals"] = item["bboxes"][shown]
            item["proposal_scores"] = np.ones(int(shown.sum()), np.float32)
        elif proposals is not None:
            item["proposals"], item["proposal_scores"] = proposals.get(
                frame.image_id, (np.zeros((0, 4), np.float32), np.zeros(0, np.float32))
            )
        return item

    def _load_proposals(
        self, videos: list[VideoAnnotation]
    ) -> dict[int, tuple[np.ndarray, np.ndarray]] | None:
        if self.box_source != "file":
            return None
        path = Path(self.data_root or "", self.bbox_file)
        # Detections of frames that videos=, frames=, frame_step= or crowd_size= leave out are no
        # error, so they are checked against everything that is annotated.
        everything = videos
        if self.selection != ALL or self.crowd_size is not None:
            everything = load_videos(
                self.ann_file, skeleton=self.skeleton, frame_order=self.frame_order
            )
        ids = [frame.image_id for video in everything for frame in video.frames]
        known = set(ids)
        if len(known) < len(ids):
            repeated = next(image_id for image_id, count in Counter(ids).items() if count > 1)
            raise ValueError(
                f"{self.ann_file}: image id {repeated} is in several videos, so a detection file "
                "cannot say which one it means; give every frame of the data set its own id"
            )
        proposals = read_detections(path, known, category=self.bbox_category)
        without = [
            v.video_id for v in videos if not any(f.image_id in proposals for f in v.frames)
        ]
        if without:
            warn_once(
                f"{path} has no boxes of people in {len(without)} of {len(videos)} videos "
                f"({some(without)}): nobody is found in them"
            )
        return proposals

    @force_full_init
    def video_spans(self) -> dict[str, range]:
        """Video id -> range of its item indices, in order."""
        spans: dict[str, range] = {}
        index = 0
        while index < len(self):
            item = self.get_data_info(index)
            spans[item["video_id"]] = range(index, index + item["num_frames"])
            index += item["num_frames"]
        return spans

    def get_data_info(self, idx: int) -> dict:
        """The item with the metainfo that pipelines and models read."""
        info = super().get_data_info(idx)
        for key in ("dataset_name", "flip_indices"):
            info[key] = self._metainfo[key]
        info["skeleton"] = self.skeleton
        return info


def _ground_truth(frame: FrameAnnotation) -> dict[str, np.ndarray]:
    people = frame.people
    keypoints = np.array([p.keypoints for p in people], np.float32)
    keypoints = keypoints.reshape(-1, len(frame.skeleton), 3)
    hidden = [p.keypoints_hidden for p in people]
    known = bool(people) and all(mask is not None for mask in hidden)
    return dict(
        bboxes=np.array([p.box for p in people], np.float32).reshape(-1, 4),
        keypoints=keypoints[..., :2],
        keypoints_visible=keypoints[..., 2],
        head_boxes=np.array([p.head_box for p in people], np.float32).reshape(-1, 4),
        track_ids=np.array([p.track_id for p in people], np.int64),
        **(dict(keypoints_hidden=np.array(hidden)) if known else {}),
    )
