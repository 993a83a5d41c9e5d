"""A video drawn by hand, and an estimator that reads the drawn people off their crops."""

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from mmengine.model import BaseModel
from mmengine.structures import InstanceData
from mmpose.models import build_head
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from torch import Tensor, nn

from .models import template_keypoints
from .poses import make_frame
from .tracking import Frame

BRIGHT = 255
"""Value of the channels in which a drawn person is seen; the background is darker."""

BACKGROUND = 100


def draw_video(
    name: str,
    frames: Sequence[Mapping[str, Sequence[float]]],
    *,
    hidden: Sequence[tuple[int, str]] = (),
    unreadable: Sequence[int] = (),
    num_frames: int | None = -1,
    size: tuple[int, int] = (320, 120),
) -> list[Frame]:
    """A video in which each person is a bright box.

    Args:
        name: Of the video.
        frames: For each frame, person -> xyxy box in whole pixels.
        hidden: (frame, person) that are drawn but not detected.
        unreadable: Frames that cannot be read.
        num_frames: Length that the samples state; None: they state none; -1: the true one.
        size: Width and height in pixels.
    """

    def paint(index: int, people: Mapping[str, Sequence[float]]) -> np.ndarray:
        drawn = _background(size)
        for x0, y0, x1, y1 in people.values():
            drawn[int(y0) : int(y1) + 1, int(x0) : int(x1) + 1] = BRIGHT
        return drawn

    options = dict(hidden=hidden, unreadable=unreadable, num_frames=num_frames, size=size)
    return painted_video(name, frames, paint, **options)


def painted_video(
    name: str,
    frames: Sequence[Mapping[str, Sequence[float]]],
    paint: Callable[[int, Mapping[str, Sequence[float]]], np.ndarray],
    *,
    hidden: Sequence[tuple[int, str]],
    unreadable: Sequence[int],
    num_frames: int | None,
    size: tuple[int, int],
) -> list[Frame]:
    """As :func:`draw_video`; ``paint`` gives the (h, w, 3) uint8 image of a number and people."""
    video = []
    for index, people in enumerate(frames):
        found = [box for person, box in people.items() if (index, person) not in hidden]
        readable = index not in unreadable
        image, sample = make_frame(
            video_id=name,
            frame_index=index,
            num_frames=len(frames) if num_frames == -1 else num_frames,
            boxes=found if readable else [],
            size=size,
            readable=readable,
        )
        if readable:
            image = torch.from_numpy(paint(index, people))
        video.append((image, sample))
    return video


def _background(size: tuple[int, int]) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(0, BACKGROUND, (size[1], size[0], 3), dtype=np.uint8)


@MODELS.register_module()
class DrawnEstimator(BaseModel):
    """Predicts the template pose in the bright box of a crop; scores 0 if nothing is bright.

    It has the heads of TKMR, with random weights, and computes for each person what they need.

    Args:
        matching_head: Type of the matching head; None: none.
        num_candidates: Candidates of each keypoint: the keypoint, and places one pixel apart.
    """

    CHANNELS = 4

    def __init__(
        self, *, matching_head: str | None = "KeypointMatchingHead", num_candidates: int = 2
    ):
        super().__init__(data_preprocessor=dict(type="mmpose.PoseDataPreprocessor"))
        shape = dict(in_channels=self.CHANNELS, channels=self.CHANNELS, upsample=(1, 1, 1))
        self.head = nn.Module()
        self.scale = nn.Parameter(torch.ones(1))
        self.matching_head = None
        if matching_head is not None:
            self.matching_head = build_head(dict(type=matching_head, **shape))
        self.refinement_head = build_head(dict(type="KeypointRefinementHead", **shape))
        self.num_candidates = num_candidates
        names = self._described(np.zeros((1, 17, 2), np.float32))
        self.describers = [SimpleNamespace(names=tuple(names), num_candidates=num_candidates)]

    def forward(
        self, inputs: Tensor, data_samples: Sequence[PoseDataSample], mode: str = "predict"
    ) -> list[PoseDataSample]:
        """As in mmpose; ``'predict'`` alone."""
        for crop, sample in zip(inputs, data_samples, strict=True):
            sample.pred_instances = self._read(crop, sample)
        return list(data_samples)

    def _read(self, crop: Tensor, sample: PoseDataSample) -> InstanceData:
        bright = crop[0].cpu().numpy() > (BRIGHT + BACKGROUND) / 2
        rows, columns = (np.flatnonzero(bright.any(axis)) for axis in (1, 0))
        box = sample.gt_instances.bboxes
        scores = np.zeros((1, 17), np.float32)
        if len(rows):
            corners = np.float32([columns[0], rows[0], columns[-1], rows[-1]]).reshape(2, 2)
            size, scale = np.float32(sample.input_size), np.float32(sample.input_scale)
            corners = (corners / size - 0.5) * scale + np.float32(sample.input_center)
            box, scores[:] = corners.reshape(1, 4), 0.9
        keypoints = template_keypoints(box)
        answer = InstanceData(
            keypoints=keypoints,
            keypoint_scores=scores,
            bboxes=sample.gt_instances.bboxes,
            bbox_scores=sample.gt_instances.bbox_scores,
        )
        for name, value in self._described(keypoints).items():
            answer.set_field(value, name)
        return answer

    def _described(self, keypoints: np.ndarray) -> dict[str, Any]:
        places = torch.from_numpy(keypoints)[:, :, None].repeat(1, 1, self.num_candidates, 1)
        places[..., 0] += torch.arange(self.num_candidates)
        features = torch.ones(*places.shape[:3], self.CHANNELS)
        # Over 1, so that what context adds of it stays over thresholds in [0, 1].
        evidence = 2 - 2 * torch.arange(self.num_candidates).expand(places.shape[:3]).float()
        return dict(
            keypoint_features=features[:, :, 0],
            candidates=places,
            candidate_scores=evidence.clone(),
            candidate_features=features,
            candidate_evidence=evidence.clone(),
        )
