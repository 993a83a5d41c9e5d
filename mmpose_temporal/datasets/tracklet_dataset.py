"""Pairs of a pose and a track, drawn from annotated tracks with simulated errors."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmpose.registry import DATASETS
from mmpose.structures import PoseDataSample

from mmpose_temporal.posetrack import VideoAnnotation
from mmpose_temporal.utils.track_motion import RECENT

from .left_out import say_left_out
from .posetrack_base import PoseTrackBase
from .tracklets import ErrorRates, augment_clip, clip_of_video, draw_pairs, simulate_errors
from .tracklets.clips import corners

ATTEMPTS = 20
"""Number of clips that are drawn before an item without pairs is an error."""


@DATASETS.register_module()
class TrackletDataset(PoseTrackBase):
    """An item has pairs of a pose and a track from one clip, which is sampled anew each time.

    A clip is a part of a video of poses, augmented (:func:`~.tracklets.augment_clip`) and
    observed with errors (:class:`~.tracklets.ErrorRates`, drawn per clip). The pairs are those
    that a tracker without mistakes would have to score. Only the poses are needed.
    Randomness is numpy's global one, which mmengine seeds when a worker starts: with workers, set
    ``persistent_workers``, or each epoch draws the same.

    An item has ``current`` (N, K, 3), ``history`` (N, H, K, 3), ``ages`` (N, H), ``motion`` and
    ``support`` (N, 2), float32, and ``labels`` (N,) int64, see
    :class:`~.tracklets.TrackPairs`. Videos are sampled by the square root of their numbers of
    poses.

    Args:
        ann_file: Folder of per-video JSON files in the PoseTrack18 layout, or one JSON file, or
            a list of such, relative to ``data_root``.
        num_items: Items per epoch.
        num_pairs: N.
        history: H, poses of a track.
        max_age: Frames that a track stays live after its last pose.
        joints: Keypoints that vote for the common motion; those of the similarity. None: the
            scored ones, 15 in PoseTrack.
        visits: Number of moments per clip from which pairs are taken.
        blind_share: Share of the items without the common motion, in [0, 1]: the similarity
            scores with it and without.
        **kwargs: See :class:`PoseTrackBase`.

    Attributes:
        left_out: Reason -> number of people who are in no clip (groups, people without annotated
            keypoint, those of videos with one frame), which is logged.

    Raises:
        ValueError: A number is out of its range, broken annotations, or no video has tracks to
            draw pairs from.
        FileNotFoundError: The annotations are missing.
    """

    def __init__(
        self,
        *,
        ann_file: str | Sequence[str],
        num_items: int = 4000,
        num_pairs: int = 64,
        history: int = 6,
        max_age: int = 12,
        joints: Sequence[int] | None = None,
        visits: int = 5,
        blind_share: float = 0.0,
        **kwargs: Any,
    ):
        numbers = dict(num_items=num_items, num_pairs=num_pairs, max_age=max_age, visits=visits)
        for name, value in numbers.items():
            if value < 1:
                raise ValueError(f"{name} must be 1 or more, got {value}")
        if not 2 <= history <= len(RECENT) + 1:
            raise ValueError(f"history must be 2 to {len(RECENT) + 1} poses, got {history}")
        self.ann_files = [ann_file] if isinstance(ann_file, str) else list(ann_file)
        self.num_items, self.num_pairs = num_items, num_pairs
        self.draw_options = dict(
            history=history,
            max_age=max_age,
            visits=visits,
        )
        if not 0 <= blind_share <= 1:
            raise ValueError(f"blind_share must be in [0, 1], got {blind_share}")
        self.blind_share = blind_share
        self.left_out: Counter[str] = Counter()
        # The data are a few arrays, which workers share.
        super().__init__(ann_file="", serialize_data=False, **kwargs)
        self.draw_options["joints"] = self.skeleton.scored if joints is None else np.array(joints)

    def load_data_list(self) -> list[dict]:
        """Read the tracks: an entry with ``clip`` (T, P, K, 3) and ``size`` for each video."""
        entries = []
        self.left_out = Counter()
        for name in self.ann_files:
            for video in self.read_videos(Path(self.data_root, name)):
                clip = clip_of_video(video, self.left_out)
                if len(clip) > 1 and clip.shape[1]:
                    entries.append(dict(clip=clip, size=_size(video, clip)))
                else:
                    self.left_out["in_short_video"] += int((clip[..., 2] > 0).any(2).sum())
        say_left_out(
            self.ann_files, "videos with people in two frames", len(entries), self.left_out
        )
        weights = np.sqrt([entry["clip"].shape[0] * entry["clip"].shape[1] for entry in entries])
        self._shares = weights / weights.sum()
        return entries

    def __len__(self) -> int:
        return self.num_items

    def prepare_data(self, idx: int) -> dict:
        """Draw an item, whichever ``idx``; collate with default_collate.

        Returns:
            ``inputs``, tensors, and ``data_samples`` with the metainfo ``skeleton``.
        """
        inputs = {name: torch.from_numpy(value) for name, value in self.draw().items()}
        return dict(
            inputs=inputs, data_samples=PoseDataSample(metainfo=dict(skeleton=self.skeleton))
        )

    def draw(self) -> dict[str, np.ndarray]:
        """Pairs of a clip.

        Raises:
            ValueError: No clip has any.
        """
        rng = np.random.default_rng(np.random.randint(2**31))  # noqa: NPY002
        flip_indices = self._metainfo["flip_indices"]
        for _ in range(ATTEMPTS):
            entry = self.data_list[rng.choice(len(self.data_list), p=self._shares)]
            clip = augment_clip(entry["clip"], entry["size"], flip_indices, rng)
            if len(clip) < 2:
                continue
            frames = simulate_errors(clip, ErrorRates.draw(rng), flip_indices, rng)
            pairs = draw_pairs(frames, rng, **self.draw_options)
            if pairs is None:
                continue
            total = len(pairs.labels)
            repeats = -(-self.num_pairs // total)
            order = np.concatenate([rng.permutation(total) for _ in range(repeats)])
            item = pairs.take(order[: self.num_pairs])
            if rng.random() < self.blind_share:
                item["motion"], item["support"] = (0 * item[k] for k in ("motion", "support"))
            return item
        raise ValueError(f"{ATTEMPTS} clips of {self.ann_files} had nobody in following frames")


def _size(video: VideoAnnotation, clip: np.ndarray) -> tuple[float, float]:
    """Width and height of the frames; of what the people cover if the file does not have it."""
    for frame in video.frames:
        if frame.size is not None:
            return frame.size
    low, high = corners(clip[..., :2].reshape(-1, 2), clip[..., 2].reshape(-1) > 0)
    return tuple((high - low).tolist())
