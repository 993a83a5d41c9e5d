"""Pictures of keypoint matching and of refinement in time (TKMR Fig. 3 and 5)."""

import os
from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from mmpose_temporal.models.trackers import RefinementRecord
from mmpose_temporal.utils import atomic_write

from .drawing import OUTLINE, LabelLayout
from .panels import BAR, GAP, PAPER, draw_bar, scaled, stacked, titled

CHOSEN = (230, 30, 30)
"""RGB of the ring around the candidate with the highest response."""

_SPREAD = 0.04  # standard deviation of a spot, as a share of the crop's height


def probability_colors(probabilities: np.ndarray) -> np.ndarray:
    """Colours of probabilities: viridis, dark blue for 0, yellow for 1.

    Args:
        probabilities: (...) in [0, 1]; what lies outside takes the nearest colour.

    Returns:
        (..., 3) uint8 RGB.
    """
    levels = np.rint(np.clip(probabilities, 0, 1) * 255).astype(np.uint8)
    ramp = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[:, None], cv2.COLORMAP_VIRIDIS)
    return ramp[:, 0, ::-1][levels]


def draw_matches(
    image: np.ndarray,
    other: np.ndarray,
    keypoints: np.ndarray,
    other_keypoints: np.ndarray,
    probabilities: np.ndarray,
    *,
    titles: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
    scale: float = 1,
    line_width: int = 1,
    radius: int = 3,
) -> np.ndarray:
    """Two frames side by side, with lines between the keypoints of pairs of people.

    Args:
        image: (H, W, 3) uint8 RGB, frame t - 1 by custom.
        other: (H', W', 3) uint8 RGB, frame t.
        keypoints: (P, K, 2) image pixels, the people of P pairs in ``image``.
        other_keypoints: (P, K, 2), likewise in ``other``.
        probabilities: (P, K) in [0, 1] that two keypoints are of one person, which gives their
            colour; NaN: the pair of keypoints is not drawn.
        titles: What is written above the two frames. None: nothing, and there is no band for it.
        labels: Of the P pairs, written above the highest keypoint of both people. None: nothing.
        scale: Enlarges the frames, for small ones.
        line_width: Pixels of the picture.
        radius: Of a joint, likewise.

    Returns:
        (max(H, H') + 24, W + W' + 6, 3) uint8 RGB, sides times ``scale``: both frames, and under
        them the colours of the probabilities from 0 to 1; with ``titles`` 24 more rows above.

    Raises:
        ValueError: The shapes do not fit each other.
    """
    probabilities = np.asarray(probabilities, np.float32)
    expected = (*probabilities.shape, 2)
    named = len(probabilities) if labels is None else len(labels)
    if not keypoints.shape == other_keypoints.shape == expected or named != len(probabilities):
        raise ValueError(
            "draw_matches needs keypoints (P, K, 2) of both frames, probabilities (P, K) and P "
            f"labels if any, got {keypoints.shape}, {other_keypoints.shape} and "
            f"{probabilities.shape}" + ("" if labels is None else f", {named} labels")
        )
    image, other = (scaled(frame, scale) for frame in (image, other))
    if titles is not None:
        image, other = map(titled, (image, other), titles)
    top = 0 if titles is None else BAR
    height = max(image.shape[0], other.shape[0])
    offset = image.shape[1] + GAP
    canvas = np.full((height + BAR, offset + other.shape[1], 3), PAPER, np.uint8)
    canvas[: image.shape[0], : image.shape[1]] = image
    canvas[: other.shape[0], offset:] = other
    drawn = np.isfinite(probabilities) & np.isfinite(keypoints).all(-1)
    drawn &= np.isfinite(other_keypoints).all(-1)
    colors = probability_colors(probabilities[drawn]).tolist()
    # The centre of pixel (0, 0) is (0, 0), before and after.
    ends = np.stack([keypoints[drawn], other_keypoints[drawn]], axis=1)
    ends = (ends + 0.5) * scale - 0.5 + [[0, top], [offset, top]]
    order = np.argsort(probabilities[drawn], kind="stable")  # the surest on top
    for index in order.tolist():
        (start, end), color = np.rint(ends[index]).astype(int).tolist(), colors[index]
        cv2.line(canvas, start, end, color, line_width, cv2.LINE_AA)
        for point in (start, end):
            cv2.circle(canvas, point, radius + 1, OUTLINE, -1, cv2.LINE_AA)
            cv2.circle(canvas, point, radius, color, -1, cv2.LINE_AA)
    if labels is not None:
        _label(canvas[top:height], ends - [0, top], drawn, labels, 2 * radius)
    draw_bar(canvas[height:], probability_colors, "P(one person)")
    return canvas


