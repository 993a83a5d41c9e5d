import numpy as np
import pytest
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

from mmpose_temporal.models import Association, Similarity
from mmpose_temporal.models.trackers import HistoryAssociation, TrackMemory, nearest_pairs
from mmpose_temporal.structures import FramePoses
from mmpose_temporal.testing import random_poses

A, B, C = [0, 0, 10, 10], [100, 0, 110, 10], [200, 0, 210, 10]


def people(*boxes, scores=None) -> FramePoses:
    """Each with one joint, in the middle of the box."""
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    return FramePoses.create(
        keypoints=((boxes[:, :2] + boxes[:, 2:]) / 2)[:, None], boxes=boxes, box_scores=scores
    )


def build(similarity="IoUSimilarity", **options) -> HistoryAssociation:
    similarity = dict(type=similarity) if isinstance(similarity, str) else similarity
    options.setdefault("min_similarity", 0.3)
    return MODELS.build(dict(type="HistoryAssociation", similarity=similarity, **options))


def ids(association, memory, index, poses, **feats) -> list[int]:
    feats = dict(frame_size=None, time=index, **feats)
    return association.step(memory, poses, index, feats).track_ids.tolist()


def test_the_life_of_a_track():
    association, memory = build(history=2), TrackMemory()
    assert ids(association, memory, 0, people(A)) == [0]  # born
    assert ids(association, memory, 1, people(B, A)) == [1, 0]  # kept, and another born
    assert ids(association, memory, 2, people(B)) == [1]  # lost
    assert ids(association, memory, 3, people(A, B)) == [0, 1]  # back: seen 2 frames ago
    assert ids(association, memory, 4, people(B)) == [1]
    assert ids(association, memory, 5, people(B)) == [1]
    assert ids(association, memory, 6, people(B, A)) == [1, 2]  # 3 frames ago: too late
    assert memory.next_id == 3
    assert set(memory.last_seen) == {4, 5, 6}


def test_a_gap_in_the_index_ages_the_tracks():
    association, memory = build(history=2), TrackMemory()
    assert ids(association, memory, 0, people(A)) == [0]
    assert ids(association, memory, 2, people(A)) == [0]
    assert ids(association, memory, 5, people(A)) == [1]


def test_an_older_pose_may_be_the_better_one():
    """At frame 2 the person is back where it was at 0, and 1 has no overlap with it."""
    association, memory = build(history=2), TrackMemory()
    assert ids(association, memory, 0, people(A)) == [0]
    assert ids(association, memory, 1, people([0, 0, 10, 3])) == [0]  # IoU 3 / 10
    # with the last pose alone, IoU 0; with that of frame 0, 7 / 10
    assert ids(association, memory, 2, people([0, 3, 10, 10])) == [0]
    last_only = build(history=1)
    memory = TrackMemory()
    ids(last_only, memory, 0, people(A))
    ids(last_only, memory, 1, people([0, 0, 10, 3]))
    assert ids(last_only, memory, 2, people([0, 3, 10, 10])) == [1]


def test_a_track_may_end_before_its_poses_are_forgotten():
    association, memory = build(history=3, max_age=1), TrackMemory()
    assert ids(association, memory, 0, people(A, B)) == [0, 1]
    assert ids(association, memory, 1, people(A)) == [0]
    assert ids(association, memory, 2, people(A, B)) == [0, 2]
    assert sorted(memory.last_seen[memory.ids == 0]) == [0, 1, 2]
    assert 1 not in memory.ids


