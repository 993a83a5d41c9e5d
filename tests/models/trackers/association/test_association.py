import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmpose_temporal.models import Association, Similarity
from mmpose_temporal.models.similarities import PairScores
from mmpose_temporal.models.trackers import LiveTracks
from mmpose_temporal.structures import People
from mmpose_temporal.testing import make_packet, random_poses

A, B = [0, 0, 10, 10], [100, 0, 110, 10]


def people(*boxes, scores=None) -> People:
    return People.create(
        keypoints=np.zeros((len(boxes), 17, 2)),
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        box_scores=scores,
    )


def build(**options) -> Association:
    similarity = dict(type="IoUSimilarity")
    return MODELS.build({"type": "Association", "similarity": similarity, **options})


def started(**options) -> tuple[Association, LiveTracks]:
    """An association, and the state of a video that begins."""
    association = build(**options)
    return association, association.start_video()


def ids(association, tracks, tick, poses) -> list[int]:
    return association.step(tracks, make_packet(poses, tick=tick)).track_ids.tolist()


def test_the_life_of_a_track():
    association, tracks = started(life=dict(max_age=2))
    assert ids(association, tracks, 0, people(A)) == [0]  # born
    assert ids(association, tracks, 1, people(B, A)) == [1, 0]  # kept, and another born
    assert ids(association, tracks, 2, people(B)) == [1]  # lost
    assert ids(association, tracks, 3, people(A, B)) == [0, 1]  # back: seen 2 frames ago
    assert ids(association, tracks, 4, people(B)) == [1]
    assert ids(association, tracks, 5, people(B)) == [1]
    assert len(tracks) == 2  # still looked for
    assert ids(association, tracks, 6, people(B, A)) == [1, 2]  # 3 frames ago: too late
    assert tracks.ids.tolist() == [1, 2]
    assert tracks.last_seen.tolist() == [6, 6]
    assert tracks.next_id == 3


def test_one_frame_is_the_least_age():
    association, tracks = started(life=dict(max_age=1))
    assert ids(association, tracks, 0, people(A)) == [0]
    assert ids(association, tracks, 1, people(A)) == [0]
    assert ids(association, tracks, 2, people()) == []
    assert ids(association, tracks, 3, people(A)) == [1]


def test_a_gap_in_the_index_ages_the_tracks():
    association, tracks = started(life=dict(max_age=2))
    assert ids(association, tracks, 0, people(A)) == [0]
    assert ids(association, tracks, 2, people(A)) == [0]
    assert ids(association, tracks, 5, people(A)) == [1]


def test_a_track_is_compared_with_its_last_pose():
    """Each step of 5 px leaves an IoU of 5 x 10 / 150 = 1/3; the first and last do not touch."""
    association, tracks = started(min_similarity=0.33)
    for index in range(5):
        x = 5 * index
        assert ids(association, tracks, index, people([x, 0, x + 10, 10])) == [0]


def test_first_frames_without_people():
    association, tracks = started(life=dict(max_age=2))
    assert ids(association, tracks, 0, people()) == []
    assert ids(association, tracks, 1, people()) == []
    assert ids(association, tracks, 2, people(A)) == [0]
    assert ids(association, tracks, 3, people()) == []
    assert ids(association, tracks, 4, people(A)) == [0]


def test_a_similarity_at_the_threshold_is_enough():
    """IoU of [0, 100] and [0, 50] is 50 / 100; 0.3 has no exact float, 30 / 100 must pass too."""
    whole = people([0, 0, 100, 100])
    for share, limit in ((50, 0.5), (30, 0.3)):
        association, tracks = started(min_similarity=limit)
        ids(association, tracks, 0, whole)
        assert ids(association, tracks, 1, people([0, 0, 100, share])) == [0]
    association, tracks = started(min_similarity=0.51)
    ids(association, tracks, 0, whole)
    assert ids(association, tracks, 1, people([0, 0, 100, 50])) == [1]


def test_weak_poses_start_no_track_but_continue_one():
    association, tracks = started(births=[dict(type="ScoreBirths", new_track_thr=0.7)])
    assert ids(association, tracks, 0, people(A, B, scores=[0.7, 0.69])) == [0, -1]
    assert tracks.ids.tolist() == [0]  # the weak one is not remembered
    assert ids(association, tracks, 1, people(A, B, scores=[0.1, 0.7])) == [0, 1]


def test_gates_forbid_what_the_similarity_likes():
    far, near = [200, 0, 210, 10], [1, 0, 11, 10]
    for gates, expected in (([], [1, 0]), ([dict(type="IoUGate", min_iou=0.1)], [0, 2])):
        association, tracks = started(gates=gates)
        association.similarity = FarthestFirst()
        ids(association, tracks, 0, people(A, B))
        assert ids(association, tracks, 1, people(near, far)) == expected


