"""How well an estimator finds the joints of annotated people, one crop at a time."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.model import BaseModel
from mmengine.registry import init_default_scope
from mmengine.runner import CheckpointLoader
from mmpose.models.pose_estimators import TopdownPoseEstimator
from mmpose.registry import DATASETS, MODELS, TASK_UTILS
from mmpose.structures import PoseDataSample
from rich.progress import track

from mmpose_temporal.datasets import LoadVideoFrame
from mmpose_temporal.datasets.posetrack_base import PoseTrackBase
from mmpose_temporal.evaluation.memory_thresholds import JointQualities, are_right
from mmpose_temporal.models.necks import find_memory
from mmpose_temporal.models.necks.keypoint_quality import (
    check_kernel,
    kernel_for,
    keypoint_quality,
)
from mmpose_temporal.models.pose_estimators.describers import require_heatmaps
from mmpose_temporal.models.trackers.estimation import TopdownCropper, crop_samples
from mmpose_temporal.models.trackers.mmpose_settings import SETTINGS, with_settings
from mmpose_temporal.posetrack import FrameAnnotation, PersonAnnotation
from mmpose_temporal.structures import check_keypoints
from mmpose_temporal.utils import log_once, safe_join
from mmpose_temporal.utils.checkpoints import CheckpointMismatch, compare_state, weights_of
from mmpose_temporal.utils.config_errors import building, model_settings, other_model
from mmpose_temporal.utils.foreign_packages import require_packages

BATCH = 64
"""Crops per call of the estimator."""

LOADERS = ("train", "val", "test")

ESTIMATOR = "estimator."


def annotated_data(cfg: Config, which: str = "train") -> PoseTrackBase:
    """The data set of a config's loader, whose annotations are read when they are asked for.

    Args:
        cfg: The config.
        which: One of :data:`LOADERS`.

    Raises:
        ValueError: There is none, or none of PoseTrack's files.
    """
    init_default_scope(cfg.get("default_scope", "mmpose"))
    settings = (cfg.get(f"{which}_dataloader") or {}).get("dataset") or {}
    kind = settings.get("type")
    known = DATASETS.get(kind) if isinstance(kind, str) else kind
    if not (isinstance(known, type) and issubclass(known, PoseTrackBase)):
        raise ValueError(
            f"{which}_dataloader.dataset must be people or videos of PoseTrack's files "
            f"(PoseTrackPersonDataset, PersonClipDataset, PoseTrackVideoDataset); the config's is "
            f"{kind}"
        )
    with building(cfg):
        return DATASETS.build({**settings, "lazy_init": True})


def build_estimator(
    cfg: Config, checkpoint: str | Path, dataset: PoseTrackBase
) -> tuple[BaseModel, TopdownCropper]:
    """The estimator of a config with trained weights, and what cuts its crops.

    Parts that a single-frame checkpoint lacks (the estimator's ``new_parts``, as the memory) may
    be missing.

    Args:
        cfg: Its model is a :class:`PoseTracker` or a top-down estimator.
        checkpoint: Of either.
        dataset: Whose keypoints the estimator must have.

    Raises:
        ValueError: Another model, one without heatmaps, or one of other keypoints; or no
            checkpoint.
        FileNotFoundError: No such file.
        CheckpointMismatch: ``checkpoint`` is of another estimator.
    """
    settings = model_settings(cfg)
    if "estimator" in settings:
        given = {name: settings.get(name) for name in SETTINGS}
        config, cropper = with_settings(settings.estimator, given), settings.get("cropper")
    elif "backbone" in settings and "association" not in settings:
        config, cropper = dict(settings), None
    else:
        wanted = "a top-down estimator is needed, alone or in a PoseTracker"
        raise ValueError(other_model(cfg, wanted))
    require_packages(config)
    with building(cfg):
        estimator = MODELS.build(config)
        if not isinstance(estimator, TopdownPoseEstimator):
            raise ValueError(f"{type(estimator).__name__} is no top-down estimator of mmpose")
        require_heatmaps(estimator, "the quality of keypoints")
        cut = dict(cropper or dict(type=TopdownCropper), decoder=estimator.head.decoder)
        cropper = TASK_UTILS.build(cut)
    _load(estimator, checkpoint, dataset)
    return estimator.eval(), cropper


def _load(estimator: BaseModel, checkpoint: str | Path, dataset: PoseTrackBase) -> None:
    content = CheckpointLoader.load_checkpoint(str(checkpoint), "cpu", logger=None)
    state = dict(weights_of(content, checkpoint))
    if any(name.startswith(ESTIMATOR) for name in state):
        inside = (name for name in state if name.startswith(ESTIMATOR))
        state = {name.removeprefix(ESTIMATOR): state[name] for name in inside}
    said = check_keypoints(content, dataset.skeleton, source=str(checkpoint))
    if said is not None:
        log_once(said)
    new_parts = getattr(estimator, "new_parts", ())
    problems = compare_state(estimator.state_dict(), state, new_parts=new_parts).problems()
    if problems:
        raise CheckpointMismatch(
            f"{checkpoint} is of another estimator: {problems}. Use the config that it was "
            "trained with"
        )
    estimator.load_state_dict(state, strict=False)


def blur_kernel(estimator: BaseModel, kernel: int | None = None) -> int:
    """The kernel that its memory uses, or that one would take from its codec.

    Args:
        estimator: See :func:`build_estimator`.
        kernel: Another one, which is checked.

    Raises:
        ValueError: See :func:`kernel_for`.
    """
    found = find_memory(estimator)
    if kernel is None and found is not None:
        kernel = found[1].blur_kernel
    return kernel_for(estimator.head.decoder, kernel)


def joint_qualities(
    estimator: BaseModel,
    cropper: TopdownCropper,
    dataset: PoseTrackBase,
    *,
    kernel: int,
    max_people: int = 2000,
    seed: int = 0,
    device: str | None = None,
    progress: bool = True,
) -> JointQualities:
    """Find annotated people in their boxes, without a memory, and judge their joints.

    Args:
        estimator: See :func:`build_estimator`.
        cropper: Likewise.
        dataset: With the annotations. People with an annotated joint count, groups
            (``iscrowd``) and empty boxes do not; boxes are cut at the frame's border.
        kernel: See :func:`keypoint_quality`.
        max_people: If there are more, this number of them is drawn.
        seed: Of the draw.
        device: Default: the accelerator that mmengine finds, or the CPU.
        progress: Show a progress bar.

    Raises:
        ValueError: Nobody is annotated, a frame cannot be read, or the estimator has other
            keypoints than the data.
    """
    check_kernel(kernel)
    if max_people < 1:
        raise ValueError(f"max_people must be 1 or more, got {max_people}")
    frames = _chosen(dataset, max_people, seed)
    estimator.to(device or get_device())
    asked = estimator.test_cfg.get("output_heatmaps")
    estimator.test_cfg["output_heatmaps"] = True
    load, waiting, parts = LoadVideoFrame(on_error="raise"), [], []
    try:
        for frame, people, where in track(frames, "Finding people", disable=not progress):
            path = str(safe_join(dataset.image_root, frame.file_name))
            image = load(dict(where, img_path=path, annotated_size=frame.size))["img"]
            people, boxes = _inside(people, image)
            if people:
                waiting.append((people, *_crops(cropper, image, boxes, dataset)))
            if sum(len(people) for people, *_ in waiting) >= BATCH:
                parts.append(_judge(estimator, waiting, kernel))
                waiting = []
        if waiting:
            parts.append(_judge(estimator, waiting, kernel))
    finally:
        estimator.test_cfg["output_heatmaps"] = bool(asked)
    if not parts:
        raise ValueError(f"{dataset.ann_file}: all boxes are outside of their frames")
    return JointQualities(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def _chosen(
    dataset: PoseTrackBase, max_people: int, seed: int
) -> list[tuple[FrameAnnotation, list[PersonAnnotation], dict]]:
    """The people that are looked for, by frame, in the order of the annotations."""
    frames = []
    for video in dataset.read_videos():
        for index, frame in enumerate(video.frames):
            usable = [person for person in frame.people if _is_usable(person)]
            where = dict(video_id=video.video_id, frame_index=index)
            frames.append((frame, usable, where))
    total = sum(len(people) for _, people, _ in frames)
    if not total:
        raise ValueError(f"{dataset.ann_file}: nobody in it has a box and an annotated joint")
    drawn = np.ones(total, bool)
    if total > max_people:
        drawn[:] = False
        drawn[np.random.default_rng(seed).choice(total, max_people, replace=False)] = True
    chosen, first = [], 0
    for frame, people, where in frames:
        kept = [person for person, keep in zip(people, drawn[first:], strict=False) if keep]
        first += len(people)
        if kept:
            chosen.append((frame, kept, where))
    return chosen


def _is_usable(person: PersonAnnotation) -> bool:
    x1, y1, x2, y2 = person.box.tolist()
    return not person.is_crowd and x2 > x1 and y2 > y1 and bool(person.keypoints[:, 2].any())


def _inside(
    people: Sequence[PersonAnnotation], image: np.ndarray
) -> tuple[list[PersonAnnotation], np.ndarray]:
    """The people whose box is not outside, and their boxes (B, 4), cut at the frame's border."""
    height, width = image.shape[:2]
    limit = np.array([width, height, width, height], np.float32) - 1
    boxes = np.stack([person.box for person in people]).clip(0, limit)
    kept = (boxes[:, 2:] > boxes[:, :2]).all(1)
    return [person for person, inside in zip(people, kept, strict=True) if inside], boxes[kept]


def _crops(
    cropper: TopdownCropper, image: np.ndarray, boxes: np.ndarray, dataset: PoseTrackBase
) -> tuple[np.ndarray, list[PoseDataSample]]:
    sample = PoseDataSample(metainfo=dict(flip_indices=dataset.metainfo["flip_indices"]))
    cut = cropper(image, boxes)
    scores = np.ones(len(boxes), np.float32)
    return cut.images, crop_samples(sample, boxes, scores, cut, cropper.input_size)


@torch.no_grad()
def _judge(
    estimator: BaseModel,
    waiting: Sequence[tuple[list[PersonAnnotation], np.ndarray, list[PoseDataSample]]],
    kernel: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(B, K) quality, annotated and right, of the people of some frames."""
    people = [person for found, _, _ in waiting for person in found]
    images = np.concatenate([images for _, images, _ in waiting])
    samples = [sample for _, _, found in waiting for sample in found]
    inputs = torch.from_numpy(images).permute(0, 3, 1, 2)
    data = estimator.data_preprocessor(dict(inputs=inputs, data_samples=samples), False)
    results = estimator(**data, mode="predict")
    heatmaps = torch.stack([result.pred_fields.heatmaps for result in results])
    quality, _ = keypoint_quality(heatmaps, kernel=kernel)
    keypoints = np.concatenate([result.pred_instances.keypoints for result in results])
    annotated = np.stack([person.keypoints for person in people])
    if quality.shape[1] != annotated.shape[1]:
        raise ValueError(
            f"the estimator answers {quality.shape[1]} keypoints, but the data has "
            f"{annotated.shape[1]}; use an estimator of the data's layout"
        )
    boxes = np.stack([person.box for person in people])
    heads = np.stack([person.head_box for person in people])
    right = are_right(keypoints, annotated, boxes, heads)
    return quality.cpu().numpy(), annotated[..., 2] > 0, right
