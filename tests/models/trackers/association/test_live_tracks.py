"""Rows of remembered poses: newest first, selected and put together name by name."""

import numpy as np
import pytest
import torch

from mmpose_temporal.models.similarities import IoUSimilarity, PairScores
from mmpose_temporal.models.trackers import Comparison, LiveTracks
from mmpose_temporal.structures import FramePacket, People
from mmpose_temporal.testing import make_packet


def people(*ids: int, **extras) -> People:
    return People.create(keypoints=np.zeros((len(ids), 2, 2)), track_ids=ids, extras=extras)


def frame(tick: int) -> FramePacket:
    return make_packet(people(), tick=tick, time=tick / 4)


def remembered(**extras) -> LiveTracks:
    """Tracks 4 and 5 of frame 0, then track 5 again and 6 in frame 1."""
    tracks = LiveTracks()
    first = {name: rows[:2] for name, rows in extras.items()}
    second = {name: rows[2:] for name, rows in extras.items()}
    tracks.put_first(people(4, 5, **first), np.array([1, 1]), rows(0, 1), frame(0), None)
    tracks.put_first(people(5, 6, **second), np.array([2, 1]), rows(2, 3), frame(1), slice(None))
    return tracks


def rows(*numbers: int) -> dict:
    return dict(x=np.array(numbers), y=torch.tensor(numbers))


def test_a_video_begins_with_nobody():
    tracks = LiveTracks()
    assert (len(tracks), tracks.next_id, tracks.people, tracks.representation) == (
        0,
        0,
        None,
        None,
    )


def test_the_newest_frame_comes_first():
    tracks = remembered()
    assert tracks.ids.tolist() == tracks.people.track_ids.tolist() == [5, 6, 4, 5]
    assert tracks.last_seen.tolist() == [1, 1, 0, 0]
    assert tracks.last_time.tolist() == [0.25, 0.25, 0, 0]
    assert tracks.lengths.tolist() == [2, 1, 1, 1]
    assert tracks.representation["x"].tolist() == [2, 3, 0, 1]
    assert tracks.representation["y"].tolist() == [2, 3, 0, 1]


def test_only_true_identities_are_remembered_of_the_extras():
    known = np.array([7, 8, 8, 9])
    tracks = remembered(known_ids=known, candidates=torch.zeros(4, 1000))
    assert list(tracks.people.extras) == ["known_ids"]
    assert tracks.people.extra("known_ids").tolist() == [8, 9, 7, 8]


def test_rows_are_forgotten_together():
    tracks = remembered()
    tracks.keep(np.array([True, False, False, True]))
    assert tracks.ids.tolist() == tracks.people.track_ids.tolist() == [5, 5]
    assert tracks.last_seen.tolist() == [1, 0]
    assert tracks.last_time.tolist() == [0.25, 0]
    assert tracks.lengths.tolist() == [2, 1]
    assert tracks.representation["y"].tolist() == [2, 1]


def test_some_rows_stay_behind_the_newest():
    tracks = remembered()
    kept = np.array([False, True, False, False])
    tracks.put_first(people(9), np.array([1]), rows(4), frame(2), kept)
    assert tracks.ids.tolist() == [9, 6]
    assert tracks.last_seen.tolist() == [2, 1]
    assert tracks.representation["x"].tolist() == [4, 3]


def test_a_snapshot_stays_what_it_was():
    tracks = remembered()
    before = tracks.snapshot()
    tracks.put_first(people(9), np.array([1]), rows(4), frame(2), None)
    assert before.ids.tolist() == [5, 6, 4, 5]
    assert before.representation["x"].tolist() == [2, 3, 0, 1]


def comparison(scores: PairScores | None) -> Comparison:
    return Comparison(IoUSimilarity(), people(0, -1), rows(0, 1), remembered(), 2, scores)


def test_pairs_that_were_forbidden_have_no_score():
    total = np.arange(8, dtype=np.float32).reshape(2, 4)
    allowed = total % 2 == 0
    nan = np.nan
    found = comparison(PairScores(total, allowed)).masked_scores()
    np.testing.assert_array_equal(found, [[0, nan, 2, nan], [4, nan, 6, nan]])
    np.testing.assert_array_equal(comparison(PairScores(total)).masked_scores(), total)
    assert np.isnan(comparison(None).masked_scores()).all()
    assert comparison(None).masked_scores().shape == (2, 4)


@pytest.mark.parametrize("index", [np.array([False, True]), np.array([1])])
def test_some_of_the_frames_people(index):
    total = np.arange(8, dtype=np.float32).reshape(2, 4)
    scores = PairScores(total, total > 5, dict(part=-total))
    found = comparison(scores).select(index)
    assert found.people.track_ids.tolist() == [-1]
    assert found.current["y"].tolist() == [1]
    assert found.scores.total.tolist() == [[4, 5, 6, 7]]
    assert found.scores.allowed.tolist() == [[False, False, True, True]]
    assert found.scores.parts["part"].tolist() == [[-4, -5, -6, -7]]
    assert len(found.tracks) == 4
    assert comparison(None).select(index).scores is None
    assert comparison(PairScores(total)).select(index).scores.allowed is None
