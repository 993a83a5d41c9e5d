"""The tables give, frame by frame, the ids that are seen and those that end before it."""

import sys

import numpy as np
import pytest

from mmpose_temporal.models.trackers import FrameBuffer
from mmpose_temporal.structures import FramePacket, People
from mmpose_temporal.testing import make_packet


def frame(number: int, *ids: int) -> FramePacket:
    return make_packet(
        People.create(keypoints=np.ones((len(ids), 17, 2)), track_ids=ids), tick=number
    )


class Video:
    """A buffer that is told of frames; it counts the tracks' lengths as association does."""

    def __init__(self, min_length: int, **options):
        self.buffer = FrameBuffer(min_length, **options)
        self.lengths: dict[int, int] = {}
        self.number = 0

    def announce(self, *ids: int, ended: tuple[int, ...] = ()) -> FramePacket:
        self.buffer.end_tracks(np.array(ended, np.int64))
        for track in ids:
            self.lengths[track] = self.lengths.get(track, 0) + 1
        lengths = np.array([self.lengths[track] for track in ids], np.int64)
        self.buffer.announce(np.array(ids, np.int64), lengths)
        self.number += 1
        return frame(self.number - 1, *ids)

    def add(self, *ids: int, ended: tuple[int, ...] = ()) -> list[FramePacket]:
        return self.buffer.push(self.announce(*ids, ended=ended))


def seen(frames) -> list[tuple[int, list[int]]]:
    return [(f.index, f.people.track_ids.tolist()) for f in frames]


def dropped(frames) -> list[int]:
    return [f.dropped["short_track"] for f in frames]


def test_a_length_of_one_holds_nothing_back():
    video = Video(1)
    assert seen(video.add(4, 5)) == [(0, [4, 5])]
    assert video.buffer.flush() == []


def test_short_tracks_are_taken_out_when_they_have_ended():
    """Track 0 has 3 poses in frame 2; track 1 ends with 1 pose before frame 2."""
    video = Video(3)
    assert seen(video.add(0, 1)) == []
    assert seen(video.add(0)) == []
    out = video.add(0, ended=(1,))
    assert seen(out) == [(0, [0]), (1, [0]), (2, [0])]
    assert dropped(out) == [1, 0, 0]


def test_frames_come_in_order_behind_one_that_is_undecided():
    video = Video(2)
    assert seen(video.add(7)) == []
    assert seen(video.add()) == []  # waits behind frame 0
    assert seen(video.add(7)) == [(0, [7]), (1, []), (2, [7])]


def test_frames_without_people_do_not_wait():
    assert seen(Video(5).add()) == [(0, [])]


def test_flush_decides_what_is_left():
    video = Video(2)
    video.add(0)
    assert seen(video.add(0, 1)) == [(0, [0])]
    out = video.buffer.flush()
    assert seen(out) == [(1, [0])]  # track 1 has one pose only
    assert dropped(out) == [1]
    assert video.buffer.flush() == []


def test_a_track_that_is_back_in_time_counts_as_one():
    video = Video(2)
    video.add(0)
    video.add()
    assert seen(video.add(0)) == [(0, [0]), (1, []), (2, [0])]


def test_a_track_that_ended_long_enough_stays():
    """It has 2 poses, is decided by the second, and its end changes nothing."""
    video = Video(2)
    video.add(0)
    assert seen(video.add(0)) == [(0, [0]), (1, [0])]
    assert seen(video.add(ended=(0,))) == [(2, [])]


def test_frames_that_come_late_are_judged_by_all_that_was_announced():
    """A refinement holds frames back: frame 0 is pushed when frame 2 was announced."""
    video = Video(3)
    frames = [video.announce(0, 1), video.announce(0, 1), video.announce(0, ended=())]
    assert seen(video.buffer.push(frames[0])) == []  # track 1 may still grow
    video.announce(0, ended=(1,))
    assert seen(video.buffer.push(frames[1])) == [(0, [0]), (1, [0])]
    assert seen(video.buffer.push(frames[2])) == [(2, [0])]


