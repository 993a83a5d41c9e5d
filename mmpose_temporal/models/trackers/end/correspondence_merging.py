"""CorrTrack's merging: poses of a track that ended are found again where another one begins."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from mmpose.registry import MODELS
from torch import nn

from mmpose_temporal.models.correspondences.carried import (
    FEATURE,
    CarriedPoses,
    FrameCorrespondences,
)
from mmpose_temporal.models.correspondences.compared_joints import (
    EARS,
    ComparedJoints,
    oks_of_points,
)
from mmpose_temporal.models.correspondences.letterbox import FrameEmbedding
from mmpose_temporal.models.parts import Shared
from mmpose_temporal.models.similarities import box_areas
from mmpose_temporal.structures import FramePacket, Skeleton, plain_state

from .scored_merging import ScoredMerging, TrackTable

DTYPES = {"float32": torch.float32, "float16": torch.float16}
"""Types in which embeddings are kept."""


@plain_state
@dataclass(slots=True, eq=False)
class KeptPose:
    """A pose of a track.

    Attributes:
        tick: Of its frame.
        keypoints: (K, 2), pixels.
        scores: (K,).
        area: Of its box, pixels squared.
    """

    tick: int
    keypoints: np.ndarray
    scores: np.ndarray
    area: float


@plain_state
@dataclass(slots=True, eq=False)
class KeptTrack:
    """Some poses of a track, at most four, from which the three of Eq. 2 are taken.

    The centre of a track is known only at its end. So beside the first and the last pose those
    are kept that are ``step`` and 2 ``step`` poses after the first, and ``step`` is doubled once
    the track is 4 ``step`` poses longer than one: the nearer of the two to the centre is at most
    a quarter of the track's length away from it (choice).

    Attributes:
        first: The first pose.
        last: The last pose so far.
        between: Number of poses after the first one -> pose.
        step: See above.
        count: Number of poses after the first one.
    """

    first: KeptPose
    last: KeptPose
    between: dict = field(default_factory=dict)
    step: int = 1
    count: int = 0

    def add(self, pose: KeptPose) -> None:
        """Add the track's next pose."""
        self.count += 1
        self.last = pose
        if self.count == 4 * self.step:
            self.step *= 2
            self.between = {self.step: self.between[self.step]}
        if self.count in (self.step, 2 * self.step):
            self.between[self.count] = pose

    def three(self) -> tuple[KeptPose, KeptPose, KeptPose]:
        """The first pose, one near the centre, and the last, some the same in a short track."""
        places = {0: self.first, **self.between, self.count: self.last}
        centre = min(places, key=lambda place: abs(2 * place - self.count))
        return self.first, places[centre], self.last

    def ticks(self) -> set[int]:
        """Of the frames that the kept poses are in."""
        return {pose.tick for pose in (self.first, self.last, *self.between.values())}


@plain_state
@dataclass(slots=True, eq=False)
class KeptTracks:
    """The tracks of a video, and the embeddings of the frames that their kept poses are in.

    Attributes:
        tracks: Track id -> its poses.
        frames: Tick -> embedding.
    """

    tracks: dict = field(default_factory=dict)
    frames: dict = field(default_factory=dict)


