import numpy as np
import pytest
from mmpose.registry import MODELS

from mmpose_temporal.models import Association, Similarity
from mmpose_temporal.models.similarities import PairScores
from mmpose_temporal.models.trackers import LiveTracks
from mmpose_temporal.models.trackers.association import nearest_pairs
from mmpose_temporal.structures import People
from mmpose_temporal.testing import make_packet, random_poses

A, B, C = [0, 0, 10, 10], [100, 0, 110, 10], [200, 0, 210, 10]


def people(*boxes, scores=None) -> People:
    """Each with one joint, in the middle of the box."""
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    return People.create(
        keypoints=((boxes[:, :2] + boxes[:, 2:]) / 2)[:, None], boxes=boxes, box_scores=scores
    )


def config(similarity="IoUSimilarity", *, life=None, **options) -> dict:
    """A greedy association with depth; ``history`` and ``nearest`` are the depth's."""
    depth = {name: options.pop(name) for name in ("history", "nearest") if name in options}
    similarity = dict(type=similarity) if isinstance(similarity, str) else similarity
    defaults = dict(min_similarity=0.3, assignment=dict(type="GreedyAssignment"))
    return dict(
        type="Association",
        similarity=similarity,
        depth=dict(type="History", **depth),
        life=life,
        **{**defaults, **options},
    )


def started(*args, **options) -> tuple[Association, LiveTracks]:
    """An association, and the state of a video that begins."""
    association = MODELS.build(config(*args, **options)).eval()
    return association, association.start_video()


def ids(association, tracks, tick, poses) -> list[int]:
    return association.step(tracks, make_packet(poses, tick=tick)).track_ids.tolist()


def test_the_life_of_a_track():
    association, tracks = started(history=2)
    assert ids(association, tracks, 0, people(A)) == [0]  # born
    assert ids(association, tracks, 1, people(B, A)) == [1, 0]  # kept, and another born
    assert ids(association, tracks, 2, people(B)) == [1]  # lost
    assert ids(association, tracks, 3, people(A, B)) == [0, 1]  # back: seen 2 frames ago
    assert ids(association, tracks, 4, people(B)) == [1]
    assert ids(association, tracks, 5, people(B)) == [1]
    assert ids(association, tracks, 6, people(B, A)) == [1, 2]  # 3 frames ago: too late
    assert tracks.next_id == 3
    assert set(tracks.last_seen) == {4, 5, 6}


def test_a_gap_in_the_index_ages_the_tracks():
    association, tracks = started(history=2)
    assert ids(association, tracks, 0, people(A)) == [0]
    assert ids(association, tracks, 2, people(A)) == [0]
    assert ids(association, tracks, 5, people(A)) == [1]


def test_an_older_pose_may_be_the_better_one():
    """At frame 2 the person is back where it was at 0, and 1 has no overlap with it."""
    association, tracks = started(history=2)
    assert ids(association, tracks, 0, people(A)) == [0]
    assert ids(association, tracks, 1, people([0, 0, 10, 3])) == [0]  # IoU 3 / 10
    # with the last pose alone, IoU 0; with that of frame 0, 7 / 10
    assert ids(association, tracks, 2, people([0, 3, 10, 10])) == [0]
    last_only, tracks = started(history=1)
    ids(last_only, tracks, 0, people(A))
    ids(last_only, tracks, 1, people([0, 0, 10, 3]))
    assert ids(last_only, tracks, 2, people([0, 3, 10, 10])) == [1]


def test_a_track_may_end_before_its_poses_are_forgotten():
    association, tracks = started(history=3, life=dict(max_age=1))
    assert ids(association, tracks, 0, people(A, B)) == [0, 1]
    assert ids(association, tracks, 1, people(A)) == [0]
    assert ids(association, tracks, 2, people(A, B)) == [0, 2]
    assert sorted(tracks.last_seen[tracks.ids == 0]) == [0, 1, 2]
    assert 1 not in tracks.ids


