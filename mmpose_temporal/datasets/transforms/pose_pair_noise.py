"""Noise on pairs of poses: joints move, vanish and appear, scores change, as estimators err.

A choice throughout, and each pose's on its own; see :mod:`.pose_pairs`.
"""

import numpy as np
from mmpose.registry import TRANSFORMS

from .pose_pairs import PosePairTransform, check_shares


@TRANSFORMS.register_module()
class PosePairJitter(PosePairTransform):
    """Move every joint by normal noise, a share of them by more, as an estimator errs.

    Args:
        prob: As in :class:`PosePairTransform`.
        std: Standard deviation in each direction, as a share of the diagonal of the pose's box.
        outlier_share: Share of the joints that err more, in [0, 1].
        outlier_std: Theirs.

    Raises:
        ValueError: An option is out of its range.
    """

    def __init__(
        self,
        *,
        prob: float = 1.0,
        std: float = 0.01,
        outlier_share: float = 0.05,
        outlier_std: float = 0.1,
    ):
        super().__init__(prob=prob)
        check_shares(outlier_share=outlier_share)
        if min(std, outlier_std) < 0:
            raise ValueError(f"std and outlier_std must be 0 or more: {std}, {outlier_std}")
        self.std = std
        self.outlier_share = outlier_share
        self.outlier_std = outlier_std

    def draw(self, shape: tuple[int, int]) -> tuple[np.ndarray, ...]:
        """Uniform (2, K), which joints err more; normal (2, K, 2), where to."""
        return np.random.random_sample(shape), np.random.normal(size=(*shape, 2))  # noqa: NPY002

    def change(self, results: dict, share: np.ndarray, noise: np.ndarray) -> dict:
        """The pair with moved joints."""
        std = np.where(share < self.outlier_share, self.outlier_std, self.std)
        moved = noise * (std * _diagonals(results["boxes"])[:, None])[..., None]
        return dict(results, keypoints=(results["keypoints"] + moved).astype(np.float32))


@TRANSFORMS.register_module()
class PosePairDrop(PosePairTransform):
    """Take joints away (score 0), each pose's on their own.

    Choice: where all joints of a pose would go, the one that was least likely to (the highest
    of the numbers drawn) stays.

    Args:
        prob: As in :class:`PosePairTransform`.
        share: How likely each joint goes, in [0, 1].

    Raises:
        ValueError: An option is out of its range.
    """

    def __init__(self, *, prob: float = 1.0, share: float = 0.1):
        super().__init__(prob=prob)
        check_shares(share=share)
        self.share = share

    def draw(self, shape: tuple[int, int]) -> tuple[np.ndarray, ...]:
        """Uniform (2, K)."""
        return (np.random.random_sample(shape),)  # noqa: NPY002

    def change(self, results: dict, drawn: np.ndarray) -> dict:
        """The pair with fewer joints."""
        scores = results["keypoint_scores"]
        drawn = np.where(scores > 0, drawn, -1)
        stays = drawn >= self.share
        poses = np.arange(len(scores))
        stays[poses, drawn.argmax(1)] = True
        return dict(results, keypoint_scores=np.where(stays, scores, np.float32(0)))


@TRANSFORMS.register_module()
class PosePairFalseJoints(PosePairTransform):
    """Joints where they do not belong, with low scores, like false positives of an estimator.

    Args:
        prob: As in :class:`PosePairTransform`.
        share: Share of the joints present that are displaced, in [0, 1].
        std: Of the displacement in each direction, as a share of the box's diagonal.
        invented_share: Share of the absent joints that appear somewhere in the box, in [0, 1].
        scores: Lowest and highest score of such a joint, 0 < low <= high <= 1; uniform.

    Raises:
        ValueError: An option is out of its range.
    """

    def __init__(
        self,
        *,
        prob: float = 1.0,
        share: float = 0.05,
        std: float = 0.25,
        invented_share: float = 0.0,
        scores: tuple[float, float] = (0.05, 0.3),
    ):
        super().__init__(prob=prob)
        check_shares(share=share, invented_share=invented_share)
        if std < 0:
            raise ValueError(f"std must be 0 or more, got {std}")
        if len(scores) != 2 or not 0 < scores[0] <= scores[1] <= 1:
            raise ValueError(f"scores must be 0 < low <= high <= 1, got {scores}")
        self.share = share
        self.std = std
        self.invented_share = invented_share
        self.scores = tuple(scores)

    def draw(self, shape: tuple[int, int]) -> tuple[np.ndarray, ...]:
        """Uniform (2, K, 4): whether, where in the box, score; normal (2, K, 2): where to."""
        uniform = np.random.random_sample((*shape, 4))  # noqa: NPY002
        return uniform, np.random.normal(size=(*shape, 2))  # noqa: NPY002

    def change(self, results: dict, uniform: np.ndarray, noise: np.ndarray) -> dict:
        """The pair with false joints."""
        keypoints, scores = results["keypoints"], results["keypoint_scores"]
        boxes = results["boxes"][:, None]
        happens, places, heights = uniform[..., 0], uniform[..., 1:3], uniform[..., 3]
        present = scores > 0
        displaced = present & (happens < self.share)
        invented = ~present & (happens < self.invented_share)
        moved = keypoints + noise * (self.std * _diagonals(boxes))[..., None]
        anywhere = boxes[..., :2] + places * (boxes[..., 2:] - boxes[..., :2])
        keypoints = np.where(displaced[..., None], moved, keypoints)
        keypoints = np.where(invented[..., None], anywhere, keypoints).astype(np.float32)
        low, high = self.scores
        false = (low + heights * (high - low)).astype(np.float32)
        return dict(
            results,
            keypoints=keypoints,
            keypoint_scores=np.where(displaced | invented, false, scores),
        )


@TRANSFORMS.register_module()
class PosePairScoreNoise(PosePairTransform):
    """Normal noise on the scores of the joints present, which stay in [low, 1].

    Args:
        prob: As in :class:`PosePairTransform`.
        std: Standard deviation.
        low: Lowest score that a joint gets, in (0, 1]: it stays present.

    Raises:
        ValueError: An option is out of its range.
    """

    def __init__(self, *, prob: float = 1.0, std: float = 0.2, low: float = 0.05):
        super().__init__(prob=prob)
        if std < 0:
            raise ValueError(f"std must be 0 or more, got {std}")
        if not 0 < low <= 1:
            raise ValueError(f"low must be in (0, 1], got {low}")
        self.std = std
        self.low = low

    def draw(self, shape: tuple[int, int]) -> tuple[np.ndarray, ...]:
        """Normal (2, K)."""
        return (np.random.normal(size=shape),)  # noqa: NPY002

    def change(self, results: dict, noise: np.ndarray) -> dict:
        """The pair with other scores."""
        scores = results["keypoint_scores"]
        noisy = (scores + self.std * noise).clip(self.low, 1)
        noisy = np.where(scores > 0, noisy, scores).astype(np.float32)
        return dict(results, keypoint_scores=noisy)


def _diagonals(boxes: np.ndarray) -> np.ndarray:
    """Lengths of the diagonals of (..., 4) boxes xyxy."""
    return np.hypot(boxes[..., 2] - boxes[..., 0], boxes[..., 3] - boxes[..., 1])
