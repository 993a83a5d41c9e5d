"""Tiny estimators with the heads of TKMR, and with the memory of PTM."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmengine.structures import InstanceData, PixelData
from mmpose.structures import PoseDataSample
from torch import Tensor

from mmpose_temporal.structures import posetrack_metainfo

from .models import tiny_estimator_config, tiny_tracker_config


def tiny_temporal_estimator_config(
    *,
    matching: str | None = "KeypointMatchingHead",
    refinement: bool = True,
    channels: int = 8,
    num_candidates: int = 16,
    nms_kernel: int = 3,
    frozen: Sequence[str] = (),
    temporal_loss: dict | None = None,
    **estimator: Any,
) -> dict:
    """Config of a TemporalPoseEstimator with a few thousand parameters.

    Args:
        matching: Type of the matching head; None: none.
        refinement: With a refinement head.
        channels: C of both.
        num_candidates: As for KeypointDescriber, which is there with one of the heads.
        nms_kernel: Likewise.
        frozen: As for TemporalPoseEstimator.
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
    describer = dict(
        type="KeypointDescriber", num_candidates=num_candidates, nms_kernel=nms_kernel
    )
    return dict(
        tiny_estimator_config(**estimator),
        type="TemporalPoseEstimator",
        matching_head=matching,
        refinement_head=refiner if refinement else None,
        describers=[describer] if matching or refinement else [],
        frozen=frozen,
        temporal_loss=temporal_loss,
    )


def tiny_crops(number: int = 2, *, seed: int = 1) -> tuple[Tensor, list[PoseDataSample]]:
    """Crops of noise with their samples, for such an estimator, to train and to test it.

    A crop of 48x64 pixels shows 24x32 pixels of the image around (100, 50): each pixel of the
    crop is half a pixel of the image, and each of the 12x16 cells of the heatmaps 2 pixels.

    Args:
        number: B, crops.
        seed: Of the noise.

    Returns:
        (B, 3, 64, 48) float32, and B samples of 17 keypoints with targets of noise.
    """
    generator = torch.Generator().manual_seed(seed)
    samples = []
    for _ in range(number):
        sample = PoseDataSample(
            metainfo=dict(
                input_center=np.array([100, 50], np.float32),
                input_scale=np.array([24, 32], np.float32),
                input_size=(48, 64),
                flip_indices=posetrack_metainfo("posetrack18")["flip_indices"],
            )
        )
        sample.gt_instances = InstanceData(
            bboxes=np.zeros((1, 4), np.float32), bbox_scores=np.ones(1, np.float32)
        )
        sample.gt_instance_labels = InstanceData(keypoint_weights=torch.ones(1, 17))
        sample.gt_fields = PixelData(heatmaps=torch.rand(17, 16, 12, generator=generator))
        samples.append(sample)
    return torch.randn(number, 3, 64, 48, generator=generator), samples


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
        life=dict(max_age=1),
    )
    return tiny_tracker_config(
        estimator=tiny_temporal_estimator_config(**(estimator or {})),
        association={**parts, **(association or {})},
        **options,
    )


def tiny_ptm_config(
    *,
    neck: dict | None = None,
    memory: dict | None = None,
    estimator: dict | None = None,
    **options: Any,
) -> dict:
    """Config of a PoseTracker whose tiny estimator has a memory.

    Its weights are random: everything is stored (``heatmap_thr=0``) unless ``neck`` says else.

    Args:
        neck: Options of PoseTemporalMemory that differ.
        memory: Options of PersonMemory.
        estimator: Options of :func:`tiny_estimator_config`, and of TemporalPoseEstimator.
        **options: As for :func:`tiny_tracker_config`.
    """
    others = dict(estimator or {})
    own = {name: others.pop(name) for name in ("frozen", "describers") if name in others}
    shape = dict(in_channels=8, embed_channels=4, num_heads=2, read_stride=4, heatmap_thr=0)
    config = dict(
        tiny_estimator_config(**others),
        type="TemporalPoseEstimator",
        neck=dict(type="PoseTemporalMemory", **{**shape, **(neck or {})}),
        **{"describers": [dict(type="MemoryDescriber")], **own},
    )
    return tiny_tracker_config(
        estimator=config, memory=dict(type="PersonMemory", **(memory or {})), **options
    )
