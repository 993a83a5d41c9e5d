"""HOTA of joints as the evaluation kit of PoseTrack21 computes it, faults included.

For comparison with figures that were published with that kit. It differs from :mod:`~.hota` in:

- Similarity (the kit's open issue 11): ``s = max(0, 1 - d / 0.5001)``, d the distance over the
  head size. Beyond half a head size nothing matches, and alpha = 0.5 asks for PCKh 0.25.
- Frames without people on one side (open issue 10): a frame without annotated people counts all
  joints that are predicted in the *whole video* as false positives, a frame with annotated and
  without predicted people all joints annotated in the whole video as misses. (In a video without
  any annotated or without any predicted people they are counted once.)
- Matching by the similarity alone, without the alignment of tracks.
- Only frames that are labelled are scored, and all of them. A joint is there if x > 0 and y > 0.
- The total is no mean of the joints: DetA is of the counts of all joints together, AssA is the
  mean over the joints of each video, videos weighted by their matches.

Source: Doering et al., PoseTrack21, CVPR 2022; https://github.com/anDoer/PoseTrack21.
"""

from dataclasses import dataclass, field, fields, replace
from functools import partial

import numpy as np

from .hota import ALPHAS, count_matches
from .inputs import People, VideoInput
from .joint_candidates import assign_joints, joint_candidates
from .pckh import JointMatches, match_joints, select_labeled

_REACH = 0.5001

_no_counts = partial(np.zeros, (len(ALPHAS), 1))


@dataclass(frozen=True, eq=False)
class LegacyHotaCounts:
    """Counts of some videos per alpha and joint class; added by ``+``.

    (19, 1), 0, for no video.

    Attributes:
        true_positives: (19, J).
        misses: (19, J).
        false_positives: (19, J).
        association: (19, J), as in :class:`~.hota.HotaCounts`.
        weighted: (19,), sum over the videos of their AssA, mean over the joints, times their
            true positives of all joints.
    """

    true_positives: np.ndarray = field(default_factory=_no_counts)
    misses: np.ndarray = field(default_factory=_no_counts)
    false_positives: np.ndarray = field(default_factory=_no_counts)
    association: np.ndarray = field(default_factory=_no_counts)
    weighted: np.ndarray = field(default_factory=partial(np.zeros, len(ALPHAS)))

    def __add__(self, other: "LegacyHotaCounts") -> "LegacyHotaCounts":
        added = (getattr(self, f.name) + getattr(other, f.name) for f in fields(self))
        return LegacyHotaCounts(*added)


def legacy_hota_counts(video: VideoInput, *, score_thr: float = -np.inf) -> LegacyHotaCounts:
    """Count one video.

    Args:
        video: Ground truth and predictions.
        score_thr: Predicted joints with a score below it are left out.
    """
    scored = select_labeled(video, score_thr=score_thr)
    scored = replace(
        scored, truth=_inside_image(scored.truth), predicted=_inside_image(scored.predicted)
    )
    matches = match_joints(scored)
    similarity = np.maximum(0, 1 - matches.distances / _REACH)
    found = joint_candidates(matches, similarity, similarity > 0)
    chosen = assign_joints(matches, found, found.values)
    hits, association, _ = count_matches(found, chosen)
    misses, false_positives = _unmatched(matches, hits)
    means = (association / np.maximum(hits, 1)).mean(1)
    return LegacyHotaCounts(
        true_positives=hits,
        misses=misses,
        false_positives=false_positives,
        association=association,
        weighted=means * hits.sum(1),
    )


def _inside_image(people: People) -> People:
    return replace(people, present=people.present & (people.keypoints > 0).all(-1))


def _unmatched(matches: JointMatches, hits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Misses and false positives, (19, J) each, with the kit's count of one-sided frames."""
    scored = matches.scored
    truth, predicted = scored.truth, scored.predicted
    objects, predictions = truth.present.sum(0), predicted.present.sum(0)
    if len(truth) == 0 or len(predicted) == 0:
        return objects - hits, predictions - hits
    has_truth = np.bincount(truth.frames, minlength=scored.num_frames) > 0
    has_predicted = np.bincount(predicted.frames, minlength=scored.num_frames) > 0
    both = has_truth & has_predicted
    misses = truth.present[both[truth.frames]].sum(0) - hits
    false_positives = predicted.present[both[predicted.frames]].sum(0) - hits
    misses = misses + (has_truth & ~has_predicted).sum() * objects
    false_positives = false_positives + (~has_truth).sum() * predictions
    return misses, false_positives


def legacy_hota(counts: LegacyHotaCounts) -> tuple[np.ndarray, float]:
    """HOTA of each joint class (J,) and in total, percent.

    As in the kit, joints that are never annotated have 0 and count in the total.
    """
    hits = counts.true_positives
    everything = hits + counts.misses + counts.false_positives
    detection = hits / np.maximum(everything, 1)
    association = counts.association / np.maximum(hits, 1)
    joints = 100 * np.sqrt(detection * association).mean(0)
    detection = hits.sum(1) / np.maximum(everything.sum(1), 1)
    association = counts.weighted / np.maximum(hits.sum(1), 1)
    return joints, float(100 * np.sqrt(detection * association).mean())