def test_a_video_shorter_than_the_least_length():
    """Tracks through all of its two frames are reported, though 5 poses are asked for."""
    video = Video(5)
    video.add(0, 1)
    video.add(0)
    assert seen(video.buffer.flush()) == [(0, [0]), (1, [0])]


def test_a_whole_video_waits_and_merged_tracks_have_one_length():
    """Tracks 0 and 2 are one person with 3 poses; track 1 has 2 and track 3 has 1."""
    video = Video(3, whole=True)
    for ids, ended in (((0, 1), ()), ((0, 1), ()), ((2, 3), (0, 1)), ((), (3,))):
        assert video.add(*ids, ended=ended) == []
    out = video.buffer.flush({2: 0})
    assert seen(out) == [(0, [0]), (1, [0]), (2, [0]), (3, [])]
    assert dropped(out) == [1, 1, 1, 0]
    assert [f.people.extras["unmerged_ids"].tolist() for f in out] == [[0], [0], [2], []]


def test_a_whole_video_of_which_nothing_is_merged():
    video = Video(1, whole=True)
    assert video.add(0) == video.add(1) == []
    assert seen(video.buffer.flush()) == [(0, [0]), (1, [1])]


def test_tracks_of_one_frame_cannot_be_merged():
    video = Video(1, whole=True)
    video.add(0, 1)
    with pytest.raises(ValueError, match="frame 0.*merged"):
        video.buffer.flush({1: 0})


@pytest.mark.parametrize(("min_length", "max_age"), [(2, 1), (3, 2), (5, 3)])
def test_waiting_is_bounded(min_length, max_age):
    """Random tracks that live on as in Association; every frame comes out once, in order."""
    rng = np.random.default_rng(0)
    video, last_seen, out, new = Video(min_length), {}, [], 0
    for index in range(300):
        ended = tuple(i for i, t in last_seen.items() if index - t > max_age)
        for i in ended:
            del last_seen[i]
        ids = [i for i in last_seen if rng.random() < 0.5]
        ids += range(new, new + int(rng.integers(0, 3)))
        new = max([new, *[i + 1 for i in ids]])
        last_seen.update(dict.fromkeys(ids, index))
        out += video.add(*ids, ended=ended)
        assert index + 1 - len(out) <= min_length * (max_age + 1)
        # What is remembered of tracks is bounded by the frames that wait and the live tracks.
        waiting = {i for f in video.buffer.waiting for i in f.people.track_ids.tolist()}
        assert video.buffer.places.keys() | video.buffer.short.keys() <= waiting | {*last_seen}
    out += video.buffer.flush()
    assert [f.index for f in out] == list(range(300))
    reported = {i for f in out for i in f.people.track_ids.tolist()}
    assert reported == {i for i, length in video.lengths.items() if length >= min_length}
    lost = sum(length for length in video.lengths.values() if length < min_length)
    assert sum(dropped(out)) == lost > 0


def lines_of(function, *args) -> int:
    """How many lines are executed: the work, which is the same on every machine."""
    count, before = 0, sys.gettrace()

    def trace(frame, event, arg):
        nonlocal count
        count += event == "line"
        return trace

    sys.settrace(trace)
    try:
        function(*args)
    finally:
        sys.settrace(before)
    return count


def test_the_work_of_a_frame_does_not_grow_with_those_that_wait():
    """Track 0 never gets long enough, so all frames wait; each has a track that ends with it."""
    video, work = Video(10**6), []
    for index in range(400):
        ended = (index,) if index else ()
        work.append(lines_of(lambda new=index + 1, old=ended: video.add(0, new, ended=old)))
    assert len(video.buffer.waiting) == 400
    assert work[-1] == work[1] > 10
    # When track 0 ends, all frames but the last, whose other track may still grow, are finished.
    out = video.add(ended=(0,))
    assert [f.index for f in out] == list(range(399))
    assert dropped(out) == [2] * 399