class ByTable(Similarity):
    """Scores in a table: person (by the left side, 0, 100, ...) and number of the frame."""

    max_distance = 4

    def __init__(self):
        super().__init__()
        self.table = {}
        self.pairs = []

    def embed(self, packet):
        who = (packet.people.boxes[:, 0] // 100).astype(int)
        return dict(who=who, time=np.full(len(who), packet.tick))

    def pairwise(self, current, previous, pairs=None, scene=None):
        self.pairs.append(pairs)
        keys = list(zip(previous["who"].tolist(), previous["time"].tolist(), strict=True))
        return PairScores(
            np.array([[self.table[(a, *key)] for key in keys] for a in current["who"].tolist()])
        )


def tabled(table, **options) -> tuple[Association, LiveTracks]:
    association, tracks = started(**options)
    association.similarity = ByTable()
    association.similarity.table = table
    return association, tracks


def test_the_best_score_is_served_first():
    """Both like person 0 best; the second likes it more, the first takes its next best."""
    table = {(0, 0, 0): 0.8, (0, 1, 0): 0.7, (1, 0, 0): 0.9, (1, 1, 0): 0.4}
    greedy, tracks = tabled(table)
    ids(greedy, tracks, 0, people(A, B))
    assert ids(greedy, tracks, 1, people(A, B)) == [1, 0]


def test_hungarian_is_an_option():
    """Greedy takes 0.9 + 0.1, Hungarian 0.8 + 0.7."""
    table = {(0, 0, 0): 0.9, (0, 1, 0): 0.8, (1, 0, 0): 0.7, (1, 1, 0): 0.1}
    for assignment, expected in (("GreedyAssignment", [0, 2]), ("HungarianAssignment", [1, 0])):
        association, tracks = tabled(table, assignment=dict(type=assignment))
        ids(association, tracks, 0, people(A, B))
        assert ids(association, tracks, 1, people(A, B)) == expected


def test_a_score_at_the_threshold_is_enough():
    for score, expected in ((0.5, [0]), (0.49, [1])):
        association, tracks = tabled({(0, 0, 0): score}, min_similarity=0.5)
        ids(association, tracks, 0, people(A))
        assert ids(association, tracks, 1, people(A)) == expected


def test_only_the_nearest_of_each_frame_are_scored():
    """Frame 0: C, A, B; frame 1: B, C. The two nearest to A are A and B, and B and C."""
    association, tracks = tabled(dict.fromkeys(np.ndindex(3, 3, 3), 0.6), nearest=2)
    ids(association, tracks, 0, people(C, A, B))
    ids(association, tracks, 1, people(B, C))
    ids(association, tracks, 2, people(A))
    rows = list(zip(tracks.last_seen[1:].tolist(), tracks.people.boxes[1:, 0], strict=True))
    assert rows == [(1, 100), (1, 200), (0, 200), (0, 0), (0, 100)]
    assert association.similarity.pairs[-1].tolist() == [[True, True, False, True, True]]


def test_what_is_not_near_is_not_matched():
    """The far person scores more, but is not asked."""
    table = {(0, 0, 0): 0.5, (0, 1, 0): 0.9}
    for nearest, expected in ((1, [0]), (None, [1])):
        association, tracks = tabled(table, nearest=nearest)
        ids(association, tracks, 0, people(A, B))
        assert ids(association, tracks, 1, people(A)) == expected


def test_gates_and_nearest_must_agree():
    association, tracks = started(nearest=1, gates=[dict(type="IoUGate", min_iou=0.9)])
    ids(association, tracks, 0, people(A, B))
    assert ids(association, tracks, 1, people(A, [102, 0, 112, 10])) == [0, 2]  # IoU 8 / 12


def test_nearest_pairs_by_centres():
    """The mean of the joints present: person 0 at (5, 5), not at its box; box for no joint."""
    keypoints = np.array([[[0, 5], [10, 5], [99, 99]]], np.float32)
    current = People.create(keypoints=keypoints, keypoint_scores=[[1, 1, 0]])
    boxes = [[4, 4, 8, 8], [0, 4, 8, 10], [50, 50, 60, 60]]  # centres (6, 6), (4, 7), (55, 55)
    previous = People.create(
        keypoints=np.zeros((3, 3, 2)), keypoint_scores=np.zeros((3, 3)), boxes=boxes
    )
    times = np.array([1, 1, 0])
    assert nearest_pairs(current, previous, times, 1).tolist() == [[True, False, True]]
    assert nearest_pairs(current, previous, times, 9).all()
    assert nearest_pairs(current[:0], previous, times, 1).shape == (0, 3)


def test_ids_are_unique_and_the_tracks_are_bounded():
    association, tracks = started(history=3, nearest=4, min_similarity=0.05)
    rng, last_seen, continued, next_id = np.random.default_rng(0), {}, 0, 0
    for index in range(200):
        poses = random_poses(int(rng.integers(0, 9)), seed=index, absent=0.2)
        found = ids(association, tracks, index, poses)
        assert len(set(found)) == len(found)
        assert min(found, default=0) >= 0
        for i in found:
            assert index - last_seen.get(i, index) <= 3
            assert i in last_seen or i >= next_id
            continued += i in last_seen
            last_seen[i] = index
        next_id = tracks.next_id
        assert len(tracks) <= 8 * 4
        rows = (tracks.ids, tracks.people, tracks.last_seen, tracks.lengths)
        assert {len(x) for x in (*rows, tracks.representation["boxes"])} == {len(tracks)}
    assert continued > 100


def test_weak_poses_start_no_track():
    association, tracks = started(births=[dict(type="ScoreBirths", new_track_thr=0.5)])
    assert ids(association, tracks, 0, people(A, B, scores=[0.4, 0.6])) == [-1, 0]
    assert tracks.ids.tolist() == [0]
    assert ids(association, tracks, 1, people(B, scores=[0.4])) == [0]


def test_hundreds_of_people():
    association, tracks = started(nearest=2)
    boxes = [[20 * i, 0, 20 * i + 10, 10] for i in range(400)]
    assert ids(association, tracks, 0, people(*boxes)) == list(range(400))
    assert ids(association, tracks, 1, people(*boxes[::-1])) == list(range(400))[::-1]


def test_with_pose_entailment():
    network = dict(hidden=8, intermediate=8, num_layers=1, num_heads=1)
    similarity = dict(type="PoseEntailment", network=network, frame_size=(640, 480))
    association, tracks = started(similarity, min_similarity=1e-6)
    for index in range(8):  # everything is like everything: all ids go on
        found = ids(association, tracks, index, random_poses(3, seed=index))
        assert sorted(found) == [0, 1, 2]
    assert len(tracks) == 5 * 3
    assert ids(association, tracks, 8, People.empty(17)) == []
    assert len(tracks) == 4 * 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(history=0), "history must be 1"),
        (dict(nearest=0), "nearest must be 1"),
        (dict(history=2, life=dict(max_age=3)), "max_age must be at most history"),
        (dict(life=dict(max_age=0)), "max_age must be 1"),
        (dict(min_similarity=0), "min_similarity"),
        (dict(similarity="PoseEntailment", history=5), "5 frames.*at most 4 frames apart"),
        (
            dict(similarity="PoseEntailment", history=5, life=dict(max_age=1)),
            "5 frames.*PoseEntailment.*at most 4 frames apart",
        ),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        started(**options)


def test_an_age_beyond_the_similarity():
    """With the last pose alone the age of a track is what its poses are apart."""
    similarity = dict(type="PoseEntailment")
    with pytest.raises(ValueError, match="5 frames.*at most 4 frames apart"):
        Association(similarity=similarity, life=dict(max_age=5))
    assert Association(similarity=similarity, life=dict(max_age=4)).life.max_age == 4


def test_a_track_lives_as_long_as_its_poses_are_remembered_by_default():
    association, tracks = started(history=3)
    assert association.life.max_age == 3
    ids(association, tracks, 0, people(A))
    assert ids(association, tracks, 3, people(A)) == [0]
    assert Association(similarity=dict(type="IoUSimilarity")).life.max_age == 1
