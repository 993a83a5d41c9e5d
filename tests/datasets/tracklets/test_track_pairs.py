import numpy as np
import pytest
import torch

from mmpose_temporal.datasets.tracklets import ErrorRates, NoisyFrame, draw_pairs, simulate_errors
from mmpose_temporal.datasets.tracklets.track_pairs import Tracks
from mmpose_temporal.models import TrackEntailment
from mmpose_temporal.structures import posetrack_metainfo
from mmpose_temporal.testing import template_keypoints
from mmpose_temporal.utils.track_motion import common_motion

FLIP = posetrack_metainfo("posetrack18")["flip_indices"]
JOINTS = np.arange(17)


def pose(time: int, owner: int) -> np.ndarray:
    """(K, 3): 40 x 120 pixels, people 60 apart; the score tells time and owner."""
    x = 60.0 * owner + time
    result = np.empty((17, 3), np.float32)
    result[:, :2] = template_keypoints(np.array([[x, 0, x + 40, 120]], np.float32))[0]
    result[:, 2] = (100 * time + owner + 1) / 10000
    return result


def told(poses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Time and owner of (..., K, 3), which :func:`pose` made; -1 where there is none."""
    code = np.rint(poses[..., 0, 2] * 10000).astype(int) - 1
    return np.where(code < 0, -1, code // 100), np.where(code < 0, -1, code % 100)


def frames(*owners: list[int]) -> list[NoisyFrame]:
    return [
        NoisyFrame(
            np.array([pose(t, max(o, 50) if o < 0 else o) for o in people], np.float32).reshape(
                -1, 17, 3
            ),
            np.array(people, np.int64),
        )
        for t, people in enumerate(owners)
    ]


def draw(clip: list[NoisyFrame], **options):
    options = dict(dict(joints=JOINTS, history=3, visits=99, mixed=0.0, reach=1e9), **options)
    return draw_pairs(clip, np.random.default_rng(0), **options)


def test_every_pair_of_a_small_clip():
    pairs = draw(frames([0, 1], [1, 0], [0], [1]))
    now, who = told(pairs.current)
    times, owners = told(pairs.history)
    found = sorted(
        (int(n), int(w), int(o[0]), t[t >= 0].tolist(), int(label))
        for n, w, t, o, label in zip(now, who, times, owners, pairs.labels, strict=True)
    )
    assert found == [
        (1, 0, 0, [0], 1),
        (1, 0, 1, [0], 0),
        (1, 1, 0, [0], 0),
        (1, 1, 1, [0], 1),
        (2, 0, 0, [1, 0], 1),
        (2, 0, 1, [1, 0], 0),
        (3, 1, 0, [2, 1, 0], 0),
        (3, 1, 1, [1, 0], 1),
    ]


@pytest.fixture(scope="module")
def noisy():
    """Pairs of five people in 30 frames with all errors but those of joints and scores."""
    clip = np.array([[pose(t, o) for o in range(5)] for t in range(30)])
    rates = ErrorRates(
        jitter=0, displaced=0, missed=0.3, duplicated=0.2, false_positives=1, scored=False
    )
    observed = []
    for t, frame in enumerate(simulate_errors(clip, rates, FLIP, np.random.default_rng(0))):
        poses = frame.poses.copy()
        codes = np.where(frame.owners < 0, 50, frame.owners) + 100 * t + 1
        poses[..., 2] = codes[:, None] / 10000
        observed.append(NoisyFrame(poses, frame.owners))
    return draw(observed, max_age=4)


def test_labels_are_right(noisy):
    _, who = told(noisy.current)
    _, owners = told(noisy.history)
    present = noisy.ages > 0
    assert ((owners == owners[:, :1]) | ~present).all()  # tracks are of one person
    same = (who == owners[:, 0]) & (who != 50)  # 50: somebody who is not there follows nobody
    np.testing.assert_array_equal(noisy.labels, same)
    assert 0.1 < noisy.labels.mean() < 0.9
    assert (who == 50).any() and (owners[:, 0] == 50).any()


def test_ages_are_right_and_nothing_is_of_the_future(noisy):
    now, _ = told(noisy.current)
    times, _ = told(noisy.history)
    present = times >= 0
    np.testing.assert_array_equal(noisy.ages, np.where(present, now[:, None] - times, 0))
    assert (noisy.ages[present] >= 1).all()
    assert noisy.ages[:, 0].max() == 4  # tracks older than max_age are forgotten
    steps = np.diff(noisy.ages, axis=1)
    assert (steps[present[:, 1:]] >= 1).all()  # the newest pose first
    assert not noisy.history[~present].any()


def test_shapes_and_types(noisy):
    count = len(noisy.labels)
    shapes = dict(
        current=(count, 17, 3),
        history=(count, 3, 17, 3),
        ages=(count, 3),
        motion=(count, 2),
        support=(count, 2),
    )
    for name, shape in shapes.items():
        value = getattr(noisy, name)
        assert value.shape == shape and value.dtype == np.float32
        assert np.isfinite(value).all()
    assert noisy.labels.dtype == np.int64
    some = noisy.take(np.array([2, 0]))
    np.testing.assert_array_equal(some["ages"], noisy.ages[[2, 0]])
    assert set(some) == {*shapes, "labels"}


def test_the_nearest_others_are_drawn_and_the_right_one_always():
    clip = frames([0, 1, 2, 3, 4, 5], [0, 5])
    pairs = draw(clip, nearest=2)
    _, who = told(pairs.current)
    _, owners = told(pairs.history)
    assert sorted(zip(who.tolist(), owners[:, 0].tolist(), strict=True)) == [
        (0, 0),
        (0, 1),
        (0, 2),
        (5, 3),
        (5, 4),
        (5, 5),
    ]


def test_others_out_of_reach_are_mostly_left_out():
    """Diagonals are 126.5; person 1 is 60 pixels away, person 50 3,000."""
    clip = frames(*[[0, 1, 50]] * 30)
    clip = [NoisyFrame(f.poses, np.array([0, 1, 2])) for f in clip]
    pairs = draw(clip, nearest=9)
    near = draw(clip, nearest=9, reach=1.0)
    assert len(pairs.labels) == 29 * 9
    # 29 times 3 right ones and 2 near others; of the 4 others one in ten
    assert 29 * 5 < len(near.labels) < 29 * 5 + 29 * 4 * 0.25
    assert near.labels.sum() == 29 * 3


def test_a_mistake_of_the_past_is_another_person():
    clip = frames(*[[0, 1, 2]] * 30)
    pairs = draw(clip, mixed=1.0, history=4)
    _, owners = told(pairs.history)
    wrong = (owners != owners[:, :1]) & (owners >= 0)
    assert not wrong[:, 0].any()  # never the last pose
    long = pairs.ages[:, 1] > 0
    assert (wrong.sum(1)[long] == 1).all() and not wrong[~long].any()
    assert draw(frames(*[[0]] * 5), mixed=1.0) is not None  # no other person to take


def test_motion_is_that_of_the_frame():
    still = frames(*[[0, 1, 2]] * 6)
    moved = [NoisyFrame(f.poses.copy(), f.owners) for f in still]
    for frame in moved[5:]:
        frame.poses[..., 0] += 25
    last = draw(moved)
    last = last.take(np.flatnonzero(told(last.current)[0] == 5))
    assert len(last["motion"]) == 9
    np.testing.assert_allclose(last["motion"], [[25, 0]] * 9, atol=0.5)
    assert (last["support"][:, 0] > 0.9).all()


def test_a_tracker_without_mistakes_sees_the_same():
    """Tracks that are drawn are those that TrackEntailment remembers."""
    similarity = TrackEntailment(
        history=3, network=dict(hidden=8, intermediate=8, num_layers=1, num_heads=1)
    )
    clip = frames([0, 1], [0, 1], [0], [0, 1], [0, 1])
    tracks = Tracks.empty(3, 17)
    for t, frame in enumerate(clip[:-1]):
        tracks.add(frame, t)
    assert tracks.owners.tolist() == [0, 1]
    assert tracks.times.tolist() == [[3, 2, 1], [3, 1, 0]]
    pairs = draw(clip)
    chosen = (told(pairs.current)[0] == 4) & (told(pairs.current)[1] == 0)
    np.testing.assert_array_equal(pairs.history[chosen], tracks.poses)
    joints = similarity.chosen.joints
    motion, support = common_motion(
        torch.from_numpy(clip[4].poses[:, joints]),
        torch.from_numpy(tracks.poses[:, :, joints]),
        torch.from_numpy((4 - tracks.times).astype(np.float32)),
    )
    again = draw(clip, joints=np.array(joints))
    np.testing.assert_allclose(again.motion[chosen], motion.expand(2, 2), atol=1e-4)
    np.testing.assert_allclose(again.support[chosen], support.expand(2, 2), atol=1e-4)


def test_it_repeats_by_seed():
    clip = frames(*[[0, 1, 2]] * 20)
    first, same = (draw(clip, visits=3) for _ in range(2))
    np.testing.assert_array_equal(first.current, same.current)
    assert len(first.labels) == 3 * 9


@pytest.mark.parametrize("owners", [[[0]], [[], []], [[0], []], [[], [0]]])
def test_no_pair(owners):
    assert draw(frames(*owners)) is None


def test_nobody_in_particular_is_always_somebody_else():
    tracks = Tracks.empty(2, 17)
    for t, frame in enumerate(frames([-1, 0, -1], [-1], [0, -1])):
        tracks.add(frame, t)
    assert len(set(tracks.owners.tolist())) == len(tracks.owners) == 5
    assert tracks.times[:, 0].tolist() == [2, 1, 0, 0, 2]
    assert tracks.owners.tolist() == sorted(tracks.owners.tolist())
    tracks.forget(2, max_age=1)
    assert tracks.times[:, 0].tolist() == [2, 1, 2]
