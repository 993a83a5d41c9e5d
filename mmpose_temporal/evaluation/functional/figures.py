"""From counts to figures: per joint class, per group of joints and in total."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import partial

import numpy as np

from .average_precision import BinnedDetections, JointDetections
from .clear_mot import MotCounts
from .hidden_joints import HIDDEN_FIGURES, HiddenDetections, hidden_figures
from .hota import HotaCounts, hota_figures
from .hota_legacy import LegacyHotaCounts, legacy_hota
from .identity import IdentityCounts, identity_figures
from .input_counts import InputCounts
from .notes import NO_MOT_FRAME, ScoreCounts, notes_on
from .pckh import PROTOCOLS
from .scored_joints import POSETRACK_JOINTS, ScoredJoints

FIGURES = ("AP", "MOTA", "MOTP", "Precision", "Recall")
"""The figures of PoseTrack's evaluation program, given per group of joints and in total."""

METRICS = {
    "AP": ("AP",),
    "MOTA": ("MOTA", "MOTP", "Precision", "Recall"),
    "IDF1": ("IDF1", "IDP", "IDR"),
    "HOTA": ("HOTA", "DetA", "AssA", "LocA"),
    "HOTA_legacy": ("HOTA_legacy",),
}
"""What can be computed, and the figures per joint class that each gives. 'MOTA' also gives the
numbers IDSW, IDSW_pct and Frag."""

GROUPED = (*FIGURES, "IDF1", "HOTA")
"""Figures that the flat result has per group of joints, in addition to the total."""

JOINT_CHOICES = ("all", "annotated")
"""Which joints enter the means, see :func:`summarize`."""

_no_counts = partial(np.zeros, (), np.int64)


@dataclass(frozen=True, eq=False)
class VideoCounts:
    """What is counted in some videos, for each of J joints; added by ``+``.

    Attributes:
        metrics: What was counted, of :data:`METRICS`; None for no video at all.
        joints: The J joints.
        inputs: How much there was to evaluate.
        num_truth: (J,) int64, annotated joints.
        detections: For AP; binned ones cannot be added.
        mot: For MOTA.
        fragmentations: (J,) int64, for Frag (with MOTA).
        identity: For IDF1.
        hota: For HOTA.
        legacy: For HOTA_legacy.
        scores: Of the predictions, for the notes.
        hidden: For AP of hidden and of seen joints; None if they were not asked for.
    """

    metrics: tuple[str, ...] | None = None
    joints: ScoredJoints = POSETRACK_JOINTS
    inputs: InputCounts = field(default_factory=InputCounts)
    num_truth: np.ndarray = field(default_factory=_no_counts)
    detections: JointDetections | BinnedDetections = field(default_factory=JointDetections)
    mot: MotCounts = field(default_factory=MotCounts)
    fragmentations: np.ndarray = field(default_factory=_no_counts)
    identity: IdentityCounts = field(default_factory=IdentityCounts)
    hota: HotaCounts = field(default_factory=HotaCounts)
    legacy: LegacyHotaCounts = field(default_factory=LegacyHotaCounts)
    scores: ScoreCounts = field(default_factory=ScoreCounts)
    hidden: HiddenDetections | None = None

    def __add__(self, other: "VideoCounts") -> "VideoCounts":
        """Add; ValueError if different metrics were counted, or other joints."""
        if self.metrics is None or other.metrics is None:
            return other if self.metrics is None else self
        if set(self.metrics) != set(other.metrics):
            raise ValueError(f"counts of {self.metrics} cannot be added to {other.metrics}")
        if self.joints.names != other.joints.names:
            raise ValueError(
                f"counts of the joints {', '.join(self.joints.names)} cannot be added to those of "
                f"{', '.join(other.joints.names)}"
            )
        if (self.hidden is None) != (other.hidden is None):
            raise ValueError("counts with hidden joints cannot be added to counts without")
        hidden = None if self.hidden is None else self.hidden + other.hidden
        added = (getattr(self, f.name) + getattr(other, f.name) for f in fields(self)[2:-1])
        return VideoCounts(self.metrics, self.joints, *added, hidden)


def add_counts(counts: Sequence[VideoCounts]) -> VideoCounts:
    """Add the counts of many videos, in order; pairwise, so that the time grows with their number.

    Raises:
        ValueError: Different metrics were counted, or other joints.
    """
    counts = [*counts] or [VideoCounts()]
    while len(counts) > 1:
        pairs = zip(counts[::2], counts[1::2], strict=False)
        odd = counts[-1:] if len(counts) % 2 else []
        counts = [*(first + second for first, second in pairs), *odd]
    return counts[0]


@dataclass(frozen=True, eq=False)
class PoseTrackFigures:
    """Figures in percent, except ``idsw`` and ``fragmentations``; NaN if one is not defined.

    Attributes:
        per_joint: Each figure of the metrics asked for, see :data:`METRICS`: (J,) float64.
        groups: The same names, each a dict from group (Head, Shou, ...) to the mean.
        totals: The same names, means over the joints (``HOTA_legacy``: see
            :mod:`~.hota_legacy`).
        idsw: Number of id switches of all joints together; None if MOTA was not asked for.
        idsw_pct: 100 times ``idsw`` over the annotated joints that MOTA counts (its objects, under
            'poseval' with the pseudo objects of empty frames), of the joints in the means.
        fragmentations: Number of fragmentations of all joints together.
        notes: What a reader of the figures should know, in sentences.
    """

    per_joint: dict[str, np.ndarray]
    groups: dict[str, dict[str, float]]
    totals: dict[str, float]
    idsw: int | None = None
    idsw_pct: float | None = None
    fragmentations: int | None = None
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, float]:
        """Flat: 'AP_Head', ..., 'AP_Ankl', 'AP', 'MOTA_Head', ..., 'IDSW', ..., 'HOTA', ..."""
        flat: dict[str, float] = {}
        for name, total in self.totals.items():
            if name in GROUPED:
                flat.update({f"{name}_{group}": v for group, v in self.groups[name].items()})
            flat[name] = total
            if name == "Recall":
                flat["IDSW"], flat["IDSW_pct"] = self.idsw, self.idsw_pct
                flat["Frag"] = self.fragmentations
        return flat


