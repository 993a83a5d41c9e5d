import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmpose_temporal.models import Association, Similarity
from mmpose_temporal.models.trackers import TrackMemory
from mmpose_temporal.structures import FramePoses
from mmpose_temporal.testing import random_poses

A, B = [0, 0, 10, 10], [100, 0, 110, 10]


def people(*boxes, scores=None) -> FramePoses:
    return FramePoses.create(
        keypoints=np.zeros((len(boxes), 17, 2)),
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        box_scores=scores,
    )


def build(**options) -> Association:
    return MODELS.build(dict(type="Association", similarity=dict(type="IoUSimilarity"), **options))


def ids(association, memory, index, poses) -> list[int]:
    return association.step(memory, poses, index).track_ids.tolist()


def test_the_life_of_a_track():
    association, memory = build(max_age=2), TrackMemory()
    assert ids(association, memory, 0, people(A)) == [0]  # born
    assert ids(association, memory, 1, people(B, A)) == [1, 0]  # kept, and another born
    assert ids(association, memory, 2, people(B)) == [1]  # lost
    assert ids(association, memory, 3, people(A, B)) == [0, 1]  # back: seen 2 frames ago
    assert ids(association, memory, 4, people(B)) == [1]
    assert ids(association, memory, 5, people(B)) == [1]
    assert len(memory) == 2  # still looked for
    assert ids(association, memory, 6, people(B, A)) == [1, 2]  # 3 frames ago: too late
    assert memory.ids.tolist() == [1, 2]
    assert memory.last_seen.tolist() == [6, 6]
    assert memory.next_id == 3


def test_one_frame_is_the_least_age():
    association, memory = build(max_age=1), TrackMemory()
    assert ids(association, memory, 0, people(A)) == [0]
    assert ids(association, memory, 1, people(A)) == [0]
    assert ids(association, memory, 2, people()) == []
    assert ids(association, memory, 3, people(A)) == [1]


def test_a_gap_in_the_index_ages_the_tracks():
    association, memory = build(max_age=2), TrackMemory()
    assert ids(association, memory, 0, people(A)) == [0]
    assert ids(association, memory, 2, people(A)) == [0]
    assert ids(association, memory, 5, people(A)) == [1]


def test_a_track_is_compared_with_its_last_pose():
    """Each step of 5 px leaves an IoU of 5 x 10 / 150 = 1/3; the first and last do not touch."""
    association, memory = build(min_similarity=0.33), TrackMemory()
    for index in range(5):
        x = 5 * index
        assert ids(association, memory, index, people([x, 0, x + 10, 10])) == [0]


def test_first_frames_without_people():
    association, memory = build(max_age=2), TrackMemory()
    assert ids(association, memory, 0, people()) == []
    assert ids(association, memory, 1, people()) == []
    assert ids(association, memory, 2, people(A)) == [0]
    assert ids(association, memory, 3, people()) == []
    assert ids(association, memory, 4, people(A)) == [0]


def test_a_similarity_at_the_threshold_is_enough():
    """IoU of [0, 10] and [0, 5] is 50 / 100; 0.3 has no exact float, 30 / 100 must pass too."""
    for share, limit in ((5, 0.5), (3, 0.3)):
        association, memory = build(min_similarity=limit), TrackMemory()
        ids(association, memory, 0, people(A))
        assert ids(association, memory, 1, people([0, 0, 10, share])) == [0]
    association, memory = build(min_similarity=0.51), TrackMemory()
    ids(association, memory, 0, people(A))
    assert ids(association, memory, 1, people([0, 0, 10, 5])) == [1]


def test_weak_poses_start_no_track_but_continue_one():
    association, memory = build(new_track_thr=0.7), TrackMemory()
    assert ids(association, memory, 0, people(A, B, scores=[0.7, 0.69])) == [0, -1]
    assert memory.ids.tolist() == [0]  # the weak one is not remembered
    assert ids(association, memory, 1, people(A, B, scores=[0.1, 0.7])) == [0, 1]


def test_gates_forbid_what_the_similarity_likes():
    far, near = [200, 0, 210, 10], [1, 0, 11, 10]
    for gates, expected in (([], [1, 0]), ([dict(type="IoUGate", min_iou=0.1)], [0, 2])):
        association, memory = build(gates=gates), TrackMemory()
        association.similarity = FarthestFirst()
        ids(association, memory, 0, people(A, B))
        assert ids(association, memory, 1, people(near, far)) == expected


