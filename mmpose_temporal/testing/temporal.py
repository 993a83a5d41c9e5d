"""Tiny estimators with the heads of TKMR."""

from typing import Any

from .models import tiny_estimator_config, tiny_tracker_config


def tiny_temporal_estimator_config(
    *,
    matching: str | None = "KeypointMatchingHead",
    refinement: bool = True,
    channels: int = 8,
    num_candidates: int = 16,
    stage: str = "pose",
    temporal_loss: dict | None = None,
    **estimator: Any,
) -> dict:
    """Config of a TemporalPoseEstimator with a few thousand parameters.

    Args:
        matching: Type of the matching head; None: none.
        refinement: With a refinement head.
        channels: C of both.
        num_candidates: As for TemporalPoseEstimator.
        stage: Likewise.
        temporal_loss: Likewise.
        **estimator: As for :func:`tiny_estimator_config`.
    """
    shape = dict(in_channels=8, channels=channels, upsample=(1, 1, 1))
    num_keypoints = estimator.get("num_keypoints", 17)
    if matching is not None:
        matching = dict(type=matching, **shape)
        if matching["type"] == "KeypointMatchingHead":
            matching["num_keypoints"] = num_keypoints
    refiner = dict(type="KeypointRefinementHead", num_keypoints=num_keypoints, **shape)
    return dict(
        tiny_estimator_config(**estimator),
        type="TemporalPoseEstimator",
        matching_head=matching,
        refinement_head=refiner if refinement else None,
        num_candidates=num_candidates,
        stage=stage,
        temporal_loss=temporal_loss,
    )


def tiny_tkmr_config(
    *, estimator: dict | None = None, association: dict | None = None, **options: Any
) -> dict:
    """Config of a PoseTracker on it, with TKM (Eq. 5).

    Args:
        estimator: Options of :func:`tiny_temporal_estimator_config`.
        association: As for :func:`tiny_tracker_config`.
        **options: Further options of PoseTracker, as ``refinement``.
    """
    parts = dict(
        similarity=dict(type="KeypointMatchingSimilarity"),
        gates=[dict(type="IoUGate", min_iou=0.1)],
        min_similarity=0.001,
        max_age=1,
    )
    return tiny_tracker_config(
        estimator=tiny_temporal_estimator_config(**(estimator or {})),
        association={**parts, **(association or {})},
        **options,
    )
