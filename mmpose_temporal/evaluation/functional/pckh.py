"""From the people of a video to joint matches by PCKh, the ground that all figures stand on.

P annotated and R predicted people in all frames, Q pairs of an annotated and a predicted person of
the same frame.

Source: Andriluka et al., 2D Human Pose Estimation, CVPR 2014 (PCKh); PoseTrack's evaluation
(Andriluka et al., PoseTrack, CVPR 2018, section 4).
"""

from dataclasses import dataclass, replace

import numpy as np

from .ignore_regions import points_in_regions
from .inputs import People, VideoInput

PCKH_THRESHOLD = 0.5
"""A joint matches within this share of the head size."""

HEAD_SHARE = 0.6
"""Head size over the diagonal of the head box."""

BBOX_SHARE = 0.1
"""Size over the diagonal of the person's box, if there is no head box.

Choice: near the head size. Of the 4,207 people of Multi-Person PoseTrack's validation videos the
head size is 0.092 of the annotated box's diagonal in the median, 0.083 to 0.104 for half of them.
"""

PROTOCOLS = ("poseval", "strict")
"""Names of the evaluation protocols, see :mod:`~.posetrack`."""


NORM_ITEMS = ("head", "bbox")
"""What joint distances are measured in."""


def check_norm(norm_item: str | None, bbox_share: float) -> None:
    """Options that say what joint distances are measured in.

    Raises:
        ValueError: An unknown item, a share that is not positive, or one that does nothing.
    """
    if norm_item is not None and norm_item not in NORM_ITEMS:
        raise ValueError(f"norm_item must be one of {NORM_ITEMS} or None, got {norm_item!r}")
    if not 0 < bbox_share < np.inf:
        raise ValueError(f"bbox_share must be positive, got {bbox_share}")
    if norm_item == "head" and bbox_share != BBOX_SHARE:
        raise ValueError("bbox_share goes with norm_item='bbox'; with 'head' it does nothing")


def head_sizes(head_boxes: np.ndarray) -> np.ndarray:
    """Head sizes of PCKh: 0.6 times the diagonal of the head box.

    Args:
        head_boxes: (M, 4) xyxy, pixels.

    Returns:
        (M,) float64, pixels; NaN if the box is NaN.
    """
    return HEAD_SHARE * _diagonals(head_boxes)


def bbox_sizes(boxes: np.ndarray, share: float = BBOX_SHARE) -> np.ndarray:
    """Sizes to measure joint distances in where people have no head box.

    Choice: a share of the diagonal of the person's box, see :data:`BBOX_SHARE`. A box that a
    frame's border cuts off gives a smaller size than the whole person would.

    Args:
        boxes: (M, 4) xyxy, pixels.
        share: Of the diagonal.

    Returns:
        (M,) float64, pixels; NaN if the box is NaN.
    """
    return share * _diagonals(boxes)


def _diagonals(boxes: np.ndarray) -> np.ndarray:
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    extent = boxes[:, 2:] - boxes[:, :2]
    return np.sqrt((extent**2).sum(1))


@dataclass(frozen=True, eq=False)
class ScoredVideo:
    """The people of the frames of a video that are scored.

    Attributes:
        num_frames: Number of scored frames; they are numbered from 0 without gaps.
        truth: Annotated people, ignore regions taken out.
        predicted: Predicted people, ignore regions and low scores taken out.
    """

    num_frames: int
    truth: People
    predicted: People


def select_scored(
    video: VideoInput, *, score_thr: float = -np.inf, protocol: str = "poseval"
) -> ScoredVideo:
    """Drop the joints with a low score, the frames and the joints that are not scored.

    With ``protocol='poseval'`` the quirks of that program are kept:

    - A frame without annotated people is dropped with its predictions, whether it is labelled
      (an empty scene) or not, unless it is ``listed`` (:class:`~.inputs.GroundTruthFrame`).
    - In a frame that has ignore regions a person whose joints are all inside, or who has no joint
      at all, is removed; in other frames a person without joints stays, which decides whether a
      frame counts as one without predictions.

    With ``'strict'`` a frame is scored if it is labelled or has people.

    Args:
        video: The video.
        score_thr: Predicted joints with a score below it are dropped.
        protocol: ``'poseval'`` or ``'strict'``.
    """
    people = np.bincount(video.truth_people.frames, minlength=len(video.ground_truth)) > 0
    listed = np.array([frame.listed for frame in video.ground_truth], bool)
    scored = people | listed
    if protocol == "strict":
        scored = people | _labeled(video)
    return _select(video, scored, score_thr)


def select_labeled(video: VideoInput, *, score_thr: float = -np.inf) -> ScoredVideo:
    """As :func:`select_scored`, of the frames that are labelled, with people or without."""
    return _select(video, _labeled(video), score_thr)


def _labeled(video: VideoInput) -> np.ndarray:
    return np.array([frame.labeled for frame in video.ground_truth], bool)


