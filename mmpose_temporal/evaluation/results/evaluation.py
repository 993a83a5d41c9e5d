"""What a metrics file records of an evaluation: how it was done, on how much, joint by joint."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ..functional import (
    HEAD_SHARE,
    PCKH_THRESHOLD,
    MatchAccuracy,
    PoseTrackFigures,
    VideoCounts,
    add_counts,
)
from .statistics import VideoStatistics


def posetrack_evaluation(
    counts: Mapping[str, VideoCounts],
    figures: PoseTrackFigures,
    *,
    protocol: str,
    joints: str,
    ap_score_thr: float,
    mota_score_thr: float,
    metrics: Sequence[str],
    norm_item: str,
    bbox_share: float,
    skeleton: Sequence[str],
    prefix: str = "posetrack",
    skipped: Mapping[str, int] | None = None,
    hidden_joints: bool = False,
) -> dict[str, Any]:
    """The record of PoseTrack's figures, JSON-able.

    Args:
        counts: Name of the video -> its counts.
        figures: Of all of them.
        protocol: See :func:`~..functional.evaluate_video`.
        joints: See :func:`~..functional.summarize`.
        ap_score_thr: Joints that score less are left out of AP.
        mota_score_thr: Joints that score less are left out of the other figures.
        metrics: What was computed.
        norm_item: What joint distances were measured in.
        bbox_share: With ``'bbox'``.
        skeleton: Names of the data's keypoints.
        prefix: Of the figures' names.
        skipped: Reason -> number of frames or poses that were left out before the evaluation.
        hidden_joints: Whether hidden and seen joints were evaluated apart, too.
    """
    total = add_counts([*counts.values()])
    scored = total.joints
    return dict(
        metric="PoseTrackMetric",
        prefix=prefix,
        protocol=dict(
            name=protocol,
            metrics=[*metrics, *(["hidden_joints"] if hidden_joints else [])],
            joints_in_means=joints,
            scored_joints=list(scored.names),
            ap_score_thr=_number(ap_score_thr),
            mota_score_thr=_number(mota_score_thr),
            match_threshold=PCKH_THRESHOLD,
            size=_size(norm_item, bbox_share),
        ),
        skeleton=list(skeleton),
        counts=dict(asdict(total.inputs), skipped=dict(skipped or {})),
        groups={name: [scored.names[i] for i in index] for name, index in scored.groups.items()},
        joints={
            name: dict(
                annotated=int(total.num_truth[index]),
                **_hidden_count(total, index),
                **{figure: _number(v[index]) for figure, v in figures.per_joint.items()},
            )
            for index, name in enumerate(scored.names)
        },
        videos={name: asdict(c.inputs) for name, c in counts.items()},
        statistics=VideoStatistics.of(counts, protocol=protocol, joints=joints).as_json(),
    )


def match_accuracy_evaluation(
    counts: Mapping[str, MatchAccuracy], *, frames: int, prefix: str = "posetrack"
) -> dict[str, Any]:
    """The record of match accuracy, JSON-able.

    Args:
        counts: Name of the video -> people counted and right.
        frames: Of all videos.
        prefix: Of the figure's name.
    """
    total = sum(counts.values(), MatchAccuracy())
    return dict(
        metric="MatchAccuracyMetric",
        prefix=prefix,
        protocol=dict(counted="people who were seen before", ties="lowest index"),
        counts=dict(
            videos=len(counts), frames=frames, people=total.total, right_people=total.correct
        ),
        videos={name: dict(people=c.total, right_people=c.correct) for name, c in counts.items()},
    )


def _hidden_count(total: VideoCounts, index: int) -> dict[str, int]:
    if total.hidden is None:
        return {}
    return dict(annotated_hidden=int(total.hidden.hidden.num_truth[index]))


def _size(norm_item: str, bbox_share: float) -> dict[str, Any]:
    """The length that joint distances are measured in."""
    if norm_item == "head":
        return dict(of="head box", share_of_diagonal=HEAD_SHARE)
    return dict(of="person's box", share_of_diagonal=bbox_share)


def _number(value: float) -> float | None:
    """None for what JSON has no number for: a figure that is not defined, no threshold."""
    return float(value) if math.isfinite(value) else None
