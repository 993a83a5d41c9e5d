"""Drawing with OpenCV on RGB frames, in place; lines of a person go out in one call."""

from collections.abc import Sequence

import cv2
import numpy as np

from .palette import text_color, track_colors

OUTLINE = (20, 20, 20)
_SHIFT = 4  # OpenCV takes sub-pixel positions as integers, here in sixteenths
_FONT = cv2.FONT_HERSHEY_DUPLEX
_FADE_STEPS = 8


def _fixed(points: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Pixels to OpenCV's fixed-point integers; far outside is moved to where it fits int32."""
    reach = 16 * max(shape[:2])
    return np.rint(np.clip(points, -reach, reach) * (1 << _SHIFT)).astype(np.int32)


def _strokes(
    image: np.ndarray, segments: np.ndarray, color: Sequence[int], thickness: int
) -> None:
    """Straight strokes with round ends; ``segments`` is (S, 2, 2) fixed-point."""
    if len(segments):
        color = tuple(int(c) for c in color)
        cv2.polylines(image, list(segments), False, color, thickness, cv2.LINE_AA, _SHIFT)


def draw_pose(
    image: np.ndarray,
    keypoints: np.ndarray,
    drawn: np.ndarray,
    links: np.ndarray,
    *,
    color: Sequence[int],
    line_width: int,
    radius: int,
    outline: bool = True,
    link_colors: np.ndarray | None = None,
    joint_colors: np.ndarray | None = None,
) -> None:
    """Draw a person's joints and the links between joints that are both drawn.

    Args:
        image: (H, W, 3) uint8 RGB, changed.
        keypoints: (K, 2) pixels.
        drawn: (K,) bool.
        links: (L, 2) integer pairs of joints.
        color: RGB in 0 to 255.
        line_width: Pixels.
        radius: Of a joint, pixels; 0 draws links only.
        outline: Put a dark rim around everything.
        link_colors: (L, 3) RGB of each link, instead of ``color``.
        joint_colors: (K, 3) RGB of each joint, instead of ``color``.
    """
    points = _fixed(np.where(drawn[:, None], keypoints, 0), image.shape)
    both = drawn[links].all(1)
    limbs = points[links[both]]
    dots = np.repeat(points[drawn][:, None], 2, axis=1)
    dots = dots if radius else dots[:0]
    if outline:
        _strokes(image, limbs, OUTLINE, line_width + 2)
        _strokes(image, dots, OUTLINE, 2 * radius + 2)
    _colored(image, limbs, color, None if link_colors is None else link_colors[both], line_width)
    joint_colors = None if joint_colors is None else joint_colors[drawn]
    _colored(image, dots, color, joint_colors, 2 * radius)


def _colored(
    image: np.ndarray,
    segments: np.ndarray,
    color: Sequence[int],
    colors: np.ndarray | None,
    thickness: int,
) -> None:
    """Strokes of one colour, or each of its own (S, 3)."""
    if colors is None:
        _strokes(image, segments, color, thickness)
        return
    colors = colors[: len(segments)]
    for value in np.unique(colors, axis=0):
        _strokes(image, segments[(colors == value).all(1)], value.tolist(), thickness)


def draw_box(image: np.ndarray, box: np.ndarray, color: Sequence[int], line_width: int) -> None:
    """Draw the edge of a box (4,) xyxy; one with NaN or infinity is left out."""
    if np.isfinite(box).all():
        low, high = (_fixed(box.reshape(2, 2), image.shape) >> _SHIFT).tolist()
        cv2.rectangle(image, low, high, tuple(int(c) for c in color), int(line_width))


def draw_dashed_box(
    image: np.ndarray, box: np.ndarray, color: Sequence[int], line_width: int
) -> None:
    """Draw the edge of a box (4,) xyxy in dashes, with a dark rim.

    One with NaN or infinity is left out. The dashes follow each other clockwise from the first
    corner; each is six line widths long, at least 6 pixels, and the gaps are two thirds of that.
    """
    if not np.isfinite(box).all():
        return
    corners = box[[0, 1, 2, 1, 2, 3, 0, 3]].reshape(4, 2).astype(np.float64)
    reach = 16 * max(image.shape[:2])
    corners = np.clip(corners, -reach, reach)
    sides = np.roll(corners, -1, axis=0) - corners
    lengths = np.abs(sides).sum(1)
    ends = np.cumsum(lengths)
    dash = float(max(6 * line_width, 6))
    starts = np.arange(0, ends[-1], dash * 5 / 3)
    side = np.minimum(np.searchsorted(ends, starts, side="right"), 3)
    along = starts - (ends - lengths)[side]
    stop = np.minimum(along + dash, lengths[side])
    units = sides / np.maximum(lengths, 1e-9)[:, None]
    reached = np.stack([along, stop], 1)[..., None] * units[side][:, None]
    segments = _fixed(corners[side][:, None] + reached, image.shape)
    _strokes(image, segments, OUTLINE, line_width + 2)
    _strokes(image, segments, color, line_width)


def draw_trails(
    image: np.ndarray,
    segments: np.ndarray,
    track_ids: np.ndarray,
    freshness: np.ndarray,
    line_width: int,
) -> None:
    """Blend trails into the image, older pieces weaker.

    Args:
        image: (H, W, 3) uint8 RGB, changed.
        segments: (S, 2, 2) pixels.
        track_ids: (S,) ids that give the colours.
        freshness: (S,) in (0, 1]: opacity.
        line_width: Pixels.
    """
    margin = line_width + 2
    low = np.floor(segments.reshape(-1, 2).min(0, initial=np.inf) - margin)
    high = np.ceil(segments.reshape(-1, 2).max(0, initial=-np.inf) + margin + 1)
    x0, y0 = np.clip(low, 0, image.shape[1::-1]).astype(int)
    x1, y1 = np.clip(high, 0, image.shape[1::-1]).astype(int)
    if x1 <= x0 or y1 <= y0:
        return
    region = image[y0:y1, x0:x1]
    ink, opacity = region.copy(), np.zeros(region.shape[:2], np.uint8)
    points = _fixed(segments - np.float32([x0, y0]), image.shape)
    for track_id in np.unique(track_ids):
        color = track_colors(track_id)[0]
        _strokes(ink, points[track_ids == track_id], color, line_width + 2)
    steps = np.ceil(freshness * _FADE_STEPS).astype(int)
    for step in np.unique(steps):  # ascending: the newest piece lies on top
        _strokes(opacity, points[steps == step], [220 * step // _FADE_STEPS], line_width)
    weight = opacity.astype(np.float32) / 255
    image[y0:y1, x0:x1] = cv2.blendLinear(ink, np.ascontiguousarray(region), weight, 1 - weight)


class LabelLayout:
    """Filled labels in one frame that stay inside it and do not cover each other.

    Args:
        image: (H, W, 3) uint8 RGB, changed by ``add``.
        scale: Of the font; 0.5 is about 11 pixels high.
    """

    def __init__(self, image: np.ndarray, scale: float) -> None:
        self._image = image
        self._scale = scale
        self._taken = np.zeros((0, 4), np.int64)

    def add(self, text: str, anchor: np.ndarray, color: Sequence[int], gap: int) -> None:
        """Draw a label with its lower edge ``gap`` pixels above ``anchor`` (x, y).

        Choice: at the border it moves inside; where another label lies, it goes up, then to the
        sides, then below; if all places are taken it stays above the anchor, over the other one.
        """
        thickness = 1 if self._scale < 0.9 else 2
        (text_width, text_height), _ = cv2.getTextSize(text, _FONT, self._scale, thickness)
        pad = max(2, round(5 * self._scale))
        size = np.array([text_width + 2 * pad, text_height + 2 * pad])
        steps = np.array([(0, 0), (0, -1), (-1, 0), (1, 0), (0, -2), (0, 2)])
        corner = np.asarray(anchor) - (size[0] / 2, size[1] + gap)
        corners = np.rint(corner + steps * (size + 1)).astype(np.int64)
        room = np.maximum(np.array(self._image.shape[1::-1]) - size, 0)
        corners = np.clip(corners, 0, room)
        apart = (corners[:, None] >= self._taken[:, 2:]) | (
            corners[:, None] + size <= self._taken[:, :2]
        )
        corner = corners[apart.any(-1).all(-1).argmax()]
        self._taken = np.vstack([self._taken, np.concatenate([corner, corner + size])])
        (x0, y0), (x1, y1) = corner.tolist(), (corner + size - 1).tolist()
        cv2.rectangle(self._image, (x0, y0), (x1, y1), tuple(int(c) for c in color), -1)
        cv2.rectangle(self._image, (x0, y0), (x1, y1), OUTLINE, 1)
        origin = (x0 + pad, y0 + pad + text_height)
        draw_text(self._image, text, origin, self._scale, text_color(color), thickness)


def draw_text(
    image: np.ndarray,
    text: str,
    origin: tuple[int, int],
    scale: float,
    color: Sequence[int] = (255, 255, 255),
    thickness: int = 1,
    *,
    outline: bool = False,
) -> None:
    """Write ``text`` with its lower left corner at ``origin``, with a dark rim on request."""
    if outline:
        cv2.putText(image, text, origin, _FONT, scale, OUTLINE, thickness + 2, cv2.LINE_AA)
    cv2.putText(image, text, origin, _FONT, scale, tuple(color), thickness, cv2.LINE_AA)


def note_frame(height: int, width: int, lines: Sequence[str]) -> np.ndarray:
    """A grey frame with a note, instead of an image that cannot be read.

    Args:
        height: Pixels.
        width: Pixels.
        lines: Text, centred and made small enough for the width.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    frame = np.full((height, width, 3), 64, np.uint8)
    widest = max((cv2.getTextSize(line, _FONT, 1.0, 1)[0][0] for line in lines), default=1)
    scale = min(0.9 * width / max(widest, 1), max(0.4, height / 600))
    step = max(1, round(34 * scale))
    for i, line in enumerate(lines):
        text_width = cv2.getTextSize(line, _FONT, scale, 1)[0][0]
        y = round(height / 2 + (i - (len(lines) - 1) / 2) * step + 10 * scale)
        draw_text(frame, line, ((width - text_width) // 2, y), scale, (220, 220, 220))
    return frame
