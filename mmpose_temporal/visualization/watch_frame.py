"""What a tracker with its own estimator did in one frame of a video, for pictures of it."""

from dataclasses import dataclass

import numpy as np
from mmengine.dataset import pseudo_collate
from mmpose.structures import PoseDataSample
from rich.progress import track

from mmpose_temporal.datasets import PoseTrackVideoDataset
from mmpose_temporal.models.trackers import PoseTracker, RefinementRecord, TemporalRefinement
from mmpose_temporal.structures import POSETRACK18, UNTRACKED, FramePacket, Skeleton, is_searched

from .frame_matches import FrameMatches, MatchesObserver


@dataclass(frozen=True, slots=True)
class KeypointChange:
    """How refinement changed a keypoint.

    Attributes:
        track_id: The person.
        keypoint: k.
        moved: Another candidate has the highest response now.
        gain: If it moved, the refined response of the new candidate minus that of the old one;
            otherwise the refined response of the candidate minus that of the heatmap.
    """

    track_id: int
    keypoint: int
    moved: bool
    gain: float


@dataclass(frozen=True, slots=True)
class WatchedFrame:
    """What a tracker did in a frame.

    Attributes:
        index: Position of the frame in the video.
        previous: Position of the previous frame with detection; None: there is none.
        matches: What association compared; keypoints are the estimator's.
        record: How refinement changed the poses; None if the tracker refines nothing.
        skeleton: Of the poses.
    """

    index: int
    previous: int | None
    matches: FrameMatches
    record: RefinementRecord | None
    skeleton: Skeleton = POSETRACK18

    def largest_change(
        self, *, track_id: int | None = None, keypoint: int | None = None
    ) -> KeypointChange:
        """The keypoint that refinement changed most.

        Of those that moved the one with the largest gain; if none moved, the one with the
        largest change of its response. Keypoints that are absent are not refined.

        Args:
            track_id: Only this person.
            keypoint: Only this keypoint. None: the scored ones, since PoseTrack18 never annotates
                ears, so that their responses are never trained.

        Raises:
            ValueError: Nothing was refined; there is no such person or keypoint, or it is absent.
        """
        if self.record is None:
            raise ValueError("the tracker refines nothing")
        poses = self.matches.poses
        present = poses.keypoint_scores[poses.track_ids != UNTRACKED] > 0
        asked = np.ones_like(present)
        if track_id is not None:
            asked &= (self.record.track_ids == track_id)[:, None]
            if not asked.any():
                ids = ", ".join(map(str, sorted(self.record.track_ids.tolist())))
                raise ValueError(
                    f"no person in frame {self.index} has the track id {track_id}; there are {ids}"
                )
        if keypoint is None:
            asked &= np.isin(np.arange(present.shape[1]), self.skeleton.scored)
        else:
            if not 0 <= keypoint < present.shape[1]:
                raise ValueError(
                    f"keypoints are 0 to {present.shape[1] - 1}, there is no {keypoint}"
                )
            asked &= np.arange(present.shape[1]) == keypoint
        asked &= present
        if not asked.any():
            raise ValueError(
                f"the keypoint is absent in frame {self.index} (its score is 0 or under "
                "keypoint_score_thr), so it was not refined"
            )
        return self._largest(asked)

    def _largest(self, asked: np.ndarray) -> KeypointChange:
        """Of (M, K) keypoints; candidate 0 is the keypoint as the estimator predicted it."""
        before, after = self.record.before[..., 0], self.record.after
        moved = asked & (after.argmax(-1) > 0)
        some = bool(moved.any())
        gain = after.max(-1) - after[..., 0] if some else after[..., 0] - before
        size = np.where(moved if some else asked, np.abs(gain), -np.inf)
        row, k = map(int, np.unravel_index(size.argmax(), size.shape))
        return KeypointChange(int(self.record.track_ids[row]), k, some, float(gain[row, k]))


def watch_frame(
    tracker: PoseTracker, dataset: PoseTrackVideoDataset, index: int, *, progress: bool = True
) -> WatchedFrame:
    """Track a video until a frame is finished, and report what was done in it.

    The frame is finished once refinement has seen the following frames that it needs; later ones
    are not tracked.

    Args:
        tracker: From :func:`build_pose_tracker`; videos that it has open are forgotten.
        dataset: The video alone, from :func:`load_test_video`.
        index: Position of the frame in the video.
        progress: Show a progress bar.

    Raises:
        ValueError: There is no such frame; it cannot be read, people are not detected in it, or it
            has no people.
    """
    if not 0 <= index < len(dataset):
        raise ValueError(f"the video has the frames 0 to {len(dataset) - 1}, there is no {index}")
    refinement = tracker.refinement
    tau = refinement.tau if isinstance(refinement, TemporalRefinement) else 0
    looked_ahead = tau if tau and refinement.context else 0
    expected = min(index + looked_ahead + 1, len(dataset))
    previous, watched = None, FrameObserver(index)
    tracker.reset()
    tracker.observers.append(watched)
    try:
        for position in track(
            range(len(dataset)), "Tracking", total=expected, disable=not progress
        ):
            if watched.answer is not None:
                break
            item = dataset[position]
            if position == index:
                require_searched(item["data_samples"])
            elif position < index and is_searched(item["data_samples"]):
                previous = position
            tracker.test_step(pseudo_collate([item]))
    finally:
        tracker.observers.remove(watched)
        tracker.reset()
    if not len(watched.found.poses):
        dropped = watched.answer.dropped.items()
        note = ", ".join(f"{reason} {n}" for reason, n in sorted(dropped))
        raise ValueError(
            f"nobody was found in frame {index}" + (f"; left out: {note}" if note else "")
        )
    record = watched.answer.records.get("refinement")
    skeleton = Skeleton.from_metainfo(dataset.metainfo)
    return WatchedFrame(index, previous, watched.found, record, skeleton)


class FrameObserver(MatchesObserver):
    """Watches one frame of a video until it is finished.

    Args:
        index: Position of the frame in the video.

    Attributes:
        answer: The finished frame; None: it is not finished yet.
    """

    def __init__(self, index: int):
        super().__init__(index)
        self.answer: FramePacket | None = None

    def finished(self, packet: FramePacket) -> None:
        """See :class:`Observer`."""
        self.answer = packet


def frame_image(dataset: PoseTrackVideoDataset, index: int) -> np.ndarray:
    """A frame of a video, (H, W, 3) uint8 RGB, as the tracker sees it.

    Args:
        dataset: From :func:`load_test_video`.
        index: Position of the frame in the video.
    """
    return dataset[index]["inputs"].numpy()[..., ::-1]


def require_searched(sample: PoseDataSample) -> None:
    """Refuse a frame in which people are not detected.

    Raises:
        ValueError: The reason.
    """
    if not sample.get("frame_readable", True):
        raise ValueError(f"frame {sample.frame_index} cannot be read: {sample.img_path}")
    if not is_searched(sample):
        raise ValueError(
            f"frame {sample.frame_index} has no labels, and the data set offers annotated boxes "
            "only (box_source='gt'): nobody is looked for in it"
        )
