"""AP and recall of annotated joints that are hidden, and of those that are seen.

Ours, in no evaluation program: the ground truth must say which of its joints are hidden (an
annotator knows or guesses where they are), as that of synthetic videos does.
"""

from dataclasses import dataclass, field

import numpy as np

from .average_precision import JointDetections, average_precision
from .pckh import JointMatches, assign_people

HIDDEN_FIGURES = ("AP_hidden", "AP_seen", "PCKh_hidden", "PCKh_seen")
"""Names of the figures."""


@dataclass(frozen=True, eq=False)
class HiddenDetections:
    """Scored joint detections of some videos in two parts; added by ``+``.

    Attributes:
        hidden: Of joints that are annotated and hidden.
        seen: Of joints that are annotated and not hidden.
    """

    hidden: JointDetections = field(default_factory=JointDetections)
    seen: JointDetections = field(default_factory=JointDetections)

    def __add__(self, other: "HiddenDetections") -> "HiddenDetections":
        return HiddenDetections(self.hidden + other.hidden, self.seen + other.seen)


def label_hidden(matches: JointMatches) -> HiddenDetections:
    """Say of the predicted joints of assigned people whether they are right.

    People are assigned as for AP (:func:`~.pckh.assign_people`), by all their joints. A predicted
    joint counts in the part that the same joint of its annotated person is in; it is right within
    PCKh 0.5 of it. One whose person is assigned to nobody, or whose joint is not annotated, is in
    neither part (choice: whether a false alarm is of a hidden or of a seen joint is not defined).
    Annotated joints without prediction count in their part.

    Args:
        matches: Of a video whose ``truth.hidden`` is known.
    """
    truth, predicted = matches.scored.truth, matches.scored.predicted
    pairs = assign_people(matches)
    rows = np.flatnonzero(pairs >= 0)
    chosen = pairs[rows]
    partner = matches.pair_truth[chosen]
    present = predicted.present[rows]

    def part(annotated: np.ndarray) -> JointDetections:
        people, joints = np.nonzero(present & annotated[partner])
        return JointDetections(
            scores=predicted.scores[rows[people], joints],
            joints=joints,
            correct=matches.matched[chosen[people], joints],
            num_truth=annotated.sum(0),
        )

    return HiddenDetections(
        hidden=part(truth.present & truth.hidden), seen=part(truth.present & ~truth.hidden)
    )


def hidden_figures(counts: HiddenDetections) -> dict[str, np.ndarray]:
    """AP and recall of both parts.

    Args:
        counts: Of all videos together.

    Returns:
        :data:`HIDDEN_FIGURES`, (J,) float64 percent each. ``PCKh_*`` is the share of the annotated
        joints of the part that are right, whatever their score. NaN for joints that the part does
        not annotate.
    """
    parts = {"hidden": counts.hidden, "seen": counts.seen}
    figures = {
        f"AP_{name}": average_precision(part, protocol="strict") for name, part in parts.items()
    }
    for name, part in parts.items():
        number = len(part.num_truth)
        right = np.bincount(part.joints[part.correct], minlength=number)
        with np.errstate(invalid="ignore"):
            figures[f"PCKh_{name}"] = 100 * right / part.num_truth
    return figures