def test_the_comparison_is_of_the_tracks_before_the_frame():
    """At tick 3 the track of B is too old and has ended; what was compared stays as it was."""
    association, tracks = started(life=dict(max_age=2))
    first = association.step(tracks, make_packet(people(A, B)))
    assert first.comparison.scores is None
    assert first.comparison.masked_scores().shape == (2, 0)
    ids(association, tracks, 1, people(A))
    answer = association.step(tracks, make_packet(people(B, A), tick=3))
    assert answer.track_ids.tolist() == [2, 0]
    assert answer.lengths.tolist() == [1, 3]
    assert answer.ended.tolist() == [1]
    for _ in range(2):
        assert answer.comparison.tracks.ids.tolist() == [0]
        assert answer.comparison.tracks.last_seen.tolist() == [1]
        assert answer.comparison.people.track_ids.tolist() == [2, 0]
        np.testing.assert_allclose(answer.comparison.masked_scores(), [[0], [1]])
        ids(association, tracks, 4, people(A, A))  # the later frame changes nothing in it


def test_pairs_that_a_gate_forbids_were_not_compared():
    association, tracks = started(gates=[dict(type="IoUGate", min_iou=0.5)])
    ids(association, tracks, 0, people(A, B))
    comparison = association.step(tracks, make_packet(people(B, A), tick=1)).comparison
    np.testing.assert_array_equal(comparison.masked_scores(), [[np.nan, 1], [1, np.nan]])


def test_a_step_leaves_the_packet_as_it_is():
    association, tracks = started()
    packet = make_packet(people(A, B))
    association.step(tracks, packet)
    assert packet.people.track_ids.tolist() == [-1, -1]
    assert packet.comparison is None and packet.dropped == {}


def test_all_gates_must_agree():
    gates = [dict(type="IoUGate", min_iou=0.5), dict(type="CenterDistanceGate", max_distance=0.1)]
    association, tracks = started(gates=gates)
    ids(association, tracks, 0, people(A))
    # IoU 80 / 120 passes; the centres are 2 px apart, the diagonal is 14.1 px
    assert ids(association, tracks, 1, people([2, 0, 12, 10])) == [1]


class FarthestFirst(Similarity):
    """The distance of the left sides: likes what no gate should let through."""

    def embed(self, packet):
        return {"x": torch.from_numpy(packet.people.boxes[:, 0])}  # tensors are rows as well

    def pairwise(self, current, previous, pairs=None, scene=None):
        return PairScores((current["x"][:, None] - previous["x"][None]).abs().numpy() + 1)


class Counting(FarthestFirst):
    """Counts the people that it embeds and remembers what it was given."""

    def __init__(self):
        super().__init__()
        self.embedded = []
        self.pairs = []

    def embed(self, packet):
        self.embedded.append((packet.tick, len(packet.people)))
        return super().embed(packet)

    def pairwise(self, current, previous, pairs=None, scene=None):
        self.pairs.append(None if pairs is None else pairs.tolist())
        return super().pairwise(current, previous, pairs)


def test_a_person_is_embedded_once():
    association, tracks = started(life=dict(max_age=9))
    association.similarity = Counting()
    for tick in range(4):
        ids(association, tracks, tick, people(A, B))
    assert association.similarity.embedded == [(0, 2), (1, 2), (2, 2), (3, 2)]
    assert association.similarity.pairs == [None] * 3


def test_the_similarity_is_told_which_pairs_count():
    association, tracks = started(gates=[dict(type="IoUGate")])
    association.similarity = Counting()
    ids(association, tracks, 0, people(A, B))
    ids(association, tracks, 1, people(B))
    assert association.similarity.pairs == [[[False, True]]]


class Forbidding(FarthestFirst):
    """Forbids pairs whose left sides are more than 20 apart, however much they score."""

    def pairwise(self, current, previous, pairs=None, scene=None):
        scores = super().pairwise(current, previous, pairs)
        return PairScores(scores.total, allowed=scores.total <= 20, parts={"x": scores.total})


def test_a_similarity_may_forbid_pairs():
    """Its word and the gates' count together: 19 and 0 apart are allowed, 100 is not."""
    near = [19, 0, 29, 10]
    for gates, expected in (([], [0, 2]), ([dict(type="IoUGate", min_iou=0.1)], [2, 3])):
        association, tracks = started(gates=gates)
        association.similarity = Forbidding()
        ids(association, tracks, 0, people(A, B))
        packet = make_packet(people(near, [200, 0, 210, 10]), tick=1)
        answer = association.step(tracks, packet)
        assert answer.track_ids.tolist() == expected
        assert answer.comparison.scores.parts["x"].tolist() == [[20, 82], [201, 101]]


