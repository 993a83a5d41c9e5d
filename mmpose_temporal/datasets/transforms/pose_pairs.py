"""Augmentation of pairs of poses, and packing them for a similarity that learns.

All of it is a choice: the paper of pose entailment (Snower et al., CVPR 2020) does not say how
poses are augmented. Each transform works on the items of ``PosePairDataset``: ``keypoints``
(2, K, 2), ``keypoint_scores`` (2, K), ``boxes`` (2, 4) xyxy in image pixels, the pose at t
first. Randomness is numpy's global one, as in mmpose, and cacheable as in mmcv. No transform
takes the last joint of a pose.
"""

from abc import abstractmethod

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmpose.registry import TRANSFORMS
from mmpose.structures import PoseDataSample

from mmpose_temporal.structures import enclosing_boxes


class PosePairTransform(BaseTransform):
    """Changes a pair with a probability.

    Args:
        prob: How likely a pair is changed, in [0, 1].

    Raises:
        ValueError: ``prob`` is out of its range.
    """

    def __init__(self, *, prob: float = 1.0):
        check_shares(prob=prob)
        self.prob = prob

    def transform(self, results: dict) -> dict:
        """Change ``results`` or not."""
        drawn = self._draw(results["keypoint_scores"].shape)
        return results if drawn is None else self.change(results, *drawn)

    @cache_randomness
    def _draw(self, shape: tuple[int, int]) -> tuple[np.ndarray, ...] | None:
        """All random numbers of one pair in one place; None: the pair stays as it is.

        Subclasses have :meth:`draw` instead of a cached method of their own, since mmcv mixes
        the cached methods of classes up that inherit one.
        """
        if np.random.random_sample() >= self.prob:  # noqa: NPY002
            return None
        return self.draw(shape)

    def draw(self, shape: tuple[int, int]) -> tuple[np.ndarray, ...]:
        """The random numbers that :meth:`change` takes.

        Args:
            shape: (2, K).
        """
        return ()

    @abstractmethod
    def change(self, results: dict, *drawn: np.ndarray) -> dict:
        """The changed pair, in arrays of its own."""


@TRANSFORMS.register_module()
class PosePairReverse(PosePairTransform):
    """Exchange the pose at t and the one at t - d: time runs backwards.

    Args:
        prob: As in :class:`PosePairTransform`.
    """

    def __init__(self, *, prob: float = 0.5):
        super().__init__(prob=prob)

    def change(self, results: dict) -> dict:
        """The pair in the other order; which frames and ids these are follows."""
        names = ("keypoints", "keypoint_scores", "boxes", "img_ids", "img_paths", "track_ids")
        names = (*names, "annotated_sizes")
        swapped = {name: results[name][::-1].copy() for name in names if name in results}
        return dict(results, **swapped)


@TRANSFORMS.register_module()
class PosePairFlip(PosePairTransform):
    """Mirror both poses in the frame; left joints become right ones.

    A joint at x comes to ``width - 1 - x``.

    Args:
        prob: As in :class:`PosePairTransform`.

    Raises:
        ValueError: In use, the frame's size is not known.
    """

    def __init__(self, *, prob: float = 0.5):
        super().__init__(prob=prob)

    def change(self, results: dict) -> dict:
        """The mirrored pair."""
        right = _frame_size(results, self)[0] - 1
        swap = np.asarray(results["flip_indices"])
        keypoints = results["keypoints"][:, swap]
        keypoints[..., 0] = right - keypoints[..., 0]
        boxes = results["boxes"].copy()
        boxes[:, [0, 2]] = right - boxes[:, [2, 0]]
        scores = results["keypoint_scores"][:, swap]
        return dict(results, keypoints=keypoints, keypoint_scores=scores, boxes=boxes)


