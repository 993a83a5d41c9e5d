"""The losses of TKMR's second stage: matching and refinement."""

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from torch import Tensor, nn
from torch.nn import functional

from mmpose_temporal.models.heads import (
    BodyMatchingHead,
    KeypointCandidates,
    KeypointMatchingHead,
    KeypointRefinementHead,
    gather_features,
    local_maxima,
)

from .clip_pairs import ClipPairs
from .location_pairs import sample_location_pairs, training_candidates

Losses = dict[str, Tensor]


@MODELS.register_module()
class TemporalKeypointLoss(BaseModule):
    """Trains matching and refinement on clips of people (TKMR sections 3.2 to 3.4).

    Matching of keypoints: cross entropy of the K classifiers on pairs of places, see
    :func:`sample_location_pairs`. Matching of bodies: cross entropy on pairs of people, each
    represented at its annotated places; of one id: positive, and ``negatives`` times as many of
    two ids, if there are enough.

    Refinement: Eq. 2 of the new responses at the local maxima only: mean over N and K of v times
    the squared errors, summed over the maxima of a keypoint. They are those that testing rescores
    (section 3.3): the annotated place is not among them, and suppresses none (choice: where the
    heatmap has no maximum at it, a target of 1 there teaches that places with little evidence are
    right; in a small trial that cost self-refinement 4 AP). The context of a crop (Eq. 6)
    are the crops of its id in its clip, at the arg max of their heatmaps. They are a sample of
    the frames of its window: their sum counts as often as there are such frames
    (``num_neighbours``), and is divided by 1 + that number, as in testing (choice: a clip holds
    few of the 2 tau + 1 frames, and where W is not 1 the responses to a mean over 3 frames are
    higher than to one over 11, so that scores would shrink in testing). A crop without any
    learns self-refinement. The weights W are not trained by this loss (choice: they stay
    probabilities, which tracking needs too).

    Args:
        num_candidates: Largest number of local maxima per heatmap (the paper: 16), in addition to
            the annotated place.
        nms_kernel: Side of the suppression's window in heatmap cells, odd, see
            :func:`local_maxima`.
        negatives: Negative pairs for each positive one (the paper: 4).
        identity_share: See :func:`sample_location_pairs`.
        matching_weight: Weight of the matching loss.
        refinement_weight: Weight of the refinement loss.
        context: False: no crop has context, which trains self-refinement (method M6).
        context_weight: That of :class:`TemporalRefinement`.

    Raises:
        ValueError: An option out of its range.
    """

    def __init__(
        self,
        *,
        num_candidates: int = 16,
        nms_kernel: int = 3,
        negatives: int = 4,
        identity_share: float = 0.5,
        matching_weight: float = 1.0,
        refinement_weight: float = 1.0,
        context: bool = True,
        context_weight: float = 1.0,
    ):
        super().__init__()
        if context_weight <= 0 or (context_weight != 1 and not context):
            raise ValueError(
                "context_weight must be positive, and 1 without context, got "
                f"{context_weight} and context={context}"
            )
        for name, value in (("num_candidates", num_candidates), ("negatives", negatives)):
            if value < 1:
                raise ValueError(f"{name} must be 1 or more, got {value}")
        if nms_kernel < 3 or nms_kernel % 2 == 0:
            raise ValueError(f"nms_kernel must be odd and 3 or more, got {nms_kernel}")
        if not 0 <= identity_share <= 1:
            raise ValueError(f"identity_share must be in [0, 1], got {identity_share}")
        if min(matching_weight, refinement_weight) <= 0:
            raise ValueError(
                "matching_weight and refinement_weight must be positive, got "
                f"{matching_weight} and {refinement_weight}; leave out a head to leave out a loss"
            )
        self.num_candidates = num_candidates
        self.nms_kernel = nms_kernel
        self.negatives = negatives
        self.identity_share = identity_share
        self.matching_weight = matching_weight
        self.refinement_weight = refinement_weight
        self.context = context
        self.context_weight = context_weight

    def forward(
        self,
        *,
        heatmaps: Tensor,
        data_samples: Sequence[PoseDataSample],
        matching_maps: Tensor | None = None,
        refinement_maps: Tensor | None = None,
        matching_head: nn.Module | None = None,
        refinement_head: KeypointRefinementHead | None = None,
    ) -> Losses:
        """Losses of a batch of clips.

        Args:
            heatmaps: (N, K, H, W), predicted by the first stage.
            data_samples: N, of ``PersonClipDataset`` with ``LocateKeypoints``.
            matching_maps: (N, C, H, W) of the matching head.
            refinement_maps: (N, C', H, W) of the refinement head.
            matching_head: A KeypointMatchingHead or BodyMatchingHead, or None.
            refinement_head: Or None.

        Returns:
            ``loss_matching`` and ``acc_matching`` (share of correct ones) with a matching head,
            ``loss_refinement`` with a refinement head; scalars.

        Raises:
            ValueError: Samples without what the losses need; context without a
                KeypointMatchingHead, which gives its weights.
            TypeError: Another kind of matching head.
        """
        pairs = ClipPairs.of_samples(data_samples, heatmaps.device)
        locations, weights, visible = _labels(data_samples, heatmaps)
        maxima = local_maxima(heatmaps, num=self.num_candidates, kernel=self.nms_kernel)
        candidates = training_candidates(
            maxima, heatmaps, locations, visible, kernel=self.nms_kernel
        )
        with_context = refinement_head is not None and self.context
        if with_context and not isinstance(matching_head, KeypointMatchingHead):
            raise ValueError(
                "refinement is weighted by a KeypointMatchingHead, and there is none: add one, or "
                "train self-refinement with temporal_loss=dict(..., context=False)"
            )
        losses: Losses = {}
        if isinstance(matching_head, KeypointMatchingHead):
            halves = _project(matching_head, matching_maps, candidates)
            losses.update(self._match_keypoints(matching_head, halves, candidates, pairs))
        elif isinstance(matching_head, BodyMatchingHead):
            features = gather_features(matching_maps, candidates.cells[:, :, 0])
            bodies = matching_head.body_features(features, visible)
            losses.update(self._match_bodies(matching_head, bodies, visible.any(1), pairs))
        elif matching_head is not None:
            raise TypeError(f"no loss is known for a {type(matching_head).__name__}")
        if refinement_head is not None:
            responses = refinement_head.responses(gather_features(refinement_maps, maxima.cells))
            if with_context:
                context = _context_weights(matching_head, halves, pairs)
                neighbours = _num_neighbours(data_samples, pairs) * self.context_weight
                bias = refinement_head.final_layer.bias
                responses = refine(responses, bias, context, pairs, neighbours)
            errors = _squared_errors(responses, maxima, data_samples)
            losses["loss_refinement"] = (errors * weights).mean() * self.refinement_weight
        return losses

    def _match_keypoints(
        self,
        head: KeypointMatchingHead,
        halves: tuple[Tensor, Tensor],
        candidates: KeypointCandidates,
        pairs: ClipPairs,
    ) -> Losses:
        sampled = sample_location_pairs(
            candidates.valid,
            pairs,
            negatives=self.negatives,
            identity_share=self.identity_share,
        )
        chosen = [
            half.flatten(0, 1).gather(0, index[..., None].expand(-1, -1, half.shape[-1]))
            for half, index in zip(halves, (sampled.first, sampled.second), strict=True)
        ]
        logits = head.classifiers.logits(*chosen)
        return self._cross_entropy(logits, sampled.labels, sampled.weights)

    def _match_bodies(
        self, head: BodyMatchingHead, bodies: Tensor, present: Tensor, pairs: ClipPairs
    ) -> Losses:
        """``bodies`` (N, 1, C), ``present`` (N,) bool: they have a keypoint."""
        same, other = (part[present[part].all(1)] for part in (pairs.same, pairs.other))
        order = torch.randperm(len(other), device=other.device)[: self.negatives * len(same)]
        chosen = torch.cat([same, other[order]])
        labels = (torch.arange(len(chosen), device=chosen.device) < len(same)).long()[:, None]
        first, second = head.classifiers.project(bodies)
        logits = head.classifiers.logits(first[chosen[:, 0]], second[chosen[:, 1]])
        return self._cross_entropy(logits, labels, torch.ones_like(labels, dtype=logits.dtype))

    def _cross_entropy(self, logits: Tensor, labels: Tensor, weights: Tensor) -> Losses:
        """Mean over what has weight; 0 if nothing has."""
        each = functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
        total = weights.sum().clamp(min=1)
        right = (logits.argmax(-1) == labels) * weights
        return dict(
            loss_matching=(each * weights.flatten()).sum() / total * self.matching_weight,
            acc_matching=(right.sum() / total).detach(),
        )


