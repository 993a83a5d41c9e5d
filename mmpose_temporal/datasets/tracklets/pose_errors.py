"""Simulated errors of detectors and estimators."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from .clips import corners

FALSE_POSITIVE = -1
"""Owner of a pose that is nobody's."""

ABSENT_SCORES = (0.03, 0.3)
"""Scores of displaced joints, uniform: what is usually left out of the output."""

DISPLACEMENT = 0.3
"""Standard deviation of a displaced joint in each direction, in diagonals of the person."""


@dataclass(frozen=True, slots=True)
class NoisyFrame:
    """The people found in one frame.

    Attributes:
        poses: (M, K, 3) float32, x, y and score, which is 0 if absent.
        owners: (M,) int64, column of the person in the clip; -1: nobody.
    """

    poses: np.ndarray
    owners: np.ndarray


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """Rates of errors. Lengths are in diagonals of the tightest box around the person.

    Attributes:
        jitter: Standard deviation of a joint's place in each direction.
        outlier_share: Share of joints whose jitter is ``outlier_factor`` times as large.
        outlier_factor: See there.
        shift: Standard deviation of the whole pose's place.
        missed: Share of the people who are not found.
        gaps: How often a frame starts a gap of a few frames in which a person is not found.
        long_gaps: How often a frame starts a long gap, as of a person who is hidden.
        long_gap_frames: Fewest and most frames of a long gap, uniform.
        duplicated: Share of the people found who have a duplicate.
        false_positives: False positives, mean per frame.
        displaced: Share of joints that are elsewhere, with a score below 0.3.
        dropped: Share of joints that are absent.
        swapped: Share of the poses in which left and right are swapped.
        scores: Lowest and highest score of other joints, uniform.
        duplicate_score: Factor of the scores of duplicates, at least; one factor
            for all of a clip.
        false_score: Likewise, of false positives.
        scored: False: all scores are 1.

    Raises:
        ValueError: A share is not in [0, 1], a length is negative, or scores or frames are not in
            order.
    """

    jitter: float = 0.02
    outlier_share: float = 1 / 7
    outlier_factor: float = 2.5
    shift: float = 0.0
    missed: float = 0.05
    gaps: float = 0.0
    long_gaps: float = 0.0
    long_gap_frames: tuple[int, int] = (5, 40)
    duplicated: float = 0.03
    false_positives: float = 0.15
    displaced: float = 0.03
    dropped: float = 0.0
    swapped: float = 0.0
    scores: tuple[float, float] = (0.5, 1.0)
    duplicate_score: float = 1.0
    false_score: float = 1.0
    scored: bool = True

    def __post_init__(self) -> None:
        shares = ("outlier_share", "missed", "gaps", "long_gaps", "duplicated", "displaced")
        for name in (*shares, "dropped", "swapped", "duplicate_score", "false_score"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be in [0, 1], got {getattr(self, name)}")
        for name in ("jitter", "outlier_factor", "shift", "false_positives"):
            if not 0 <= getattr(self, name) < np.inf:
                raise ValueError(f"{name} must be >= 0, got {getattr(self, name)}")
        low, high = self.scores
        if not 0 < low <= high <= 1:
            raise ValueError(f"scores must be 0 < low <= high <= 1, got {self.scores}")
        fewest, most = self.long_gap_frames
        if not 1 <= fewest <= most:
            raise ValueError(
                f"long_gap_frames must be 1 <= fewest <= most, got {self.long_gap_frames}"
            )

    @classmethod
    def none(cls) -> "ErrorRates":
        """Everything as annotated, all scores 1."""
        zero = {f.name: 0.0 for f in fields(cls) if f.type == "float" or f.type is float}
        return cls(**{**zero, "duplicate_score": 1.0, "false_score": 1.0}, scored=False)

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "ErrorRates":
        """Rates of one clip for training: from none to bad (ranges are choices)."""

        def sometimes(chance: float, highest: float) -> float:
            return rng.random() * highest if rng.random() < chance else 0.0

        dropped = sometimes(0.4, 0.3)
        swapped = sometimes(0.3, 0.1)
        if rng.random() < 0.15:
            return cls(**{**_values(cls.none()), "dropped": dropped, "swapped": swapped})
        low = rng.uniform(0.3, 0.8)
        jitter = rng.uniform(0, 0.035)
        return cls(
            jitter=jitter,
            shift=0.3 * jitter,
            missed=rng.random() * rng.choice([0, 0.075, 0.15, 0.3]),
            gaps=sometimes(0.4, 0.05),
            duplicated=rng.random() * 0.08,
            false_positives=rng.exponential(0.15),
            displaced=rng.random() * 0.08,
            dropped=dropped,
            swapped=swapped,
            scores=(low, rng.uniform(low, 1)),
            duplicate_score=rng.uniform(0.5, 1),
            false_score=0.3,
            scored=bool(rng.random() < 0.85),
        )


def _values(rates: ErrorRates) -> dict:
    return {f.name: getattr(rates, f.name) for f in fields(rates)}


def simulate_errors(
    clip: np.ndarray, rates: ErrorRates, flip_indices: Sequence[int], rng: np.random.Generator
) -> list[NoisyFrame]:
    """What would be found in a clip.

    Args:
        clip: (T, P, K, 3), see :mod:`~.clips`.
        rates: The rates of errors.
        flip_indices: Keypoint that each becomes if left and right are swapped.
        rng: Source of randomness.

    Returns:
        T frames; people in random order.
    """
    simulator = _Simulator(clip, rates, flip_indices, rng)
    return [simulator.frame(time) for time in range(len(clip))]


class _Simulator:
    """Observes all people of a clip at once; see :func:`simulate_errors`."""

    def __init__(self, clip: np.ndarray, rates: ErrorRates, flip_indices, rng):
        self.clip, self.rates, self.rng = clip, rates, rng
        self.flip_indices = list(flip_indices)
        present = clip[..., 2] > 0
        self.low, self.high = corners(clip[..., :2], present)
        self.alive = present.any(-1)
        self.people = np.argwhere(self.alive)
        self.found = self._found()
        self.twice = self.found & (rng.random(self.found.shape) < rates.duplicated)
        self.first = self.observe(clip, self.low, self.high)
        second = self.observe(clip, self.low, self.high)
        if rates.scored:
            second[..., 2] *= rng.uniform(rates.duplicate_score, 1)
        self.second = second

    def _found(self) -> np.ndarray:
        """(T, P) bool."""
        found = self.alive & (self.rng.random(self.alive.shape) >= self.rates.missed)
        for time, person in np.argwhere(self.rng.random(self.alive.shape) < self.rates.gaps):
            found[time : time + 1 + int(self.rng.exponential(3)), person] = False
        if self.rates.long_gaps:  # else nothing is drawn, and poses of older seeds stay the same
            starts = self.rng.random(self.alive.shape) < self.rates.long_gaps
            fewest, most = self.rates.long_gap_frames
            for time, person in np.argwhere(starts):
                found[time : time + int(self.rng.integers(fewest, most + 1)), person] = False
        return found

    def observe(self, people: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """(..., K, 3) as an estimator would see (..., K, 3) with those corners (..., 2)."""
        rates, rng, shape = self.rates, self.rng, people.shape[:-1]
        size = np.linalg.norm(high - low, axis=-1)[..., None, None]
        outlier = rng.random(shape) < rates.outlier_share
        spread = rates.jitter * np.where(outlier, rates.outlier_factor, 1)
        offset = rng.normal(size=(*shape, 2)) * spread[..., None]
        offset += rng.normal(size=(*shape[:-1], 1, 2)) * rates.shift
        displaced = rng.random(shape) < rates.displaced
        offset += rng.normal(size=(*shape, 2)) * (DISPLACEMENT * displaced[..., None])
        present = people[..., 2] > 0
        stays = present & (rng.random(shape) >= rates.dropped)
        stays |= present & ~stays.any(-1, keepdims=True)
        scores = np.ones(shape)
        if rates.scored:
            scores = rng.uniform(*rates.scores, size=shape)
            scores = np.where(displaced, rng.uniform(*ABSENT_SCORES, size=shape), scores)
        seen = np.concatenate(
            [people[..., :2] + offset * size, np.where(stays, scores, 0)[..., None]], -1
        )
        swapped = rng.random(shape[:-1]) < rates.swapped
        seen[swapped] = seen[swapped][..., self.flip_indices, :]
        return seen.astype(np.float32)

    def frame(self, time: int) -> NoisyFrame:
        """All that is found at ``time``."""
        once, twice = np.flatnonzero(self.found[time]), np.flatnonzero(self.twice[time])
        number = self.rng.poisson(self.rates.false_positives) if len(self.people) else 0
        false = [self._false_positive(time) for _ in range(number)]
        poses = np.concatenate([self.first[time, once], self.second[time, twice], *false])
        owners = np.concatenate([once, twice, np.full(len(false), FALSE_POSITIVE)])
        order = self.rng.permutation(len(owners))
        return NoisyFrame(poses[order], owners[order].astype(np.int64))

    def _false_positive(self, time: int) -> np.ndarray:
        """(1, K, 3): somebody of the clip, elsewhere: anywhere, or half over another person."""
        rng = self.rng
        when, who = self.people[rng.integers(len(self.people))]
        low, high = self.low[when, who], self.high[when, who]
        pose = self.observe(self.clip[when, who][None], low[None], high[None])
        here = np.flatnonzero(self.alive[time])
        if len(here) and rng.random() < 0.4:
            other = rng.choice(here)
            place = (self.low[time, other] + self.high[time, other]) / 2
            place = place + rng.normal(size=2) * 0.4 * np.linalg.norm(high - low)
        else:
            place = rng.uniform(self.low[self.alive].min(0), self.high[self.alive].max(0))
        pose[..., :2] = (pose[..., :2] - (low + high) / 2) * rng.uniform(0.7, 1.3) + place
        if self.rates.scored:
            pose[..., 2] *= rng.uniform(self.rates.false_score, 1)
        return pose
