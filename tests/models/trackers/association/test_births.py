import numpy as np
import pytest
from mmpose.registry import MODELS, TASK_UTILS

from mmpose_temporal.models.trackers import Births
from mmpose_temporal.structures import People
from mmpose_temporal.testing import make_packet

A, B, C, D = ([x, 0, x + 10, 10] for x in (0, 100, 200, 300))


def people(*boxes, scores=None) -> People:
    return People.create(
        keypoints=np.zeros((len(boxes), 17, 2)),
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        box_scores=scores,
    )


@TASK_UTILS.register_module()
class LeftBirths(Births):
    """Tracks start left of a place; it keeps what it was asked."""

    reason = "right"

    def __init__(self, *, limit: float, reason: str = "right"):
        self.limit, self.reason = limit, reason
        self.asked = []

    def __call__(self, unmatched):
        self.asked.append(unmatched)
        return unmatched.packet.people.boxes[unmatched.rows, 0] < self.limit


def started(*births):
    association = MODELS.build(
        dict(type="Association", similarity=dict(type="IoUSimilarity"), births=births)
    )
    return association, association.start_video()


def step(association, tracks, tick, poses):
    return association.step(tracks, make_packet(poses, tick=tick))


def rejected(answer) -> dict[str, list[int]]:
    return {reason: rows.tolist() for reason, rows in answer.rejected.items()}


SCORE = dict(type="ScoreBirths", new_track_thr=0.5)


def test_a_score_at_the_threshold_starts_a_track():
    answer = step(*started(SCORE), 0, people(A, B, C, scores=[0.49, 0.5, 0.9]))
    assert answer.track_ids.tolist() == [-1, 0, 1]
    assert answer.lengths.tolist() == [0, 1, 1]
    assert rejected(answer) == dict(new_track_thr=[0])


def test_who_continues_a_track_is_not_asked():
    association, tracks = started(SCORE)
    step(association, tracks, 0, people(A))
    answer = step(association, tracks, 1, people(B, A, scores=[0.6, 0.1]))
    assert answer.track_ids.tolist() == [1, 0]
    assert rejected(answer) == {}


def test_who_is_turned_away_is_not_remembered():
    association, tracks = started(SCORE)
    step(association, tracks, 0, people(A, scores=[0.1]))
    answer = step(association, tracks, 1, people(A, scores=[0.1]))
    assert answer.track_ids.tolist() == [-1]
    assert (len(tracks), tracks.next_id) == (0, 0)


def test_two_parts_in_order_each_with_its_reason():
    """A too weak; C too far to the right; D is both, and counts for the first."""
    association, tracks = started(SCORE, dict(type="LeftBirths", limit=150))
    answer = step(association, tracks, 0, people(A, B, C, D, scores=[0.1, 1, 1, 0.1]))
    assert answer.track_ids.tolist() == [-1, 0, -1, -1]
    assert rejected(answer) == dict(new_track_thr=[0, 3], right=[2])


def test_two_parts_with_one_reason_are_counted_together():
    parts = [dict(type="LeftBirths", limit=limit) for limit in (250, 50)]
    answer = step(*started(*parts), 0, people(A, B, D))
    assert rejected(answer) == dict(right=[2, 1])


def test_what_a_part_is_told():
    """The second of the frame is matched; the first is left, and was compared."""
    association, tracks = started(dict(type="LeftBirths", limit=1e4))
    step(association, tracks, 0, people(A))
    step(association, tracks, 1, people(B, A))
    first, second = association.births[0].asked
    assert first.scores is None
    assert (first.rows.tolist(), first.track_ids.tolist(), len(first.tracks)) == ([0], [-1], 0)
    assert (second.rows.tolist(), second.track_ids.tolist()) == ([0], [-1, 0])
    assert (second.scores.total.tolist(), second.tracks.ids.tolist()) == ([[0], [1]], [0])


@pytest.mark.parametrize("boxes", [[], [A]])
def test_nobody_is_left_so_no_part_is_asked(boxes):
    association, tracks = started(SCORE, dict(type="LeftBirths", limit=0))
    answer = step(association, tracks, 0, people(*boxes, scores=[0.1] * len(boxes)))
    assert answer.track_ids.tolist() == [-1] * len(boxes)
    assert association.births[1].asked == []


def test_ids_of_the_tracks_that_ended():
    """Looked for one frame: A ends before frame 2, where it is not seen for 2 frames."""
    association, tracks = started()
    frames = [people(A, B), people(B), people(B), people(), people()]
    answers = [step(association, tracks, tick, poses) for tick, poses in enumerate(frames)]
    assert [answer.ended.tolist() for answer in answers] == [[], [], [0], [], [1]]


def test_a_track_with_several_poses_ends_once():
    """Its poses are forgotten one by one; it ends with the last."""
    association = MODELS.build(
        dict(
            type="Association",
            similarity=dict(type="IoUSimilarity"),
            depth=dict(type="History", history=2),
        )
    )
    tracks = association.start_video()
    frames = [people(A), people(A), people(), people(), people()]
    answers = [step(association, tracks, tick, poses) for tick, poses in enumerate(frames)]
    assert [answer.ended.tolist() for answer in answers] == [[], [], [], [], [0]]
