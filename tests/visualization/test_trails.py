import numpy as np
import pytest

from mmpose_temporal.structures import People
from mmpose_temporal.visualization.trails import Trails


def people(*ids_and_lefts):
    """People 10 wide and 20 high, standing at y = 20."""
    ids = [i for i, _ in ids_and_lefts]
    boxes = [[x, 0, x + 10, 20] for _, x in ids_and_lefts]
    return People.create(
        keypoints=np.zeros((len(ids), 2, 2)), boxes=np.reshape(boxes, (-1, 4)), track_ids=ids
    )


def test_a_trail_is_the_last_positions_and_fades():
    trails = Trails(length=3)
    for frame, left in enumerate([0, 10, 20, 30]):
        trails.update(people((5, left)), frame)
    points, ids, freshness = trails.segments()
    # Three positions kept: feet at (15, 20), (25, 20), (35, 20); so two pieces.
    assert points.tolist() == [[[15, 20], [25, 20]], [[25, 20], [35, 20]]]
    assert ids.tolist() == [5, 5]
    # The newest piece ends 0 frames ago: 1 - 0 / 3; the other one 1 frame ago: 1 - 1 / 3.
    assert freshness == pytest.approx([2 / 3, 1])


def test_center_anchor():
    trails = Trails(length=2, anchor="center")
    trails.update(people((1, 0)))
    trails.update(people((1, 10)))
    assert trails.segments()[0].tolist() == [[[5, 10], [15, 10]]]


def test_a_gap_is_not_bridged_and_tracks_are_not_mixed():
    trails = Trails(length=10)
    for left_of_1, left_of_2 in [(0, 100), (10, None), (20, 120)]:
        others = [] if left_of_2 is None else [(2, left_of_2)]
        trails.update(people((1, left_of_1), *others))
    _, ids, _ = trails.segments()
    assert ids.tolist() == [1, 1]


def test_forgets_tracks_not_seen():
    trails = Trails(length=3)
    trails.update(people((1, 0), (2, 50)))
    for _ in range(2):
        trails.update(people((2, 50)))
    assert len(trails) == 2  # 1 was seen two frames ago
    trails.update(people((2, 50)))
    assert len(trails) == 1
    for track_id in range(100, 200):  # a new id in every frame
        trails.update(people((track_id, 0)))
        assert len(trails) <= 4
    assert len(trails) == 3


def test_nobody_untracked_and_broken_boxes_leave_nothing():
    trails = Trails(length=3)
    trails.update(people())
    trails.update(people((-1, 0)))
    trails.update(people((4, np.nan)))
    assert len(trails) == 0
    assert [len(part) for part in trails.segments()] == [0, 0, 0]


def test_length_zero_keeps_nothing():
    trails = Trails(length=0)
    trails.update(people((1, 0)), 0)
    trails.update(people((1, 0)), 1)
    assert len(trails) == 0


def test_errors():
    trails = Trails(length=3)
    trails.update(people(), 4)
    with pytest.raises(ValueError, match="frame 4 after frame 4"):
        trails.update(people(), 4)
    with pytest.raises(ValueError, match="trail length"):
        Trails(length=-1)
    with pytest.raises(ValueError, match="'foot', 'center'"):
        Trails(length=1, anchor="head")
