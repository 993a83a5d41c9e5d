"""A whole test run as a config."""

import os
from typing import Any

from .models import template_tracker_config


def tiny_test_config(
    data_root: str | os.PathLike,
    work_dir: str | os.PathLike,
    *,
    model: dict | None = None,
    batch_size: int = 1,
    streams: int = 1,
    dataset: dict | None = None,
    evaluator: dict | None = None,
    launcher: str = "none",
) -> dict[str, Any]:
    """Arguments of mmengine's Runner for testing a tracker on a tiny data set.

    Args:
        data_root: What :func:`write_tiny_posetrack` made.
        work_dir: Where mmengine writes.
        model: Config of the tracker. Default: one that knows the answer.
        batch_size: Frames per batch.
        streams: Videos in lockstep.
        dataset: Options of the data set that differ.
        evaluator: Config of the metric. Default: PoseTrackMetric.
        launcher: ``'none'``, or ``'pytorch'`` under torchrun.
    """
    frames = dict(
        type="PoseTrackVideoDataset",
        data_root=str(data_root),
        ann_file="annotations/val",
        pipeline=[dict(type="LoadVideoFrame"), dict(type="PackFrameInputs")],
    )
    return dict(
        model=model or template_tracker_config(),
        work_dir=str(work_dir),
        test_dataloader=dict(
            batch_size=batch_size,
            num_workers=0,
            dataset={**frames, **(dataset or {})},
            sampler=dict(type="VideoSampler", streams=streams),
        ),
        test_cfg=dict(type="TestLoop"),
        test_evaluator=evaluator or dict(type="PoseTrackMetric"),
        default_scope="mmpose",
        launcher=launcher,
        env_cfg=dict(dist_cfg=dict(backend="gloo")),
        randomness=dict(seed=0),
        log_level="WARNING",
        experiment_name="tiny",
    )
