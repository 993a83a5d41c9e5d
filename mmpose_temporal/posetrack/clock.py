"""When the frames of a video were taken: what ages tracks, and times in seconds."""

from collections import Counter
from itertools import pairwise
from typing import Any

from .annotations import VideoAnnotation


def frame_clocks(video: VideoAnnotation, fps: float | None = None) -> list[dict[str, Any]]:
    """What a tracker must know about the time of each frame, as metainfo of its sample.

    Args:
        video: The frames in order, with the numbers of :mod:`.frame_order` and the file's times.
        fps: Frames per second of the numbers, and where there are none, of the list. None:
            the times are those of the file.

    Returns:
        For each frame ``frame_number`` and ``frame_step`` where the frames have numbers, and
        ``time`` in seconds since the first frame where ``fps`` or the file gives it. The step
        is the most common difference of two numbers that follow each other (the smaller of
        equals): files that list every third frame have the step 3, and there a missing frame is a
        gap of 6.

    Raises:
        ValueError: ``fps`` is not one (:func:`check_fps`); some frames have a time and others
            none, or the times do not ascend.
    """
    check_fps(fps)
    numbers = [frame.frame_number for frame in video.frames]
    numbered = None not in numbers
    clocks: list[dict[str, Any]] = [{} for _ in numbers]
    if numbered and numbers:
        step = common_step(numbers)
        clocks = [dict(frame_number=number, frame_step=step) for number in numbers]
    times = [frame.time for frame in video.frames]
    if fps is not None:
        places = numbers if numbered else range(len(numbers))
        times = [(place - places[0]) / fps for place in places]
    elif any(time is not None for time in times):
        _check_times(times, video)
        times = [time - times[0] for time in times]
    for clock, time in zip(clocks, times, strict=True):
        if time is not None:
            clock["time"] = time
    return clocks


def check_fps(fps: float | None) -> None:
    """Raise unless it is None or a rate that a video can have.

    Raises:
        ValueError: It is not from 1e-6 to 1e6 (choice: a frame in 11 days, a microsecond).
    """
    if fps is not None and not 1e-6 <= fps <= 1e6:
        raise ValueError(f"fps must be a number from 1e-6 to 1e6, got {fps}")


def common_step(numbers: list[int]) -> int:
    """The most common difference of ascending numbers, of equals the smaller; 1 of one number."""
    differences = Counter(after - before for before, after in pairwise(numbers))
    return max(1, min(differences, key=lambda step: (-differences[step], step), default=1))


def _check_times(times: list[float | None], video: VideoAnnotation) -> None:
    for index, time in enumerate(times):
        name = f"video {video.video_id}, frame {index} ({video.frames[index].file_name})"
        if time is None:
            raise ValueError(f"{name} has no 'time', but other frames of the video have one")
        if index and not time > times[index - 1]:
            raise ValueError(
                f"{name} has the 'time' {time:g}, which is not after that of the frame before, "
                f"{times[index - 1]:g}"
            )