def refine(
    evidence: Tensor, bias: Tensor, context: Tensor, pairs: ClipPairs, neighbours: Tensor
) -> Tensor:
    """Responses to the aggregated features of Eq. 6.

    The 1x1 convolution is linear, so its result for a weighted sum of features is the weighted
    sum of its results; only they are summed.

    Args:
        evidence: (N, K, n), results of row k for the features H at the local maxima (the first is
            the arg max), with the bias.
        bias: (K,), of the convolution.
        context: (S, K, n) weights W of the pairs (i, j) of ``pairs.same``: of the maxima of i
            with the arg max of j.
        pairs: Of the N crops.
        neighbours: (N,) frames of a crop's window that its pairs represent, each with the weight
            of the context.

    Returns:
        (N, K, n).
    """
    bias = bias[:, None]
    own = evidence - bias
    target, source = pairs.same.unbind(1)
    counts = torch.bincount(target, minlength=len(evidence))
    share = (neighbours / counts.clamp(min=1)).to(own)[target, None, None]
    total = own.index_add(0, target, share * context.to(own) * own[source, :, 0, None])
    frames = 1 + torch.where(counts > 0, neighbours, 0)
    return total / frames[:, None, None] + bias


def _num_neighbours(samples: Sequence[PoseDataSample], pairs: ClipPairs) -> Tensor:
    """(N,) int64, on the device of the pairs."""
    if any("num_neighbours" not in sample for sample in samples):
        raise ValueError(
            "a sample has no num_neighbours, the number of other frames of the window in which "
            "its person is; refinement with context is trained on PersonClipDataset with "
            "draw=dict(type='WindowDraw')"
        )
    found = [int(sample.num_neighbours) for sample in samples]
    return torch.tensor(found, device=pairs.same.device)


