"""What TKMR's matching and refinement need to know about each person."""

from mmpose.registry import MODELS
from torch import Tensor, nn

from mmpose_temporal.models.heads import (
    KeypointCandidates,
    KeypointRefinementHead,
    MatchingHead,
    local_maxima,
    mirror_cells,
)
from mmpose_temporal.models.parts import Shared

from .describers import Describer, EstimatedCrops, require_heatmaps
from .image_places import image_places


@MODELS.register_module()
class KeypointDescriber(Describer):
    """Features of each keypoint, and the places where it may be, from the estimator's heads.

    =========================  =========================================================
    ``keypoint_features``      (B, K, C) matching features at the arg max
    ``candidates``             (B, K, n, 2) float32, image pixels
    ``candidate_scores``       (B, K, n), responses; -inf: there are fewer
    ``candidate_features``     (B, K, n, C) matching features
    ``candidate_evidence``     (B, K, n) row k of the refinement's 1x1 convolution on the
                               feature H, without its bias
    =========================  =========================================================

    The first is there with a ``matching_head``, the others with a ``refinement_head``, the
    features of candidates with both. Candidate 0 is the arg max, and its place is the decoded
    keypoint. The response to the aggregated features of Eq. 6 is linear in H, so only the result
    of row k for each single H is kept. All rows stay on the network's device.

    Features are computed at the candidates only, see :func:`features_at`.

    With the flip test, heatmaps are averaged as in mmpose, and so is what the refinement returns
    (choice: refined responses replace those of the heatmaps, so they are treated alike).
    Matching features are those of the crop that is not mirrored (choice: the classifiers were
    not trained on the mean of two features).

    Args:
        num_candidates: n, largest number of local maxima per heatmap (the paper: 16).
        nms_kernel: See :func:`local_maxima`.

    Raises:
        ValueError: An option out of its range.
    """

    needs_heatmaps = True

    def __init__(self, *, num_candidates: int = 16, nms_kernel: int = 3):
        super().__init__()
        if num_candidates < 1 or nms_kernel < 3 or nms_kernel % 2 == 0:
            raise ValueError(
                "num_candidates must be 1 or more and nms_kernel odd and 3 or more, got "
                f"{num_candidates} and {nms_kernel}"
            )
        self.num_candidates = num_candidates
        self.nms_kernel = nms_kernel
        self._bound: Shared[nn.Module] = Shared()

    def bind(self, estimator: nn.Module) -> None:
        """Take the estimator and its heads.

        Raises:
            ValueError: It has neither a ``matching_head`` nor a ``refinement_head``, or its
                head has no heatmaps.
        """
        heads = (getattr(estimator, f"{name}_head", None) for name in ("matching", "refinement"))
        if not any(heads):
            raise ValueError(
                "KeypointDescriber describes what matching_head and refinement_head answer, and "
                f"the {type(estimator).__name__} has neither: add one, or leave the describer out"
            )
        require_heatmaps(estimator, type(self).__name__)
        self._bound.module = estimator

    @property
    def matching(self) -> MatchingHead | None:
        """The estimator's."""
        return self._bound.module.matching_head

    @property
    def refinement(self) -> KeypointRefinementHead | None:
        """The estimator's."""
        return self._bound.module.refinement_head

    @property
    def names(self) -> tuple[str, ...]:
        """See :class:`Describer`."""
        found = []
        if self.matching is not None:
            found.append("keypoint_features")
        if self.refinement is not None:
            found += ["candidates", "candidate_scores", "candidate_evidence"]
        if len(found) == 4:
            found.append("candidate_features")
        return tuple(found)

    def describe(self, crops: EstimatedCrops) -> dict[str, Tensor]:
        """See :class:`Describer`.

        Raises:
            ValueError: A head has another resolution than the heatmaps.
        """
        for head in (self.matching, self.refinement):
            if head is not None:
                head.check_size(crops.feats, crops.heatmaps)
        num = 1 if self.refinement is None else self.num_candidates
        candidates = local_maxima(crops.heatmaps, num=num, kernel=self.nms_kernel)
        people: dict[str, Tensor] = {}
        if self.matching is not None:
            features = self.matching.features_at(crops.feats, candidates.cells)
            # a copy, so that a person's memory does not hold the features of all candidates
            people["keypoint_features"] = features[:, :, 0].clone()
        if self.refinement is None:
            return people
        if self.matching is not None:
            people["candidate_features"] = features
        decoder = self._bound.module.head.decoder
        return dict(
            people,
            candidates=image_places(
                candidates, crops.heatmaps, crops.instances, crops.samples, decoder
            ),
            candidate_scores=candidates.scores,
            candidate_evidence=self._evidence(crops, candidates),
        )

    def _evidence(self, crops: EstimatedCrops, candidates: KeypointCandidates) -> Tensor:
        """(B, K, n): what the 1x1 convolution returns at the candidates, without its bias."""
        head, cells = self.refinement, candidates.cells
        responses = head.responses(head.features_at(crops.feats, cells))
        if crops.mirrored is not None:
            shift = self._bound.module.test_cfg.get("shift_heatmap", False)
            there = mirror_cells(cells, crops.heatmaps.shape[-1], shift=shift)
            found = head.responses(
                head.features_at(crops.mirrored, there), crops.samples[0].flip_indices
            )
            responses = (responses + found) / 2
        return responses - head.final_layer.bias[:, None]
