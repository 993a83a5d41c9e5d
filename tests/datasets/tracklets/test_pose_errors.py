import numpy as np
import pytest

from mmpose_temporal.datasets.tracklets import ErrorRates, simulate_errors
from mmpose_temporal.structures import posetrack_metainfo
from mmpose_temporal.testing import template_keypoints

FLIP = posetrack_metainfo("posetrack18")["flip_indices"]
FRAMES, PEOPLE = 100, 10
SIZE = 50.0
"""Diagonal of the people: their boxes are 30 x 40."""


def clip(frames: int = FRAMES, people: int = PEOPLE) -> np.ndarray:
    low = np.stack([np.arange(people) * 200.0, np.zeros(people)], 1)
    boxes = np.hstack([low, low + np.array([30, 40])]).astype(np.float32)
    result = np.ones((frames, people, 17, 3), np.float32)
    result[..., :2] = template_keypoints(boxes)
    return result


def only(**rates) -> ErrorRates:
    """These errors, and no other."""
    none = ErrorRates.none()
    base = {name: getattr(none, name) for name in ErrorRates.__dataclass_fields__}
    return ErrorRates(**{**base, **rates})


def simulate(rates: ErrorRates, seed: int = 0, people: np.ndarray | None = None):
    people = clip() if people is None else people
    return simulate_errors(people, rates, FLIP, np.random.default_rng(seed))


def found_of(frames, people: int = PEOPLE) -> np.ndarray:
    """(T, P) how often each person was found."""
    return np.array([np.bincount(f.owners[f.owners >= 0], minlength=people) for f in frames])


def offsets(frames) -> np.ndarray:
    """(N, K, 2) of poses from the truth, in diagonals of the person."""
    truth = clip(1)[0]
    return np.concatenate([(f.poses - truth[f.owners])[..., :2] for f in frames]) / SIZE


def test_no_errors_give_the_clip():
    people = clip(4, 3)
    people[1, 2, :, 2] = 0  # somebody is away
    people[2, 0, 5:, 2] = 0  # somebody is seen in part
    for t, frame in enumerate(simulate(ErrorRates.none(), people=people)):
        assert sorted(frame.owners.tolist()) == ([0, 1] if t == 1 else [0, 1, 2])
        np.testing.assert_array_equal(frame.poses, people[t, frame.owners])
        assert frame.poses.dtype == np.float32 and frame.owners.dtype == np.int64


def test_it_repeats_by_seed():
    first, same, other = (simulate(ErrorRates(), seed) for seed in (0, 0, 1))
    for one, two in zip(first, same, strict=True):
        np.testing.assert_array_equal(one.poses, two.poses)
        np.testing.assert_array_equal(one.owners, two.owners)
    assert any(len(one.poses) != len(two.poses) for one, two in zip(first, other, strict=True))


# Of 1,000 people: a share s is met within 4 standard deviations, 4 sqrt(s (1 - s) / 1000).


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 1.0])
def test_people_are_missed(share):
    missed = (found_of(simulate(only(missed=share))) == 0).mean()
    assert missed == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 1000) + 1e-9)


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_people_are_found_twice(share):
    counts = found_of(simulate(only(duplicated=share, jitter=0.01)))
    assert set(np.unique(counts)) <= {1, 2}
    assert (counts == 2).mean() == pytest.approx(share, abs=0.051)


def test_a_double_is_another_look_at_the_person():
    (frame, *_) = simulate(only(duplicated=1, jitter=0.02))
    order = frame.owners.argsort(kind="stable")
    pairs = frame.poses[order].reshape(PEOPLE, 2, 17, 3)
    apart = np.linalg.norm(pairs[:, 0, :, :2] - pairs[:, 1, :, :2], axis=-1) / SIZE
    assert 0 < apart.mean() < 0.06  # mean 0.02 sqrt(pi): two looks, each with 0.02


def test_gaps_are_a_few_frames_long():
    found = found_of(simulate(only(gaps=0.05)))
    runs = np.diff(np.flatnonzero(np.diff(np.pad(found, 1).ravel() == 0)))
    assert 0.05 < (found == 0).mean() < 0.3  # 0.05 gaps a frame of 3.5 frames on average
    assert runs.max() > 1


def test_long_gaps_have_the_lengths_asked_for():
    """Gaps of 7 frames; two may overlap or meet, and the clip's end cuts the last one."""
    found = found_of(simulate(only(long_gaps=0.01, long_gap_frames=(7, 7))))
    away = np.pad(found == 0, ((1, 1), (0, 0)))
    changes = np.diff(away.astype(int), axis=0).T
    starts, ends = (np.argwhere(changes == sign) for sign in (1, -1))
    lengths = (ends - starts)[:, 1]
    assert len(lengths) > 3
    assert (lengths[ends[:, 1] < FRAMES] >= 7).all() and (lengths == 7).any()


def test_without_long_gaps_the_poses_stay_those_of_the_seed():
    """Other lengths of gaps that do not happen draw nothing."""
    first, same = simulate(ErrorRates()), simulate(ErrorRates(long_gap_frames=(1, 2)))
    assert all(np.array_equal(a.poses, b.poses) for a, b in zip(first, same, strict=True))


@pytest.mark.parametrize("frames", [(0, 3), (4, 3)])
def test_lengths_of_long_gaps_are_in_order(frames):
    with pytest.raises(ValueError, match="long_gap_frames"):
        ErrorRates(long_gap_frames=frames)


