"""PoseTrack's figures of whole data sets, and the identity figures in addition to them.

Videos are combined by adding their counts, never by averaging their ratios.

Two protocols:

``'poseval'`` gives the figures of the public evaluation program of PoseTrack (poseval, with
motmetrics 1.4), quirks included. Each is described where it is reproduced:
:func:`~.pckh.select_scored`, :func:`~.average_precision.average_precision`,
:func:`~.clear_mot.clear_mot`, :func:`~.figures.summarize`.

``'strict'`` does the evident thing: all labelled frames count, a frame without predictions misses
all its people, joints that are never annotated stay out of the means, MOTP is over matches only.

Fragmentations, IDF1 and HOTA are not in poseval. They take the scored frames and joints from the
protocol (:func:`~.pckh.select_scored`) and none of its other quirks: every scored frame counts,
with its people. HOTA_legacy selects its frames by itself (:mod:`~.hota_legacy`).
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .average_precision import label_detections
from .clear_mot import clear_mot, track_matches
from .figures import (
    METRICS,
    PoseTrackFigures,
    VideoCounts,
    add_counts,
    check_options,
    summarize,
)
from .hidden_joints import label_hidden
from .hota import hota_counts
from .hota_legacy import legacy_hota_counts
from .identity import fragmentations, identity_counts
from .input_counts import InputCounts
from .inputs import VideoInput
from .notes import ScoreCounts
from .pckh import match_joints, select_scored


def evaluate_video(
    video: VideoInput,
    *,
    protocol: str = "poseval",
    ap_score_thr: float = -np.inf,
    mota_score_thr: float = -np.inf,
    metrics: Sequence[str] = tuple(METRICS),
    hidden_joints: bool = False,
) -> VideoCounts:
    """Count one video.

    Args:
        video: Ground truth and predictions.
        protocol: ``'poseval'`` or ``'strict'``.
        ap_score_thr: Predicted joints with a score below it are left out of AP.
        mota_score_thr: Predicted joints with a score below it are left out of the tracking
            figures, which are all others.
        metrics: What to compute, some of :data:`~.figures.METRICS`.
        hidden_joints: Also AP and recall of hidden and of seen joints apart, see
            :mod:`~.hidden_joints`.

    Raises:
        ValueError: Unknown protocol or metric, a threshold that is NaN, or ``hidden_joints``
            without 'AP' or of ground truth that does not say which joints are hidden.
    """
    check_options(
        protocol=protocol,
        ap_score_thr=ap_score_thr,
        mota_score_thr=mota_score_thr,
        metrics=metrics,
        hidden_joints=hidden_joints,
    )
    if hidden_joints and video.truth_people.hidden is None:
        raise ValueError(
            f"video {video.video_id!r}: the ground truth does not say of every person which "
            "joints are hidden ('keypoints_hidden'), which hidden_joints needs"
        )
    scored = select_scored(
        video, score_thr=ap_score_thr if "AP" in metrics else mota_score_thr, protocol=protocol
    )
    counts = dict(
        inputs=InputCounts.of(video),
        num_truth=scored.truth.present.sum(0),
        scores=ScoreCounts.of(video, ap_score_thr, mota_score_thr),
    )
    matches = match_joints(scored)
    if "AP" in metrics:
        counts["detections"] = label_detections(matches)
        counts["hidden"] = label_hidden(matches) if hidden_joints else None
        if mota_score_thr != ap_score_thr and set(metrics) & {"MOTA", "IDF1", "HOTA"}:
            scored = select_scored(video, score_thr=mota_score_thr, protocol=protocol)
            matches = match_joints(scored)
    if "MOTA" in metrics:
        tracked = track_matches(matches)
        counts["mot"] = clear_mot(matches, protocol=protocol, tracked=tracked)
        counts["fragmentations"] = fragmentations(matches, tracked)
    if "IDF1" in metrics:
        counts["identity"] = identity_counts(matches)
    if "HOTA" in metrics:
        counts["hota"] = hota_counts(matches)
    if "HOTA_legacy" in metrics:
        counts["legacy"] = legacy_hota_counts(video, score_thr=mota_score_thr)
    return VideoCounts(tuple(metrics), video.joints, **counts)


def evaluate_videos(
    videos: Iterable[VideoInput],
    *,
    protocol: str = "poseval",
    joints: str = "all",
    ap_score_thr: float = -np.inf,
    mota_score_thr: float = -np.inf,
    metrics: Sequence[str] = tuple(METRICS),
    hidden_joints: bool = False,
) -> PoseTrackFigures:
    """Evaluate a data set.

    Args:
        videos: All videos, each once.
        protocol: See the module's text.
        joints: See :func:`~.figures.summarize`.
        ap_score_thr: See :func:`evaluate_video`.
        mota_score_thr: See :func:`evaluate_video`.
        metrics: See :func:`evaluate_video`.
        hidden_joints: See :func:`evaluate_video`.

    Raises:
        ValueError: No videos, a video given twice, videos of different joints, or an unknown
            option.
    """
    check_options(protocol=protocol, joints=joints, metrics=metrics, hidden_joints=hidden_joints)
    counts = count_videos(
        videos,
        protocol=protocol,
        ap_score_thr=ap_score_thr,
        mota_score_thr=mota_score_thr,
        metrics=metrics,
        hidden_joints=hidden_joints,
    )
    return summarize(add_counts([*counts.values()]), protocol=protocol, joints=joints)


def count_videos(videos: Iterable[VideoInput], **options: Any) -> dict[str, VideoCounts]:
    """Count each video of a data set.

    Args:
        videos: All videos, each once.
        **options: Of :func:`evaluate_video`.

    Raises:
        ValueError: A video given twice, or an unknown option.
    """
    counts: dict[str, VideoCounts] = {}
    for video in videos:
        if video.video_id in counts:
            raise ValueError(f"video {video.video_id!r} is given twice")
        counts[video.video_id] = evaluate_video(video, **options)
    return counts
