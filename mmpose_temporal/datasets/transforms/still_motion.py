"""People of stills who move against the background, as in video."""

from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS

from .pose_pairs import check_shares
from .still_geometry import about, apply, compose
from .still_views import check_range

SHIFT_BITS = 4
"""OpenCV draws polygons at 1/16 pixel."""


@TRANSFORMS.register_module()
class MoveStillPeople(BaseTransform):
    """Move single people of the second view by small affine maps of their own (choice).

    A person is the convex hull of her annotated keypoints, widened by ``margin`` (a box takes
    more of the background along). She is cut out of the full image and pasted where her own map
    and that of the view take her, over what is there, later people over earlier ones. The place
    that she leaves is filled with the colours around it. All points of the first view in her
    region move with her, and her own keypoints in any case; what she comes to lie on is hidden.

    It belongs right behind :class:`StillViews`. A pair of two different stills stays as it is.

    Args:
        prob: How likely each person moves.
        max_people: Most people who do.
        shift: Largest shift in each direction, as a share of the diagonal of the person's box.
        rotation: Largest angle, degrees.
        scale: Smallest and largest factor.
        margin: Widening of the hull, as a share of that diagonal.

    Raises:
        ValueError: An option is out of its range.
    """

    def __init__(
        self,
        *,
        prob: float = 0.5,
        max_people: int = 3,
        shift: float = 0.15,
        rotation: float = 10.0,
        scale: tuple[float, float] = (0.9, 1.1),
        margin: float = 0.08,
    ):
        check_shares(prob=prob)
        check_range("scale", scale)
        if max_people < 1 or shift < 0 or margin < 0 or not 0 <= rotation <= 180:
            raise ValueError(
                "max_people must be 1 or more, shift and margin 0 or more and rotation in "
                f"[0, 180], got {max_people}, {shift}, {margin}, {rotation}"
            )
        self.prob, self.max_people = prob, max_people
        self.shift, self.rotation, self.scale = shift, rotation, tuple(scale)
        self.margin = margin

    def transform(self, results: dict) -> dict:
        """Move people of ``results``."""
        rng, boxes = results["rng"], results["first_boxes"]
        chosen = np.flatnonzero(rng.random(len(boxes)) < self.prob)
        if len(chosen) > self.max_people:
            chosen = np.sort(rng.choice(chosen, self.max_people, replace=False))
        if not results["same_image"] or not len(chosen):
            return results
        outlines = [self._outline(results, person) for person in chosen.tolist()]
        moves = [self._move(boxes[person], rng) for person in chosen.tolist()]
        warp, size = results["warp"], results["size"]
        places = [_filled(apply(warp, outline), size) for outline in outlines]
        second = _fill(results["views"][1], np.any(places, axis=0))
        regions, layers = results["regions"].copy(), results["layers"].copy()
        person_layers, warps = results["person_layers"].copy(), [*results["layer_warps"]]
        for person, outline, move in zip(chosen.tolist(), outlines, moves, strict=True):
            own, layer = compose(warp, move), len(warps)
            mask = _filled(apply(own, outline), size)
            shown = results["source"].render(compose(own, results["to_first"]), size)
            edge = cv2.blur(mask.astype(np.float32), (3, 3))
            second = cv2.blendLinear(shown, second, edge, 1 - edge)
            layers[mask] = layer
            regions[_filled(outline, size)] = layer
            person_layers[person] = layer
            warps.append(own)
        return dict(
            results,
            views=[results["views"][0], second],
            layers=layers,
            regions=regions,
            person_layers=person_layers,
            layer_warps=np.stack(warps),
        )

    def _outline(self, results: dict[str, Any], person: int) -> np.ndarray:
        """(V, 2) convex polygon around a person, pixels of the first view."""
        keypoints, box = results["first_keypoints"][person], results["first_boxes"][person]
        points = keypoints[keypoints[:, 2] > 0, :2]
        angles = np.linspace(0, 2 * np.pi, 12, endpoint=False)
        radius = self.margin * np.linalg.norm(box[2:] - box[:2])
        circle = radius * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
        around = (points[:, None] + circle).reshape(-1, 2).astype(np.float32)
        return cv2.convexHull(around)[:, 0].astype(np.float64)

    def _move(self, box: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The person's own map of the first view."""
        extent = np.linalg.norm(box[2:] - box[:2])
        return about(
            (box[:2] + box[2:]) / 2,
            scale=rng.uniform(*self.scale),
            degrees=rng.uniform(-self.rotation, self.rotation),
            shift=rng.uniform(-self.shift, self.shift, 2) * extent,
        )


def _filled(polygon: np.ndarray, size: int) -> np.ndarray:
    """(size, size) bool: pixels of a convex polygon (V, 2)."""
    mask = np.zeros((size, size), np.uint8)
    # Far outside corners would not fit OpenCV's integers; no view is that large.
    corners = (polygon.clip(-1e6, 1e6) * 2**SHIFT_BITS).round().astype(np.int32)
    cv2.fillConvexPoly(mask, corners, 1, lineType=cv2.LINE_8, shift=SHIFT_BITS)
    return mask.astype(bool)


def _fill(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """(s, s, 3) uint8: the image with masked pixels in the mean colours around them."""
    if not mask.any() or mask.all():
        return image
    kept = (~mask).astype(np.float32)
    # Means over a quarter of the side are as good of every fourth pixel.
    small = tuple(side // 4 for side in mask.shape)
    total = cv2.resize(image * kept[..., None], small, interpolation=cv2.INTER_AREA)
    weight = cv2.resize(kept, small, interpolation=cv2.INTER_AREA)
    window = (small[0] // 4 | 1,) * 2
    total, weight = cv2.blur(total, window), cv2.blur(weight, window)[..., None]
    mean = image[~mask].mean(0)
    around = np.where(weight > 1e-3, total / np.maximum(weight, 1e-3), mean)
    around = cv2.resize(around.astype(np.float32), mask.shape).round().astype(np.uint8)
    return np.where(mask[..., None], around, image)
