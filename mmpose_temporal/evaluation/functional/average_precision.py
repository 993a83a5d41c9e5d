"""Average precision of joints, scored by the predictions' joint scores."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .pckh import JointMatches, assign_people


@dataclass(frozen=True, eq=False)
class JointDetections:
    """Scored joint detections of some videos; added by ``+``.

    D is the number of predicted joints of all classes, ordered by video, frame and person.

    Attributes:
        scores: (D,) float64.
        joints: (D,) int64, joint class of each detection.
        correct: (D,) bool.
        num_truth: (J,) int64, annotated joints; without a dimension, 0, for no video.
    """

    scores: np.ndarray = field(default_factory=lambda: np.zeros(0))
    joints: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    correct: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    num_truth: np.ndarray = field(default_factory=lambda: np.zeros((), np.int64))

    def __add__(self, other: "JointDetections") -> "JointDetections":
        return JointDetections(
            scores=np.concatenate([self.scores, other.scores]),
            joints=np.concatenate([self.joints, other.joints]),
            correct=np.concatenate([self.correct, other.correct]),
            num_truth=self.num_truth + other.num_truth,
        )

    def average_precision(self, *, protocol: str = "poseval") -> np.ndarray:
        """(J,) percent, see :func:`average_precision`."""
        return average_precision(self, protocol=protocol)


@dataclass(frozen=True, eq=False)
class BinnedDetections:
    """Detections counted by the range that their score is in: what videos are resampled with.

    The order within a range is lost, so AP is only near that of the detections themselves
    (:func:`bin_detections`).

    Attributes:
        right: (J, B) numbers of right detections of each joint class, highest scores first.
        wrong: (J, B) numbers of wrong ones.
        num_truth: (J,) annotated joints.
    """

    right: np.ndarray
    wrong: np.ndarray
    num_truth: np.ndarray

    def average_precision(self, *, protocol: str = "poseval") -> np.ndarray:
        """(J,) percent: precision at the end of each range, else as :func:`average_precision`."""
        found = np.cumsum(self.right, 1)
        predicted = found + np.cumsum(self.wrong, 1)
        precision = found / np.maximum(predicted, 1)
        envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        area = (envelope * self.right).sum(1)
        figures = np.full(len(self.num_truth), np.nan)
        annotated = self.num_truth > 0
        figures[annotated] = 100 * area[annotated] / self.num_truth[annotated]
        if protocol == "poseval":
            figures[~annotated & (predicted[:, -1] == 0)] = 0.0
        return figures


def bin_detections(
    videos: Sequence[JointDetections], *, num_bins: int = 100
) -> list[BinnedDetections]:
    """Count the detections of each video in ranges of scores that are the same for all.

    The ranges of a joint class hold about as many of its detections each; those of equal score
    are in one range.

    Args:
        videos: Detections of each video, of the same J joint classes.
        num_bins: B, ranges for each joint class.

    Returns:
        For each video.
    """
    scores = np.concatenate([video.scores for video in videos])
    joints = np.concatenate([video.joints for video in videos])
    count = len(videos[0].num_truth)
    bins = np.zeros(len(scores), np.int64)
    for joint in range(count):
        rows = np.flatnonzero(joints == joint)
        ordered = np.sort(-scores[rows])
        first = np.searchsorted(ordered, -scores[rows])  # rank of the first of equal score
        bins[rows] = first * num_bins // max(len(rows), 1)
    result, start = [], 0
    for video in videos:
        part = slice(start, start + len(video.scores))
        start = part.stop
        key = joints[part] * num_bins + bins[part]
        right, wrong = (
            np.bincount(key[mask], minlength=count * num_bins).reshape(count, num_bins)
            for mask in (video.correct, ~video.correct)
        )
        result.append(BinnedDetections(right, wrong, video.num_truth))
    return result


def label_detections(matches: JointMatches) -> JointDetections:
    """Say of each predicted joint whether it is right.

    A joint is right if its person is assigned to an annotated person
    (:func:`~.pckh.assign_people`) and the joint lies within PCKh 0.5 of that person's joint;
    every other predicted joint is a false positive. Frames without predictions count with their
    annotated joints.
    """
    predicted = matches.scored.predicted
    pairs = assign_people(matches)
    correct = np.zeros(predicted.present.shape, bool)
    assigned = pairs >= 0
    correct[assigned] = matches.matched[pairs[assigned]]
    rows, joints = np.nonzero(predicted.present)
    return JointDetections(
        scores=predicted.scores[rows, joints],
        joints=joints,
        correct=correct[rows, joints],
        num_truth=matches.scored.truth.present.sum(0),
    )


def average_precision(detections: JointDetections, *, protocol: str = "poseval") -> np.ndarray:
    """AP of each joint class: area under the precision envelope over recall.

    A joint class that is annotated and never predicted has AP 0. One that is never annotated has
    no AP (NaN); with ``protocol='poseval'`` it has AP 0 if it is never predicted either, as that
    program has it, and so lowers the mean.

    Choice: detections of equal score keep the order video, frame, person (poseval leaves their
    order to an unstable sort, so its figure is not defined there).

    Args:
        detections: Detections of all videos together.
        protocol: ``'poseval'`` or ``'strict'``.

    Returns:
        (J,) float64, percent.
    """
    order = np.argsort(-detections.scores, kind="stable")
    joints, correct = detections.joints[order], detections.correct[order]
    figures = np.full(len(detections.num_truth), np.nan)
    for joint in range(len(figures)):
        hits = correct[joints == joint]
        if detections.num_truth[joint] > 0:
            found = np.cumsum(hits)
            precision = found / np.arange(1, len(hits) + 1)
            envelope = np.maximum.accumulate(precision[::-1])[::-1]
            figures[joint] = 100 * envelope[hits].sum() / detections.num_truth[joint]
        elif protocol == "poseval" and len(hits) == 0:
            figures[joint] = 0.0
    return figures