def _label(
    area: np.ndarray, ends: np.ndarray, drawn: np.ndarray, labels: Sequence[str], gap: int
) -> None:
    """Labels above the people of pairs.

    Args:
        area: Both frames, changed.
        ends: (D, 2, 2), the keypoints that are drawn, in each frame.
        drawn: (P, K) bool, whose they are; D in all.
        labels: Of the P pairs.
        gap: Pixels between a label and the highest keypoint.
    """
    layout = LabelLayout(area, 0.4)
    owners = np.nonzero(drawn)[0]
    for pair in np.unique(owners).tolist():
        for points in ends[owners == pair].swapaxes(0, 1):
            layout.add(labels[pair], points[points[:, 1].argmin()], PAPER, gap)


def draw_refinement(
    record: RefinementRecord,
    frames: Mapping[int, np.ndarray],
    frame_index: int,
    *,
    track_id: int,
    keypoint: int,
    crop_size: tuple[int, int] = (144, 192),
    padding: float = 1.25,
    headline: str | None = None,
) -> np.ndarray:
    """How a keypoint was refined: its path, and its responses before and after (TKMR Fig. 5).

    The upper row has the crops of the path in temporal order, each with the predicted place
    of the keypoint, in the colour of its W to the candidate that was chosen. The lower row has
    the frame's crop twice, in grey, with the candidates as spots, before and after; the highest
    has a red ring, and its response is written above. Spots are as bright as their responses,
    white for the highest of both. Choice: spots for both, since refined responses are known only
    at the candidates.

    Args:
        record: ``records["refinement"]`` of a finished frame that an observer wanted.
        frames: Position in the video -> (H, W, 3) uint8 RGB, for this frame and those of the path.
        frame_index: Position of the frame of the record.
        track_id: The person.
        keypoint: k.
        crop_size: Width and height of a crop in pixels.
        padding: Enlargement of the boxes.
        headline: Text above the crops. None: there is no band for it.

    Returns:
        (H', W', 3) uint8 RGB.

    Raises:
        ValueError: There is no such person or keypoint, or a frame is missing.
    """
    rows = np.flatnonzero(record.track_ids == track_id)
    if not len(rows):
        raise ValueError(f"the frame has no track {track_id}, but {record.track_ids.tolist()}")
    if not 0 <= keypoint < record.before.shape[1]:
        raise ValueError(f"keypoint must be in [0, {record.before.shape[1] - 1}], got {keypoint}")
    row = int(rows[0])
    steps = [(step, np.flatnonzero(step.rows == row)) for step in record.steps]
    steps = [(step, int(mine[0])) for step, mine in steps if len(mine)]
    missing = [i for i in (frame_index, *(s.frame_index for s, _ in steps)) if i not in frames]
    if missing:
        raise ValueError(f"frames lacks the frames {missing} of the path")
    before, after = record.before[row, keypoint], record.after[row, keypoint]
    best = int(after.argmax())

    center, to_crop = _cutter(frames[frame_index], record.boxes[row], crop_size, padding)
    places = to_crop(record.candidates[row, keypoint])
    path = []
    for step, mine in steps:
        crop, into = _cutter(frames[step.frame_index], step.boxes[mine], crop_size, padding)
        weight = float(step.weights[mine, keypoint, best])
        _dot(crop, into(step.keypoints[mine, keypoint][None])[0], weight)
        path.append(
            (
                step.frame_index,
                titled(crop, f"t{step.frame_index - frame_index:+d}  W {weight:.2f}"),
            )
        )
    middle = center.copy()
    _ring(middle, places[best])
    path.append((frame_index, titled(middle, "t")))
    upper = [crop for _, crop in sorted(path, key=lambda item: item[0])]
    top = max(before.max(), after.max(), np.finfo(np.float32).tiny)
    lower = [
        titled(_spots(center, places, responses / top), f"{name} {responses.max():.2f}")
        for name, responses in (("before", before), ("after", after))
    ]
    picture = stacked([upper, lower])
    return picture if headline is None else titled(picture, headline)