def figure_keys(
    metrics: Sequence[str] = tuple(METRICS),
    *,
    joints: ScoredJoints = POSETRACK_JOINTS,
    hidden_joints: bool = False,
) -> tuple[str, ...]:
    """The keys of :meth:`PoseTrackFigures.as_dict`.

    Args:
        metrics: What is computed.
        joints: The joints that are scored.
        hidden_joints: Whether hidden joints are evaluated apart.

    Raises:
        ValueError: A metric is not known, or hidden joints are asked for without 'AP'.
    """
    check_options(metrics=metrics, hidden_joints=hidden_joints)
    keys: list[str] = []
    for name in (name for metric in METRICS if metric in metrics for name in METRICS[metric]):
        groups = joints.groups if name in GROUPED else ()
        keys += [*(f"{name}_{group}" for group in groups), name]
        keys += ["IDSW", "IDSW_pct", "Frag"] if name == "Recall" else []
    return (*keys, *(HIDDEN_FIGURES if hidden_joints else ()))


def check_options(
    *,
    protocol: str = "poseval",
    joints: str = "all",
    ap_score_thr: float = 0.0,
    mota_score_thr: float = 0.0,
    metrics: Sequence[str] = tuple(METRICS),
    hidden_joints: bool = False,
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
    unknown = [metrics] if isinstance(metrics, str) else [m for m in metrics if m not in METRICS]
    if unknown or not metrics:
        raise ValueError(f"metrics must be some of {tuple(METRICS)}, got {metrics!r}")
    if hidden_joints and "AP" not in metrics:
        raise ValueError(f"hidden_joints needs 'AP' among the metrics, got {metrics!r}")


def summarize(
    counts: VideoCounts, *, protocol: str = "poseval", joints: str = "all"
) -> PoseTrackFigures:
    """Turn counts into figures, of the metrics that were counted.

    Traits of poseval that ``protocol='poseval'`` keeps:

    - A joint that is never annotated enters the mean of MOTP with 0, that of AP with 0 if it is
      never predicted either, that of the precision with 0 if it is predicted, and, where frames
      without predictions lend it pseudo objects, those of MOTA (-100 if it is never predicted) and
      of the recall (0). ``joints='annotated'`` mends that.
    - Totals leave undefined joints out; a group with one undefined joint is undefined.

    IDF1, HOTA and their parts, and the figures of hidden joints, are not of that program: a joint
    that is never annotated is always left out of their means, of groups and in total.

    Args:
        counts: Sum over all videos.
        protocol: ``'poseval'`` or ``'strict'``.
        joints: ``'all'``, or ``'annotated'`` to leave joints that no ground truth annotates out of
            all means. ``protocol='strict'`` always leaves them out.

    Raises:
        ValueError: An unknown option, or counts of no video.
    """
    check_options(protocol=protocol, joints=joints)
    if counts.metrics is None:
        raise ValueError("there is nothing to evaluate: no videos were given")
    strict = protocol == "strict"
    legacy_joints, legacy_total = legacy_hota(counts.legacy)
    of_metric = {
        "AP": lambda: {"AP": counts.detections.average_precision(protocol=protocol)},
        "MOTA": lambda: _mot_figures(counts.mot, undefined_motp=np.nan if strict else 0.0),
        "IDF1": lambda: identity_figures(counts.identity),
        "HOTA": lambda: hota_figures(counts.hota),
        "HOTA_legacy": lambda: {"HOTA_legacy": legacy_joints},
    }
    per_joint: dict[str, np.ndarray] = {}
    for metric, figures in of_metric.items():
        per_joint.update(figures() if metric in counts.metrics else {})
    if counts.hidden is not None:
        per_joint.update(hidden_figures(counts.hidden))
    used = np.ones(len(counts.joints), bool)
    if strict or joints == "annotated":
        used = counts.num_truth > 0
    groups, totals = {}, {}
    for name, values in per_joint.items():
        skip_nan = strict or name not in FIGURES
        groups[name] = {
            group: _mean(values[index][used[index]], skip_nan=skip_nan)
            for group, index in counts.joints.groups.items()
        }
        totals[name] = _mean(values[used], skip_nan=True)
    if "HOTA_legacy" in totals:
        totals["HOTA_legacy"] = legacy_total
    notes = notes_on(
        counts.scores, counts.num_truth, counts.joints.names, all_joints=bool(used.all())
    )
    if "MOTA" in counts.metrics and counts.num_truth.any() and not counts.mot.objects.any():
        notes += (NO_MOT_FRAME,)
    return PoseTrackFigures(per_joint, groups, totals, notes=notes, **_numbers(counts, used))


def _numbers(counts: VideoCounts, used: np.ndarray) -> dict[str, float]:
    if "MOTA" not in counts.metrics:
        return {}
    switches, objects = counts.mot.switches[used].sum(), counts.mot.objects[used].sum()
    return dict(
        idsw=int(switches),
        idsw_pct=float(100 * switches / objects) if objects else float("nan"),
        fragmentations=int(counts.fragmentations[used].sum()),
    )


def _mot_figures(counts: MotCounts, *, undefined_motp: float) -> dict[str, np.ndarray]:
    """MOTA, MOTP, precision and recall of each joint class, percent, (J,) each."""
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
