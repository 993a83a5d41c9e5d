"""Two views of a still, with the map that takes the first one's pixels to the second's.

All of this is a choice: the paper of self-supervised keypoint correspondences (Rafi et al., ECCV
2020) trains on warped stills, and its numbers are not public. Randomness is that of the item's
``rng``, see :class:`StillPairDataset`.
"""

from abc import abstractmethod
from typing import Any, Literal

import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS

from .pose_pairs import check_shares
from .still_geometry import Source, about, apply, compose

VIEWS = dict(first=(0,), second=(1,), both=(0, 1))
"""Which views a transform changes, each by numbers of its own."""


@TRANSFORMS.register_module()
class StillViews(BaseTransform):
    """Cut both views out of a still.

    The first view is a square of ``size`` pixels: the whole image scaled to fit, at the top left
    with black below or on the right, as the correspondence network sees frames; or a random
    square around a person (of an image without people: around any place). The second view is the
    image under the first one's map and then a random affine map about the middle of what the
    first view shows. Each is rendered from the full image, so that nothing is resampled twice,
    and shows what is next to the first one.

    With ``other_img`` the second view is of that image, and ``same_image`` False.

    Adds ``views`` (two (s, s, 3) uint8), ``size``, ``to_first`` (2, 3) (image pixels -> first
    view), ``warp`` (2, 3) (first view -> second), ``same_image``, ``first_keypoints`` (P, K, 3)
    and ``first_boxes`` (P, 4), both in pixels of the first view, ``content`` (4,), xyxy of the
    first view's pixels that show the image, ``hidden`` (s, s) bool, pixels of the first view
    under an occluder. What moves apart from the still (:class:`MoveStillPeople`) is a layer of
    its own, 0 is the still: ``layers`` (s, s) int16, the layer that the second view shows at each
    pixel, -1 for an occluder; ``regions`` (s, s) int16, the layer of each pixel of the first view;
    ``person_layers`` (P,) int16; and ``layer_warps`` (L, 2, 3), each layer's map of the first
    view's pixels to the second view.

    Args:
        size: s, a multiple of 32.
        crop_prob: How likely the first view is a square of the image; 0 for testing.
        crop_scale: Smallest and largest side of that square, by the longer side of the person's
            box; without people by half the image's longer side.
        max_zoom: The square is not enlarged by more than this.
        mirror_prob: How likely the still is mirrored, which exchanges left and right joints.
        scale: Smallest and largest factor of the map.
        rotation: Largest angle, degrees.
        shift: Largest shift in each direction, as a share of s.
        flip_prob: How likely the second view alone is mirrored. Targets stay the same points of
            the person, which then look like those of the other side.

    Raises:
        ValueError: An option is out of its range.
    """

    def __init__(
        self,
        *,
        size: int = 256,
        crop_prob: float = 0.0,
        crop_scale: tuple[float, float] = (1.2, 3.0),
        max_zoom: float = 2.0,
        mirror_prob: float = 0.0,
        scale: tuple[float, float] = (0.75, 1.25),
        rotation: float = 30.0,
        shift: float = 0.1,
        flip_prob: float = 0.0,
    ):
        check_shares(crop_prob=crop_prob, mirror_prob=mirror_prob, flip_prob=flip_prob)
        if size < 32 or size % 32:
            raise ValueError(f"size must be a positive multiple of 32, got {size}")
        check_range("crop_scale", crop_scale)
        check_range("scale", scale)
        if max_zoom <= 0 or not 0 <= rotation <= 180 or shift < 0:
            raise ValueError(
                "max_zoom must be above 0, rotation in [0, 180] and shift 0 or more, got "
                f"{max_zoom}, {rotation}, {shift}"
            )
        self.size = size
        self.crop_prob, self.crop_scale, self.max_zoom = crop_prob, tuple(crop_scale), max_zoom
        self.mirror_prob, self.flip_prob = mirror_prob, flip_prob
        self.scale, self.rotation, self.shift = tuple(scale), rotation, shift

    def transform(self, results: dict) -> dict:
        """Make the views of ``results``."""
        rng, image = results["rng"], results["img"]
        to_first, mirrored = self._first(image, results["boxes"], rng)
        keypoints, boxes = _in_view(results, to_first, mirrored)
        content = _content(image, to_first, self.size)
        warp = self._warp(content, rng)
        source, other = Source(image), results.get("other_img")
        if other is None:
            second = source.render(compose(warp, to_first), self.size)
        else:
            to_other, _ = self._first(other, np.zeros((0, 4)), rng)
            second = Source(other).render(compose(warp, to_other), self.size)
        return dict(
            results,
            views=[source.render(to_first, self.size), second],
            source=source,
            size=self.size,
            to_first=to_first,
            warp=warp,
            same_image=other is None,
            first_keypoints=keypoints,
            first_boxes=boxes,
            content=content,
            hidden=np.zeros((self.size, self.size), bool),
            layers=np.zeros((self.size, self.size), np.int16),
            regions=np.zeros((self.size, self.size), np.int16),
            person_layers=np.zeros(len(boxes), np.int16),
            layer_warps=warp[None],
        )

    def _first(
        self, image: np.ndarray, boxes: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, bool]:
        """The map of image pixels to the first view, and whether it mirrors."""
        height, width = image.shape[:2]
        mirrored = bool(rng.random() < self.mirror_prob)
        cropped = rng.random() < self.crop_prob
        low, side = np.array([-0.5, -0.5]), float(max(width, height))
        if cropped:
            low, side = self._square(width, height, boxes, rng)
        scale = self.size / side
        shift = -low * scale - 0.5
        to_first = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
        if mirrored:
            # The whole image stays at the left.
            shown = self.size if cropped else width * scale
            to_first = compose(np.array([[-1, 0, shown - 1], [0, 1, 0]]), to_first)
        return to_first, mirrored

    def _square(
        self, width: int, height: int, boxes: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, float]:
        """Top left corner and side of a random square of the image."""
        longest = max(width, height)
        if len(boxes):
            box = boxes[rng.integers(len(boxes))].astype(np.float64)
            extent = (box[2:] - box[:2]).max()
            middle = rng.uniform(box[:2], box[2:])
        else:
            extent = longest / 2
            middle = rng.uniform((0, 0), (width, height))
        side = extent * rng.uniform(*self.crop_scale)
        side = float(np.clip(side, min(self.size / self.max_zoom, longest), longest))
        # Moved into the image as far as it fits.
        room = np.array([width, height]) - side
        low = (middle - side / 2).clip(np.minimum(room, 0), np.maximum(room, 0))
        return low - 0.5, side

    def _warp(self, content: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The map of the first view's pixels to the second view."""
        middle = (content[:2] + content[2:]) / 2
        return about(
            middle,
            scale=rng.uniform(*self.scale),
            degrees=rng.uniform(-self.rotation, self.rotation),
            shift=rng.uniform(-self.shift, self.shift, 2) * self.size,
            mirrored=rng.random() < self.flip_prob,
        )


def _in_view(results: dict, to_first: np.ndarray, mirrored: bool) -> tuple[np.ndarray, np.ndarray]:
    """Keypoints (P, K, 3) and boxes (P, 4) in the first view."""
    keypoints, boxes = results["keypoints"], results["boxes"]
    if mirrored:
        keypoints = keypoints[:, np.asarray(results["flip_indices"])]
    keypoints = np.concatenate(
        [apply(to_first, keypoints[..., :2].astype(np.float64)), keypoints[..., 2:]], axis=-1
    )
    corners = apply(to_first, boxes.reshape(-1, 2, 2).astype(np.float64))
    return keypoints, np.concatenate([corners.min(1), corners.max(1)], axis=-1)


def _content(image: np.ndarray, to_first: np.ndarray, size: int) -> np.ndarray:
    """(4,) xyxy of the centres of the first view's pixels that show the image."""
    height, width = image.shape[:2]
    corners = apply(to_first, np.array([[-0.5, -0.5], [width - 0.5, height - 0.5]]))
    low, high = corners.min(0) + 0.5, corners.max(0) - 0.5
    low, high = low.clip(0, size - 1), high.clip(0, size - 1)
    return np.concatenate([np.minimum(low, high), np.maximum(low, high)])


class StillTransform(BaseTransform):
    """Changes views, each with a probability and by numbers of its own.

    Args:
        prob: How likely a view is changed, in [0, 1].
        views: ``'first'``, ``'second'`` or ``'both'``.

    Raises:
        ValueError: An option is out of its range.
    """

    def __init__(self, *, prob: float, views: Literal["first", "second", "both"] = "both"):
        check_shares(prob=prob)
        if views not in VIEWS:
            raise ValueError(f"views must be one of {', '.join(VIEWS)}, got {views!r}")
        self.prob = prob
        self.views = VIEWS[views]

    def transform(self, results: dict) -> dict:
        """Change the views of ``results``."""
        rng, views = results["rng"], list(results["views"])
        for view in self.views:
            if rng.random() < self.prob:
                views[view] = self.change(views[view], view, results, rng)
        return dict(results, views=views)

    @abstractmethod
    def change(
        self, image: np.ndarray, view: int, results: dict[str, Any], rng: np.random.Generator
    ) -> np.ndarray:
        """The changed view, in an array of its own.

        Args:
            image: (s, s, 3) uint8.
            view: 0 or 1.
            results: The item; what hides is written into its ``hidden`` or ``layers``.
            rng: To draw from.
        """


def check_range(name: str, values: tuple[float, float], *, least: float | None = None) -> None:
    """Raise ValueError if it is not low <= high, above 0 or from ``least`` on."""
    fits = len(values) == 2 and values[0] <= values[1]
    if not fits or (values[0] <= 0 if least is None else values[0] < least):
        bound = "0 < low" if least is None else f"{least} <= low"
        raise ValueError(f"{name} must be {bound} <= high, got {values}")
