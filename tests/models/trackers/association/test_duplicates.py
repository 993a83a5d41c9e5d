"""Duplicates on tables drawn by hand."""

import numpy as np
import pytest
from mmpose.registry import MODELS, TASK_UTILS

from mmpose_temporal.models.similarities import PairScores, Similarity
from mmpose_temporal.models.trackers import DuplicateRemoval
from mmpose_temporal.models.trackers.association.births import Unmatched
from mmpose_temporal.models.trackers.association.live_tracks import LiveTracks
from mmpose_temporal.structures import People
from mmpose_temporal.testing import make_packet


def table(*rows):
    return np.array(rows, np.float32)


def asked(scores, ids, tracks, rows=None, **options):
    """Which of the unmatched rows may start a track; ``ids`` are those of all M people."""
    ids = np.array(ids)
    live = LiveTracks()
    live.ids = np.array(tracks)
    people = People.create(keypoints=np.ones((len(ids), 17, 2)))
    rows = np.flatnonzero(ids == -1) if rows is None else np.array(rows)
    told = Unmatched(make_packet(people), rows, ids, scores, live)
    return DuplicateRemoval(**options)(told).tolist()


def supported(pose, corr, box=None):
    total = pose + corr
    parts = dict(pose=pose, corr=corr, box=total if box is None else box)
    return PairScores(total, None, parts)


def test_by_hand():
    """Track 7 continues with pose 0: OKS 0.8, correspondences 2. Of the others' shares
    0.4 / 0.8 + 0.3 / 2 = 0.65 is over 0.6, 0.2 / 0.8 + 0.6 / 2 = 0.55 is not, nothing is not."""
    pose, corr = table([0.8], [0.4], [0.2], [0]), table([2.0], [0.3], [0.6], [0])
    assert asked(supported(pose, corr), [7, -1, -1, -1], [7]) == [False, True, True]


def test_the_threshold_itself_is_no_duplicate():
    """Shares of 0.5 and 0.25 are 0.75, a mean of 0.375."""
    scores = supported(table([0.8], [0.4]), table([2.0], [0.5]))
    assert asked(scores, [7, -1], [7], min_share=0.375) == [True]
    assert asked(scores, [7, -1], [7], min_share=0.374) == [False]


def test_only_tracks_that_were_continued_count():
    """Track 8 has no match: whom it supports may be the person."""
    pose, corr = table([0.8, 0], [0, 0.8]), table([2.0, 0], [0, 2])
    assert asked(supported(pose, corr), [7, -1], [7, 8]) == [True]
    assert asked(supported(pose, corr), [-1, -1], [7, 8]) == [True, True]


def test_each_track_is_compared_with_its_own_match():
    """Tracks 7 and 8 continue with poses 2 and 0; pose 1 has a share of 0.25 of the first and of
    0.5 of the second."""
    pose = table([0, 0.4], [0.2, 0.2], [0.8, 0])
    scores = supported(pose, 2 * pose)
    assert asked(scores, [8, -1, 7], [7, 8]) == [False]
    pose[1, 1] = 0
    assert asked(supported(pose, 2 * pose), [8, -1, 7], [7, 8]) == [True]


def test_a_match_without_support_lends_none():
    """The match's correspondences sum up to 0: that share is none, the other is 0.9 of 2."""
    scores = supported(table([0.5], [0.45]), table([0.0], [3.0]))
    assert asked(scores, [7, -1], [7]) == [False]
    scores = supported(table([0.0], [0.45]), table([0.0], [3.0]))
    assert asked(scores, [7, -1], [7]) == [True]


def test_several_poses_of_one_track():
    """With a depth of several poses a track has several columns; any of them finds it."""
    pose = table([0.8, 0.8], [0.1, 0.7])
    assert asked(supported(pose, pose), [7, -1], [7, 7]) == [False]


def test_only_the_rows_that_are_left_are_asked():
    pose = table([0.8], [0.7], [0.7])
    assert asked(supported(pose, pose), [7, -1, -1], [7], rows=[2]) == [False]


def test_similarities_with_a_total_alone():
    scores = PairScores(table([0.8], [0.3], [0.2]))
    assert asked(scores, [7, -1, -1], [7]) == [False, True]
    scores.total[1] = np.nan  # not compared
    assert asked(scores, [7, -1, -1], [7]) == [True, True]


def test_named_scores():
    scores = supported(table([0.8], [0.0]), table([2.0], [2.0]))
    assert asked(scores, [7, -1], [7], parts=["pose"]) == [True]
    assert asked(scores, [7, -1], [7], parts=["corr"]) == [False]
    with pytest.raises(ValueError, match="compares depth, which the similarity has not: it has"):
        asked(scores, [7, -1], [7], parts=["depth"])
    with pytest.raises(ValueError, match="the total only"):
        asked(PairScores(table([1], [1])), [7, -1], [7], parts=["pose"])


def test_nobody_was_there_before():
    assert asked(None, [-1, -1], []) == [True, True]


def test_options_out_of_their_range():
    for share in (0, 1, -1):
        with pytest.raises(ValueError, match="min_share"):
            DuplicateRemoval(min_share=share)
    with pytest.raises(ValueError, match="parts must name scores"):
        DuplicateRemoval(parts=[])
    assert TASK_UTILS.build(dict(type="DuplicateRemoval")).reason == "duplicate"


@MODELS.register_module()
class ToldPairs(Similarity):
    """Scores by the places of people: those closer than 10 pixels are half alike."""

    def embed(self, packet):
        return dict(places=packet.people.boxes[:, 0])

    def pairwise(self, current, previous, pairs=None, scene=None):
        apart = np.abs(current["places"][:, None] - previous["places"])
        return PairScores(np.where(apart == 0, 1.0, np.where(apart < 10, 0.5, 0.0)))


def test_in_an_association_a_duplicate_has_no_id_and_is_counted():
    """At 0 the person again; at 5 a second pose of theirs; at 100 somebody new."""
    association = MODELS.build(
        dict(
            type="Association",
            similarity=dict(type="ToldPairs"),
            births=[dict(type="DuplicateRemoval")],
        )
    )
    tracks = association.start_video()
    frames = [[0], [5, 0, 100], [5, 0]]
    ids, rejected = [], []
    for tick, places in enumerate(frames):
        boxes = np.array([[x, 0, x + 20, 40] for x in places], np.float32)
        people = People.create(keypoints=np.ones((len(places), 17, 2)), boxes=boxes)
        answer = association.step(tracks, make_packet(people, tick=tick))
        ids.append(answer.track_ids.tolist())
        rejected.append({reason: rows.tolist() for reason, rows in answer.rejected.items()})
    assert ids == [[0], [-1, 0, 1], [-1, 0]]
    assert rejected == [{}, dict(duplicate=[0]), dict(duplicate=[0])]