def test_comparing_changes_nothing():
    """One of the two tracks is too old at frame 3, and dropped in the copy only."""
    association, memory = build(max_age=2), TrackMemory()
    feats = dict(frame_size=None, time=3)
    scores, _, then = association.compare(memory, people(A), 0, dict(feats, time=0))
    assert scores.shape == (1, 0) and len(then) == 0
    ids(association, memory, 0, people(A, B))
    ids(association, memory, 1, people(A))
    scores, _, then = association.compare(memory, people(A, B), 3, feats)
    np.testing.assert_allclose(scores, [[1], [0]])
    assert then.ids.tolist() == [0] and memory.ids.tolist() == [0, 1]
    association.gates = [lambda now, before: np.array([[True], [False]])]
    np.testing.assert_array_equal(
        association.compare(memory, people(A, B), 3, feats)[0], [[1], [np.nan]]
    )


def test_all_gates_must_agree():
    gates = [dict(type="IoUGate", min_iou=0.5), dict(type="CenterDistanceGate", max_distance=0.1)]
    association, memory = build(gates=gates), TrackMemory()
    ids(association, memory, 0, people(A))
    # IoU 80 / 120 passes; the centres are 2 px apart, the diagonal is 14.1 px
    assert ids(association, memory, 1, people([2, 0, 12, 10])) == [1]


class FarthestFirst(Similarity):
    """The distance of the left sides: likes what no gate should let through."""

    def embed(self, poses, feats=None):
        return {"x": torch.from_numpy(poses.boxes[:, 0])}  # tensors are rows as well

    def pairwise(self, current, previous, pairs=None):
        return (current["x"][:, None] - previous["x"][None]).abs().numpy() + 1


class Counting(FarthestFirst):
    """Counts the people that it embeds and remembers what it was given."""

    def __init__(self):
        super().__init__()
        self.embedded = 0
        self.feats = []
        self.pairs = []

    def embed(self, poses, feats=None):
        self.embedded += len(poses)
        self.feats.append(feats)
        return super().embed(poses, feats)

    def pairwise(self, current, previous, pairs=None):
        self.pairs.append(None if pairs is None else pairs.tolist())
        return super().pairwise(current, previous, pairs)


def test_a_person_is_embedded_once():
    association, memory = build(max_age=9), TrackMemory()
    association.similarity = Counting()
    for index in range(4):
        association.step(memory, people(A, B), index, feats=index)
    assert association.similarity.embedded == 4 * 2
    assert association.similarity.feats == [0, 1, 2, 3]
    assert association.similarity.pairs == [None] * 3


def test_the_similarity_is_told_which_pairs_count():
    association, memory = build(gates=[dict(type="IoUGate")]), TrackMemory()
    association.similarity = Counting()
    association.step(memory, people(A, B), 0)
    association.step(memory, people(B), 1)
    assert association.similarity.pairs == [[[False, True]]]


@pytest.mark.parametrize("assignment", [None, dict(type="GreedyAssignment")])
@pytest.mark.parametrize("similarity", ["IoUSimilarity", "OKSSimilarity"])
def test_ids_are_unique_in_a_frame_and_never_used_again(similarity, assignment):
    association = MODELS.build(
        dict(
            type="Association",
            similarity=dict(type=similarity),
            assignment=assignment,
            min_similarity=0.05,
            max_age=3,
        )
    )
    memory, last_seen, continued = TrackMemory(), {}, 0
    rng = np.random.default_rng(0)
    for index in range(200):
        poses = random_poses(int(rng.integers(0, 9)), seed=index, absent=0.2)
        found = ids(association, memory, index, poses)
        assert len(set(found)) == len(found)
        assert min(found, default=0) >= 0
        for i in found:
            assert index - last_seen.get(i, index) <= 3
            continued += i in last_seen
            last_seen[i] = index
        assert len(memory) <= 8 * 4
        assert len(memory) == len(memory.poses) == len(memory.last_seen)
    assert continued > 100
    assert max(last_seen) == memory.next_id - 1 == len(last_seen) - 1


def test_two_memories_do_not_know_each_other():
    association = build()
    first, second = TrackMemory(), TrackMemory()
    assert ids(association, first, 0, people(B, A)) == [0, 1]
    assert ids(association, second, 0, people(A)) == [0]
    assert ids(association, first, 1, people(A)) == [1]
    assert ids(association, second, 1, people(A, B)) == [0, 1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(min_similarity=0), "min_similarity must be positive"),
        (dict(min_similarity=-0.1), "min_similarity must be positive"),
        (dict(max_age=0), "max_age must be 1 frame or more"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        build(**options)