def _select(video: VideoInput, scored: np.ndarray, score_thr: float) -> ScoredVideo:
    """Keep the frames of a mask (T,) bool, and in them what is scored."""
    truth, predicted = video.truth_people, video.predicted_people
    present = predicted.present & (predicted.scores >= score_thr)
    predicted = replace(predicted, present=present)
    truth = _outside_regions(_of_frames(truth, scored), video)
    predicted = _outside_regions(_of_frames(predicted, scored), video)
    number = np.cumsum(scored) - 1
    return ScoredVideo(
        num_frames=int(scored.sum()),
        truth=replace(truth, frames=number[truth.frames]),
        predicted=replace(predicted, frames=number[predicted.frames]),
    )


def _rows(people: People, rows: np.ndarray) -> People:
    """Select people by a mask or by indices."""
    changes = {k: v[rows] for k, v in vars(people).items() if v is not None}
    return replace(people, **changes)


def _of_frames(people: People, frames: np.ndarray) -> People:
    """People of the frames of a mask (T,) bool."""
    keep = frames[people.frames]
    return people if keep.all() else _rows(people, keep)


def _outside_regions(people: People, video: VideoInput) -> People:
    """Take the joints inside ignore regions out, and with them people who are left without any."""
    has_regions = np.array([len(frame.ignore_regions) > 0 for frame in video.ground_truth], bool)
    if not has_regions.any():
        return people
    present = people.present.copy()
    for frame in np.flatnonzero(has_regions):
        rows = slice(*np.searchsorted(people.frames, [frame, frame + 1]))
        regions = video.ground_truth[frame].ignore_regions
        present[rows] &= ~points_in_regions(people.keypoints[rows], regions)
    keep = present.any(1) | ~has_regions[people.frames]
    return _rows(replace(people, present=present), keep)


@dataclass(frozen=True, eq=False)
class JointMatches:
    """All pairs of people of a video with the distances of their joints.

    Every figure is counted from it: AP by people, CLEAR-MOT by joint and frame.

    Attributes:
        scored: The people that the rows below point to.
        pair_truth: (Q,) int64, rows of ``scored.truth``, ordered by frame.
        pair_predicted: (Q,) int64, rows of ``scored.predicted``.
        distances: (Q, J) float64, joint distance over head size; inf if one of the two joints
            is absent.
        matched: (Q, J) bool, distance within :data:`PCKH_THRESHOLD`.
    """

    scored: ScoredVideo
    pair_truth: np.ndarray
    pair_predicted: np.ndarray
    distances: np.ndarray
    matched: np.ndarray


def match_joints(scored: ScoredVideo) -> JointMatches:
    """Measure every pair of an annotated and a predicted person of the same frame.

    Pairs are ordered by frame, then predicted person, then annotated person.
    """
    truth, predicted = scored.truth, scored.predicted
    num_truth = np.bincount(truth.frames, minlength=scored.num_frames)
    first_truth = np.cumsum(num_truth) - num_truth
    partners = num_truth[predicted.frames]
    pair_predicted = np.repeat(np.arange(len(predicted)), partners)
    within = np.arange(len(pair_predicted)) - np.repeat(np.cumsum(partners) - partners, partners)
    pair_truth = np.repeat(first_truth[predicted.frames], partners) + within

    difference = truth.keypoints[pair_truth] - predicted.keypoints[pair_predicted]
    both = truth.present[pair_truth] & predicted.present[pair_predicted]
    with np.errstate(divide="ignore", invalid="ignore"):  # head size 0, absent joints
        distances = np.sqrt((difference**2).sum(-1)) / truth.head_sizes[pair_truth, None]
    distances = np.where(both, distances, np.inf)
    return JointMatches(
        scored=scored,
        pair_truth=pair_truth,
        pair_predicted=pair_predicted,
        distances=distances,
        matched=distances <= PCKH_THRESHOLD,
    )


def assign_people(matches: JointMatches) -> np.ndarray:
    """Give each annotated person at most one predicted person, greedily by PCKh.

    PCKh of a pair is the share of the annotated joints that the predicted person matches. Each
    predicted person claims the annotated person of its highest PCKh; of several claims the
    highest wins; the losers stay without partner. Ties go to the person listed first.

    Returns:
        (R,) int64: the pair (index into ``matches.pair_truth``) of each predicted person, or -1.
    """
    num_joints = matches.scored.truth.present.sum(1)[matches.pair_truth]
    pckh = matches.matched.sum(1) / np.maximum(num_joints, 1)
    claims = _first_best(matches.pair_predicted, pckh)
    claims = claims[pckh[claims] > 0]
    won = claims[_first_best(matches.pair_truth[claims], pckh[claims])]
    assigned = np.full(len(matches.scored.predicted), -1)
    assigned[matches.pair_predicted[won]] = won
    return assigned


def _first_best(groups: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Index of the highest value of each group; the first of several."""
    order = np.lexsort((-values, groups))
    _, first = np.unique(groups[order], return_index=True)
    return order[first]