@MODELS.register_module()
class CorrespondenceMerging(ScoredMerging):
    """Joins tracks of one person across a time in which nobody found them (CorrTrack).

    Rafi et al., ECCV 2020, supplement D. For a track that ended before another began, its poses
    at its start, centre and end are found again in the first frame of the other one; the score of
    the two (Eq. 2) is the mean of the three object keypoint similarities with its first pose. A
    joint of that pose that no correspondence shows does not agree (choice: else a pose of which
    one joint is found again would score highest).

    The embeddings of at most four frames per track are kept. The tracker needs a
    :class:`CorrespondenceEncoder`; the similarity may be any.

    Args:
        min_similarity: Lowest score of a join, in (0, 1] (choice, the paper gives none).
        corr_thr: Confidence from which a correspondence counts, in (0, 1).
        joint_thr: Score from which a joint of a pose counts.
        max_gap: See :class:`ScoredMerging`; None: any, as in the paper.
        max_gap_seconds: See :class:`ScoredMerging`.
        min_poses: See :class:`ScoredMerging`.
        screen: Refine the correspondences of those pairs only that score at least this by the
            affinities before the refinement, in [0, 1] (choice: the number of pairs grows with
            the square of the tracks, and the refinement is the dear part). 0: of all pairs.
        dtype: ``'float16'`` or ``'float32'``, of the embeddings that are kept.
        skip_joints: Names of joints that are not compared.
        sigmas: See :class:`OKSSimilarity`.

    Raises:
        ValueError: An option out of its range.
    """

    needs_frame_encoder = True

    def __init__(
        self,
        *,
        min_similarity: float = 0.3,
        corr_thr: float = 0.3,
        joint_thr: float = 0.1,
        max_gap: int | None = None,
        max_gap_seconds: float | None = None,
        min_poses: int = 1,
        screen: float = 0.1,
        dtype: str = "float16",
        skip_joints: Sequence[str] = EARS,
        sigmas: Sequence[float] | None = None,
    ):
        super().__init__(
            min_similarity=min_similarity,
            max_gap=max_gap,
            max_gap_seconds=max_gap_seconds,
            min_poses=min_poses,
        )
        if not (0 < min_similarity <= 1 and 0 < corr_thr < 1 and 0 <= joint_thr <= 1):
            raise ValueError(
                "min_similarity must be in (0, 1], corr_thr in (0, 1) and joint_thr in [0, 1], "
                f"got {min_similarity}, {corr_thr}, {joint_thr}"
            )
        if not 0 <= screen <= min_similarity:
            raise ValueError(
                f"screen must be in [0, min_similarity = {min_similarity}], got {screen}"
            )
        if dtype not in DTYPES:
            raise ValueError(f"dtype must be one of {', '.join(DTYPES)}, got {dtype!r}")
        self.corr_thr = corr_thr
        self.joint_thr = max(joint_thr, float(np.finfo(np.float32).tiny))
        self.screen = screen
        self.dtype = DTYPES[dtype]
        self.joints = ComparedJoints(skip_joints, sigmas)

    def bind(self, tracker: nn.Module) -> None:
        """Take the tracker's frame encoder.

        Raises:
            ValueError: It is no :class:`CorrespondenceEncoder`.
        """
        self.joints.bind(tracker.frame_encoder, type(self).__name__)

    def use_skeleton(self, skeleton: Skeleton) -> None:
        """Take the sigmas of the data, unless the option gives some."""
        self.joints.use_skeleton(skeleton)

    def start(self) -> KeptTracks:
        """See :class:`ScoredMerging`."""
        return KeptTracks()

    def keep(self, kept: KeptTracks, packet: FramePacket) -> None:
        """See :class:`ScoredMerging`."""
        people = packet.people
        if not len(people):
            return
        embedding = packet.features[FEATURE].embedding
        kept.frames[packet.tick] = FrameEmbedding(
            embedding.maps.to(self.dtype),
            embedding.scale,
            embedding.stride,
            embedding.frame_size,
        )
        areas = box_areas(people.boxes)
        for i, track in enumerate(people.track_ids.tolist()):
            pose = KeptPose(
                packet.tick, people.keypoints[i], people.keypoint_scores[i], float(areas[i])
            )
            if track in kept.tracks:
                kept.tracks[track].add(pose)
            else:
                kept.tracks[track] = KeptTrack(pose, pose)
        needed = set().union(*(track.ticks() for track in kept.tracks.values()))
        kept.frames = {tick: kept.frames[tick] for tick in sorted(needed)}

    def scores(self, kept: KeptTracks, tracks: TrackTable, pairs: np.ndarray) -> np.ndarray:
        """See :class:`ScoredMerging`: S_match of Eq. 2."""
        scores = np.full(pairs.shape, np.nan, np.float32)
        network = Shared(self.joints.encoder.module.network)
        frames = {t: _float32(frame) for t, frame in kept.frames.items()}
        for tick in np.unique(tracks.firsts[pairs.any(0)]).tolist():
            columns = np.flatnonzero((tracks.firsts == tick) & pairs.any(0))
            rows = np.flatnonzero(pairs[:, columns].any(1))
            now = FrameCorrespondences(network, frames[tick])
            earlier = [kept.tracks[track] for track in tracks.ids[rows].tolist()]
            later = [kept.tracks[track].first for track in tracks.ids[columns].tolist()]
            if self.screen and network.module.refinement is not None:
                raw = self._matches(earlier, later, frames, now.affinities)
                good = ((raw >= self.screen) & pairs[np.ix_(rows, columns)]).any(1)
                rows, earlier = rows[good], [earlier[i] for i in np.flatnonzero(good)]
            scores[np.ix_(rows, columns)] = self._matches(earlier, later, frames, now.carry)
        return scores

    def _matches(
        self,
        earlier: list[KeptTrack],
        later: list[KeptPose],
        frames: dict[int, FrameEmbedding],
        carry: Callable[..., CarriedPoses],
    ) -> np.ndarray:
        """(Q, P) Eq. 2 of Q tracks with P poses of one frame, into which ``carry`` takes poses."""
        keypoints = np.stack([pose.keypoints for pose in later])
        scores = np.stack([pose.scores for pose in later])
        areas = np.array([pose.area for pose in later], np.float32)
        keypoints, seen = self.joints.pick(keypoints, scores >= self.joint_thr)
        matches = np.zeros((len(earlier), len(later)), np.float32)
        for tick, rows, poses in _by_frame(earlier):
            places = np.stack([pose.keypoints for pose in poses])
            asked = np.stack([pose.scores for pose in poses]) >= self.joint_thr
            carried = carry(frames[tick], places, asked)
            found = (carried.scores >= self.corr_thr) & self.joints.compared
            similar = oks_of_points(
                carried.points, found, keypoints, seen, areas, self.joints.sigmas, missing=True
            )
            np.add.at(matches, rows, similar / 3)
        return matches


def _by_frame(tracks: list[KeptTrack]) -> Iterator[tuple[int, list[int], list[KeptPose]]]:
    """The three poses of each track by their frames: tick, rows of the tracks, poses."""
    frames: dict[int, list[tuple[int, KeptPose]]] = defaultdict(list)
    for row, track in enumerate(tracks):
        for pose in track.three():
            frames[pose.tick].append((row, pose))
    for tick in sorted(frames):
        rows, poses = zip(*frames[tick], strict=True)
        yield tick, list(rows), list(poses)


def _float32(frame: FrameEmbedding) -> FrameEmbedding:
    return FrameEmbedding(frame.maps.float(), frame.scale, frame.stride, frame.frame_size)
