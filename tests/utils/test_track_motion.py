"""Motion of tracks, in numbers of whole pixels."""

import pytest
import torch

from mmpose_temporal.utils.track_motion import (
    MAX_EXTRAPOLATION,
    RECENT,
    common_motion,
    expected,
    extents,
    masked_median,
    velocities,
)

SHAPE = torch.tensor([[0.0, 0], [30, 0], [30, 40], [10, 20]])
"""Four joints; the box around them is 30 x 40, its diagonal 50."""


def joints(places: torch.Tensor, scores: float = 1.0) -> torch.Tensor:
    return torch.cat([places, torch.full((*places.shape[:-1], 1), scores)], -1)


def crowd(count: int = 5) -> torch.Tensor:
    """(M, J, 3): people at uneven distances, so that no wrong shift fits them all."""
    places = torch.tensor([[0.0, 0], [140, 20], [330, -10], [600, 50], [910, 90], [1300, 10]])
    return joints(places[:count, None] + SHAPE)


def tracks_of(people: torch.Tensor, step: tuple = (0, 0), length: int = 3, history: int = 4):
    """Tracks that end at ``people`` one frame ago, having moved by ``step`` a frame."""
    rows = people.new_zeros((len(people), history, *people.shape[1:]))
    ages = people.new_zeros((len(people), history))
    for age in range(length):
        rows[:, age] = people
        rows[:, age, :, :2] -= torch.tensor(step, dtype=people.dtype) * age
        ages[:, age] = age + 1
    return rows, ages


def moved(people: torch.Tensor, shift: tuple) -> torch.Tensor:
    people = people.clone()
    people[..., :2] += torch.tensor(shift, dtype=people.dtype)
    return people


def test_extents_of_the_joints_that_are_there():
    people = joints(SHAPE.repeat(3, 1, 1))
    people[1, 2, 2] = 0  # without (30, 40)
    people[2, :, 2] = 0
    low, high = extents(people)
    assert low.tolist() == [[0, 0], [0, 0], [0, 0]]
    assert high.tolist() == [[30, 40], [30, 20], [0, 0]]


def test_median_of_what_is_picked():
    values = torch.tensor([[5.0, 1], [1, 9], [3, 4], [100, 100]])
    picked = torch.tensor([True, True, True, False])
    assert masked_median(values, picked).tolist() == [3, 4]  # of 1, 3, 5 and of 1, 4, 9
    picked[0] = False
    assert masked_median(values, picked).tolist() == [1, 4]  # the lower of two
    assert masked_median(values, torch.zeros(4, dtype=torch.bool)).tolist() == [0, 0]


def test_constant_motion():
    rows, ages = tracks_of(crowd(2), step=(4, -1), length=4)
    torch.testing.assert_close(velocities(rows, ages), torch.tensor([[4.0, -1], [4, -1]]))
    # one frame later they are one step further
    torch.testing.assert_close(expected(rows, ages), (moved(crowd(2), (4, -1)))[..., :2])


def test_motion_over_frames_without_the_person():
    rows, ages = tracks_of(crowd(1), step=(6, 0), length=2)
    ages[0, :2] = torch.tensor([1.0, 4])  # 6 pixels in 3 frames
    torch.testing.assert_close(velocities(rows, ages), torch.tensor([[2.0, 0]]))


def test_recent_steps_count_most():
    rows, ages = tracks_of(crowd(1), length=3)
    rows[0, 1:, :, 0] -= 10  # 10 pixels in the last step, none before it
    speed = 10 * RECENT[0] / (RECENT[0] + RECENT[1])
    torch.testing.assert_close(velocities(rows, ages), torch.tensor([[speed, 0]]))


def test_an_outlier_does_not_move_the_velocity():
    rows, ages = tracks_of(crowd(1), step=(2, 0), length=2)
    rows[0, 0, 3, :2] += 500
    torch.testing.assert_close(velocities(rows, ages), torch.tensor([[2.0, 0]]))


def test_a_track_of_one_pose_stands_still():
    rows, ages = tracks_of(crowd(2), length=1)
    assert not velocities(rows, ages).any()
    assert torch.equal(expected(rows, ages), crowd(2)[..., :2])


def test_a_velocity_is_not_believed_for_long():
    rows, ages = tracks_of(crowd(1), step=(3, 0), length=3)
    ages[ages > 0] += 9
    torch.testing.assert_close(
        expected(rows, ages), moved(crowd(1), (3 * MAX_EXTRAPOLATION, 0))[..., :2]
    )


@pytest.mark.parametrize("shift", [(0, 0), (25, -10), (-60, 30), (100, 0)])
def test_the_shift_of_a_crowd(shift):
    rows, ages = tracks_of(crowd())
    motion, support = common_motion(moved(crowd(), shift), rows, ages)
    torch.testing.assert_close(motion, torch.tensor(shift, dtype=torch.float32), atol=0.5, rtol=0)
    assert support[0] == pytest.approx(1, abs=0.01)  # all agree
    assert support[1] == pytest.approx(1 if shift == (0, 0) else 0, abs=0.3)


def test_the_shift_is_what_velocities_do_not_tell():
    rows, ages = tracks_of(crowd(), step=(5, 0))
    motion, _ = common_motion(moved(crowd(), (25, 0)), rows, ages)
    torch.testing.assert_close(motion, torch.tensor([20.0, 0]), atol=0.5, rtol=0)


def test_one_who_walks_does_not_move_the_camera():
    rows, ages = tracks_of(crowd())
    now = crowd()
    now[0] = moved(now[:1], (20, 0))[0]
    motion, support = common_motion(now, rows, ages)
    torch.testing.assert_close(motion, torch.zeros(2), atol=0.5, rtol=0)
    assert support[1] == pytest.approx(0.8, abs=0.05)  # four of five stand


@pytest.mark.parametrize(("people", "tracks"), [(0, 0), (1, 5), (5, 1), (0, 5), (5, 0), (1, 1)])
def test_fewer_than_two_have_nothing_in_common(people, tracks):
    rows, ages = tracks_of(crowd(tracks))
    motion, support = common_motion(moved(crowd(people), (25, 0)), rows, ages)
    assert motion.tolist() == support.tolist() == [0, 0]


def test_people_who_are_not_alike_do_not_vote():
    generator = torch.Generator().manual_seed(0)
    others = joints(torch.rand((4, 4, 2), generator=generator) * 1000)
    rows, ages = tracks_of(crowd())
    assert not common_motion(others, rows, ages)[0].any()


def test_poses_without_joints_and_old_tracks_do_not_vote():
    rows, ages = tracks_of(crowd())
    now = moved(crowd(), (25, 0))
    assert not common_motion(now * torch.tensor([1, 1, 0]), rows, ages)[0].any()
    ages[ages > 0] += MAX_EXTRAPOLATION
    assert not common_motion(now, rows, ages)[0].any()


def test_hundreds_of_people():
    generator = torch.Generator().manual_seed(0)
    places = torch.rand((200, 1, 2), generator=generator) * 3000
    people = joints(places + SHAPE)
    rows, ages = tracks_of(people)
    motion, _ = common_motion(moved(people, (12, 7)), rows, ages)
    torch.testing.assert_close(motion, torch.tensor([12.0, 7]), atol=1, rtol=0)
