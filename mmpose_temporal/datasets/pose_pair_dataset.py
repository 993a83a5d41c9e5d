"""Pairs of poses, for learning which of them are the same person."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from mmengine.dataset import force_full_init
from mmpose.registry import DATASETS

from mmpose_temporal.utils import safe_join

from .left_out import say_left_out
from .pose_pairs import PairTable, PoseTable, find_pairs
from .posetrack_base import PoseTrackBase


@DATASETS.register_module()
class PosePairDataset(PoseTrackBase):
    """One item is a pose at t and a pose of the same video at t - d, 1 <= d <= delta.

    Matching pairs are all pairs of poses with one track id; non-matching pairs are other people
    of the frame at t - d. There are more of these: draw with :class:`BalancedPairSampler`.
    Source: Snower et al., 15 Keypoints Is All You Need, CVPR 2020, 3.2 and A.4; which people
    make non-matching pairs is a choice (the paper says only that they are of the same frames).

    An item has, before the pipeline: ``keypoints`` (2, K, 2) float32, ``keypoint_scores``
    (2, K) float32 (0: absent; annotated joints score 1), ``boxes`` (2, 4) float32 xyxy, in this
    order the pose at t and the one at t - d; ``frame_size`` (2,) float32, width and height of
    the frame at t, NaN if the file does not have it; ``distance`` (int, d), ``label`` (int, 1:
    the same person), ``video_id``, ``img_ids`` (2,) int64, ``img_paths`` (two str),
    ``annotated_sizes`` (width and height of each frame, or None), ``track_ids`` (2,) int64,
    ``dataset_name`` and ``flip_indices``. Coordinates are image pixels; K is the full layout.

    Distance counts frames in which people are detected, which is a tracker's clock: frames
    without labels and people are skipped (choice). Images are not opened, unless by
    :class:`LoadPairCrops`.

    Args:
        delta: Longest distance in frames.
        strides: Frame-rate change: for each s all pairs that lie d * s frames apart are items of
            distance d, as if the video ran s times as fast. The default is the file's rate.
        negatives: ``'near'``: of the other people at t - d the ``nearest`` ones; ``'any'``: all.
        nearest: Number of these; only with ``'near'``.
        min_joints: Poses with fewer joints are left out; :attr:`left_out` counts them, and groups
            (``iscrowd``), by reason, which is logged.
        **kwargs: See :class:`PoseTrackBase`; ``ann_file`` are annotations, or predictions with
            the true ids.

    Raises:
        ValueError: Options out of their range, broken annotations, or no pair of one class.
        FileNotFoundError: The annotations are missing, or an image whose size is asked for.
    """

    def __init__(
        self,
        *,
        delta: int = 4,
        strides: Sequence[int] = (1,),
        negatives: Literal["near", "any"] = "near",
        nearest: int = 3,
        min_joints: int = 1,
        **kwargs: Any,
    ):
        if negatives not in ("near", "any"):
            raise ValueError(f"negatives must be 'near' or 'any', got {negatives!r}")
        for name, value in (("delta", delta), ("nearest", nearest), ("min_joints", min_joints)):
            if value < 1:
                raise ValueError(f"{name} must be 1 or more, got {value}")
        if not strides or min(strides) < 1 or len(set(strides)) < len(strides):
            raise ValueError(f"strides must be different numbers from 1 on, got {strides}")
        self.pair_options = dict(
            delta=delta, strides=tuple(strides), negatives=negatives, nearest=nearest
        )
        self.min_joints = min_joints
        self.poses: PoseTable | None = None
        self.left_out: Counter[str] = Counter()
        # The data are a few arrays already, which workers share.
        super().__init__(serialize_data=False, **kwargs)

    def load_data_list(self) -> PairTable:
        """Read the poses and list the pairs."""
        self.left_out = Counter()
        self.poses = PoseTable.from_videos(
            self.read_videos(), min_joints=self.min_joints, left_out=self.left_out
        )
        say_left_out(self.ann_file, "poses", len(self.poses), self.left_out)
        pairs = find_pairs(self.poses, **self.pair_options)
        if pairs.labels.all() or not pairs.labels.any():
            kind = "non-matching" if len(pairs) and pairs.labels.all() else "matching"
            raise ValueError(
                f"{self.ann_file}: there is no {kind} pair among {len(self.poses)} poses; it "
                "takes labelled frames that follow each other, with ids and at least two people"
            )
        return pairs

    def _get_unserialized_subset(self, indices: Sequence[int] | int) -> PairTable:
        """As in mmengine: the first n, the last n (negative), or the pairs named."""
        if isinstance(indices, int):
            indices = slice(indices) if indices >= 0 else slice(indices, None)
        return self.data_list[indices]

    @force_full_init
    def pair_labels(self) -> np.ndarray:
        """(E,) bool: the class of every item, True for the same person."""
        return self.data_list.labels

    @force_full_init
    def get_data_info(self, idx: int) -> dict:
        """The item without the pipeline, see the class."""
        pairs, poses = self.data_list, self.poses
        rows = np.array([pairs.current[idx], pairs.previous[idx]])
        frames = poses.frames[rows]
        return dict(
            sample_idx=idx if idx >= 0 else len(self) + idx,
            keypoints=poses.keypoints[rows],
            keypoint_scores=poses.keypoint_scores[rows],
            boxes=poses.boxes[rows],
            frame_size=poses.frame_sizes[frames[0]].copy(),
            annotated_sizes=[poses.stated_size(frame) for frame in frames],
            distance=int(pairs.distances[idx]),
            label=int(pairs.labels[idx]),
            video_id=poses.video_ids[poses.videos[frames[0]]],
            img_ids=poses.image_ids[frames],
            img_paths=[str(safe_join(self.data_root, poses.file_names[f])) for f in frames],
            track_ids=poses.track_ids[rows],
            dataset_name=self._metainfo["dataset_name"],
            flip_indices=self._metainfo["flip_indices"],
            skeleton=self.skeleton,
        )
