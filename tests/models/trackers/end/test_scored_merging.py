"""Tracks with scores that are told: who is joined, for which spans, and what is kept of it."""

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmpose_temporal.models.trackers import Join, ScoredMerging
from mmpose_temporal.structures import CallbackObserver, People, from_plain, to_plain
from mmpose_temporal.testing import make_packet, make_video, template_tracker_config, track_frames

A, B, C = [4, 6, 16, 38], [44, 6, 56, 38], [24, 6, 36, 38]


@MODELS.register_module()
class ToldScores(ScoredMerging):
    """Scores of pairs of ids that it is told, and what it was asked for."""

    def __init__(self, scores: dict[tuple[int, int], float] | None = None, **options):
        super().__init__(**{"min_similarity": 0.5, **options})
        self.told = scores or {}
        self.asked = []

    def scores(self, kept, tracks, pairs):
        self.asked.append(np.argwhere(pairs).tolist())
        table = np.full(pairs.shape, np.nan)
        for (earlier, later), score in self.told.items():
            table[tracks.ids == earlier, tracks.ids == later] = score
        return table


def play(merging, *frames, times=None):
    """The state after frames with these ids, in a merging that watches by itself."""
    state = merging.start_video()
    for tick, ids in enumerate(frames):
        people = People.create(keypoints=np.ones((len(ids), 17, 2)), track_ids=ids)
        packet = make_packet(people, tick=tick)
        packet.time = None if times is None else times[tick]
        merging.observe(state, packet)
    return state


def test_spans_of_tracks():
    """Track 5 is away in frame 2; track 7 is there once."""
    state = play(ToldScores(), [5, 3], [3, 5], [7, 3], [5])
    table = state.spans.table()
    assert table.ids.tolist() == [3, 5, 7]
    assert table.firsts.tolist() == [0, 0, 2]
    assert table.lasts.tolist() == [2, 3, 2]
    assert table.lengths.tolist() == [3, 3, 1]
    assert len(table) == 3 and np.isnan(table.first_times).all()


def test_an_empty_video_asks_for_nothing():
    for frames in ([], [[]], [[1, 2]]):
        merging = ToldScores()
        assert merging.finish(play(merging, *frames)) == {}
        assert merging.asked == []


def test_only_pairs_apart_in_time_are_asked_for():
    """Tracks 0 (frames 0-1), 1 (frames 1-2), 2 (frame 3): 0 and 1 share frame 1."""
    merging = ToldScores({(0, 1): 1.0, (1, 2): 0.9})
    state = play(merging, [0], [0, 1], [1], [2])
    assert merging.finish(state) == {2: 1}
    assert merging.asked == [[[0, 2], [1, 2]]]
    assert merging.record(state) == (Join(1, 2, 1, 0.9, ended=2, began=3),)


@pytest.mark.parametrize(("max_gap", "joined"), [(3, {1: 0}), (2, {}), (None, {1: 0})])
def test_the_largest_gap(max_gap, joined):
    """From frame 0 to frame 3."""
    merging = ToldScores({(0, 1): 1.0}, max_gap=max_gap)
    assert merging.finish(play(merging, [0], [], [], [1])) == joined


@pytest.mark.parametrize(("seconds", "joined"), [(0.5, {1: 0}), (0.4, {})])
def test_the_largest_gap_in_seconds(seconds, joined):
    merging = ToldScores({(0, 1): 1.0}, max_gap_seconds=seconds)
    assert merging.finish(play(merging, [0], [], [1], times=[0.0, 0.25, 0.5])) == joined


def test_seconds_need_times():
    with pytest.raises(ValueError, match=r"no time: .*fps"):
        play(ToldScores(max_gap_seconds=1), [0])


@pytest.mark.parametrize(("least", "joined"), [(1, {1: 0}), (2, {1: 0}), (3, {})])
def test_tracks_of_few_poses_are_left_alone(least, joined):
    merging = ToldScores({(0, 1): 1.0}, min_poses=least)
    assert merging.finish(play(merging, [0], [0], [0], [1], [1])) == joined


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (dict(max_gap=3, max_gap_seconds=1), "not both"),
        (dict(max_gap=0), "max_gap must"),
        (dict(max_gap_seconds=0), "positive"),
        (dict(min_poses=0), "min_poses"),
    ],
)
def test_options_out_of_their_range(options, word):
    with pytest.raises(ValueError, match=word):
        ToldScores(**options)


def tracker(scores, **options):
    merging = dict(type="ToldScores", scores=scores)
    return MODELS.build(template_tracker_config(merging=merging, **options)).eval()


def test_a_chain_in_a_tracker_and_what_observers_get():
    """Nobody is similar to anybody, so each place is a track: 0 in A, 1 in B, 2 in C."""
    records = []
    model = tracker({(0, 1): 0.8, (1, 2): 0.9})
    model.observers.append(
        CallbackObserver(
            wants=lambda packet: packet.index > 0,
            finished=lambda packet: records.append(packet.records["merging"]),
        )
    )
    samples = track_frames(model, make_video("a", [A], [B], [C]))
    assert [s.pred_instances.track_ids.tolist() for s in samples] == [[0], [0], [0]]
    joins = (Join(1, 2, 0, 0.9, ended=1, began=2), Join(0, 1, 0, 0.8, ended=0, began=1))
    assert records == [joins, joins]


def test_state_is_plain_and_goes_on():
    merging = ToldScores({(0, 1): 1.0})
    state = play(merging, [0], [0])
    copy = from_plain(to_plain(state), torch.device("cpu"))
    people = People.create(keypoints=np.ones((1, 17, 2)), track_ids=[1])
    for each in (state, copy):
        merging.observe(each, make_packet(people, tick=2))
        assert merging.finish(each) == {1: 0}


def test_state_grows_with_tracks_not_with_frames():
    merging = ToldScores()
    short, long = (play(merging, *[[0, 1]] * count) for count in (2, 50))
    assert len(str(to_plain(short))) >= len(str(to_plain(long))) - 10  # the digits of the ticks
