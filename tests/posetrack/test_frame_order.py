"""Names and numbers of frames; the expected numbers are those that a person reads in the names."""

import pytest

from mmpose_temporal.posetrack import FRAME_ORDERS, FrameOrderError
from mmpose_temporal.posetrack.frame_order import name_numbers, order_frames
from mmpose_temporal_cli import flags

NONE = [None, None, None]


@pytest.mark.parametrize(
    ("names", "numbers"),
    [
        (["v/000000.jpg", "v/000001.jpg", "v/000004.jpg"], [0, 1, 4]),
        (["000001_cam2.jpg", "000002_cam2.jpg", "000003_cam2.jpg"], [1, 2, 3]),
        (["cam2_9.jpg", "cam2_10.jpg", "cam2_11.jpg"], [9, 10, 11]),
        (
            ["frame_0001_640x480.jpg", "frame_0002_640x480.jpg", "frame_0005_640x480.jpg"],
            [1, 2, 5],
        ),
        # Roboflow's hash of each file; letters and digits may change places
        (["000001_jpg.rf.5d02.jpg", "000002_jpg.rf.91ab.jpg", "000003_jpg.rf.3c7.jpg"], [1, 2, 3]),
        (["000001_9f3a.png", "000002_5b77.png", "000003_1c.png"], [1, 2, 3]),
        (
            ["IMG_2024-01-02_0001.png", "IMG_2024-01-02_0002.png", "IMG_2024-01-02_0003.png"],
            [1, 2, 3],
        ),
        # milliseconds beside the number: the smaller range is the frame's number
        (["f7_t0033.png", "f8_t0066.png", "f9_t0100.png"], [7, 8, 9]),
        # the count of people repeats, the frame's number does not
        (["0001_3people.jpg", "0002_4people.jpg", "0003_3people.jpg"], [1, 2, 3]),
        # the text before the number changes
        (["left_0001.jpg", "right_0002.jpg", "left_0003.jpg"], [1, 2, 3]),
        (["v/frame.000001", "v/frame.000002", "v/frame.000010"], [1, 2, 10]),
        (["1f.jpg", "2f.jpg", "10f.jpg"], [1, 2, 10]),  # there is no other number
        (["a.jpg", "c.jpg", "b.jpg"], NONE),
        (["cam1_a.jpg", "cam1_c.jpg", "cam1_b.jpg"], NONE),
        # midnight: the time starts again, the names are in natural order
        (["20240102_235959.png", "20240103_000000.png", "20240103_000001.png"], NONE),
        (["cam1_12-59-58.png", "cam1_12-59-59.png", "cam1_13-00-00.png"], NONE),
        # a number of another kind follows the frame's
        (["0001_837.png", "0002_112.png", "0003_544.png"], [1, 2, 3]),
        # no number differs in all frames; the names are in natural order
        (["shot1_8.jpg", "shot1_10.jpg", "shot2_8.jpg"], NONE),
        ([f"{i}{'0' * 19}.jpg" for i in (3, 1, 2)], NONE),  # 20 digits are no frame's number
        # nanoseconds; seconds with decimals, which start again with each second
        (
            [f"14036365{i}763555584.png" for i in (79, 80, 91)],
            [int(f"14036365{i}763555584") for i in (79, 80, 91)],
        ),
        (
            ["1305031102.975.png", "1305031103.008.png", "1305031103.042.png"],
            [1305031102975, 1305031103008, 1305031103042],
        ),
        (["cam.2.0009.png", "cam.2.0010.png", "cam.2.0012.png"], [20009, 20010, 20012]),
        (["v1.998.png", "v1.1000.png", "v1.1001.png"], [998, 1000, 1001]),
        (["", "1.jpg", ""], NONE),
    ],
)
def test_numbers_of_names(names, numbers):
    assert name_numbers(names) == numbers


@pytest.mark.parametrize("names", [[], ["000007.jpg"]])
def test_nothing_to_tell_apart(names):
    assert name_numbers(names) == [None] * len(names)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            ["000002_cam2.jpg", "000001_cam2.jpg"],
            "000001_cam2.jpg is listed after 000002_cam2.jpg",
        ),
        (["1.jpg", "10.jpg", "2.jpg"], "2.jpg is listed after 10.jpg"),
        (["1.jpg", "1.jpg"], "frames 0 and 1 have the same name, 1.jpg"),
        # two numbers that order the frames differently, each of which may be the frame's
        (["30_1.jpg", "20_2.jpg", "25_3.jpg"], "leave open which number orders them"),
        # each number repeats, and the names are not in natural order
        (["shot2_8.jpg", "shot1_8.jpg", "shot1_9.jpg"], "leave open"),
    ],
)
def test_names_that_say_nothing_or_another_order(names, message):
    with pytest.raises(FrameOrderError, match=rf"^v\.json: .*{message}") as caught:
        name_numbers(names, where="v.json")
    assert "\n" not in str(caught.value)


def order(names, stated=None, copies=None, frame_order="auto"):
    nothing = [None] * len(names)
    return order_frames(
        names, stated or nothing, copies or nothing, where="v.json", frame_order=frame_order
    )


def test_fields_win_over_names():
    names = ["3_1.jpg", "2_2.jpg", "1_5.jpg"]
    assert order(names, stated=[4, 5, 9]) == ([0, 1, 2], [4, 5, 9])
    with pytest.raises(FrameOrderError, match="2_2.jpg is listed after 3_1.jpg.*'frame_id'"):
        order(names, stated=[9, 5, 4])
    # a field that some frames lack, or that repeats, numbers nothing: the names count
    for stated in ([1, None, 2], [0, 0, 0]):
        assert order(["1.jpg", "2.jpg", "5.jpg"], stated=stated) == ([0, 1, 2], [1, 2, 5])
    # copies of image ids count only where the names do not order the list
    assert order(["1.jpg", "2.jpg", "5.jpg"], copies=[70, 90, 80]) == ([0, 1, 2], [1, 2, 5])
    assert order(names, copies=[70, 80, 90]) == ([0, 1, 2], [70, 80, 90])
    with pytest.raises(FrameOrderError, match="leave open"):
        order(names, copies=[70, 90, 80])


def test_another_rule():
    names = ["10.jpg", "9.jpg", "1.jpg"]
    assert order(names, frame_order="file") == ([0, 1, 2], [0, 1, 2])
    assert order(names, frame_order="names") == ([2, 1, 0], [0, 1, 2])
    assert order(names, stated=[5, 7, 6], frame_order="number") == ([0, 2, 1], [5, 6, 7])
    assert order(names, copies=[5, 7, 6], frame_order="number") == ([0, 2, 1], [5, 6, 7])
    with pytest.raises(FrameOrderError, match="'number' needs 'frame_index' or 'frame_id'"):
        order(names, frame_order="number")
    with pytest.raises(FrameOrderError, match="same name"):
        order(["1.jpg", "1.jpg"], frame_order="names")
    with pytest.raises(ValueError, match="one of auto, file, names, number, got 'name'"):
        order(names, frame_order="name")


def test_the_flag_has_these_choices():
    assert flags.FRAME_ORDERS == FRAME_ORDERS