@TRANSFORMS.register_module()
class PosePairShift(PosePairTransform):
    """Scale both poses about their common middle and move them through the frame, alike.

    The middle is that of the box around all their joints. The shift is cut so that no side of
    this box comes to lie outside the frame that was not, or further than it was.

    Args:
        prob: As in :class:`PosePairTransform`.
        shift: Largest shift in each direction as a share of the frame's side; uniform.
        scale: Smallest and largest factor, 0 < low <= high; log-uniform.

    Raises:
        ValueError: An option is out of its range; in use, the frame's size is not known.
    """

    def __init__(
        self,
        *,
        prob: float = 1.0,
        shift: float = 0.5,
        scale: tuple[float, float] = (0.75, 1.33),
    ):
        super().__init__(prob=prob)
        if shift < 0:
            raise ValueError(f"shift must be 0 or more, got {shift}")
        if len(scale) != 2 or not 0 < scale[0] <= scale[1]:
            raise ValueError(f"scale must be 0 < low <= high, got {scale}")
        self.shift = shift
        self.scale = tuple(scale)

    def draw(self, shape: tuple[int, int]) -> tuple[np.ndarray, ...]:
        """Uniform (3,): scale, shift in x and in y."""
        return (np.random.random_sample(3),)  # noqa: NPY002

    def change(self, results: dict, drawn: np.ndarray) -> dict:
        """The pair at another place."""
        size = _frame_size(results, self)
        keypoints = results["keypoints"]
        present = results["keypoint_scores"] > 0
        box = enclosing_boxes(keypoints.reshape(1, -1, 2), present.reshape(1, -1))[0]
        low, high = box[:2], box[2:]
        factor = np.exp(np.interp(drawn[0], (0, 1), np.log(self.scale)))
        middle = (low + high) / 2
        low, high = middle + factor * (low - middle), middle + factor * (high - middle)
        wanted = (2 * drawn[1:] - 1) * self.shift * size
        shift = wanted.clip(np.minimum(-low, 0), np.maximum(size - 1 - high, 0))
        offset = middle * (1 - factor) + shift
        return dict(
            results,
            keypoints=(keypoints * factor + offset).astype(np.float32),
            boxes=(results["boxes"] * factor + np.tile(offset, 2)).astype(np.float32),
        )


@TRANSFORMS.register_module()
class PackPosePairs(BaseTransform):
    """Pack a pair for a similarity that learns; collate with mmengine's ``default_collate``.

    Gives ``inputs``, a dict of tensors: ``keypoints`` (2, K, 2) float32, image pixels, the pose
    at t first; ``keypoint_scores`` (2, K) float32; ``boxes`` (2, 4) float32 xyxy;
    ``frame_size`` (2,) float32, width and height, NaN if unknown; ``distance`` () int64;
    ``labels`` () int64, 1 for the same person; and, where :class:`LoadPairCrops` made them,
    ``crops`` (2, 3, h, w) uint8. And ``data_samples``, a PoseDataSample with the
    metainfo ``video_id``, ``img_ids`` (2,), ``track_ids`` (2,), ``dataset_name``, ``skeleton``.
    """

    META_KEYS = ("video_id", "img_ids", "track_ids", "dataset_name", "skeleton")

    def transform(self, results: dict) -> dict:
        """Pack ``results``."""
        names = ("keypoints", "keypoint_scores", "boxes", "frame_size")
        inputs = {name: torch.from_numpy(results[name]) for name in names}
        if "crops" in results:
            inputs["crops"] = results["crops"]
        inputs["distance"] = torch.tensor(results["distance"])
        inputs["labels"] = torch.tensor(results["label"])
        sample = PoseDataSample(metainfo={key: results[key] for key in self.META_KEYS})
        return dict(inputs=inputs, data_samples=sample)


def check_shares(**shares: float) -> None:
    """Raise ValueError for the first that is not in [0, 1]."""
    for name, value in shares.items():
        if not 0 <= value <= 1:
            raise ValueError(f"{name} must be in [0, 1], got {value}")


def _frame_size(results: dict, transform: BaseTransform) -> np.ndarray:
    """(2,) width and height."""
    size = results["frame_size"]
    if not np.isfinite(size).all():
        raise ValueError(
            f"{type(transform).__name__} needs the size of the frame, and image "
            f"{results['img_ids'][0]} of video {results['video_id']} has none: add 'width' and "
            "'height' to the images in its file, or leave this transform out"
        )
    return size
