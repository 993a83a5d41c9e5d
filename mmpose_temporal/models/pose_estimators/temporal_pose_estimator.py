"""A top-down estimator that also says what tracking and refinement need to know of each person."""

from typing import Any

import torch
from mmengine.structures import InstanceData
from mmpose.models.pose_estimators import TopdownPoseEstimator
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from torch import Tensor

from mmpose_temporal.models.heads import local_maxima, mirror_cells

from .image_places import image_places

STAGES = ("pose", "temporal", "joint")


@MODELS.register_module()
class TemporalPoseEstimator(TopdownPoseEstimator):
    """TKMR's network: backbone, prediction, and on the same features matching and refinement.

    It is trained in two stages (section 3.4). ``stage='pose'`` trains backbone and prediction
    as mmpose does; matching and refinement take no part. ``stage='temporal'`` trains matching
    and refinement by ``temporal_loss``; backbone, neck and prediction are frozen, their weights
    and their BN statistics. ``stage='joint'`` goes on from there with everything and both losses,
    which the paper does not do.

    In testing each sample's ``pred_instances`` has these fields beside mmpose's, one row for the
    one person of the crop, on the network's device:

    ==================================  =============================================
    ``person_keypoint_features``        (1, K, C) matching features at the arg max
    ``person_candidates``               (1, K, n, 2) float32, image pixels
    ``person_candidate_cells``          (1, K, n, 2) int64, heatmap cells
    ``person_candidate_scores``         (1, K, n), responses; -inf: there are fewer
    ``person_candidate_features``       (1, K, n, C) matching features
    ``person_candidate_evidence``       (1, K, n) row k of the refinement's 1x1 convolution on
                                        the feature H, without its bias
    ==================================  =============================================

    The first is there with a matching head, the last with a refinement head, the features of
    candidates with both. Candidate 0 is the arg max, and its place is the decoded keypoint. The
    response to the aggregated features of Eq. 6 is linear in H, so what row k answers to each
    single H is all that is kept of it.

    Features are computed at the candidates only, see :func:`features_at`.

    With the flip test, heatmaps are averaged as in mmpose, and so is what the refinement answers
    (choice: refined responses take the place of the heatmaps', so they get what those get).
    Matching features are those of the crop as it is (choice: the mean of two features is none
    that the classifiers were trained on).

    Args:
        matching_head: Config of a :class:`MatchingHead`.
        refinement_head: Config of a :class:`KeypointRefinementHead`.
        stage: What training trains: ``'pose'``, ``'temporal'`` or ``'joint'``.
        temporal_loss: Config of the loss of the second stage, see :meth:`loss`.
        num_candidates: n, local maxima of a heatmap that are kept at most (the paper: 16).
        nms_kernel: See :func:`local_maxima`.
        **options: Those of mmpose's TopdownPoseEstimator.

    Raises:
        ValueError: Options out of their range or that contradict each other; the head is no
            heatmap head.
    """

    def __init__(
        self,
        *,
        matching_head: dict | None = None,
        refinement_head: dict | None = None,
        stage: str = "pose",
        temporal_loss: dict | None = None,
        num_candidates: int = 16,
        nms_kernel: int = 3,
        **options: Any,
    ):
        super().__init__(**options)
        if stage not in STAGES:
            raise ValueError(f"stage must be one of {', '.join(STAGES)}, got {stage!r}")
        heads = matching_head or refinement_head
        if stage != "pose" and not (temporal_loss and heads):
            raise ValueError(
                f"stage='{stage}' trains matching_head and refinement_head by temporal_loss: "
                "give the loss and at least one of the heads"
            )
        if num_candidates < 1 or nms_kernel < 3 or nms_kernel % 2 == 0:
            raise ValueError(
                "num_candidates must be 1 or more and nms_kernel odd and 3 or more, got "
                f"{num_candidates} and {nms_kernel}"
            )
        self._check_heatmaps()
        self.matching_head = None if matching_head is None else MODELS.build(matching_head)
        self.refinement_head = None if refinement_head is None else MODELS.build(refinement_head)
        self.temporal_loss = None if temporal_loss is None else MODELS.build(temporal_loss)
        for head in (self.matching_head, self.refinement_head):
            expected = getattr(head, "num_keypoints", self.head.out_channels)
            if expected != self.head.out_channels:
                raise ValueError(
                    f"{type(head).__name__} has {expected} keypoints, the head "
                    f"{self.head.out_channels}"
                )
        self.stage = stage
        self.num_candidates = num_candidates
        self.nms_kernel = nms_kernel
        self._freeze()

    def _check_heatmaps(self) -> None:
        if self.test_cfg.get("output_keypoint_indices") is not None:
            raise ValueError(
                "test_cfg.output_keypoint_indices does not go with TemporalPoseEstimator: "
                "its heads need all keypoints"
            )
        flip_mode = self.test_cfg.get("flip_mode", "heatmap")
        if self.test_cfg.get("flip_test", False) and flip_mode != "heatmap":
            raise ValueError(
                f"test_cfg.flip_mode is '{flip_mode}', but TemporalPoseEstimator has one heatmap "
                "a keypoint, which is mirrored by flip_mode='heatmap'"
            )
        decoder = getattr(self.head, "decoder", None) if self.with_head else None
        combined = getattr(decoder, "heatmap_type", "gaussian") == "combined"
        if not hasattr(decoder, "heatmap_size") or combined:
            raise ValueError(
                "TemporalPoseEstimator needs a head with one heatmap a keypoint: HeatmapHead "
                "with the codec MSRAHeatmap or UDPHeatmap (heatmap_type='gaussian')"
            )

    @property
    def _single_frame(self) -> list[torch.nn.Module]:
        """The modules of the first stage."""
        return [self.backbone, self.head, *([self.neck] if self.with_neck else [])]

    def _freeze(self) -> None:
        """The parts that the stage does not train."""
        if self.stage == "temporal":
            frozen = self._single_frame
        elif self.stage == "pose":
            frozen = [head for head in (self.matching_head, self.refinement_head) if head]
        else:
            frozen = []
        for module in frozen:
            module.requires_grad_(False)

    def train(self, mode: bool = True) -> "TemporalPoseEstimator":
        """As in torch; in the second stage the frozen parts stay in eval mode."""
        super().train(mode)
        if self.stage == "temporal":
            for module in self._single_frame:
                module.eval()
        return self

    def loss(self, inputs: Tensor, data_samples: list[PoseDataSample]) -> dict[str, Tensor]:
        """Losses of the stage.

        ``stage='pose'``: those of mmpose. ``stage='temporal'``: what ``temporal_loss`` answers,
        which is called once with the keyword arguments

        - ``matching_maps``: (B, C, H, W) of the matching head, or None without one;
        - ``refinement_maps``: (B, C', H, W), the features H, or None;
        - ``heatmaps``: (B, K, H, W) of the frozen prediction, without gradient;
        - ``data_samples``: the B samples as they came;
        - ``matching_head``, ``refinement_head``: for their ``classifiers`` and ``responses``.

        ``stage='joint'``: both; the features have a gradient, ``heatmaps`` still have none, and
        the prediction is in eval mode for them, so that they are those that testing has, and BN
        counts each batch once.

        Args:
            inputs: (B, 3, h, w), normalised crops of B people.
            data_samples: B samples. For the second stage the metainfo says which belong
                together: ``clip_index`` (int, number of the window), ``track_id`` (int) and
                ``frame_offset`` (int, in [-tau, tau]); targets as mmpose's GenerateTarget packs.

        Returns:
            Name -> scalar.
        """
        if self.stage == "pose":
            return super().loss(inputs, data_samples)
        joint = self.stage == "joint"
        with torch.set_grad_enabled(joint):
            feats = self.extract_feat(inputs)
        losses = self.head.loss(feats, data_samples, train_cfg=self.train_cfg) if joint else {}
        heatmaps = self._heatmaps(feats)
        self._check_sizes(feats, heatmaps)
        temporal = self.temporal_loss(
            matching_maps=self.matching_head and self.matching_head(feats),
            refinement_maps=self.refinement_head and self.refinement_head(feats),
            heatmaps=heatmaps,
            data_samples=data_samples,
            matching_head=self.matching_head,
            refinement_head=self.refinement_head,
        )
        return {**losses, **temporal}

    @torch.no_grad()
    def _heatmaps(self, feats: tuple[Tensor, ...]) -> Tensor:
        """(B, K, H, W) as testing has them, by the BN statistics so far; they stay as they are."""
        training = self.head.training
        self.head.eval()
        heatmaps = self.head(feats)
        self.head.train(training)
        return heatmaps

    def _check_sizes(self, feats: tuple[Tensor, ...], heatmaps: Tensor) -> None:
        """The features of matching and refinement have the heatmaps' cells.

        Raises:
            ValueError: They would have another size.
        """
        for head in (self.matching_head, self.refinement_head):
            if head is not None and head.map_size(feats) != heatmaps.shape[-2:]:
                raise ValueError(
                    f"{type(head).__name__} answers {head.map_size(feats)} where the heatmaps "
                    f"are {tuple(heatmaps.shape[-2:])} (h, w): set its upsample to the steps "
                    "between backbone and heatmaps, as (2, 2, 2) from stride 32 to 4"
                )

    def predict(self, inputs: Tensor, data_samples: list[PoseDataSample]) -> list[PoseDataSample]:
        """Poses, and what is described at the class.

        Args:
            inputs: (B, 3, h, w), normalised crops.
            data_samples: Their samples, as mmpose's top-down pipeline packs them.

        Returns:
            The samples with ``pred_instances`` (keypoints in image pixels), and ``pred_fields``
            where ``test_cfg.output_heatmaps`` asks for them.
        """
        feats, mirrored = self.extract_feat(inputs), None
        both = feats
        if self.test_cfg.get("flip_test", False):
            mirrored = self.extract_feat(inputs.flip(-1))
            both = [feats, mirrored]
        test_cfg = dict(self.test_cfg, output_heatmaps=True)
        instances, fields = self.head.predict(both, data_samples, test_cfg=test_cfg)
        heatmaps = torch.stack([field.heatmaps for field in fields])
        people = self._describe(feats, mirrored, heatmaps, instances, data_samples)
        for i, instance in enumerate(instances):
            for name, rows in people.items():
                instance.set_field(rows[i : i + 1], name)
        if not self.test_cfg.get("output_heatmaps", False):
            fields = None
        return self.add_pred_to_datasample(instances, fields, data_samples)

    def _describe(
        self,
        feats: tuple[Tensor, ...],
        mirrored: tuple[Tensor, ...] | None,
        heatmaps: Tensor,
        instances: list[InstanceData],
        data_samples: list[PoseDataSample],
    ) -> dict[str, Tensor]:
        """What is known of the B people beside their poses, by name without ``person_``."""
        matching, refinement = self.matching_head, self.refinement_head
        if matching is None and refinement is None:
            return {}
        self._check_sizes(feats, heatmaps)
        num = 1 if refinement is None else self.num_candidates
        candidates = local_maxima(heatmaps, num=num, kernel=self.nms_kernel)
        cells = candidates.cells
        people: dict[str, Tensor] = {}
        if matching is not None:
            features = matching.features_at(feats, cells)
            # a copy, so that a person's memory does not hold the features of all candidates
            people["keypoint_features"] = features[:, :, 0].clone()
        if refinement is None:
            return people
        if matching is not None:
            people["candidate_features"] = features
        responses = refinement.responses(refinement.features_at(feats, cells))
        if mirrored is not None:
            shift = self.test_cfg.get("shift_heatmap", False)
            there = mirror_cells(cells, heatmaps.shape[-1], shift=shift)
            found = refinement.responses(
                refinement.features_at(mirrored, there), data_samples[0].flip_indices
            )
            responses = (responses + found) / 2
        return dict(
            people,
            candidates=image_places(
                candidates, heatmaps, instances, data_samples, self.head.decoder
            ),
            candidate_cells=cells,
            candidate_scores=candidates.scores,
            candidate_evidence=responses - refinement.final_layer.bias[:, None],
        )
