"""Things that hide parts of views of stills."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from mmpose.registry import TRANSFORMS

from .pose_pairs import check_shares
from .still_geometry import Source, apply
from .still_views import StillTransform, check_range

FILLS = ("color", "noise", "patch")
"""What an occluder shows: one colour, noise of each pixel, or a part of a still."""


@TRANSFORMS.register_module()
class OccludeStills(StillTransform):
    """Paste boxes and ellipses over a view; what lies under them is hidden there (choice).

    A share of them lies on an annotated keypoint, the others anywhere. Their sides are drawn
    each on its own. A patch is of ``patch_img``, where the data set loaded one, else of the
    still itself, at about the scale of the view.

    The pixels under the occluders of the second view get the layer -1, those of the first view
    are ``hidden``. It belongs behind :class:`MoveStillPeople` and before what blurs.

    Args:
        prob: How likely a view gets occluders.
        number: Fewest and most of them.
        size: Smallest and largest side, as a share of the view's.
        fills: Some of ``'color'``, ``'noise'``, ``'patch'``, each as likely.
        ellipse_share: Share of the occluders that are ellipses, in [0, 1].
        on_people: Share of the occluders whose middle is a keypoint, in [0, 1].
        views: As in :class:`StillTransform`.

    Raises:
        ValueError: An option is out of its range.
    """

    def __init__(
        self,
        *,
        prob: float = 0.5,
        number: tuple[int, int] = (1, 4),
        size: tuple[float, float] = (0.05, 0.3),
        fills: Sequence[str] = FILLS,
        ellipse_share: float = 0.3,
        on_people: float = 0.5,
        views: str = "second",
    ):
        super().__init__(prob=prob, views=views)
        check_range("number", number)
        check_range("size", size)
        check_shares(ellipse_share=ellipse_share, on_people=on_people)
        if not fills or not set(fills) <= set(FILLS):
            raise ValueError(f"fills must be some of {FILLS}, got {fills}")
        self.number, self.size, self.fills = tuple(number), tuple(size), tuple(fills)
        self.ellipse_share, self.on_people = ellipse_share, on_people

    def change(
        self, image: np.ndarray, view: int, results: dict[str, Any], rng: np.random.Generator
    ) -> np.ndarray:
        """The view with occluders."""
        image, side = image.copy(), len(image)
        keypoints = _keypoints(results, view)
        for _ in range(rng.integers(self.number[0], self.number[1] + 1)):
            middle = rng.uniform(0, side, 2)
            if len(keypoints) and rng.random() < self.on_people:
                middle = keypoints[rng.integers(len(keypoints))]
            extent = rng.uniform(*self.size, 2) * side
            mask = _shape(middle, extent, side, rng.random() < self.ellipse_share)
            image[mask] = self._filling(mask, middle, results, rng)
            if view:
                results["layers"][mask] = -1
            else:
                results["hidden"] |= mask
        return image

    def _filling(
        self,
        mask: np.ndarray,
        middle: np.ndarray,
        results: dict[str, Any],
        rng: np.random.Generator,
    ) -> np.ndarray:
        """(3,) or (N, 3) uint8: what the N pixels of the mask show."""
        fill = self.fills[rng.integers(len(self.fills))]
        if fill == "color":
            return rng.integers(0, 256, 3, np.uint8)
        if fill == "noise":
            return rng.integers(0, 256, (int(mask.sum()), 3), np.uint8)
        other = results.get("patch_img")
        source = results["source"] if other is None else Source(other)
        height, width = source.image.shape[:2]
        scale = len(mask) / max(width, height) * rng.uniform(1, 2)
        shift = middle - scale * rng.uniform((0, 0), (width, height))
        patch = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
        return source.render(patch, len(mask))[mask]


def _keypoints(results: dict[str, Any], view: int) -> np.ndarray:
    """(N, 2): the annotated keypoints in pixels of a view, about."""
    keypoints = results["first_keypoints"]
    points = keypoints[..., :2]
    if view:
        warps = results["layer_warps"][results["person_layers"]]
        points = apply(warps[:, None], points)
    points = points[keypoints[..., 2] > 0]
    side = results["size"]
    return points[((points >= 0) & (points < side)).all(1)]


def _shape(middle: np.ndarray, extent: np.ndarray, side: int, ellipse: bool) -> np.ndarray:
    """(side, side) bool: a box or an ellipse about a point."""
    mask = np.zeros((side, side), np.uint8)
    low = np.round(middle - extent / 2).astype(int)
    high = np.maximum(np.round(middle + extent / 2).astype(int), low)
    if ellipse:
        axes = np.maximum(((high - low) / 2).astype(int), 0)
        cv2.ellipse(mask, ((low + high) // 2).tolist(), axes.tolist(), 0, 0, 360, 1, -1)
    else:
        cv2.rectangle(mask, low.tolist(), high.tolist(), 1, -1)
    return mask.astype(bool)
