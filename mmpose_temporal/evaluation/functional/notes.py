"""What a reader of the figures should know: joints that cannot count, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .inputs import VideoInput

MOST = 0.9
"""Share of the predicted joints under a threshold from which it is said (choice)."""

NO_MOT_FRAME = (
    "no joint is annotated in a frame that MOTA counts, so it and its companions are undefined; "
    "protocol 'poseval' leaves out the last scored frame of each video, "
    "protocol='strict' (--protocol strict) counts it"
)


@dataclass(frozen=True)
class ScoreCounts:
    """How the predicted joints score, and who cannot be matched.

    Added by ``+`` for videos with the same thresholds.

    Attributes:
        predicted: Predicted joints, of those that are scored, in frames with or without labels.
        highest: Their highest score.
        below_ap: How many score below ``ap_score_thr``.
        below_mota: How many score below ``mota_score_thr``.
        people: Annotated people with a joint.
        sizeless: How many of them have a size of 0 (of the head box, or the person's), so that
            nothing is near enough to match them.
        silent: Videos with annotated people and without a predicted joint.
        videos: All videos.
        ap_score_thr: See :func:`~.posetrack.evaluate_video`.
        mota_score_thr: Likewise.
    """

    predicted: int = 0
    highest: float = -np.inf
    below_ap: int = 0
    below_mota: int = 0
    people: int = 0
    sizeless: int = 0
    silent: int = 0
    videos: int = 0
    ap_score_thr: float = -np.inf
    mota_score_thr: float = -np.inf

    def __add__(self, other: "ScoreCounts") -> "ScoreCounts":
        return ScoreCounts(
            self.predicted + other.predicted,
            max(self.highest, other.highest),
            self.below_ap + other.below_ap,
            self.below_mota + other.below_mota,
            self.people + other.people,
            self.sizeless + other.sizeless,
            self.silent + other.silent,
            self.videos + other.videos,
            max(self.ap_score_thr, other.ap_score_thr),
            max(self.mota_score_thr, other.mota_score_thr),
        )

    @classmethod
    def of(cls, video: VideoInput, ap_score_thr: float, mota_score_thr: float) -> "ScoreCounts":
        """Count one video."""
        people = video.predicted_people
        scores = people.scores[people.present]
        annotated = video.truth_people.present.any(1)
        return cls(
            predicted=len(scores),
            highest=float(scores.max(initial=-np.inf)),
            below_ap=int((scores < ap_score_thr).sum()),
            below_mota=int((scores < mota_score_thr).sum()),
            people=int(annotated.sum()),
            sizeless=int((video.truth_people.head_sizes[annotated] == 0).sum()),
            silent=int(annotated.any() and not len(scores)),
            videos=1,
            ap_score_thr=ap_score_thr,
            mota_score_thr=mota_score_thr,
        )


def notes_on(
    scores: ScoreCounts, num_truth: np.ndarray, names: Sequence[str], *, all_joints: bool
) -> tuple[str, ...]:
    """Sentences for under the table; none if there is nothing to say.

    Args:
        scores: Of the predictions.
        num_truth: (J,) annotated joints.
        names: Of the J joints.
        all_joints: Joints that are never annotated are in the means.
    """
    found = []
    if not scores.predicted:
        found.append("no joint is predicted in any frame")
    elif scores.silent:
        found.append(
            f"no joint is predicted in {scores.silent} of {scores.videos} videos, in which people "
            "are annotated: all of them count as missed"
        )
    if scores.sizeless:
        found.append(
            f"{scores.sizeless} of {scores.people} annotated people have a head box (or a box, if "
            "that is the measure) of size 0, so that no prediction is near enough to match them; "
            "norm_item='bbox' (--norm-item bbox) measures by the person's box"
        )
    for kind, figures in (("ap", "AP counts"), ("mota", "all other figures count")):
        below, threshold = (getattr(scores, n) for n in (f"below_{kind}", f"{kind}_score_thr"))
        if below and below >= MOST * scores.predicted:
            found.append(
                f"{below} of {scores.predicted} predicted joints score below "
                f"{kind}_score_thr={threshold:g} (the highest score is {scores.highest:.3g}), and "
                f"{figures} none of them: lower it (--{kind}-thr, or "
                f"test_evaluator.0.{kind}_score_thr of a config)"
            )
    if not num_truth.any():
        found.append("no joint is annotated in any frame that is scored")
    elif all_joints and (num_truth == 0).any():
        absent = [name for name, number in zip(names, num_truth, strict=True) if not number]
        best = 100 * (1 - len(absent) / len(num_truth))
        found.append(
            f"never annotated: {', '.join(absent)}. As in PoseTrack's own program they are in the "
            f"means, so that perfect poses have AP {best:.1f}, and a group with one of them has "
            "no MOTA; joints='annotated' (--joints annotated) leaves them out"
        )
    return tuple(found)