@torch.no_grad()
def _context_weights(
    head: KeypointMatchingHead, halves: tuple[Tensor, Tensor], pairs: ClipPairs
) -> Tensor:
    """(S, K, n): the probability that maximum and arg max are of one person.

    ``halves`` are those of :func:`training_candidates`, which has the annotated place before the
    maxima.
    """
    first, second = halves
    target, source = pairs.same.unbind(1)
    weights = head.classifiers.probabilities(first[target, 1:], second[source, 1, None])
    return weights.transpose(1, 2)


def _project(
    head: KeypointMatchingHead, maps: Tensor, candidates: KeypointCandidates
) -> tuple[Tensor, Tensor]:
    """The classifiers' first layer at all candidates, (N, n, K, C) for each half."""
    features = gather_features(maps, candidates.cells)
    return head.classifiers.project(features.transpose(1, 2))


def _squared_errors(
    responses: Tensor, maxima: KeypointCandidates, samples: Sequence[PoseDataSample]
) -> Tensor:
    """(N, K): squared errors of the responses (N, K, n), summed over the maxima that exist."""
    targets = torch.stack([sample.gt_fields.heatmaps for sample in samples])
    places = maxima.cells[..., 1] * targets.shape[-1] + maxima.cells[..., 0]
    targets = targets.to(responses).flatten(2).gather(2, places)
    return ((responses - targets) ** 2 * maxima.valid).sum(-1)


def _labels(samples: Sequence[PoseDataSample], heatmaps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Annotated places (N, K, 2), x and y in heatmap cells; weights; inside and visible (N, K)."""
    if any("keypoint_locations" not in sample.get("gt_instance_labels", ()) for sample in samples):
        raise ValueError(
            "gt_instance_labels has no keypoint_locations: add LocateKeypoints to the pipeline, "
            "between GenerateTarget and PackPoseInputs"
        )
    found = [
        torch.cat([torch.as_tensor(sample.gt_instance_labels[name]) for sample in samples])
        for name in ("keypoint_locations", "keypoint_weights")
    ]
    locations, weights = (part.to(heatmaps.device, torch.float32) for part in found)
    sides = locations.new_tensor([heatmaps.shape[3], heatmaps.shape[2]])
    inside = ((locations > -0.5) & (locations < sides - 0.5)).all(-1)
    return locations, weights, (weights > 0) & inside
