"""Pairs of poses, for learning which of them are the same person."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Literal

import numpy as np
from mmengine.dataset import BaseDataset, force_full_init
from mmpose.registry import DATASETS

from mmpose_temporal.structures import posetrack_metainfo
from mmpose_temporal.utils import safe_join

from .frame_sizes import with_frame_sizes
from .pose_pairs import PairTable, PoseTable, find_pairs
from .posetrack_json import load_videos


@DATASETS.register_module()
class PosePairDataset(BaseDataset):
    """One item is a pose at t and a pose of the same video at t - d, 1 <= d <= delta.

    Matching pairs are all pairs of poses with one track id; non-matching pairs are other people
    of the frame at t - d. There are more of these: draw with :class:`BalancedPairSampler`.
    Source: Snower et al., 15 Keypoints Is All You Need, CVPR 2020, 3.2 and A.4; which people
    make non-matching pairs is a choice (the paper says only that they are of the same frames).

    An item has, before the pipeline: ``keypoints`` (2, K, 2) float32, ``keypoint_scores``
    (2, K) float32 (0: absent; annotated joints score 1), ``boxes`` (2, 4) float32 xyxy, in this
    order the pose at t and the one at t - d; ``frame_size`` (2,) float32, width and height of
    the frame at t, NaN where the file does not say; ``distance`` (int, d), ``label`` (int, 1:
    the same person), ``video_id``, ``img_ids`` (2,) int64, ``img_paths`` (two str),
    ``track_ids`` (2,) int64, ``dataset_name`` and ``flip_indices``. Coordinates are image
    pixels; K is the full layout.

    Distance counts frames that people were looked for in, which is a tracker's clock: frames
    without labels and people are passed over (choice). Images are not opened, unless by
    :class:`LoadPairCrops`.

    Args:
        ann_file: Folder of per-video JSON files in the PoseTrack18 layout (or one JSON file),
            relative to ``data_root``: annotations, or predictions with the true ids.
        data_root: Root of the data.
        release: ``'posetrack17'``, ``'posetrack18'`` or ``'posetrack21'``.
        delta: Longest distance in frames.
        strides: Frame-rate change: for each s all pairs that lie d * s frames apart are items of
            distance d, as if the video ran s times as fast. The default is the file's rate.
        negatives: ``'near'``: of the other people at t - d the ``nearest`` ones; ``'any'``: all.
        nearest: How many; only with ``'near'``.
        min_joints: Poses with fewer joints are left out.
        videos: Names of the videos to use. None: all.
        frames: Positions ``(first, stop)`` of the frames to use in each video.
        frame_step: Use every n-th frame.
        sizes_from_images: Take frame sizes that the file does not say from the images, see
            :func:`with_frame_sizes`; the released PoseTrack18 files have none.
        pipeline: Transforms.
        test_mode: As in mmengine.
        lazy_init: As in mmengine.

    Raises:
        ValueError: Options out of their range, broken annotations, or no pair of one class.
        FileNotFoundError: The annotations are missing, or an image whose size is asked for.
    """

    def __init__(
        self,
        *,
        ann_file: str,
        data_root: str = "",
        release: str = "posetrack18",
        delta: int = 4,
        strides: Sequence[int] = (1,),
        negatives: Literal["near", "any"] = "near",
        nearest: int = 3,
        min_joints: int = 1,
        videos: Sequence[str] | None = None,
        frames: tuple[int, int | None] | None = None,
        frame_step: int = 1,
        sizes_from_images: bool = False,
        pipeline: Sequence[dict | Callable] = (),
        test_mode: bool = False,
        lazy_init: bool = False,
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
        self.selection = dict(videos=videos, frames=frames, frame_step=frame_step)
        self.sizes_from_images = sizes_from_images
        self.poses: PoseTable | None = None
        super().__init__(
            ann_file=ann_file,
            data_root=data_root,
            data_prefix=dict(),
            metainfo=posetrack_metainfo(release),
            pipeline=list(pipeline),
            test_mode=test_mode,
            lazy_init=lazy_init,
            serialize_data=False,  # a few arrays already, which workers share
        )

    @classmethod
    def _load_metainfo(cls, metainfo: dict | None = None) -> dict:
        """Metainfo comes parsed; mmengine's version would look for files of its values."""
        return deepcopy(metainfo or {})

    def load_data_list(self) -> PairTable:
        """Read the poses and list the pairs."""
        videos = load_videos(self.ann_file, **self.selection)
        if self.sizes_from_images:
            videos = with_frame_sizes(videos, self.data_root)
        self.poses = PoseTable.from_videos(videos, min_joints=self.min_joints)
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
            distance=int(pairs.distances[idx]),
            label=int(pairs.labels[idx]),
            video_id=poses.video_ids[poses.videos[frames[0]]],
            img_ids=poses.image_ids[frames],
            img_paths=[str(safe_join(self.data_root, poses.file_names[f])) for f in frames],
            track_ids=poses.track_ids[rows],
            dataset_name=self._metainfo["dataset_name"],
            flip_indices=self._metainfo["flip_indices"],
        )
