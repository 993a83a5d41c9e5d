"""From the poses of each frame to tracks: all that needs no image and no estimator."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.model import BaseModel
from mmengine.structures import BaseDataElement
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from torch import Tensor

from mmpose_temporal.structures import UNTRACKED, FramePoses

from .feats import Feats, select_people
from .finished_frames import FinishedFrames, TrackedFrame, is_searched
from .video_state import VideoState, frame_size, known_ids


@MODELS.register_module()
class PoseOnlyTracker(BaseModel):
    """Tracks poses that are known already, of any estimator.

    thresholds -> suppression -> association -> track life -> refinement -> output

    The state is kept by video id, so that videos may be interleaved.

    Args:
        association: Config of :class:`Association`.
        suppression: Configs of :class:`Suppression` parts, applied in order.
        box_score_thr: People whose box scores less are left out.
        keypoint_score_thr: Joints that score less are absent (score 0) for suppression,
            association and output.
        min_length: Tracks with fewer poses are not reported; over 1, frames come back later. In
            a video with fewer frames, tracks through all of them are reported (choice).
        refinement: Config of a :class:`Refinement`; frames may come back later. None: poses stay
            as they are.
        data_preprocessor: As in mmengine.
        init_cfg: As in mmengine.

    Raises:
        ValueError: ``min_length`` < 1, or a threshold is not in [0, 1].
    """

    def __init__(
        self,
        *,
        association: dict,
        suppression: Sequence[dict] = (),
        box_score_thr: float = 0.0,
        keypoint_score_thr: float = 0.0,
        min_length: int = 1,
        refinement: dict | None = None,
        data_preprocessor: dict | BaseModel | None = None,
        init_cfg: dict | None = None,
    ):
        if min_length < 1:
            raise ValueError(f"min_length must be 1 or more, got {min_length}")
        if not (0 <= box_score_thr <= 1 and 0 <= keypoint_score_thr <= 1):
            raise ValueError(
                f"box_score_thr and keypoint_score_thr must be in [0, 1], got {box_score_thr} "
                f"and {keypoint_score_thr}"
            )
        super().__init__(data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        self.association = MODELS.build(association)
        self.suppression = [MODELS.build(part) for part in suppression]
        self.box_score_thr = box_score_thr
        self.keypoint_score_thr = keypoint_score_thr
        self.min_length = min_length
        self.refinement = None if refinement is None else MODELS.build(refinement)
        self._videos: dict[str, VideoState] = {}

    def forward(
        self,
        inputs: Any = None,
        data_samples: Sequence[PoseDataSample] | None = None,
        mode: str = "predict",
    ) -> list[PoseDataSample] | dict[str, Tensor]:
        """As in mmengine: tracks, or trains the similarity.

        Args:
            inputs: ``'loss'``: what the similarity trains on, see its ``loss``. Else the frames,
                each (H, W, 3) uint8 BGR, for similarities that look at them, or None.
            data_samples: ``'predict'``: frames in the order of time within each video, with
                their poses in ``pred_instances``. ``'loss'``: those of ``inputs``.
            mode: ``'predict'`` or ``'loss'``.

        Returns:
            The finished frames, see :meth:`finish`; or the losses of the similarity.

        Raises:
            TypeError: ``'loss'``, and the similarity has nothing to learn.
            ValueError: Another ``mode``; a frame comes out of order.
        """
        if mode == "loss":
            return self.association.similarity.loss(inputs, data_samples)
        if mode != "predict":
            raise ValueError(
                f"{type(self).__name__} has the modes 'predict' and 'loss', got {mode!r}"
            )
        finished: list[TrackedFrame] = []
        frames = [None] * len(data_samples) if inputs is None else inputs
        for sample, frame in zip(data_samples, frames, strict=True):
            feats = None if frame is None else dict(image=frame.cpu().numpy())
            poses = FramePoses.from_instances(sample.pred_instances)
            finished += self.track(sample, poses, feats=feats)
        return [self.finish(frame) for frame in finished]

    def test_step(self, data: dict) -> list[PoseDataSample | BaseDataElement]:
        """As in mmengine.

        mmengine's loops look at the last output for a loss, so a batch that finishes no frame
        answers an element with an empty one, which they take away again.
        """
        return super().test_step(data) or [BaseDataElement(loss={})]

    def val_step(self, data: dict) -> list[PoseDataSample | BaseDataElement]:
        """As :meth:`test_step`."""
        return super().val_step(data) or [BaseDataElement(loss={})]

    def start_video(self, video_id: str, num_frames: int) -> VideoState:
        """Make the state of a video.

        Raises:
            ValueError: The video is open already.
        """
        if video_id in self._videos:
            raise ValueError(f"video {video_id} is open already; reset() forgets all videos")
        finished = FinishedFrames(min(self.min_length, num_frames))
        state = VideoState(num_frames=num_frames, finished=finished)
        if self.refinement is not None:
            state.window = self.refinement.start_video()
            state.memory.newest = {}  # what association knows is handed on to it
        self._videos[video_id] = state
        return state

    def end_video(self, video_id: str) -> list[TrackedFrame]:
        """Drop the state of a video; returns its frames that were still held back."""
        state = self._videos.pop(video_id)
        refined = [] if self.refinement is None else self.refinement.flush(state.window)
        return self._settle(state, refined) + state.finished.flush()

    def reset(self) -> None:
        """Forget all videos that were begun and not ended, as after an interrupted test."""
        self._videos.clear()

    def track(
        self,
        sample: PoseDataSample,
        poses: FramePoses,
        dropped: Counter | None = None,
        feats: Feats | None = None,
    ) -> list[TrackedFrame]:
        """Suppress and associate the poses of one frame.

        Args:
            sample: Needs the metainfo ``video_id``, ``frame_index`` and ``num_frames``. With
                ``searched`` or ``frame_readable`` False, nobody was looked for in this frame:
                it has no poses, and the tracks do not age. Its ``frame_size`` (w, h) or
                ``ori_shape`` (h, w) goes to the similarity, and so does ``known_ids``, (M,)
                true identities of ``poses`` (-1: not known), where it has them.
            poses: The frame's people.
            dropped: Poses left out so far, by reason.
            feats: What is known beside the poses, see :data:`~.feats.Feats`.

        Returns:
            The frames of this video that are finished now.

        Raises:
            ValueError: The frame is not the next one of its video.
        """
        video_id, index = sample.video_id, sample.frame_index
        state = self._videos.get(video_id) or self.start_video(video_id, sample.num_frames)
        if index != state.next_frame:
            self._videos.pop(video_id)
            raise ValueError(
                f"video {video_id}: frame {index} came where frame {state.next_frame} of "
                f"{state.num_frames} was due; frames of a video must come in order and whole "
                "(use VideoSampler), and reset() forgets an interrupted test"
            )
        searched = is_searched(sample)
        if len(poses) and not searched:
            raise ValueError(f"video {video_id}: frame {index} was not searched but has poses")
        state.next_frame += 1
        dropped = Counter() if dropped is None else dropped
        feats = dict(feats or (), time=state.searched)
        feats["frame_size"] = frame_size(sample, feats.get("image"))
        known = sample.get("known_ids")
        if known is not None:
            feats["person_known_ids"] = known_ids(known, len(poses), video_id, index)
        poses, feats = self._select(poses, feats, dropped)
        # Tracks do not age in frames that nobody could be found in: choice, since a data set
        # labels every fourth frame, or a file is broken, without telling anything of people.
        if searched:
            poses = self.association.step(state.memory, poses, state.searched, feats)
            if state.memory.newest is not None:
                feats = {**feats, **state.memory.newest}
            state.searched += 1
            if state.memory.match_counts is not None:
                sample.set_metainfo(dict(match_counts=state.memory.match_counts))
        tracked = poses.track_ids != UNTRACKED
        if not tracked.all():
            dropped["new_track_thr"] += int((~tracked).sum())
            poses, feats = poses[tracked], select_people(feats, tracked)
        if searched:
            self.remember(state, poses, feats)
        refined = [TrackedFrame(sample, poses, dropped)]
        if self.refinement is not None:
            refined = self.refinement.push(state.window, refined[0], feats)
        finished = self._settle(state, refined)
        if state.next_frame == state.num_frames:
            finished += self.end_video(video_id)
        return finished

    def _settle(self, state: VideoState, refined: Sequence[TrackedFrame]) -> list[TrackedFrame]:
        """The frames that are finished once ``refined`` ones follow: all tracks long enough."""
        finished = []
        for i, frame in enumerate(refined):
            live = np.zeros(0, np.int64) if state.memory.ids is None else state.memory.ids
            if self.refinement is not None:  # tracks go on in frames that are still to come
                later = [f.poses.track_ids for f in refined[i + 1 :]]
                live = np.concatenate([live, *later, self.refinement.waiting_ids(state.window)])
            finished += state.finished.push(frame, live)
        return finished

    def remember(self, state: VideoState, poses: FramePoses, feats: Feats) -> None:
        """Called with the people of each frame that was searched, those with an id.

        Nothing is kept here: the tracks are the association's. For trackers that need more.
        """

    def _select(
        self, poses: FramePoses, feats: Feats, dropped: Counter
    ) -> tuple[FramePoses, Feats]:
        """Apply thresholds and suppression, and count what goes."""
        poses, feats = self._above_thresholds(poses, feats, dropped)
        for part in self.suppression:
            kept = part(poses)
            if len(kept) < len(poses):
                dropped["suppression"] += len(poses) - len(kept)
                poses, feats = poses[kept], select_people(feats, kept)
        return poses, feats

    def _above_thresholds(
        self, poses: FramePoses, feats: Feats, dropped: Counter
    ) -> tuple[FramePoses, Feats]:
        """Apply the thresholds and count what goes; what passed them passes again."""
        strong = poses.box_scores >= self.box_score_thr
        whole = np.isfinite(poses.boxes).all(1)
        if not (strong & whole).all():
            for reason, lost in (("broken_box", ~whole), ("box_score_thr", whole & ~strong)):
                if lost.any():
                    dropped[reason] += int(lost.sum())
            poses, feats = poses[strong & whole], select_people(feats, strong & whole)
        absent = poses.keypoint_scores < self.keypoint_score_thr
        if absent.any():
            scores = np.where(absent, np.float32(0), poses.keypoint_scores)
            poses = poses.replace(keypoint_scores=scores)
        empty = ~(poses.keypoint_scores > 0).any(1)
        if empty.any():
            dropped["no_keypoints"] += int(empty.sum())
            poses, feats = poses[~empty], select_people(feats, ~empty)
        return poses, feats

    @staticmethod
    def finish(frame: TrackedFrame) -> PoseDataSample:
        """The sample of a finished frame, with the answer.

        Returns:
            The sample with ``pred_instances`` (``keypoints`` (M, K, 2), ``keypoint_scores``
            (M, K), ``bboxes`` (M, 4), ``bbox_scores`` (M,), ``track_ids`` (M,); numpy) and the
            metainfo ``dropped``: reason -> number of poses left out.
        """
        frame.sample.pred_instances = frame.poses.to_instances()
        frame.sample.set_metainfo(dict(dropped=dict(frame.dropped)))
        return frame.sample
