import numpy as np
import pytest

from mmpose_temporal.visualization.drawing import (
    LabelLayout,
    draw_box,
    draw_dashed_box,
    draw_pose,
    draw_trails,
    note_frame,
)
from mmpose_temporal.visualization.palette import track_colors

RED = (255, 0, 0)
NO_LINKS = np.zeros((0, 2), int)


def changed(image, background=0):
    """Rows and columns (y, x) of the pixels that differ from the background."""
    return np.argwhere((image != background).any(-1))


@pytest.fixture
def black():
    return np.zeros((60, 80, 3), np.uint8)


def test_pose_is_drawn_where_its_joints_are(black):
    joints = np.float32([[20, 30], [60, 30]])
    draw_pose(
        black,
        joints,
        np.array([True, True]),
        np.array([[0, 1]]),
        color=RED,
        line_width=2,
        radius=4,
    )
    for x in (20, 40, 60):  # both joints and the middle of the link
        assert black[30, x].tolist() == list(RED)
    ys, xs = changed(black).T
    # Radius 4 and a rim of 1, with 1 for the soft edge.
    assert (ys.min(), ys.max(), xs.min(), xs.max()) == pytest.approx((25, 35, 15, 65), abs=1)


def test_links_need_both_joints(black):
    joints = np.float32([[20, 30], [60, 30]])
    draw_pose(
        black,
        joints,
        np.array([True, False]),
        np.array([[0, 1]]),
        color=RED,
        line_width=2,
        radius=4,
    )
    assert black[30, 20].tolist() == list(RED)
    assert changed(black)[:, 1].max() < 28


def test_half_a_pixel_is_drawn_between_two(black):
    draw_pose(
        black,
        np.float32([[20.5, 30]]),
        np.array([True]),
        NO_LINKS,
        color=RED,
        line_width=1,
        radius=3,
        outline=False,
    )
    xs = changed(black)[:, 1]
    assert xs.min() + xs.max() == 41  # centred on 20.5


def test_absent_nan_and_far_joints_do_no_harm(black):
    draw_pose(
        black,
        np.float32([[np.nan, 5], [3, 3]]),
        np.array([False, False]),
        np.array([[0, 1]]),
        color=RED,
        line_width=2,
        radius=4,
    )
    assert not black.any()
    draw_pose(
        black,
        np.float32([[1e12, 30], [40, 30]]),
        np.array([True, True]),
        np.array([[0, 1]]),
        color=RED,
        line_width=2,
        radius=0,
    )
    assert black[30, 79].tolist() == list(RED)  # a link that leaves the image


def test_box(black):
    draw_box(black, np.float32([10, 20, 30, 40]), RED, 1)
    assert black[20, 10:31].tolist() == [list(RED)] * 21
    assert not black[30, 20].any()
    before = black.copy()
    draw_box(black, np.float32([np.nan, 0, 1, 1]), RED, 1)
    assert (black == before).all()


def test_a_dashed_box_has_dashes_and_gaps_on_each_side(black):
    """Dashes of 6 pixels every 10, from the first corner on; round ends make them longer."""
    draw_dashed_box(black, np.float32([10, 10, 40, 40]), RED, 1)
    red = black[..., 0]
    assert min(red[10, [13, 23, 33]]) > 200 and max(red[10, [18, 28, 38]]) < 30
    assert min(red[[13, 23, 33], 40]) > 200 and max(red[[18, 28, 38], 40]) < 30
    assert min(red[40, [37, 27, 17]]) > 200 and max(red[40, [32, 22, 12]]) < 30
    assert min(red[[37, 27, 17], 10]) > 200 and max(red[[32, 22, 12], 10]) < 30
    assert not black[15:36, 15:36].any()


@pytest.mark.parametrize("box", [[np.nan, 0, 1, 1], [0, 0, np.inf, 5], [5, 5, 5, 5]])
def test_a_dashed_box_without_a_size_is_no_error(black, box):
    draw_dashed_box(black, np.float32(box), RED, 1)
    assert not black.any()


def test_trails_fade_and_leave_the_rest_alone():
    image = np.full((60, 80, 3), 90, np.uint8)
    segments = np.float32([[[10, 30], [30, 30]], [[30, 30], [50, 30]]])
    draw_trails(image, segments, np.array([1, 1]), np.float32([0.25, 1.0]), line_width=3)
    distance = np.abs(image.astype(int) - 90).sum(-1)
    assert distance[30, 42] > 2 * distance[30, 20] > 0
    color = track_colors(1)[0].astype(int)
    # Opacity of the newest piece is 220 / 255 of its colour over the image.
    assert image[30, 42] == pytest.approx(90 + (color - 90) * 220 / 255, abs=2)
    ys, xs = changed(image, 90).T
    assert ys.min() >= 27
    assert ys.max() <= 33
    assert xs.min() >= 7
    assert xs.max() <= 53


def test_trails_outside_and_no_trails():
    image = np.full((60, 80, 3), 90, np.uint8)
    outside = np.float32([[[-50, -50], [-40, -60]]])
    draw_trails(image, outside, np.array([1]), np.float32([1]), line_width=3)
    empty = np.zeros((0, 2, 2), np.float32)
    draw_trails(image, empty, np.zeros(0, int), np.zeros(0, np.float32), line_width=3)
    assert (image == 90).all()


@pytest.mark.parametrize("anchor", [(0, 0), (79, 0), (0, 59), (79, 59), (-500, 900)])
def test_labels_stay_inside(black, anchor):
    image = np.pad(black, ((0, 0), (0, 0), (0, 0)))
    LabelLayout(image, 0.4).add("12", np.array(anchor), (0, 200, 255), gap=5)
    ys, xs = changed(image).T
    height, width = np.ptp(ys) + 1, np.ptp(xs) + 1
    # Wherever it stands it is drawn in full: as large as one in the middle.
    middle = np.zeros_like(black)
    LabelLayout(middle, 0.4).add("12", np.array([40, 40]), (0, 200, 255), gap=5)
    ys, xs = changed(middle).T
    assert (height, width) == (np.ptp(ys) + 1, np.ptp(xs) + 1)


def test_labels_do_not_cover_each_other():
    image = np.zeros((200, 200, 3), np.uint8)
    layout = LabelLayout(image, 0.5)
    layout.add("1", np.array([100, 100]), (255, 0, 0), gap=5)
    first = changed(image)
    before = image.copy()
    layout.add("2", np.array([102, 100]), (0, 255, 0), gap=5)
    assert (image[first[:, 0], first[:, 1]] == before[first[:, 0], first[:, 1]]).all()
    assert ((image == (0, 255, 0)).all(-1)).any()


def test_note_frame_has_its_size_and_a_note():
    frame = note_frame(90, 161, ["frame 3 cannot be read", "a/very/long/path/" * 9])
    assert frame.shape == (90, 161, 3)
    ys, xs = changed(frame, 64).T
    assert len(ys) > 20
    assert xs.min() > 0
    assert xs.max() < 160
