"""Places in heatmaps to learn from, and pairs of them (TKMR section 3.2, Fig. 4)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from mmpose_temporal.models.heads.candidates import KeypointCandidates

from .clip_pairs import ClipPairs


def training_candidates(
    maxima: KeypointCandidates,
    heatmaps: Tensor,
    locations: Tensor,
    visible: Tensor,
    *,
    kernel: int = 3,
) -> KeypointCandidates:
    """The annotated place first, then local maxima of the predicted heatmap: places to match.

    Maxima within the window of the non-maximum suppression around the annotated place are
    suppressed by it, since it is the first of the list: they are the same place, and would be
    wrong as negatives.

    Args:
        maxima: (N, K, n) local maxima of ``heatmaps``.
        heatmaps: (N, K, H, W) float, predicted.
        locations: (N, K, 2) float, annotated places, x and y in heatmap cells; the nearest cell
            is taken.
        visible: (N, K) bool, annotated and inside the heatmap. Elsewhere the first candidate is
            none.
        kernel: Side of the suppression's window in cells, odd.

    Returns:
        (N, K, 1 + n) candidates; the score of an annotated place is the heatmap's there.
    """
    height, width = heatmaps.shape[-2:]
    limit = locations.new_tensor([width - 1, height - 1])
    # not round(), which takes halves to the even cell
    true = torch.minimum((locations + 0.5).floor().clamp(min=0), limit).long()
    distance = (maxima.cells - true[:, :, None]).abs().amax(-1)
    suppressed = (distance <= kernel // 2) & visible[..., None]
    flat = heatmaps.flatten(2)
    scores = flat.gather(2, (true[..., 1] * width + true[..., 0])[..., None])
    return KeypointCandidates(
        cells=torch.cat([true[:, :, None], maxima.cells], dim=2),
        scores=torch.cat(
            [
                scores.masked_fill(~visible[..., None], float("-inf")),
                maxima.scores.masked_fill(suppressed, float("-inf")),
            ],
            dim=2,
        ),
    )


@dataclass(frozen=True, slots=True)
class LocationPairs:
    """P pairs of places for each of the K keypoints.

    Attributes:
        first, second: (P, K) int64, crop * n + candidate.
        labels: (P, K) int64: 1 for the annotated places of one person, else 0.
        weights: (P, K) float: 1 for a pair that counts, 0 for one that fills up.
    """

    first: Tensor
    second: Tensor
    labels: Tensor
    weights: Tensor


def sample_location_pairs(
    valid: Tensor,
    pairs: ClipPairs,
    *,
    negatives: int = 4,
    identity_share: float = 0.5,
    generator: torch.Generator | None = None,
) -> LocationPairs:
    """All positive pairs of places and ``negatives`` times as many negative ones.

    Positive are the annotated places (candidate 0) of two crops of one id; every other pair of
    places of two crops of a clip is negative. The negatives are spread evenly over the keypoint
    types (choice), so that a type that is never annotated, as PoseTrack's ears, learns to predict
    0 instead of noise. Within a type they are drawn without replacement: the
    annotated places of two ids, which tracking has to distinguish but which are few among all
    pairs, have together the weight ``identity_share``, all others the rest (choice; the paper
    names no order, and a uniform draw is ``identity_share=0`` but for those few).

    Args:
        valid: (N, K, n) bool, the candidates that exist, see :func:`training_candidates`.
        pairs: Of the N crops.
        negatives: Negative pairs for each positive one, 4 in the paper.
        identity_share: Weight, in [0, 1].
        generator: Random numbers, on the device of ``valid``; torch's own by default.

    Returns:
        P = S + S * ``negatives`` pairs, S the number of ``pairs.same``; fewer of weight 1 where
        keypoints are not annotated.
    """
    num_keypoints, num = valid.shape[1:]
    first, second = valid[pairs.same[:, 0], :, 0], valid[pairs.same[:, 1], :, 0]
    positive = first & second  # (S, K)
    places = (pairs.same * num)[..., None].expand(-1, -1, num_keypoints)
    if not len(pairs.same):
        empty = places[:, 0]
        return LocationPairs(empty, empty, empty, empty.to(torch.float32))

    everyone = torch.cat([pairs.same, pairs.other])
    is_other = torch.arange(len(everyone), device=valid.device) >= len(pairs.same)
    usable = valid[everyone[:, 0], :, :, None] & valid[everyone[:, 1], :, None, :]  # (A, K, n, n)
    identity = torch.zeros_like(usable)
    identity[:, :, 0, 0] = is_other[:, None]
    usable[:, :, 0, 0] &= is_other[:, None]  # without the positive ones
    usable, identity = (x.transpose(0, 1).flatten(1) for x in (usable, identity))  # (K, A n n)
    identity &= usable
    rest = usable & ~identity
    weights = identity * (identity_share / identity.sum(1, keepdim=True).clamp(min=1))
    weights = weights + rest * ((1 - identity_share) / rest.sum(1, keepdim=True).clamp(min=1))
    # the exponential race: the smallest times are a weighted draw without replacement
    times = torch.empty_like(weights).exponential_(generator=generator) / weights.clamp(min=1e-30)
    times = times.masked_fill(~usable, float("inf"))
    count = min(len(pairs.same) * negatives, times.shape[1])
    times, chosen = times.topk(count, dim=1, largest=False)
    quota = torch.ceil(negatives * positive.sum() / num_keypoints)
    counts = torch.isfinite(times) & (torch.arange(count, device=valid.device) < quota)

    crops, cells = chosen // (num * num), chosen % (num * num)
    negative_first = everyone[crops, 0] * num + cells // num
    negative_second = everyone[crops, 1] * num + cells % num
    return LocationPairs(
        first=torch.cat([places[:, 0], negative_first.T]),
        second=torch.cat([places[:, 1], negative_second.T]),
        labels=torch.cat([torch.ones_like(positive), torch.zeros_like(chosen.T)]).long(),
        weights=torch.cat([positive, counts.T]).to(torch.float32),
    )
