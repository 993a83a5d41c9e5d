"""What the two registered trackers have in common: parts of configs, and the videos' life."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmengine.model import BaseModel
from mmengine.structures import BaseDataElement
from mmpose.registry import MODELS, TASK_UTILS
from mmpose.structures import PoseDataSample
from torch import nn

from mmpose_temporal.models.parts import TrackerPart
from mmpose_temporal.models.similarities import MotionOKSSimilarity
from mmpose_temporal.structures import FramePacket, read_skeleton
from mmpose_temporal.utils import warn_once

from .association import Association, ConfirmedLife
from .pipeline import TrackingPipeline
from .thresholds import Thresholds

HOW_TO_TRAIN = (
    "A training of poses does not train a similarity: train it first (configs/keytrack) and set "
    "its option checkpoint to that file (TrackEntailment: or to shipped:track_entailment). Heads "
    "of the estimator are trained by its temporal_loss (configs/tkmr)."
)
HOW_TO_TRAIN_MEMORY = (
    "A memory is trained on clips (configs/ptm) of which some crops read something: if none do, "
    "heatmap_thr is too high, and tools/analysis_tools/memory_thresholds.py finds another."
)


def random_weights(parts: Sequence[str]) -> str:
    """What to say of the parts that :meth:`TrackerModel.random_parts` returns."""
    memory = [part for part in parts if part.startswith("memory ")]
    advice = [HOW_TO_TRAIN] if len(memory) < len(parts) else []
    advice += [HOW_TO_TRAIN_MEMORY] if memory else []
    return f"the weights of {', '.join(parts)} are random. {' '.join(advice)}"


class TrackerModel(BaseModel):
    """Builds the parts of a tracker from configs and holds the pipeline that runs them.

    The parts are children of the model, which has their weights; the pipeline has the state of
    each open video.

    Args:
        association: Config of :class:`Association`. None: :func:`default_association`, which
            needs no weights.
        parts: Further parts with a state, built, by name.
        suppression: Configs of :class:`Suppression` parts, applied in order.
        box_score_thr: See :class:`Thresholds`.
        keypoint_score_thr: See :class:`Thresholds`.
        output_keypoint_thr: See :class:`Thresholds`.
        min_length: Tracks with fewer poses are not reported; if over 1, frames are returned later.
            In a video with fewer frames, tracks through all of them are reported (choice).
        refinement: Config of a :class:`Refinement`; frames may be returned later. None: poses
            stay as they are.
        merging: Config of a :class:`TrackMerging`; frames are returned at the end of the video.
            None: tracks stay as they are.
        frame_encoder: Config of a :class:`FrameEncoder`. None: no features of whole frames.
        observers: Configs of :class:`Observer` parts.
        metainfo: Keypoints of the data, as mmpose's data sets take it, for example
            ``dict(from_file='configs/_base_/datasets/coco.py')``, if the samples have no
            ``skeleton``. None: those of the samples; without any, PoseTrack18's.
        data_preprocessor: As in mmengine.
        init_cfg: As in mmengine.

    Raises:
        ValueError: An option out of its range, or parts that do not fit each other.
    """

    def __init__(
        self,
        *,
        association: dict | None = None,
        parts: dict[str, TrackerPart] | None = None,
        suppression: Sequence[dict] = (),
        box_score_thr: float = 0.0,
        keypoint_score_thr: float = 0.0,
        output_keypoint_thr: float = 0.0,
        min_length: int = 1,
        refinement: dict | None = None,
        merging: dict | None = None,
        frame_encoder: dict | None = None,
        observers: Sequence[dict] = (),
        metainfo: dict | None = None,
        data_preprocessor: dict | nn.Module | None = None,
        init_cfg: dict | None = None,
    ):
        super().__init__(data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        self.association = MODELS.build(association or default_association())
        self.refinement = None if refinement is None else MODELS.build(refinement)
        self.merging = None if merging is None else MODELS.build(merging)
        self.frame_encoder = None if frame_encoder is None else MODELS.build(frame_encoder)
        stages = dict(association=self.association, **(parts or {}))
        for name in ("refinement", "merging", "frame_encoder"):
            if getattr(self, name) is not None:
                stages[name] = getattr(self, name)
        self.pipeline = TrackingPipeline(
            parts=stages,
            suppression=[TASK_UTILS.build(part) for part in suppression],
            thresholds=Thresholds(box_score_thr, keypoint_score_thr, output_keypoint_thr),
            min_length=min_length,
            frame_encoder=self.frame_encoder,
            observers=[TASK_UTILS.build(observer) for observer in observers],
        )
        self.stated_skeleton = None if metainfo is None else read_skeleton(metainfo)

    def bind_parts(self) -> None:
        """Let every part get to know this tracker; call it when all children are there."""
        for part in (*self.pipeline.parts.values(), *self.pipeline.suppression):
            if isinstance(part, TrackerPart):
                part.bind(self)
        if self.stated_skeleton is not None:
            self.pipeline.use_skeleton(self.stated_skeleton)

    def random_parts(self) -> list[str]:
        """Parts whose weights are random: nothing has trained or loaded them.

        Returns:
            Names in the config, each with its class: ``association.similarity (GCNSimilarity)``.
        """
        parts = {"association.similarity": self.association.similarity, **self.pipeline.parts}
        return [
            f"{name} ({type(part).__name__})"
            for name, part in parts.items()
            if not getattr(part, "ready", True)
        ]

    def warn_of_random_parts(self, where: str) -> None:
        """Say once that results mean nothing, if they do.

        Args:
            where: Begins the sentence.
        """
        random = self.random_parts()
        if random:
            warn_once(f"{where}: {random_weights(random)}")

    def use_skeleton_of(self, data_samples: Sequence[Any] | None) -> None:
        """Give all parts the keypoints of samples that have them, as in training."""
        if data_samples is not None and len(data_samples):
            skeleton = data_samples[0].get("skeleton")
            if skeleton is not None:
                self.pipeline.use_skeleton(skeleton)

    @property
    def observers(self) -> list:
        """The observers that watch, see :class:`Observer`; the list may be changed."""
        return self.pipeline.observers

    def test_step(self, data: dict) -> list[PoseDataSample | BaseDataElement]:
        """As in mmengine.

        mmengine's loops look for a loss in the last output, so a batch that finishes no frame
        returns one empty element, which they remove again.
        """
        return super().test_step(data) or [BaseDataElement(loss={})]

    def val_step(self, data: dict) -> list[PoseDataSample | BaseDataElement]:
        """As :meth:`test_step`."""
        return super().val_step(data) or [BaseDataElement(loss={})]

    def end_video(self, video_id: str) -> list[PoseDataSample]:
        """End a video whose number of frames is unknown, or before its last frame.

        Returns:
            Its frames that were still waiting, finished, as ``predict`` returns them.

        Raises:
            ValueError: The video is not open.
        """
        with torch.no_grad():
            return self._answers(self.pipeline.end_video(video_id))

    def reset(self) -> None:
        """Forget all videos that have started and not ended, as after an interrupted test."""
        self.pipeline.reset()

    def video_state_dict(self) -> dict[str, Any]:
        """The state of all open videos; see :meth:`TrackingPipeline.state_dict`."""
        return self.pipeline.state_dict()

    def load_video_state_dict(self, saved: dict[str, Any]) -> None:
        """Go on from a saved state; see :meth:`TrackingPipeline.load_state_dict`."""
        device = next((p.device for p in self.parameters()), torch.device("cpu"))
        self.pipeline.load_state_dict(saved, device)

    def _answers(self, finished: Sequence[FramePacket]) -> list[PoseDataSample]:
        return [self.pipeline.output(packet) for packet in finished]


def default_association() -> dict:
    """Config of the association that trackers have if none is given.

    The best that needs no trained weights (choice; figures in configs/baselines):
    :class:`MotionOKSSimilarity`, and tracks of one or two poses match last and end soon. The same
    as in ``configs/_base_/models/oks_tracker.py``.
    """
    return dict(
        type=Association,
        similarity=dict(type=MotionOKSSimilarity),
        min_similarity=0.1,
        life=dict(type=ConfirmedLife, confirm_length=3, tentative_age=2, max_age=8),
    )


def known_ids(sample: PoseDataSample, num_people: int) -> np.ndarray | None:
    """The true identities of a frame's poses, if its sample has them.

    Args:
        sample: May have the metainfo ``known_ids``, (M,) integers, -1: not known.
        num_people: M.

    Returns:
        (M,) int64; None if there are none.

    Raises:
        ValueError: Other numbers or another number of them.
    """
    ids = sample.get("known_ids")
    if ids is None:
        return None
    ids = np.asarray(ids)
    if ids.shape != (num_people,) or not (ids.dtype.kind in "iu" or ids.size == 0):
        raise ValueError(
            f"video {sample.video_id}: frame {sample.frame_index}: known_ids must be integers, "
            f"one for each of its {num_people} poses, got {ids.dtype} {ids.shape}"
        )
    return ids.astype(np.int64)