@pytest.mark.parametrize("assignment", [None, dict(type="GreedyAssignment")])
@pytest.mark.parametrize("similarity", ["IoUSimilarity", "OKSSimilarity"])
def test_ids_are_unique_in_a_frame_and_never_used_again(similarity, assignment):
    association = MODELS.build(
        dict(
            type="Association",
            similarity=dict(type=similarity),
            assignment=assignment,
            min_similarity=0.05,
            life=dict(max_age=3),
        )
    )
    tracks, last_seen, continued = association.start_video(), {}, 0
    rng = np.random.default_rng(0)
    for index in range(200):
        poses = random_poses(int(rng.integers(0, 9)), seed=index, absent=0.2)
        found = ids(association, tracks, index, poses)
        assert len(set(found)) == len(found)
        assert min(found, default=0) >= 0
        for i in found:
            assert index - last_seen.get(i, index) <= 3
            continued += i in last_seen
            last_seen[i] = index
        assert len(tracks) <= 8 * 4
        assert len(tracks) == len(tracks.people) == len(tracks.last_seen)
    assert continued > 100
    assert max(last_seen) == tracks.next_id - 1 == len(last_seen) - 1


def test_two_videos_do_not_know_each_other():
    association = build()
    first, second = association.start_video(), association.start_video()
    assert ids(association, first, 0, people(B, A)) == [0, 1]
    assert ids(association, second, 0, people(A)) == [0]
    assert ids(association, first, 1, people(A)) == [1]
    assert ids(association, second, 1, people(A, B)) == [0, 1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(min_similarity=0), "min_similarity"),
        (dict(min_similarity=-0.1), "min_similarity"),
        (dict(life=dict(max_age=0)), "max_age"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        build(**options)


def joints(*shown: slice) -> People:
    """One pose per slice, in the same place and the same box, with these joints."""
    whole = random_poses(1, seed=0)
    scores = np.zeros((len(shown), 17), np.float32)
    for row, part in enumerate(shown):
        scores[row, part] = 1
    return People.create(
        keypoints=np.repeat(whole.keypoints, len(shown), axis=0),
        keypoint_scores=scores,
        boxes=np.tile(np.float32([0, 0, 50, 100]), (len(shown), 1)),
    )


ALL, NOSE, TWO, HEAD = slice(None), slice(0, 1), slice(0, 2), slice(0, 3)
IGNORE = dict(type="OKSSimilarity", missing_joints="ignore")


@pytest.mark.parametrize(("part", "same"), [(NOSE, False), (TWO, False), (HEAD, True)])
def test_a_match_needs_a_share_of_the_joints(part, same):
    """0.15 of 17 joints are 2.55; either side may be the one of whom little is seen."""
    for first, second in ((ALL, part), (part, ALL)):
        association = build(similarity=IGNORE)
        tracks = association.start_video()
        assert ids(association, tracks, 0, joints(first)) == [0]
        assert ids(association, tracks, 1, joints(second)) == [0 if same else 1]
        published = build(similarity=IGNORE, min_shared=0)
        tracks = published.start_video()
        assert ids(published, tracks, 0, joints(first)) == [0]
        assert ids(published, tracks, 1, joints(second)) == [0]


def test_who_has_one_joint_goes_on_with_one_joint():
    association = build(similarity=IGNORE)
    tracks = association.start_video()
    assert [ids(association, tracks, t, joints(NOSE)) for t in range(3)] == [[0]] * 3


def test_where_boxes_are_compared_one_joint_is_enough_but_none_is_not():
    nobody = slice(0, 0)
    association, tracks = started()
    assert ids(association, tracks, 0, joints(ALL)) == [0]
    assert ids(association, tracks, 1, joints(NOSE)) == [0]
    assert ids(association, tracks, 2, joints(nobody)) == [1]
    assert ids(association, tracks, 3, joints(nobody)) == [2]


def test_a_person_who_disappears_joint_by_joint_is_known_when_back():
    """The track remembers the joints that it had, so the whole person continues it."""
    options = dict(min_similarity=0.1, life=dict(max_age=3))
    association = build(similarity=dict(type="MotionOKSSimilarity"), **options)
    tracks = association.start_video()
    shown = [ALL, slice(0, 9), slice(0, 4), NOSE, ALL]
    found = [ids(association, tracks, t, joints(part)) for t, part in enumerate(shown)]
    assert found == [[0], [0], [0], [1], [0]]  # nobody can say whose the nose is


@pytest.mark.parametrize("min_shared", [-0.1, 1.1])
def test_a_share_is_between_0_and_1(min_shared):
    with pytest.raises(ValueError, match="min_shared must be in"):
        build(min_shared=min_shared)
