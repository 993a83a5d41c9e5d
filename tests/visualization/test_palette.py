import cv2
import numpy as np

from mmpose_temporal.visualization.palette import (
    PALETTE_SIZE,
    UNTRACKED_COLOR,
    text_color,
    track_colors,
    track_palette,
)


def lab(colors):
    return cv2.cvtColor(np.float32(colors)[None] / 255, cv2.COLOR_RGB2Lab)[0]


def smallest_distance(colors):
    points = lab(colors)
    distance = np.linalg.norm(points[:, None] - points, axis=-1)
    return distance[~np.eye(len(points), dtype=bool)].min()


def test_same_id_same_color_wherever_it_stands():
    together = track_colors(np.array([7, 3, 7, 0]))
    assert together.dtype == np.uint8
    assert (together[0] == together[2]).all()
    assert (together[1] == track_colors(3)[0]).all()
    track_palette.cache_clear()  # as in another process
    assert (track_colors(np.array([7, 3, 7, 0])) == together).all()


def test_colors_are_far_apart():
    # A difference of about 2.3 in CIE Lab is just noticeable; grey counts as a colour too.
    first = np.vstack([track_colors(np.arange(12)), [UNTRACKED_COLOR]])
    assert smallest_distance(first) > 30
    assert smallest_distance(track_colors(np.arange(PALETTE_SIZE))) > 10


def test_untracked_is_grey_and_large_ids_repeat():
    assert track_colors(np.array([-1])).tolist() == [list(UNTRACKED_COLOR)]
    assert (track_colors(PALETTE_SIZE + 5) == track_colors(5)).all()
    assert track_colors(np.zeros(0)).shape == (0, 3)


def test_text_reads_on_its_color():
    assert text_color((255, 255, 0)) == (0, 0, 0)
    assert text_color((0, 0, 128)) == (255, 255, 255)
