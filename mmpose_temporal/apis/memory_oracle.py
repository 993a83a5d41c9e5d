"""What a trained memory (PTM) gets out of clips of annotated people, and what it could get."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from mmengine.device import get_device
from mmengine.model import BaseModel
from mmpose.structures import PoseDataSample
from rich.progress import track
from torch import Tensor
from torch.nn.functional import interpolate

from mmpose_temporal.datasets import LoadVideoFrame
from mmpose_temporal.datasets.posetrack_base import PoseTrackBase
from mmpose_temporal.evaluation.memory_oracle import (
    AttentionPeaks,
    attention_figures,
    attention_near,
    attention_peaks,
    cells_at,
    found_figures,
    with_previous,
)
from mmpose_temporal.evaluation.memory_thresholds import are_right
from mmpose_temporal.models.necks import ClipStep, PoseTemporalMemory, find_memory
from mmpose_temporal.models.trackers.estimation import TopdownCropper

from .annotated_clips import ClipCrops, cut_clips, draw_clips

CLIPS = 8
"""Clips per call of the estimator."""


@dataclass(frozen=True, slots=True, eq=False)
class MemoryReport:
    """What :func:`examine_memory` found.

    Attributes:
        clips: Number of clips.
        crops: Number of crops with a previous crop in their clip; all figures are of these.
        joints: ``hidden`` and ``seen``, their annotated joints.
        found: Way -> figures, see :func:`found_figures`; of ``network``, ``memory`` (if it is
            trained), ``previous``, ``oracle`` and ``oracle, pooled`` (see
            :func:`examine_memory`).
        alpha: Of the trained memory; None: the checkpoint has none. Likewise the others below.
        read: Share of the crops that read something.
        size: h and w of its grid; None also if nothing was read.
        attention: See :func:`attention_figures`; None also if nothing was read.
    """

    clips: int
    crops: int
    joints: dict[str, int]
    found: dict[str, dict[str, float]]
    alpha: float | None = None
    read: float | None = None
    size: tuple[int, int] | None = None
    attention: dict[str, dict[str, Any]] | None = None


def examine_memory(
    estimator: BaseModel,
    cropper: TopdownCropper,
    dataset: PoseTrackBase,
    *,
    frames: int = 9,
    share: float = 0.6,
    max_clips: int = 200,
    seed: int = 0,
    device: str | None = None,
    progress: bool = True,
) -> MemoryReport:
    """Find annotated people of clips in their boxes in several ways, and judge their joints.

    The ways: the network without its memory; with it, filled in the order of the frames as in
    training; the mean of the network's heatmaps with those of the previous crop at the same
    cells; and the same with each of those moved by the true motion of its keypoint in the crop.
    Where the memory has a ``read_stride``, is the whole neck, and the head keeps the size of its
    map, there is one more: the moved heatmaps are pooled by it and upsampled, as what is read.

    Args:
        estimator: From :func:`~.joint_quality.build_estimator`, with a memory; if that is not
            trained, its way and its attention are left out.
        cropper: Likewise.
        dataset: With the annotations.
        frames: Largest number of frames of a clip. Clips follow each other without overlap.
        share: Weight of the crop's own heatmaps in a mean with the previous ones, in (0, 1).
        max_clips: If there are more, this number of them is drawn.
        seed: Of the draw.
        device: Default: the accelerator that mmengine finds, or the CPU.
        progress: Show a progress bar.

    Raises:
        ValueError: An option out of its range, an estimator without a memory or of other
            keypoints than the data, no clip, or a frame that cannot be read.
    """
    if not 0 < share < 1:
        raise ValueError(f"share must be between 0 and 1, got {share}")
    memory = find_memory(estimator)
    if memory is None:
        raise ValueError("the config's estimator has no PoseTemporalMemory: give that of a memory")
    clips = draw_clips(dataset, frames=frames, max_clips=max_clips, seed=seed)
    estimator.to(device or get_device()).eval()
    load, parts, watched = LoadVideoFrame(on_error="raise"), [], []
    starts = range(0, len(clips), CLIPS)
    for start in track(starts, "Finding people", disable=not progress):
        batch = cut_clips(clips[start : start + CLIPS], cropper, dataset, load)
        parts.append(_examine(estimator, memory[1], batch, share, watched))
    return _report(memory[1], len(clips), parts, watched)


@torch.no_grad()
def _examine(
    estimator: BaseModel,
    memory: PoseTemporalMemory,
    batch: ClipCrops,
    share: float,
    watched: list[tuple[AttentionPeaks, tuple[int, int]]],
) -> dict[str, Any]:
    """What was found of the crops with a previous one; attention goes into ``watched``."""
    inputs = torch.from_numpy(batch.images).permute(0, 3, 1, 2)
    data = estimator.data_preprocessor(dict(inputs=inputs, data_samples=batch.samples), False)
    samples, feats = data["data_samples"], estimator.backbone(data["inputs"])
    read_map = feats[memory.in_index]
    maps = {"network": estimator.heatmaps(estimator.neck(feats, samples=None, mirrored=False))}
    own = maps["network"]
    if own.shape[1] != batch.keypoints.shape[1]:
        raise ValueError(
            f"the estimator answers {own.shape[1]} keypoints, but the data has "
            f"{batch.keypoints.shape[1]}; use an estimator of the data's layout"
        )
    if memory.ready:
        with _clip_mode(estimator, memory, _Watch(memory, batch, watched)):
            feats = estimator.neck(feats, samples=samples, mirrored=False)
        maps["memory"] = estimator.heatmaps(feats)
    maps["previous"] = with_previous(own, batch.previous, share)
    maps["oracle"] = with_previous(own, batch.previous, share, batch.places)
    same_size = estimator.neck is memory and read_map.shape[-2:] == own.shape[-2:]
    if same_size and memory.read_stride > 1:
        coarse = partial(_through_grid, memory)
        pooled = with_previous(own, batch.previous, share, batch.places, seen_as=coarse)
        maps["oracle, pooled"] = pooled
    rows = batch.previous >= 0
    found = {way: _judge(estimator, heatmaps, samples, batch) for way, heatmaps in maps.items()}
    return dict(
        found={way: (scores[rows], right[rows]) for way, (scores, right) in found.items()},
        annotated=batch.keypoints[rows, :, 2] > 0,
        hidden=batch.hidden[rows],
        read=np.array([sample.get("num_entries", 0) > 0 for sample in samples])[rows],
    )


def _through_grid(memory: PoseTemporalMemory, maps: Tensor) -> Tensor:
    """Maps as a read gives them back: pooled by the memory's stride, and upsampled."""
    size = maps.shape[-2:]
    return interpolate(memory.pool(maps), size=size, mode="bilinear", align_corners=False)


