import math

import pytest

from mmpose_temporal.posetrack import FrameAnnotation, VideoAnnotation, common_step, frame_clocks


def video(numbers: list[int | None], times: list[float | None] | None = None) -> VideoAnnotation:
    times = times or [None] * len(numbers)
    frames = [
        FrameAnnotation(
            image_id=index,
            frame_id=index,
            file_name=f"v/{index}.jpg",
            size=None,
            is_labeled=True,
            ignore_regions=[],
            people=[],
            frame_number=number,
            time=time,
        )
        for index, (number, time) in enumerate(zip(numbers, times, strict=True))
    ]
    return VideoAnnotation(video_id="v", frames=frames)


@pytest.mark.parametrize(
    ("numbers", "step"),
    [
        ([], 1),
        ([5], 1),
        ([0, 1, 2, 7], 1),
        ([0, 3, 6, 12], 3),
        ([0, 1, 5], 1),  # equally often: the smaller
        ([0, 4, 8, 9], 4),
    ],
)
def test_the_step_is_the_most_common_difference(numbers, step):
    assert common_step(numbers) == step


def test_numbers_and_times_of_a_rate():
    assert frame_clocks(video([10, 13, 16, 25]), fps=30) == [
        dict(frame_number=10, frame_step=3, time=0.0),
        dict(frame_number=13, frame_step=3, time=0.1),
        dict(frame_number=16, frame_step=3, time=0.2),
        dict(frame_number=25, frame_step=3, time=0.5),
    ]


def test_frames_without_numbers_follow_each_other():
    assert frame_clocks(video([None, None])) == [{}, {}]
    assert frame_clocks(video([None, None]), fps=4) == [dict(time=0.0), dict(time=0.25)]
    assert frame_clocks(video([])) == []


def test_times_of_the_file_count_from_the_first_frame_and_a_rate_goes_before_them():
    clocks = frame_clocks(video([0, 1], [100.5, 101.25]))
    assert [clock["time"] for clock in clocks] == [0.0, 0.75]
    clocks = frame_clocks(video([0, 1], [100.5, 101.25]), fps=2)
    assert [clock["time"] for clock in clocks] == [0.0, 0.5]


@pytest.mark.parametrize("fps", [0, -1, 1e-300, 1e300, math.nan, math.inf])
def test_a_rate_is_positive(fps):
    with pytest.raises(ValueError, match="fps must be a number from 1e-6 to 1e6, got"):
        frame_clocks(video([0, 1]), fps=fps)


def test_some_times_or_times_that_go_back():
    with pytest.raises(ValueError, match=r"video v, frame 1 \(v/1.jpg\) has no 'time', but other"):
        frame_clocks(video([0, 1], [1.0, None]))
    with pytest.raises(ValueError, match="frame 1 .* has the 'time' 1, which is not after"):
        frame_clocks(video([0, 1], [1.0, 1.0]))