class ByTable(Similarity):
    """Scores in a table: person (by the left side, 0, 100, ...) and number of the frame."""

    max_distance = 3

    def __init__(self):
        super().__init__()
        self.table = {}
        self.pairs = []

    def embed(self, poses, feats=None):
        who = (poses.boxes[:, 0] // 100).astype(int)
        return dict(who=who, time=np.full(len(poses), feats["time"]))

    def pairwise(self, current, previous, pairs=None):
        self.pairs.append(pairs)
        keys = list(zip(previous["who"].tolist(), previous["time"].tolist(), strict=True))
        return np.array([[self.table[(a, *key)] for key in keys] for a in current["who"].tolist()])


def tabled(table, **options):
    association = build(**options)
    association.similarity = ByTable()
    association.similarity.table = table
    return association


def test_the_best_score_is_served_first():
    """Both like person 0 best; the second likes it more, the first takes its next best."""
    table = {(0, 0, 0): 0.8, (0, 1, 0): 0.7, (1, 0, 0): 0.9, (1, 1, 0): 0.4}
    memory = TrackMemory()
    greedy = tabled(table)
    ids(greedy, memory, 0, people(A, B))
    assert ids(greedy, memory, 1, people(A, B)) == [1, 0]


def test_hungarian_is_an_option():
    """Greedy takes 0.9 + 0.1, Hungarian 0.8 + 0.7."""
    table = {(0, 0, 0): 0.9, (0, 1, 0): 0.8, (1, 0, 0): 0.7, (1, 1, 0): 0.1}
    for assignment, expected in ((None, [0, 2]), (dict(type="HungarianAssignment"), [1, 0])):
        association, memory = tabled(table, assignment=assignment), TrackMemory()
        ids(association, memory, 0, people(A, B))
        assert ids(association, memory, 1, people(A, B)) == expected


def test_a_score_at_the_threshold_is_enough():
    for score, expected in ((0.5, [0]), (0.49, [1])):
        association = tabled({(0, 0, 0): score}, min_similarity=0.5)
        memory = TrackMemory()
        ids(association, memory, 0, people(A))
        assert ids(association, memory, 1, people(A)) == expected


def test_only_the_nearest_of_each_frame_are_scored():
    """Frame 0: C, A, B; frame 1: B, C. The two nearest to A are A and B, and B and C."""
    association, memory = tabled(dict.fromkeys(np.ndindex(3, 3, 3), 0.6), nearest=2), TrackMemory()
    ids(association, memory, 0, people(C, A, B))
    ids(association, memory, 1, people(B, C))
    ids(association, memory, 2, people(A))
    rows = list(zip(memory.last_seen[1:].tolist(), memory.poses.boxes[1:, 0], strict=True))
    assert rows == [(1, 100), (1, 200), (0, 200), (0, 0), (0, 100)]
    assert association.similarity.pairs[-1].tolist() == [[True, True, False, True, True]]


def test_what_is_not_near_is_not_matched():
    """The far person scores more, but is not asked."""
    table = {(0, 0, 0): 0.5, (0, 1, 0): 0.9}
    for nearest, expected in ((1, [0]), (None, [1])):
        association, memory = tabled(table, nearest=nearest), TrackMemory()
        ids(association, memory, 0, people(A, B))
        assert ids(association, memory, 1, people(A)) == expected


def test_gates_and_nearest_must_agree():
    association = build(nearest=1, gates=[dict(type="IoUGate", min_iou=0.9)])
    memory = TrackMemory()
    ids(association, memory, 0, people(A, B))
    assert ids(association, memory, 1, people(A, [102, 0, 112, 10])) == [0, 2]  # IoU 8 / 12


def test_nearest_pairs_by_centres():
    """The mean of the joints present: person 0 at (5, 5), not at its box; box for no joint."""
    keypoints = np.array([[[0, 5], [10, 5], [99, 99]]], np.float32)
    current = FramePoses.create(keypoints=keypoints, keypoint_scores=[[1, 1, 0]])
    boxes = [[4, 4, 8, 8], [0, 4, 8, 10], [50, 50, 60, 60]]  # centres (6, 6), (4, 7), (55, 55)
    previous = FramePoses.create(
        keypoints=np.zeros((3, 3, 2)), keypoint_scores=np.zeros((3, 3)), boxes=boxes
    )
    times = np.array([1, 1, 0])
    assert nearest_pairs(current, previous, times, 1).tolist() == [[True, False, True]]
    assert nearest_pairs(current, previous, times, 9).all()
    assert nearest_pairs(current[:0], previous, times, 1).shape == (0, 3)


def test_ids_are_unique_and_memory_is_bounded():
    association, memory = build(history=3, nearest=4, min_similarity=0.05), TrackMemory()
    rng, last_seen, continued, next_id = np.random.default_rng(0), {}, 0, 0
    for index in range(200):
        poses = random_poses(int(rng.integers(0, 9)), seed=index, absent=0.2)
        found = ids(association, memory, index, poses)
        assert len(set(found)) == len(found)
        assert min(found, default=0) >= 0
        for i in found:
            assert index - last_seen.get(i, index) <= 3
            assert i in last_seen or i >= next_id
            continued += i in last_seen
            last_seen[i] = index
        next_id = memory.next_id
        assert len(memory) <= 8 * 4
        rows = (memory.ids, memory.poses, memory.last_seen, memory.known_ids)
        assert {len(x) for x in (*rows, memory.representation["boxes"])} == {len(memory)}
    assert continued > 100


def test_weak_poses_start_no_track():
    association, memory = build(new_track_thr=0.5), TrackMemory()
    assert ids(association, memory, 0, people(A, B, scores=[0.4, 0.6])) == [-1, 0]
    assert memory.ids.tolist() == [0]
    assert ids(association, memory, 1, people(B, scores=[0.4])) == [0]


def test_hundreds_of_people():
    association, memory = build(nearest=2), TrackMemory()
    boxes = [[20 * i, 0, 20 * i + 10, 10] for i in range(400)]
    assert ids(association, memory, 0, people(*boxes)) == list(range(400))
    assert ids(association, memory, 1, people(*boxes[::-1])) == list(range(400))[::-1]


def test_with_pose_entailment():
    network = dict(hidden=8, intermediate=8, num_layers=1, num_heads=1)
    similarity = dict(type="PoseEntailment", network=network, frame_size=(640, 480))
    association, memory = build(similarity, min_similarity=1e-6).eval(), TrackMemory()
    for index in range(8):  # everything is like everything: all ids go on
        found = ids(association, memory, index, random_poses(3, seed=index))
        assert sorted(found) == [0, 1, 2]
    assert len(memory) == 5 * 3
    assert ids(association, memory, 8, FramePoses.empty(17)) == []
    assert len(memory) == 4 * 3


def test_matches_are_counted_by_true_ids():
    """Person 1 likes the pose of 0 better than its own; 7 was not there before."""
    table = {(0, 0, 0): 0.9, (0, 1, 0): 0.1, (1, 0, 0): 0.6, (1, 1, 0): 0.5}
    table |= {(2, 0, 0): 0.5, (2, 1, 0): 0.5}
    association, memory = tabled(table), TrackMemory()
    ids(association, memory, 0, people(A, B), person_known_ids=np.array([5, 6]))
    assert memory.match_counts == (0, 0)
    known = np.array([5, 6, 7])
    ids(association, memory, 1, people(A, B, C), person_known_ids=known)
    assert memory.match_counts == (1, 2)
    association.similarity.table.update({(0, *k): 0.0 for k in np.ndindex(3, 3)})
    ids(association, memory, 2, people(A))
    assert memory.match_counts is None
    assert memory.known_ids.tolist() == [-1, 5, 6, 7, 5, 6]


def test_who_is_not_among_the_nearest_is_a_wrong_match():
    association, memory = build(nearest=1), TrackMemory()
    ids(association, memory, 0, people(A, B), person_known_ids=np.array([0, 1]))
    ids(association, memory, 1, people(A, B), person_known_ids=np.array([0, 0]))
    assert memory.match_counts == (1, 2)


def sample(index: int, known, *boxes, scores=None):
    metainfo = dict(video_id="a", frame_index=index, num_frames=2, known_ids=known)
    result = PoseDataSample(metainfo=metainfo)
    result.pred_instances = people(*boxes, scores=scores).to_instances()
    return result


def test_true_ids_go_with_the_poses_that_are_left():
    """In the second frame B is too weak and the second of two equal poses is suppressed."""
    tracker = MODELS.build(
        dict(
            type="PoseOnlyTracker",
            association=dict(type="HistoryAssociation", similarity=dict(type="IoUSimilarity")),
            box_score_thr=0.5,
            suppression=[dict(type="BoxNMS")],
        )
    )
    first = sample(0, [3, 4, 5], A, B, C)
    second = sample(1, [4, 9, 5, 3], B, C, C, A, scores=[0.4, 0.6, 0.9, 1.0])
    finished = tracker(data_samples=[first, second])
    assert [frame.match_counts for frame in finished] == [(0, 0), (2, 2)]
    assert finished[1].pred_instances.track_ids.tolist() == [2, 0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(history=0), "history must be 1 frame or more"),
        (dict(nearest=0), "nearest must be 1 pose or more"),
        (dict(history=2, max_age=3), "max_age must be at most history"),
        (dict(max_age=0), "max_age must be 1 frame or more"),
        (dict(min_similarity=0), "min_similarity must be positive"),
        (dict(similarity="PoseEntailment", history=5), "scores poses at most 4 frames apart"),
        (
            dict(similarity="PoseEntailment", history=5, max_age=1),
            "history is 5 frames, but PoseEntailment scores poses at most 4 frames apart",
        ),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        build(**options)


def test_an_age_beyond_the_similarity():
    with pytest.raises(ValueError, match="tracks are looked for 5 frames after their last pose"):
        Association(similarity=dict(type="PoseEntailment"), max_age=5)
