import numpy as np
import pytest

from mmpose_temporal.models import MotionOKSSimilarity
from mmpose_temporal.structures import People, select_all
from mmpose_temporal.testing import make_packet, random_poses

WHOLE = random_poses(1, seed=0)


def at(x: float, y: float = 0, joints: slice = slice(None)) -> People:
    """The person moved to the right and down, of whom some joints are seen."""
    scores = np.zeros((1, 17), np.float32)
    scores[:, joints] = 1
    shift = np.float32([x, y])
    return People.create(keypoints=WHOLE.keypoints + shift, keypoint_scores=scores)


def followed(similarity: MotionOKSSimilarity, *poses: tuple[int, People]) -> dict:
    """What is known about a person seen in these frames."""
    rows = None
    for tick, people in poses:
        current = similarity.embed(make_packet(people, tick=tick))
        if rows is not None:
            current = similarity.extend(current, np.array([0]), rows, np.array([0]))
        rows = current
    return rows


def score(similarity, rows: dict, tick: int, people: People) -> float:
    current = similarity.embed(make_packet(people, tick=tick))
    return float(similarity.pairwise(current, rows).total[0, 0])


def test_a_joint_falls_by_a_student_kernel():
    """One joint of sigma 0.1 in boxes of 100 x 50: e = d^2 / 400, so 20 px away it is 1 / 2."""
    similarity = MotionOKSSimilarity(sigmas=[0.1])
    box = np.array([[0, 0, 50, 100]])
    rows = followed(similarity, (0, People.create(keypoints=[[[9, 9]]], boxes=box)))
    for distance, expected in ((0, 1), (20, 1 / 2), (60, 1 / 10)):
        now = People.create(keypoints=[[[9 + distance, 9]]], boxes=box)
        assert score(similarity, rows, 1, now) == pytest.approx(expected, rel=1e-6)


def test_a_track_is_expected_where_its_velocity_takes_it():
    similarity = MotionOKSSimilarity()
    rows = followed(similarity, (0, at(0)), (1, at(30)))
    assert rows["velocities"].tolist() == [[30, 0]]  # the first step counts whole
    assert score(similarity, rows, 2, at(60)) == pytest.approx(1)
    assert score(similarity, rows, 3, at(90)) == pytest.approx(1)  # a frame was missed
    # Four frames of extrapolation, and no more.
    assert score(similarity, rows, 9, at(30 + 4 * 30)) == pytest.approx(1)
    rows = followed(similarity, (0, at(0)), (1, at(30)), (2, at(50)))
    np.testing.assert_allclose(rows["velocities"], [[30 + 0.3 * (20 - 30), 0]], rtol=1e-5)
    rows = followed(similarity, (0, at(0)), (3, at(30)))
    np.testing.assert_allclose(rows["velocities"], [[10, 0]], rtol=1e-5)


def test_without_smoothing_people_stand_still():
    similarity = MotionOKSSimilarity(smoothing=0)
    rows = followed(similarity, (0, at(0)), (1, at(30)))
    assert rows["velocities"].tolist() == [[0, 0]]
    assert score(similarity, rows, 2, at(30)) == pytest.approx(1)


def test_joints_that_are_not_there_are_remembered_where_they_moved_along():
    similarity = MotionOKSSimilarity(memory=4)
    head = slice(0, 3)
    rows = followed(similarity, (0, at(0)), (1, at(10, joints=head)))
    np.testing.assert_allclose(rows["keypoints"], at(10).keypoints, atol=1e-4)
    assert score(similarity, rows, 2, at(20)) == pytest.approx(1, abs=1e-5)
    # Three of the seventeen joints that the track has.
    assert score(similarity, rows, 2, at(20, joints=head)) == pytest.approx(3 / 17, abs=1e-4)
    people = at(10, joints=head)
    assert similarity.seen_joints(people, rows).all()
    for tick in (2, 3, 4, 5):
        pose = (tick, at(10 * tick, joints=head))
        current = similarity.embed(make_packet(pose[1], tick=tick))
        rows = similarity.extend(current, np.array([0]), rows, np.array([0]))
    # Since frame 0, which is five frames ago, nothing but the head was seen.
    assert similarity.seen_joints(people, rows)[0].tolist() == [True] * 3 + [False] * 14
    assert score(similarity, rows, 6, at(60, joints=head)) == pytest.approx(1, abs=1e-4)


def test_a_pose_with_no_joint_of_the_last_goes_on_as_it_was():
    similarity = MotionOKSSimilarity(memory=0)
    upper, lower = slice(0, 8), slice(8, 17)
    rows = followed(similarity, (0, at(0)), (1, at(10)), (2, at(20, joints=upper)))
    current = similarity.embed(make_packet(at(30, joints=lower), tick=3))
    rows = similarity.extend(current, np.array([0]), rows, np.array([0]))
    np.testing.assert_allclose(rows["velocities"], [[10, 0]], rtol=1e-4)


def test_nothing_of_the_inputs_changes_and_others_keep_their_rows():
    similarity = MotionOKSSimilarity()
    two = People.cat([at(0), at(500)])
    before = similarity.embed(make_packet(two, tick=0))
    current = similarity.embed(make_packet(two, tick=1))
    kept = {name: rows.copy() for name, rows in current.items()}
    after = similarity.extend(current, np.array([1]), before, np.array([0]))
    assert all(np.array_equal(current[name], rows) for name, rows in kept.items())
    first = select_all(after, slice(0, 1))
    assert all(np.array_equal(first[name], rows[:1]) for name, rows in kept.items())
    assert after["velocities"].tolist() == [[0, 0], [500, 0]]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (dict(memory=-1), "memory must be 0 frames or more, got -1"),
        (dict(smoothing=1.5), r"smoothing must be in \[0, 1\], got 1.5"),
    ],
)
def test_options_out_of_range(options, text):
    with pytest.raises(ValueError, match=text):
        MotionOKSSimilarity(**options)