@pytest.mark.parametrize("mean", [0.0, 0.15, 3.0])
def test_people_who_are_not_there(mean):
    counts = np.array([(f.owners == -1).sum() for f in simulate(only(false_positives=mean))])
    assert counts.mean() == pytest.approx(mean, abs=4 * np.sqrt(mean / FRAMES) + 1e-9)
    if mean > 1:
        assert counts.std() > 1  # Poisson


def test_nobody_invents_nobody():
    empty = np.zeros((5, 2, 17, 3), np.float32)
    frames = simulate(ErrorRates(false_positives=5.0), people=empty)
    assert [f.poses.shape for f in frames] == [(0, 17, 3)] * 5


def test_jitter_and_outliers():
    apart = offsets(simulate(only(jitter=0.02)))
    assert apart.std() == pytest.approx(0.02, rel=0.03)
    assert abs(apart.mean()) < 0.001
    rough = offsets(simulate(only(jitter=0.02, outlier_share=0.2, outlier_factor=3)))
    # variance 0.02^2 (0.8 + 0.2 * 9) = 0.02^2 * 2.6
    assert rough.std() == pytest.approx(0.02 * np.sqrt(2.6), rel=0.05)


def test_a_shift_moves_the_whole_pose():
    apart = offsets(simulate(only(shift=0.05)))
    assert apart.mean(1).std() == pytest.approx(0.05, rel=0.1)
    assert np.abs(apart - apart[:, :1]).max() < 1e-5


def test_displaced_joints_have_low_scores():
    frames = simulate(only(displaced=0.1, scored=True, scores=(0.5, 0.9)))
    scores = np.concatenate([f.poses[..., 2] for f in frames])
    apart = np.linalg.norm(offsets(frames), axis=-1)
    low = scores < 0.4
    assert low.mean() == pytest.approx(0.1, abs=0.01)
    assert (scores[low] >= 0.03).all() and (scores[low] <= 0.3).all()
    assert (scores[~low] >= 0.5).all() and (scores[~low] <= 0.9).all()
    assert apart[low].mean() == pytest.approx(0.3 * np.sqrt(np.pi / 2), rel=0.05)  # Rayleigh
    assert apart[~low].max() < 1e-5


def test_dropped_joints_are_absent_and_never_all():
    frames = simulate(only(dropped=0.3))
    scores = np.concatenate([f.poses[..., 2] for f in frames])
    assert (scores == 0).mean() == pytest.approx(0.3, abs=0.02)
    everything = simulate(only(dropped=1.0))
    assert all((f.poses[..., 2] > 0).any(1).all() for f in everything)


def test_left_and_right_are_exchanged():
    frames = simulate(only(swapped=0.25))
    truth = clip(1)[0]
    swapped = []
    for frame in frames:
        same = (frame.poses == truth[frame.owners]).all((1, 2))
        other = (frame.poses == truth[frame.owners][:, FLIP]).all((1, 2))
        assert (same ^ other).all()
        swapped += other.tolist()
    assert np.mean(swapped) == pytest.approx(0.25, abs=0.055)


def test_without_scores_every_score_is_1():
    """Also those of doubles and of people who are not there: they must not be told apart."""
    rates = only(duplicated=0.5, false_positives=1.0, duplicate_score=0.5, false_score=0.3)
    for frame in simulate(rates):
        assert (frame.poses[..., 2] == 1).all()


def test_scores_of_doubles_and_of_nobody_are_lower():
    rates = only(
        duplicated=1,
        false_positives=1,
        duplicate_score=0.5,
        false_score=0.3,
        scored=True,
        scores=(0.9, 1.0),
    )
    frames = simulate(rates)
    nobody = np.concatenate([f.poses[f.owners == -1][..., 2].mean(1) for f in frames])
    assert 0.27 <= nobody.min() < 0.5 and nobody.max() <= 1
    everyone = np.concatenate([f.poses[f.owners >= 0][..., 2].mean(1) for f in frames])
    assert (everyone > 0.9).mean() >= 0.5 and everyone.min() >= 0.45


def test_rates_for_training_go_from_none_to_bad():
    rng = np.random.default_rng(0)
    drawn = [ErrorRates.draw(rng) for _ in range(300)]  # each is checked when made
    clean = [r for r in drawn if r.jitter == 0 and r.false_positives == 0]
    assert 25 < len(clean) < 70  # 15 % of 300 are 45
    assert all(r.missed == 0 and not r.scored for r in clean)
    assert max(r.jitter for r in drawn) > 0.03
    assert 0.2 < np.mean([r.missed > 0.05 for r in drawn]) < 0.7


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        (dict(missed=1.1), r"missed must be in \[0, 1\], got 1.1"),
        (dict(dropped=-0.1), r"dropped must be in \[0, 1\]"),
        (dict(false_score=2), r"false_score must be in \[0, 1\]"),
        (dict(jitter=-1), "jitter must be >= 0, got -1"),
        (dict(shift=float("nan")), "shift must be >= 0, got nan"),
        (dict(false_positives=float("inf")), "false_positives must be >= 0, got inf"),
        (dict(scores=(0.9, 0.5)), "scores must be 0 < low <= high <= 1"),
        (dict(scores=(0.0, 0.5)), "scores must be 0 < low <= high <= 1"),
    ],
)
def test_rates_out_of_range(rates, message):
    with pytest.raises(ValueError, match=message):
        ErrorRates(**rates)
