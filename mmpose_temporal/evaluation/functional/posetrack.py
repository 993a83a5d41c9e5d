"""PoseTrack's figures: per joint class, per group of joints and in total.

Videos are combined by adding their counts, never by averaging their ratios.

Two protocols:

``'poseval'`` gives the figures of the public evaluation program of PoseTrack (poseval, with
motmetrics 1.4), traits included. Each is described where it is reproduced:
:func:`~.pckh.select_scored`, :func:`~.average_precision.average_precision`,
:func:`~.clear_mot.clear_mot`, :func:`summarize`.

``'strict'`` does the evident thing: all labelled frames count, a frame without predictions misses
all its people, joints that are never annotated stay out of the means, MOTP is over matches only.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from .average_precision import JointDetections, average_precision, label_detections
from .clear_mot import MotCounts, clear_mot
from .inputs import NUM_JOINTS, SCORED_GROUPS, VideoInput
from .pckh import PROTOCOLS, match_joints, select_scored

FIGURES = ("AP", "MOTA", "MOTP", "Precision", "Recall")
"""Figures that are given per group of joints and in total."""

JOINT_CHOICES = ("all", "annotated")
"""Which joints enter the means, see :func:`summarize`."""


@dataclass(frozen=True, eq=False)
class VideoCounts:
    """What is counted in some videos; added by ``+``."""

    detections: JointDetections = field(default_factory=JointDetections)
    mot: MotCounts = field(default_factory=MotCounts)

    def __add__(self, other: "VideoCounts") -> "VideoCounts":
        return VideoCounts(self.detections + other.detections, self.mot + other.mot)


@dataclass(frozen=True, eq=False)
class PoseTrackFigures:
    """Figures in percent, except ``idsw``; NaN where one is not defined.

    Attributes:
        per_joint: ``AP``, ``MOTA``, ``MOTP``, ``Precision``, ``Recall``: each (15,) float64.
        groups: The same names, each a dict from group (Head, Shou, ...) to the mean.
        totals: The same names, means over the joints.
        idsw: Number of id switches of all joints together.
        idsw_pct: 100 times ``idsw`` over the annotated joints that MOTA counts (its objects, under
            'poseval' with the pseudo objects of empty frames), of the joints in the means.
    """

    per_joint: dict[str, np.ndarray]
    groups: dict[str, dict[str, float]]
    totals: dict[str, float]
    idsw: int
    idsw_pct: float

    def as_dict(self) -> dict[str, float]:
        """Flat: 'AP_Head', ..., 'AP_Ankl', 'AP', 'MOTA_Head', ..., 'IDSW', 'IDSW_pct'."""
        flat: dict[str, float] = {}
        for name in FIGURES:
            flat.update({f"{name}_{group}": v for group, v in self.groups[name].items()})
            flat[name] = self.totals[name]
        flat["IDSW"] = self.idsw
        flat["IDSW_pct"] = self.idsw_pct
        return flat


def figure_keys() -> tuple[str, ...]:
    """The keys of :meth:`PoseTrackFigures.as_dict`."""
    columns = [*(f"_{group}" for group in SCORED_GROUPS), ""]
    return (*(name + column for name in FIGURES for column in columns), "IDSW", "IDSW_pct")


def evaluate_video(
    video: VideoInput,
    *,
    protocol: str = "poseval",
    ap_score_thr: float = -np.inf,
    mota_score_thr: float = -np.inf,
) -> VideoCounts:
    """Count one video.

    Args:
        video: Ground truth and predictions.
        protocol: ``'poseval'`` or ``'strict'``.
        ap_score_thr: Predicted joints with a score below it are left out of AP.
        mota_score_thr: Predicted joints with a score below it are left out of the tracking
            figures.

    Raises:
        ValueError: Unknown protocol or a threshold that is NaN.
    """
    check_options(protocol=protocol, ap_score_thr=ap_score_thr, mota_score_thr=mota_score_thr)
    matches = match_joints(select_scored(video, score_thr=ap_score_thr, protocol=protocol))
    detections = label_detections(matches)
    if mota_score_thr != ap_score_thr:
        matches = match_joints(select_scored(video, score_thr=mota_score_thr, protocol=protocol))
    return VideoCounts(detections=detections, mot=clear_mot(matches, protocol=protocol))


def check_options(
    *,
    protocol: str = "poseval",
    joints: str = "all",
    ap_score_thr: float = 0.0,
    mota_score_thr: float = 0.0,
) -> None:
    """Check the options of the evaluation.

    Raises:
        ValueError: An option has a value that is not known.
    """
    if protocol not in PROTOCOLS:
        raise ValueError(f"protocol must be one of {PROTOCOLS}, got {protocol!r}")
    if joints not in JOINT_CHOICES:
        raise ValueError(f"joints must be one of {JOINT_CHOICES}, got {joints!r}")
    for name, value in (("ap_score_thr", ap_score_thr), ("mota_score_thr", mota_score_thr)):
        if np.isnan(value):
            raise ValueError(f"{name} must be a number, got {value}")


def evaluate_videos(
    videos: Iterable[VideoInput],
    *,
    protocol: str = "poseval",
    joints: str = "all",
    ap_score_thr: float = -np.inf,
    mota_score_thr: float = -np.inf,
) -> PoseTrackFigures:
    """Evaluate a data set.

    Args:
        videos: All videos, each once.
        protocol: See the module's text.
        joints: See :func:`summarize`.
        ap_score_thr: See :func:`evaluate_video`.
        mota_score_thr: See :func:`evaluate_video`.

    Raises:
        ValueError: No videos, a video given twice, or an unknown option.
    """
    check_options(protocol=protocol, joints=joints)
    counts, seen = [], set()
    for video in videos:
        if video.video_id in seen:
            raise ValueError(f"video {video.video_id!r} is given twice")
        seen.add(video.video_id)
        counts.append(
            evaluate_video(
                video,
                protocol=protocol,
                ap_score_thr=ap_score_thr,
                mota_score_thr=mota_score_thr,
            )
        )
    if not counts:
        raise ValueError("there is nothing to evaluate: no videos were given")
    return summarize(sum(counts, VideoCounts()), protocol=protocol, joints=joints)


def summarize(
    counts: VideoCounts, *, protocol: str = "poseval", joints: str = "all"
) -> PoseTrackFigures:
    """Turn counts into figures.

    Traits of poseval that ``protocol='poseval'`` keeps:

    - A joint that is never annotated enters the mean of MOTP with 0, that of AP with 0 if it is
      never predicted either, that of the precision with 0 if it is predicted, and, where frames
      without predictions lend it pseudo objects, those of MOTA (-100 if it is never predicted) and
      of the recall (0). ``joints='annotated'`` mends that.
    - Totals leave undefined joints out; a group with one undefined joint is undefined.

    Args:
        counts: Sum over all videos.
        protocol: ``'poseval'`` or ``'strict'``.
        joints: ``'all'``, or ``'annotated'`` to leave joints that no ground truth annotates out of
            all means. ``protocol='strict'`` always leaves them out.

    Raises:
        ValueError: An unknown option.
    """
    check_options(protocol=protocol, joints=joints)
    strict = protocol == "strict"
    per_joint = {
        "AP": average_precision(counts.detections, protocol=protocol),
        **_mot_figures(counts.mot, undefined_motp=np.nan if strict else 0.0),
    }
    used = np.ones(NUM_JOINTS, bool)
    if strict or joints == "annotated":
        used = counts.detections.num_truth > 0
    groups, totals = {}, {}
    for name, values in per_joint.items():
        groups[name] = {
            group: _mean(values[index][used[index]], skip_nan=strict)
            for group, index in SCORED_GROUPS.items()
        }
        totals[name] = _mean(values[used], skip_nan=True)
    switches, objects = counts.mot.switches[used].sum(), counts.mot.objects[used].sum()
    return PoseTrackFigures(
        per_joint=per_joint,
        groups=groups,
        totals=totals,
        idsw=int(switches),
        idsw_pct=float(100 * switches / objects) if objects else float("nan"),
    )


def _mot_figures(counts: MotCounts, *, undefined_motp: float) -> dict[str, np.ndarray]:
    """MOTA, MOTP, precision and recall of each joint class, percent, (15,) each."""
    predictions = counts.false_positives + counts.detections
    errors = counts.misses + counts.switches + counts.false_positives
    with np.errstate(divide="ignore", invalid="ignore"):
        motp = 100 * (1 - counts.distance / counts.detections)
        figures = {
            "MOTA": 100 * (1 - errors / counts.objects),
            "MOTP": np.where(counts.detections == 0, undefined_motp, motp),
            "Precision": 100 * (counts.detections / predictions),
            "Recall": 100 * (counts.detections / counts.objects),
        }
    for name in ("MOTA", "Recall"):
        figures[name] = np.where(counts.objects > 0, figures[name], np.nan)
    return figures


def _mean(values: np.ndarray, *, skip_nan: bool) -> float:
    """Mean; NaN of nothing."""
    if skip_nan:
        values = values[~np.isnan(values)]
    return float(values.mean()) if len(values) else float("nan")
