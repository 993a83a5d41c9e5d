"""The tables give, frame by frame, the ids that are seen and those that may still grow."""

import numpy as np
import pytest

from mmpose_temporal.models.trackers import FinishedFrames, TrackedFrame
from mmpose_temporal.structures import People


def frame(number: int, *ids: int) -> TrackedFrame:
    poses = People.create(keypoints=np.ones((len(ids), 17, 2)), track_ids=ids)
    return TrackedFrame(sample=number, poses=poses)


def seen(frames) -> list[tuple[int, list[int]]]:
    return [(f.sample, f.poses.track_ids.tolist()) for f in frames]


def test_a_length_of_one_holds_nothing_back():
    finished = FinishedFrames(1)
    assert seen(finished.push(frame(0, 4, 5), np.array([4, 5]))) == [(0, [4, 5])]
    assert finished.flush() == []


def test_short_tracks_are_taken_out_when_they_have_ended():
    finished = FinishedFrames(3)
    # Track 0 has 3 poses in frame 2; track 1 ends with 1 pose after frame 1.
    assert seen(finished.push(frame(0, 0, 1), np.array([0, 1]))) == []
    assert seen(finished.push(frame(1, 0), np.array([0, 1]))) == []
    out = finished.push(frame(2, 0), np.array([0]))
    assert seen(out) == [(0, [0]), (1, [0]), (2, [0])]
    assert [dict(f.dropped) for f in out] == [dict(short_track=1), {}, {}]


def test_frames_come_in_order_behind_one_that_is_undecided():
    finished = FinishedFrames(2)
    assert seen(finished.push(frame(0, 7), np.array([7]))) == []
    assert seen(finished.push(frame(1), np.array([7]))) == []  # waits behind frame 0
    assert seen(finished.push(frame(2, 7), np.array([7]))) == [(0, [7]), (1, []), (2, [7])]


def test_frames_without_people_do_not_wait():
    finished = FinishedFrames(5)
    assert seen(finished.push(frame(0), np.array([], np.int64))) == [(0, [])]


def test_flush_decides_what_is_left():
    finished = FinishedFrames(2)
    finished.push(frame(0, 0), np.array([0]))
    assert seen(finished.push(frame(1, 0, 1), np.array([0, 1]))) == [(0, [0])]
    out = finished.flush()
    assert seen(out) == [(1, [0])]  # track 1 has one pose only
    assert out[0].dropped["short_track"] == 1
    assert finished.flush() == []


def test_a_track_that_is_back_in_time_counts_as_one():
    finished = FinishedFrames(2)
    finished.push(frame(0, 0), np.array([0]))
    finished.push(frame(1), np.array([0]))
    assert seen(finished.push(frame(2, 0), np.array([0]))) == [(0, [0]), (1, []), (2, [0])]


@pytest.mark.parametrize(("min_length", "max_age"), [(2, 1), (3, 2), (5, 3)])
def test_waiting_is_bounded(min_length, max_age):
    """Random tracks that live on as in Association; every frame comes out once, in order."""
    rng = np.random.default_rng(0)
    finished, last_seen, out = FinishedFrames(min_length), {}, []
    lengths: dict[int, int] = {}
    new = 0
    for index in range(300):
        last_seen = {i: t for i, t in last_seen.items() if index - t <= max_age}
        ids = [i for i in last_seen if rng.random() < 0.5]
        ids += range(new, new + int(rng.integers(0, 3)))
        new = max([new, *[i + 1 for i in ids]])
        last_seen.update(dict.fromkeys(ids, index))
        for i in ids:
            lengths[i] = lengths.get(i, 0) + 1
        out += finished.push(frame(index, *ids), np.array(list(last_seen), np.int64))
        assert index + 1 - len(out) <= min_length * (max_age + 1)
    out += finished.flush()
    assert [f.sample for f in out] == list(range(300))
    reported = {i for f in out for i in f.poses.track_ids.tolist()}
    assert reported == {i for i, length in lengths.items() if length >= min_length}
    dropped = sum(f.dropped["short_track"] for f in out)
    assert dropped == sum(length for length in lengths.values() if length < min_length) > 0
    assert len(finished._lengths) <= len(last_seen) + 3 * min_length * (max_age + 1)