def _judge(
    estimator: BaseModel, heatmaps: Tensor, samples: list[PoseDataSample], batch: ClipCrops
) -> tuple[np.ndarray, np.ndarray]:
    """(B, K) scores, and which are right."""
    decoded = estimator.head.decode(heatmaps)
    poses = [s.pred_instances for s in estimator.add_pred_to_datasample(decoded, None, samples)]
    keypoints = np.concatenate([pose.keypoints for pose in poses])
    right = are_right(keypoints, batch.keypoints, batch.boxes, batch.heads)
    return np.concatenate([pose.keypoint_scores for pose in poses]), right


@contextmanager
def _clip_mode(
    estimator: BaseModel, memory: PoseTemporalMemory, watcher: "_Watch"
) -> Iterator[None]:
    """The memory reads clips as in training, while all parts stay in eval mode."""
    estimator.training, memory.watcher = True, watcher
    try:
        yield
    finally:
        estimator.training, memory.watcher = False, None


class _Watch:
    """Keeps the peaks of attention of the joints of clips, each of one person."""

    def __init__(
        self,
        memory: PoseTemporalMemory,
        batch: ClipCrops,
        found: list[tuple[AttentionPeaks, tuple[int, int]]],
    ):
        self.memory, self.batch, self.found = memory, batch, found
        self.clip = np.array([sample.clip_index for sample in batch.samples])
        self.newest = np.full(self.clip.max() + 1, -1)

    def __call__(self, step: ClipStep) -> None:
        if step.entries is not None:
            size = tuple(self.memory.pool(step.x[:1]).shape[-2:])
            for count in step.entries.counts.unique().tolist():
                rows = torch.nonzero(step.entries.counts == count).flatten()
                if count:  # weights are of people with the same number of entries
                    self._keep(step, rows, count, size)
        crops = step.crops[step.stored]
        self.newest[self.clip[crops]] = crops

    def _keep(self, step: ClipStep, rows: Tensor, count: int, size: tuple[int, int]) -> None:
        entries, crops = step.entries[rows], step.crops[rows.numpy()]
        entries = replace(entries, keys=entries.keys[:, :count], values=entries.values[:, :count])
        weights = self.memory.weights(step.x[rows.to(step.x.device)], entries)[:, :, :, -1]
        query = cells_at(self.batch.places[crops], size)
        place = cells_at(self.batch.places[self.newest[self.clip[crops]]], size)
        known = (query >= 0) & (place >= 0)
        asked = np.maximum(query, 0)
        peaks = attention_peaks(weights, asked)[known]
        weight = attention_near(weights, asked, place, size[1])[known]
        hidden = self.batch.hidden[crops][known]
        found = AttentionPeaks(query[known], place[known], peaks, weight, hidden)
        self.found.append((found, size))


def _report(
    memory: PoseTemporalMemory,
    clips: int,
    parts: Sequence[dict[str, Any]],
    watched: Sequence[tuple[AttentionPeaks, tuple[int, int]]],
) -> MemoryReport:
    annotated, hidden, read = (
        np.concatenate([part[name] for part in parts]) for name in ("annotated", "hidden", "read")
    )
    found = {}
    for way in parts[0]["found"]:
        scores, right = (np.concatenate([p["found"][way][i] for p in parts]) for i in (0, 1))
        found[way] = found_figures(scores, right, annotated, hidden)
    joints = dict(hidden=int((annotated & hidden).sum()), seen=int((annotated & ~hidden).sum()))
    report = MemoryReport(clips=clips, crops=len(read), joints=joints, found=found)
    if memory.ready:
        report = replace(report, alpha=memory.alpha.item(), read=float(read.mean()))
    if watched:
        peaks, size = AttentionPeaks.cat([peaks for peaks, _ in watched]), watched[0][1]
        report = replace(report, size=size, attention=attention_figures(peaks, size))
    return report


def as_record(report: MemoryReport) -> dict[str, Any]:
    """A report for a JSON file; NaN as None."""
    return _plain(asdict(report))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and np.isnan(value) else value
