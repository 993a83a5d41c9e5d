"""The stages of a tracker after the estimator, and the state of each video."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from mmpose.structures import PoseDataSample

from mmpose_temporal.models.parts import FrameEncoder, TrackerPart
from mmpose_temporal.structures import (
    INPUT_ROW,
    UNSEEN,
    UNTRACKED,
    FramePacket,
    Observer,
    Skeleton,
    frame_size,
    is_searched,
    refuse_keypoints,
)

from .association import Association
from .end import TrackMerging, check_merged
from .refinement import Refinement
from .suppression import Suppression
from .thresholds import Thresholds
from .video_state import OpenVideos, VideoState


class TrackingPipeline:
    """Takes frames, each in its video's order, through the stages of a tracker.

    admit -> encode -> [boxes, estimator: the model's] -> thresholds -> suppression -> association
    -> refinement -> end stage -> output

    It owns the order of the stages and the state of each open video, by video id, so that videos
    may be interleaved. It is no ``nn.Module``: the parts are children of the model that holds
    it, which has their weights.

    Args:
        parts: Parts with a state, by name; their states in each video are kept under these names.
            ``association`` is always there; ``refinement`` and ``merging`` are stages here, the
            others only observe.
        suppression: Applied in order.
        thresholds: Which people and joints count.
        min_length: Tracks with fewer poses are not reported.
        frame_encoder: Sees each whole frame once. None: there is none.
        observers: Watch; the list may be changed between frames.

    Raises:
        ValueError: ``min_length`` < 1, or a part needs a frame encoder and there is none.
    """

    def __init__(
        self,
        *,
        parts: dict[str, TrackerPart],
        suppression: Sequence[Suppression] = (),
        thresholds: Thresholds,
        min_length: int = 1,
        frame_encoder: FrameEncoder | None = None,
        observers: Iterable[Observer] = (),
    ):
        if min_length < 1:
            raise ValueError(f"min_length must be 1 or more, got {min_length}")
        self.parts = parts
        self.association: Association = parts["association"]
        self.refinement: Refinement | None = parts.get("refinement")
        self.merging: TrackMerging | None = parts.get("merging")
        self.suppression = list(suppression)
        self.thresholds = thresholds
        self.min_length = min_length
        self.frame_encoder = frame_encoder
        self.observers = list(observers)
        self.videos = OpenVideos(parts, min_length=min_length, whole=self.merging is not None)
        self.watching_parts = {
            name: part
            for name, part in parts.items()
            if type(part).observe is not TrackerPart.observe
        }
        self.skeleton: Skeleton | None = None
        everyone = [*parts.values(), *self.suppression, *self._inner_parts()]
        everyone = [part for part in everyone if isinstance(part, TrackerPart)]
        self._refuse_states([part for part in everyone if part not in parts.values()])
        self.in_turn = any(part.needs_previous_frame for part in everyone)
        needing = [type(part).__name__ for part in everyone if part.needs_frame_encoder]
        if needing and frame_encoder is None:
            raise ValueError(
                f"{', '.join(needing)} needs the features of whole frames: give the tracker a "
                "frame_encoder, such as dict(type='CorrespondenceEncoder', network=...), see "
                "docs/corrtrack.md"
            )

    @staticmethod
    def _refuse_states(parts: list[TrackerPart]) -> None:
        """Parts inside the association, and suppression, have no place for a state."""
        hooks = ("start_video", "observe", "end_video")
        for part in parts:
            own = [h for h in hooks if getattr(type(part), h) is not getattr(TrackerPart, h)]
            if own:
                raise ValueError(
                    f"{type(part).__name__} has {', '.join(own)}, but similarities, gates, births "
                    "and suppression keep no state of a video"
                )

    def _inner_parts(self) -> list[Any]:
        association = self.association
        inner = [association.similarity, *association.gates, *association.births]
        return [*inner, getattr(self.merging, "similarity", None)]

    def use_skeleton(self, skeleton: Skeleton) -> None:
        """Give all parts the keypoints of the data; nothing happens if they know them.

        Raises:
            ValueError: Videos of other keypoints are open, or a part cannot work with these.
        """
        known = self.skeleton
        if known is skeleton or (known is not None and known.same_keypoints(skeleton)):
            return
        if known is not None and self.videos:
            raise ValueError(
                refuse_keypoints(
                    f"the videos {', '.join(self.videos)}, which are open,",
                    known,
                    "the next frame",
                    skeleton,
                    advice="End these videos first, or use a tracker for each layout",
                )
            )
        parts = [*self.parts.values(), *self.suppression]
        try:
            for part in parts:
                part.use_skeleton(skeleton)
        except BaseException:
            for part in parts if known is not None else ():
                part.use_skeleton(known)  # as if the other keypoints had never come
            raise
        self.skeleton = skeleton

    # ---- the life of a video

    def open_videos(self) -> list[str]:
        """Names of the videos that have started and not ended."""
        return list(self.videos)

    def state_of(self, video_id: str, part: str) -> Any:
        """What a part keeps of an open video."""
        return self.videos[video_id].parts[part]

    def end_video(self, video_id: str) -> list[FramePacket]:
        """Drop the state of a video; returns its frames that were still waiting.

        Raises:
            ValueError: The video is not open.
        """
        if video_id not in self.videos:
            raise ValueError(f"video {video_id} is not open")
        state = self.videos[video_id]
        try:
            finished = []
            if self.refinement is not None:
                finished = self._buffer(state, self.refinement.flush(state.parts["refinement"]))
            merged = None
            if self.merging is not None:
                merged = self.merging.finish(state.parts["merging"])
                merged = check_merged(merged, state.buffer.lengths)
                record = self.merging.record(state.parts["merging"])
                for packet in (p for p in state.buffer.waiting if p.records is not None):
                    packet.records["merging"] = record
            finished += state.buffer.flush(merged)
        finally:
            self.forget([video_id])
        return self._finish(finished)

    def forget(self, video_ids: Iterable[str]) -> None:
        """Drop the state of videos without ending them, as after an error in a frame of theirs."""
        for video_id in video_ids:
            state = self.videos.pop(video_id, None)
            if state is not None:
                for name, part in self.parts.items():
                    part.end_video(state.parts[name])

    def reset(self) -> None:
        """Forget all videos that were begun and not ended, as after an interrupted test."""
        self.forget(list(self.videos))

    def state_dict(self) -> dict[str, Any]:
        """The state of all open videos, see :meth:`OpenVideos.state_dict`."""
        return self.videos.state_dict()

    def load_state_dict(self, saved: dict[str, Any], device: torch.device | str = "cpu") -> None:
        """Go on from a saved state, see :meth:`OpenVideos.load_state_dict`."""
        self.videos.load_state_dict(saved, device)

    # ---- the way of a frame

    def admit(self, sample: PoseDataSample, image: np.ndarray | None = None) -> FramePacket:
        """Open the frame's video if it is new, and check that the frame is the next one.

        Nothing looks at a frame before it is admitted.

        Args:
            sample: Needs the metainfo ``video_id`` and ``frame_index``, and ``num_frames`` if
                the length is known. ``skeleton``, the :class:`Skeleton` of the data, is given to
                all parts. With ``searched`` or ``frame_readable`` False people are not detected:
                the frame has no people, and the tracks do not age. It may have
                ``frame_size`` (w, h) or ``ori_shape`` (h, w), and ``frame_number``,
                ``frame_step``, ``time`` (seconds) or ``fps``, see :meth:`VideoState.clock`:
                frames that are missing by their numbers age the tracks.
            image: (H, W, 3) uint8 BGR.

        Raises:
            ValueError: The frame is not the next one of its video, which is forgotten then.
        """
        video_id, index = sample.video_id, sample.frame_index
        if (skeleton := sample.get("skeleton")) is not None:
            self.use_skeleton(skeleton)
        state, length = self.videos.get(video_id), sample.get("num_frames")
        if length is not None and index >= length:
            self.forget([video_id])
            raise ValueError(
                f"video {video_id}: there is no frame {index} in a video of {length} frames "
                "(they count from 0)"
            )
        if state is None:
            state = self.videos.start(video_id, length)
        elif state.num_frames is None:
            state.num_frames = length
        if index != state.next_frame:
            self.forget([video_id])
            of = "" if state.num_frames is None else f" of {state.num_frames}"
            raise ValueError(
                f"video {video_id}: frame {index} came where frame {state.next_frame}{of} was "
                "due; frames of a video must come in order and whole (use VideoSampler), and "
                "reset() forgets an interrupted test"
            )
        try:
            tick, time = state.clock(sample)
        except ValueError:
            self.forget([video_id])
            raise
        packet = FramePacket(
            sample,
            video_id,
            index,
            tick,
            is_searched(sample),
            time=time,
            frame_size=frame_size(sample, image),
            image=image,
        )
        state.next_frame += 1
        state.tick = tick + packet.searched
        packet.watchers = [observer for observer in self.observers if observer.wants(packet)]
        if packet.watchers:
            packet.records = {}
        return packet

    def encode(self, packets: Sequence[FramePacket]) -> None:
        """Run the frame encoder on the frames of a turn, together."""
        if self.frame_encoder is None:
            return
        readable = [p for p in packets if p.sample.get("frame_readable", True)]
        without = [p for p in readable if p.image is None]
        if without:
            raise ValueError(
                f"video {without[0].video_id}: the frame encoder needs the frames, and frame "
                f"{without[0].index} came without its image"
            )
        if readable:
            with torch.no_grad():
                features = self.frame_encoder.encode(readable)
            for packet, found in zip(readable, features, strict=True):
                packet.features = found

    def track(self, packet: FramePacket) -> list[FramePacket]:
        """Suppress, associate and finish the people of an admitted frame.

        Args:
            packet: With its ``people``.

        Returns:
            The frames of this video that are finished now.

        Raises:
            ValueError: People in a frame that was not searched.
        """
        state = self.videos[packet.video_id]
        if len(packet.people) and not packet.searched:
            raise ValueError(
                f"video {packet.video_id}: frame {packet.index} was not searched but has poses"
            )
        if self.skeleton is not None and packet.people.keypoints.shape[1] != len(self.skeleton):
            raise ValueError(
                f"video {packet.video_id}: frame {packet.index} has poses of "
                f"{packet.people.keypoints.shape[1]} keypoints; the data have "
                f"{len(self.skeleton)}: {', '.join(self.skeleton.keypoint_names)}"
            )
        self.thresholds.apply(packet)
        for part in self.suppression:
            kept = part(packet.people)
            if kept.dtype == bool:
                kept = np.flatnonzero(kept)
            if len(kept) < len(packet.people):
                packet.drop("suppression", kept)
        # Tracks do not age in frames in which nobody could be found: choice, since a data set
        # labels every fourth frame, or a file is broken, without telling anything of people.
        if packet.searched:
            self._associate(state, packet)
        else:
            state.buffer.announce(packet.people.track_ids, packet.people.track_ids)
        refined = [packet]
        if self.refinement is not None:
            refined = self.refinement.push(state.parts["refinement"], packet)
        packet.release_image()
        finished = self._finish(self._buffer(state, refined))
        if packet.index + 1 == state.num_frames:
            finished += self.end_video(packet.video_id)
        return finished

    def _associate(self, state: VideoState, packet: FramePacket) -> None:
        """Give the people ids, and notify all parts."""
        answer = self.association.step(state.parts["association"], packet)
        packet.people = answer.comparison.people
        lengths = answer.lengths
        users = self.refinement, self.merging, packet.records
        if any(user is not None for user in users):
            packet.comparison = answer.comparison
            if packet.records is not None:
                for observer in packet.watchers:
                    observer.associated(packet)
        if answer.rejected:
            for reason, rows in answer.rejected.items():
                packet.dropped[reason] += len(rows)
            tracked = answer.track_ids != UNTRACKED
            packet.people, lengths = packet.people[tracked], lengths[tracked]
            if packet.comparison is not None:
                packet.comparison = packet.comparison.select(tracked)
        state.buffer.end_tracks(answer.ended)
        state.buffer.announce(packet.people.track_ids, lengths)
        for name, part in self.watching_parts.items():
            part.observe(state.parts[name], packet)

    def _buffer(self, state: VideoState, refined: Sequence[FramePacket]) -> list[FramePacket]:
        """Keep frames until their tracks are decided."""
        finished = []
        for packet in refined:
            packet.comparison = None
            packet.people = packet.people.only_extras(INPUT_ROW, UNSEEN)
            finished += state.buffer.push(packet)
        return finished

    def _finish(self, packets: list[FramePacket]) -> list[FramePacket]:
        """The last step for frames that nothing changes any more."""
        for packet in packets:
            self.thresholds.apply_to_output(packet)
            for observer in packet.watchers:
                observer.finished(packet)
        return packets

    @staticmethod
    def output(packet: FramePacket) -> PoseDataSample:
        """The sample of a finished frame, with the results.

        Returns:
            The sample with ``pred_instances`` (``keypoints`` (M, K, 2), ``keypoint_scores``
            (M, K), ``bboxes`` (M, 4), ``bbox_scores`` (M,), ``track_ids`` (M,), and of a tracker
            that propagates ``unseen`` (M,), see :data:`UNSEEN`; numpy) and the metainfo
            ``dropped``: reason -> number of poses left out.
        """
        packet.sample.pred_instances = packet.people.to_instances()
        packet.sample.set_metainfo(dict(dropped=dict(packet.dropped)))
        return packet.sample
