"""HOTA of joints: detection, association and localisation in one figure.

Each joint class of each person is an object with a track id, as in CLEAR-MOT.

Similarity of an annotated and a predicted joint: ``s = max(0, 1 - d)``, d their distance over the
head size (0.6 times the diagonal of the annotated head box). Thresholds: alpha = 0.05, 0.10, ...,
0.95; a matched pair is a true positive where s >= alpha. So alpha asks for PCKh at 1 - alpha, and
alpha = 0.5 for the PCKh 0.5 of PoseTrack's other figures.

Choice: PoseTrack21 (Doering et al., CVPR 2022) scales the similarity so that it vanishes beyond
half a head size, which makes alpha = 0.05 ask for PCKh 0.475 already; its open issue 11 calls that
a fault. :mod:`~.hota_legacy` has it that way.

Source: Luiten et al., HOTA: A Higher Order Metric for Evaluating Multi-Object Tracking, IJCV 2021.
The matching is that of its authors' program TrackEval: one assignment for all alpha, highest in
the sum of similarity times the Jaccard index of the two tracks.
"""

from dataclasses import dataclass, field, fields
from functools import partial

import numpy as np

from .joint_candidates import JointCandidates, assign_joints, joint_candidates
from .pckh import JointMatches

ALPHAS = np.arange(1, 20) / 20
"""The 19 thresholds of the similarity."""

_TOLERANCE = np.finfo(np.float64).eps

_no_counts = partial(np.zeros, (len(ALPHAS), 1))


@dataclass(frozen=True, eq=False)
class HotaCounts:
    """Counts of some videos per alpha and joint class, (19, J) each; added by ``+``.

    (19, 1), 0, for no video.

    Attributes:
        true_positives: Matched pairs.
        misses: Annotated joints without match.
        false_positives: Predicted joints without match.
        association: Sum over the matched pairs of TPA / (TPA + FNA + FPA) of their two tracks.
        similarity: Sum over the matched pairs of their similarity.
    """

    true_positives: np.ndarray = field(default_factory=_no_counts)
    misses: np.ndarray = field(default_factory=_no_counts)
    false_positives: np.ndarray = field(default_factory=_no_counts)
    association: np.ndarray = field(default_factory=_no_counts)
    similarity: np.ndarray = field(default_factory=_no_counts)

    def __add__(self, other: "HotaCounts") -> "HotaCounts":
        return HotaCounts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


def hota_counts(matches: JointMatches) -> HotaCounts:
    """Count what HOTA needs of one video. All scored frames count."""
    similarity = np.maximum(0, 1 - matches.distances)
    found = joint_candidates(matches, similarity, similarity > 0)  # no pair at a NaN
    chosen = assign_joints(matches, found, found.values * _alignment(found)[found.tracks])
    hits, association, similar = count_matches(found, chosen)
    scored = matches.scored
    return HotaCounts(
        true_positives=hits,
        misses=scored.truth.present.sum(0) - hits,
        false_positives=scored.predicted.present.sum(0) - hits,
        association=association,
        similarity=similar,
    )


def _alignment(found: JointCandidates) -> np.ndarray:
    """(U,) Jaccard index of each pair of tracks, matches weighted by their share.

    The weight of a candidate is its similarity over all similarities of its two joints in the
    frame.
    """
    row = found.rows * found.num_joints + found.joints
    column = found.columns * found.num_joints + found.joints
    similarity = found.values
    around = np.bincount(row, similarity)[row] + np.bincount(column, similarity)[column]
    weights = similarity / (around - similarity)
    shared = np.bincount(found.tracks, weights, minlength=len(found.pair_joints))
    return shared / (found.truth_joints + found.predicted_joints - shared)


def count_matches(
    found: JointCandidates, chosen: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Count matches at each alpha.

    Args:
        found: Candidates with similarities.
        chosen: Indices of the matched ones.

    Returns:
        Matches, the sum of their association scores and the sum of their similarities, each
        (19, J) float64.
    """
    similarity, joints, tracks = found.values[chosen], found.joints[chosen], found.tracks[chosen]
    reached = np.searchsorted(ALPHAS - _TOLERANCE, similarity, side="right")

    def up_to(keys: np.ndarray, size: int, weights: np.ndarray | None = None) -> np.ndarray:
        """(19, size): sums of the matches that reach each alpha."""
        flat = np.bincount(reached * size + keys, weights, (len(ALPHAS) + 1) * size)
        levels = flat.reshape(len(ALPHAS) + 1, size)
        return np.cumsum(levels[::-1], 0)[::-1][1:].astype(np.float64)

    shared = up_to(tracks, len(found.pair_joints))
    scores = shared / (found.truth_joints + found.predicted_joints - shared)
    count = found.num_joints
    association = np.zeros((len(ALPHAS), count))
    np.add.at(association, (slice(None), found.pair_joints), shared * scores)
    return up_to(joints, count), association, up_to(joints, count, similarity)


def hota_figures(counts: HotaCounts) -> dict[str, np.ndarray]:
    """HOTA, DetA, AssA and LocA of each joint class: means over alpha, percent, (J,) each.

    At each alpha, DetA = TP / (TP + FN + FP), AssA = sum of association scores / TP (0 without
    match), HOTA = sqrt(DetA AssA), and LocA = sum of similarities / TP (1 without match, as in
    TrackEval). A joint class that is never annotated has no figure (NaN); one that is not matched
    at any alpha has no LocA.
    """
    hits = counts.true_positives
    everything = hits + counts.misses + counts.false_positives
    detection = hits / np.maximum(everything, 1)
    association = counts.association / np.maximum(hits, 1)
    location = np.where(hits > 0, counts.similarity / np.maximum(hits, 1), 1.0)
    annotated = (hits + counts.misses)[0] > 0
    values = {
        "HOTA": np.sqrt(detection * association).mean(0),
        "DetA": detection.mean(0),
        "AssA": association.mean(0),
        "LocA": np.where(hits[0] > 0, location.mean(0), np.nan),
    }
    return {name: np.where(annotated, 100 * value, np.nan) for name, value in values.items()}
