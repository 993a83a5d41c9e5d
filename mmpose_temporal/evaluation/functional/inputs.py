"""What the evaluation is given: the annotated and the predicted people of whole videos.

M is the number of people in a frame, T the frames of a video, P the people of all its frames.
J is the number of joints that are scored: 15 of PoseTrack's 17 keypoints, in the order of
:data:`mmpose_temporal.structures.SCORED_KEYPOINTS`, unless the video says otherwise
(:class:`~.scored_joints.ScoredJoints`). Coordinates are image pixels; the centre of the top-left
pixel is (0, 0).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from .scored_joints import POSETRACK_JOINTS, ScoredJoints


@dataclass(frozen=True, eq=False)
class GroundTruthFrame:
    """Annotated people of one frame; checked when a :class:`VideoInput` is made of it.

    Attributes:
        keypoints: (M, J, 2), pixels; anything where not ``visible``.
        visible: (M, J) bool, True where the joint is annotated.
        head_sizes: (M,), pixels, see :func:`~.pckh.head_sizes`, or another length that joint
            distances are measured in, see :func:`~.pckh.bbox_sizes`. At a size of 0 no prediction
            matches the person.
        track_ids: (M,) integers, not negative, unique within the frame.
        ignore_regions: Polygons, each (V, 2) in pixels with V >= 3, or V = 0 (nothing is inside):
            joints inside are not scored.
        labeled: Whether the frame was annotated at all. A frame that has people counts in any
            case; the flag tells an empty scene from a frame without annotations.
        listed: The file lists people here, whether they have joints or not: poseval scores such a
            frame even if none is left (PoseTrack17 files list people without joints, which it
            drops). Set by the reader of such files; people in the arrays need no flag.
        hidden: (M, J) bool, True where an annotated joint is hidden by something; anything where
            it is not annotated. None: not known.
    """

    keypoints: np.ndarray
    visible: np.ndarray
    head_sizes: np.ndarray
    track_ids: np.ndarray
    ignore_regions: Sequence[np.ndarray] = ()
    labeled: bool = True
    listed: bool = False
    hidden: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class PredictionFrame:
    """Predicted people of one frame; checked when a :class:`VideoInput` is made of it.

    PoseTrack's figures use the scores of the joints only; a score of the whole person plays no
    part in them, so there is none here.

    Attributes:
        keypoints: (M, J, 2), pixels; anything where not ``present``.
        present: (M, J) bool, True where the joint is predicted.
        scores: (M, J), any finite range: AP sorts by them.
        track_ids: (M,) integers, not negative, unique within the frame.
    """

    keypoints: np.ndarray
    present: np.ndarray
    scores: np.ndarray
    track_ids: np.ndarray


@dataclass(frozen=True, eq=False)
class People:
    """People of all frames of a video, one row per person, ordered by frame.

    Attributes:
        frames: (P,) int64, frame of each person.
        keypoints: (P, J, 2) float64, pixels.
        present: (P, J) bool: annotated or predicted.
        track_ids: (P,) int64.
        head_sizes: (P,) float64, pixels (ground truth; None for predictions).
        scores: (P, J) float64 (predictions; None for ground truth).
        hidden: (P, J) bool (ground truth), None if it is not known of some person.
    """

    frames: np.ndarray
    keypoints: np.ndarray
    present: np.ndarray
    track_ids: np.ndarray
    head_sizes: np.ndarray | None = None
    scores: np.ndarray | None = None
    hidden: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.frames)


@dataclass(frozen=True, eq=False)
class VideoInput:
    """Ground truth and predictions of all T frames of one video, validated.

    Attributes:
        video_id: Name of the video, used in error texts.
        ground_truth: T frames, in order.
        predictions: The same T frames, in order.
        joints: The joints that the arrays hold. Default: PoseTrack's 15.
        truth_people: All annotated people (made here).
        predicted_people: All predicted people (made here).

    Raises:
        ValueError: The numbers of frames differ; an array has a wrong shape (for example 17
            keypoints where the 15 scored ones are wanted); a track id is negative, no integer or
            repeated in its frame; a present keypoint or its score is NaN or infinite; a head size
            is negative, NaN or infinite; an ignore region is no polygon. The text names the video
            and the frame.
    """

    video_id: str
    ground_truth: Sequence[GroundTruthFrame]
    predictions: Sequence[PredictionFrame]
    joints: ScoredJoints = POSETRACK_JOINTS
    truth_people: People = field(init=False, repr=False)
    predicted_people: People = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.ground_truth) != len(self.predictions):
            raise ValueError(
                f"video {self.video_id!r}: the ground truth has {len(self.ground_truth)} frames, "
                f"the prediction has {len(self.predictions)}; give every frame to both, "
                "without people where there are none"
            )
        count = len(self.joints)
        truth = _Side(self.video_id, "ground truth", self.ground_truth, self.joints)
        people = People(
            frames=truth.frames,
            keypoints=truth.stack("keypoints", (count, 2), np.float64),
            present=truth.stack("visible", (count,), bool),
            track_ids=truth.track_ids(),
            head_sizes=truth.stack("head_sizes", (), np.float64),
            hidden=truth.stack_known("hidden", (count,), bool),
        )
        truth.check_finite(people.keypoints, people.present, "keypoints")
        truth.reject(
            ~(np.isfinite(people.head_sizes) & (people.head_sizes >= 0)),
            "head_sizes",
            "is not a size in pixels; PCKh needs a head box for every annotated person "
            "(norm_item='bbox' measures by the person's box instead)",
            people.head_sizes,
        )
        object.__setattr__(self, "truth_people", people)
        side = _Side(self.video_id, "prediction", self.predictions, self.joints)
        people = People(
            frames=side.frames,
            keypoints=side.stack("keypoints", (count, 2), np.float64),
            present=side.stack("present", (count,), bool),
            track_ids=side.track_ids(),
            scores=side.stack("scores", (count,), np.float64),
        )
        side.check_finite(people.keypoints, people.present, "keypoints")
        side.check_finite(people.scores, people.present, "scores")
        object.__setattr__(self, "predicted_people", people)
        self._check_regions()

    def _check_regions(self) -> None:
        for index, frame in enumerate(self.ground_truth):
            for region in frame.ignore_regions:
                corners = np.asarray(region)
                shape = corners.shape
                shaped = len(shape) == 2 and shape[1] == 2 and (shape[0] >= 3 or shape[0] == 0)
                if not shaped or not np.isfinite(corners).all():
                    raise ValueError(
                        f"video {self.video_id!r}, frame {index}: ignore_regions must be polygons "
                        "of shape (V, 2) with three or more finite corners, "
                        f"got {corners.tolist()}"
                    )


class _Side:
    """Stacks and checks the frames of one side (ground truth or prediction) of a video."""

    def __init__(self, video_id: str, name: str, frames: Sequence, joints: ScoredJoints) -> None:
        self.video_id, self.name, self._frames = video_id, name, frames
        self.joints = joints
        ids = [np.asarray(frame.track_ids) for frame in frames]
        for index, value in enumerate(ids):
            if value.ndim != 1 or not (value.dtype.kind in "iu" or value.size == 0):
                raise ValueError(
                    f"{self._where(index)}: track_ids must be integers of shape (M,), "
                    f"got {value.dtype} of shape {value.shape}"
                )
        self._ids = ids
        self.frames = np.repeat(np.arange(len(ids)), [len(value) for value in ids])

    def _where(self, frame: int) -> str:
        return f"video {self.video_id!r}, frame {frame}: {self.name}"

    def stack(self, name: str, tail: tuple[int, ...], dtype: type) -> np.ndarray:
        """Concatenate a field of all frames, (P, *tail)."""
        values = [np.asarray(getattr(frame, name)) for frame in self._frames]
        return self._concatenated(name, values, tail, dtype)

    def stack_known(self, name: str, tail: tuple[int, ...], dtype: type) -> np.ndarray | None:
        """As :meth:`stack`; None if a frame with people does not have the field."""
        values = [getattr(frame, name) for frame in self._frames]
        if any(v is None and len(ids) for v, ids in zip(values, self._ids, strict=True)):
            return None
        values = [np.zeros((0, *tail)) if v is None else np.asarray(v) for v in values]
        return self._concatenated(name, values, tail, dtype)

    def _concatenated(
        self, name: str, values: list[np.ndarray], tail: tuple[int, ...], dtype: type
    ) -> np.ndarray:
        for index, (value, ids) in enumerate(zip(values, self._ids, strict=True)):
            if value.shape != (len(ids), *tail):
                raise ValueError(
                    f"{self._where(index)} {name} has the shape {value.shape}, expected "
                    f"{(len(ids), *tail)}: one row per track id, and the {len(self.joints)} "
                    f"scored keypoints {', '.join(self.joints.names)}"
                )
        if not values:
            return np.zeros((0, *tail), dtype)
        return np.concatenate(values).astype(dtype)

    def track_ids(self) -> np.ndarray:
        """(P,) int64 track ids, checked."""
        ids = np.concatenate([np.zeros(0, np.int64), *self._ids]).astype(np.int64)
        self.reject(ids < 0, "track_ids", "is negative; every scored person needs a track id", ids)
        order = np.lexsort((ids, self.frames))
        repeated = np.zeros(len(ids), bool)
        repeated[order[1:]] = (np.diff(ids[order]) == 0) & (np.diff(self.frames[order]) == 0)
        self.reject(repeated, "track_ids", "is repeated within the frame", ids)
        return ids

    def check_finite(self, values: np.ndarray, present: np.ndarray, name: str) -> None:
        """Reject NaN and infinity where a joint is present."""
        broken = ~np.isfinite(values)
        bad = present & (broken if broken.ndim == 2 else broken.any(-1))
        joint = bad.argmax(1)
        texts = np.array(self.joints.names)[joint]
        self.reject(bad.any(1), name, "has a present keypoint that is NaN or infinite", texts)

    def reject(self, bad: np.ndarray, name: str, why: str, values: np.ndarray) -> None:
        """Raise for the first person of ``bad`` (P,) bool."""
        if not bad.any():
            return
        row = int(bad.argmax())
        frame = int(self.frames[row])
        person = row - int(np.searchsorted(self.frames, frame))
        raise ValueError(f"{self._where(frame)} {name} of person {person} ({values[row]}) {why}")


def pair_videos(
    ground_truth: Mapping[str, Sequence[GroundTruthFrame]],
    predictions: Mapping[str, Sequence[PredictionFrame]],
    *,
    joints: ScoredJoints = POSETRACK_JOINTS,
) -> list[VideoInput]:
    """Pair the ground truth and the predictions of the same videos.

    Args:
        ground_truth: Frames of each video, by video id.
        predictions: Frames of each video, by video id.
        joints: The joints that the arrays hold.

    Returns:
        The videos, sorted by id.

    Raises:
        ValueError: The two sides hold different videos (missing and extra ones are named), or a
            video is not valid (see :class:`VideoInput`).
    """
    missing = sorted(ground_truth.keys() - predictions.keys())
    extra = sorted(predictions.keys() - ground_truth.keys())
    if missing or extra:
        raise ValueError(
            "ground truth and predictions are of different videos: "
            f"missing predictions of {missing}, predictions without ground truth {extra}"
        )
    return [
        VideoInput(name, ground_truth[name], predictions[name], joints)
        for name in sorted(ground_truth)
    ]
