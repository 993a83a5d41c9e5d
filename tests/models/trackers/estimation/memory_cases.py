"""Trackers with a memory, and what their people read."""

import torch
from mmpose.registry import MODELS

from mmpose_temporal.models.trackers import PoseTracker
from mmpose_temporal.structures import CallbackObserver
from mmpose_temporal.testing import make_video, tiny_ptm_config, track_frames

A, B = [4, 6, 16, 38], [40, 6, 52, 38]


def build(config: dict | None = None, **options) -> PoseTracker:
    """A tracker whose memory changes features much, of weights that count as trained."""
    torch.manual_seed(0)
    tracker = MODELS.build(config or tiny_ptm_config(**options)).eval()
    neck = tracker.estimator.neck
    with torch.no_grad():
        neck.alpha.fill_(0.3)
        for layer in (neck.to_key, neck.to_query):
            layer.weight *= 3
    neck.ready = True
    return tracker


def watch(tracker: PoseTracker) -> list[dict[int, list[int]]]:
    """For each frame to come: track id -> the frames of the entries that the person reads."""
    seen = []

    def finished(packet):
        record = packet.records.get("memory")
        found = {}
        if record is not None:
            rows = record.entry_frames.tolist()
            for track, frames in zip(record.track_ids.tolist(), rows, strict=True):
                found[track] = [frame for frame in frames if frame >= 0]
        seen.append(found)

    tracker.observers.append(CallbackObserver(finished=finished))
    return seen


def reads(tracker: PoseTracker, *boxes, **options) -> list[dict[int, list[int]]]:
    """What is read in a video with these boxes in each frame."""
    seen = watch(tracker)
    track_frames(tracker, make_video("v", *boxes, **options))
    tracker.observers.pop()
    assert tracker.pipeline.open_videos() == []
    return seen


def state_of(tracker: PoseTracker, video: str = "v"):
    return tracker.pipeline.state_of(video, "memory")