def _cutter(image: np.ndarray, box: np.ndarray, size: tuple[int, int], padding: float):
    """The crop of a box, with its shape kept, and the function from image to crop pixels."""
    sides = np.maximum(box[2:] - box[:2], 1) * padding
    scale = min(size[0] / sides[0], size[1] / sides[1])
    shift = np.array(size) / 2 - scale * (box[:2] + box[2:]) / 2
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float64)
    crop = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR)
    return crop, lambda points: points * scale + shift


def _dot(image: np.ndarray, place: np.ndarray, weight: float) -> None:
    point = np.rint(place).astype(int).tolist()
    cv2.circle(image, point, 6, OUTLINE, -1, cv2.LINE_AA)
    cv2.circle(
        image, point, 5, probability_colors(np.array([weight]))[0].tolist(), -1, cv2.LINE_AA
    )


def _ring(image: np.ndarray, place: np.ndarray) -> None:
    radius = max(8, round(1.5 * _SPREAD * image.shape[0]))  # not on the spot
    cv2.circle(image, np.rint(place).astype(int).tolist(), radius, CHOSEN, 2, cv2.LINE_AA)


def _spots(crop: np.ndarray, places: np.ndarray, responses: np.ndarray) -> np.ndarray:
    """The crop, grey and dark, with a Gaussian spot for each candidate.

    ``responses``: (n,), 1 for the brightest spot, 0 for none; what is below is none too.
    """
    height, width = crop.shape[:2]
    there = np.isfinite(responses)
    x, y = np.arange(width), np.arange(height)
    spread = 2 * (_SPREAD * height) ** 2
    offsets = places[there]
    spots = np.exp(-((x - offsets[:, None, 0]) ** 2) / spread)[:, None, :]
    spots = spots * np.exp(-((y - offsets[:, None, 1]) ** 2) / spread)[:, :, None]
    heat = (np.clip(responses[there], 0, 1)[:, None, None] * spots).max(0, initial=0)
    colors = cv2.applyColorMap(np.rint(heat * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    opacity = np.sqrt(heat)[..., None]  # weak ones are seen too
    grey = 0.6 * cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)[..., None]
    picture = np.rint(grey * (1 - opacity) + colors[..., ::-1] * opacity).astype(np.uint8)
    _ring(picture, places[int(responses.argmax())])
    return picture


def save_picture(path: str | os.PathLike, image: np.ndarray) -> None:
    """Write a picture, whole or not at all.

    Args:
        path: Its name gives the format (.png, .jpg).
        image: (H, W, 3) uint8 RGB.

    Raises:
        ValueError: OpenCV does not know the format.
    """
    suffix = os.path.splitext(os.fspath(path))[1]
    try:
        done, data = cv2.imencode(suffix, image[..., ::-1])
    except cv2.error:
        done = False
    if not done:
        raise ValueError(f"{path}: pictures are written as .png or .jpg, got {suffix!r}")
    with atomic_write(path, "wb") as file:
        file.write(data.tobytes())
