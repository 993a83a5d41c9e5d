"""A top-down estimator for video: it knows whose crop it sees, and describes each person."""

from collections.abc import Sequence
from typing import Any

import torch
from mmpose.models.pose_estimators import TopdownPoseEstimator
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from torch import Tensor, nn

from mmpose_temporal.models.necks import SampleNeck, find_memory
from mmpose_temporal.utils import warn_once

from .describers import EstimatedCrops, build_describers, describe, require_heatmaps

MOVED = {
    "stage": "what training leaves alone is listed in frozen: stage='temporal' is "
    "frozen=('backbone', 'head'), stage='joint' is frozen=(), and stage='pose' is to give no "
    "temporal_loss",
    "num_candidates": "it is an option of describers=[dict(type='KeypointDescriber', "
    "num_candidates=...)]",
    "nms_kernel": "it is an option of describers=[dict(type='KeypointDescriber', nms_kernel=...)]",
}
"""Former options of this class, and what has replaced them."""


@MODELS.register_module()
class TemporalPoseEstimator(TopdownPoseEstimator):
    """mmpose's top-down estimator with parts that look beyond the single crop.

    - A neck that is a :class:`SampleNeck` knows whose crops it sees, in training, in testing,
      and in the second pass of the flip test, and says which crops the pose losses are on.
    - ``describers`` compute for each person what the tracker's parts need beyond the pose. Their
      rows are fields of ``pred_instances`` under their own names, one row for the one person of a
      crop, as tensors on the network's device.
    - ``matching_head`` and ``refinement_head`` are TKMR's modules, on the same features as the
      head. ``temporal_loss`` trains them on clips of people; without it they take no part in
      training. ``describers=[dict(type='KeypointDescriber')]`` passes on what they return.
    - Training does not change the parts in ``frozen``, neither weights nor BN statistics.

    TKMR trains in two stages (section 3.4): first backbone and head as in mmpose, without
    ``temporal_loss``; then matching and refinement, with ``frozen=('backbone', 'head')``.
    Going on from there with ``frozen=()`` trains everything by both losses, which the paper does
    not do.

    Args:
        matching_head: Config of a :class:`MatchingHead`.
        refinement_head: Config of a :class:`KeypointRefinementHead`.
        temporal_loss: Config of the loss on clips, see :meth:`loss`.
        describers: Configs of :class:`Describer` parts.
        frozen: Names of the parts that are not trained, as ``'backbone'`` or, for a part of a
            part, ``'neck.blocks'``.
        **options: Those of mmpose's TopdownPoseEstimator.

    Raises:
        ValueError: Options that contradict each other; there is no head, or heads and losses
            that need heatmaps, and no heatmap head; ``frozen`` names no part; two describers
            return rows of one name.
        TypeError: An option that does not exist, or has another place now.
    """

    def __init__(
        self,
        *,
        matching_head: dict | None = None,
        refinement_head: dict | None = None,
        temporal_loss: dict | None = None,
        describers: Sequence[dict] = (),
        frozen: Sequence[str] = (),
        **options: Any,
    ):
        for name in MOVED.keys() & options.keys():
            raise TypeError(f"TemporalPoseEstimator has no {name} any more: {MOVED[name]}")
        if options.get("head") is None:
            raise ValueError("TemporalPoseEstimator needs a head")
        super().__init__(**options)
        if matching_head or refinement_head or temporal_loss:
            require_heatmaps(self, "TemporalPoseEstimator with matching, refinement or their loss")
        self.matching_head = None if matching_head is None else MODELS.build(matching_head)
        self.refinement_head = None if refinement_head is None else MODELS.build(refinement_head)
        self.temporal_loss = None if temporal_loss is None else MODELS.build(temporal_loss)
        for head in self._temporal_heads:
            expected = getattr(head, "num_keypoints", self.head.out_channels)
            if expected != self.head.out_channels:
                raise ValueError(
                    f"{type(head).__name__} has {expected} keypoints, the head "
                    f"{self.head.out_channels}"
                )
        if self.with_neck and isinstance(self.neck, SampleNeck):
            self.neck.bind(self)
        self.describers = build_describers(describers, self)
        self._freeze(frozen)

    @property
    def new_parts(self) -> tuple[str, ...]:
        """Parts that the checkpoint of a single-frame model lacks, see :class:`LoadEstimatorHook`.

        TKMR's heads, and the memory, which may be the neck or a part of it.
        """
        found = find_memory(self)
        return ("matching_head", "refinement_head", *([] if found is None else [found[0]]))

    @property
    def _temporal_heads(self) -> list[nn.Module]:
        return [head for head in (self.matching_head, self.refinement_head) if head is not None]

    def _freeze(self, names: Sequence[str]) -> None:
        """Take the parts of these names, and heads without a loss, out of the training."""
        if isinstance(names, str) or not all(isinstance(name, str) and name for name in names):
            raise ValueError(f"frozen must be a sequence of names of parts, got {names!r}")
        parts = dict(self.named_modules())
        unknown = [name for name in names if name not in parts]
        if unknown:
            raise ValueError(
                f"frozen names {', '.join(unknown)}, and the estimator's parts are "
                f"{', '.join(name for name, _ in self.named_children())}"
            )
        self._frozen = [parts[name] for name in names]
        if self.temporal_loss is None:
            self._frozen += self._temporal_heads
        for module in self._frozen:
            module.requires_grad_(False)

    @property
    def _trains_poses(self) -> bool:
        """Whether the loss of the poses has something to train."""
        parts = [self.backbone, self.head, *([self.neck] if self.with_neck else [])]
        return any(p.requires_grad for part in parts for p in part.parameters())

    def train(self, mode: bool = True) -> "TemporalPoseEstimator":
        """As in torch, but frozen parts stay in eval mode."""
        super().train(mode)
        self._rest()
        return self

    def _rest(self) -> None:
        """Put frozen parts into eval mode."""
        for module in self._frozen:
            module.eval()

    def extract_feat(
        self,
        inputs: Tensor,
        samples: Sequence[PoseDataSample] | None = None,
        *,
        mirrored: bool = False,
    ) -> tuple[Tensor, ...]:
        """Feature maps of backbone and neck.

        Args:
            inputs: (B, 3, h, w), normalised crops.
            samples: Of the crops; a :class:`SampleNeck` gets them.
            mirrored: ``inputs`` are mirrored, for the flip test.

        Returns:
            (B, C_i, H_i, W_i) each.
        """
        if not (self.with_neck and isinstance(self.neck, SampleNeck)):
            return super().extract_feat(inputs)
        return self.neck(self.backbone(inputs), samples=samples, mirrored=mirrored)

    def loss(self, inputs: Tensor, data_samples: list[PoseDataSample]) -> dict[str, Tensor]:
        """Losses of the parts that are trained.

        Those of mmpose's head, unless backbone, neck and head are all frozen. And what
        ``temporal_loss`` returns, which is called once with the keyword arguments

        - ``matching_maps``: (B, C, H, W) of the matching head, or None without one;
        - ``refinement_maps``: (B, C', H, W), the features H, or None;
        - ``heatmaps``: (B, K, H, W) of the head in eval mode, so that they are those that testing
          has, without gradient; BN counts each batch once;
        - ``data_samples``: the B samples, unchanged;
        - ``matching_head``, ``refinement_head``: for their ``classifiers`` and ``responses``.

        Args:
            inputs: (B, 3, h, w), normalised crops of B people.
            data_samples: B samples, targets as mmpose's GenerateTarget packs them. For the
                temporal loss the metainfo says which belong together, see
                :class:`PersonClipDataset`: ``clip_index``, ``track_id`` and ``frame_offset``.

        Returns:
            Name -> scalar.

        Raises:
            ValueError: Everything is frozen; the heads work at another resolution than that of
                the heatmaps.
        """
        feats = self.extract_feat(inputs, data_samples)
        losses: dict[str, Tensor] = {}
        if self._trains_poses:
            losses.update(self._pose_losses(feats, data_samples))
        elif self.temporal_loss is None:
            raise ValueError(
                "frozen leaves nothing to train: take out a part, or give a temporal_loss"
            )
        if self.temporal_loss is not None:
            losses.update(self._temporal_losses(feats, data_samples))
        return losses

    def _pose_losses(
        self, feats: tuple[Tensor, ...], data_samples: list[PoseDataSample]
    ) -> dict[str, Tensor]:
        """Those of the head, on the crops that the neck is taught with."""
        rows, share = list(range(len(data_samples))), 1.0
        if self.with_neck and isinstance(self.neck, SampleNeck):
            rows = self.neck.taught(data_samples)
        if not rows:
            warn_once(
                "no crop of a batch read anything of a memory, so the batch teaches nothing: "
                "lower heatmap_thr, or use clips of more frames"
            )
            rows, share = list(range(len(data_samples))), 0.0
        if len(rows) < len(data_samples):
            index = torch.tensor(rows, device=feats[0].device)
            feats, data_samples = tuple(f[index] for f in feats), [data_samples[i] for i in rows]
        losses = self.head.loss(feats, data_samples, train_cfg=self.train_cfg)
        return {name: share * value for name, value in losses.items()} if not share else losses

    def _temporal_losses(
        self, feats: tuple[Tensor, ...], data_samples: list[PoseDataSample]
    ) -> dict[str, Tensor]:
        heatmaps = self.heatmaps(feats)
        for head in self._temporal_heads:
            head.check_size(feats, heatmaps)
            head.ready = head.ready or torch.is_grad_enabled()
        return self.temporal_loss(
            matching_maps=self.matching_head and self.matching_head(feats),
            refinement_maps=self.refinement_head and self.refinement_head(feats),
            heatmaps=heatmaps,
            data_samples=data_samples,
            matching_head=self.matching_head,
            refinement_head=self.refinement_head,
        )

    @torch.no_grad()
    def heatmaps(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Heatmaps of the head as in testing, by the BN statistics so far, which are not changed.

        Args:
            feats: Feature maps after the neck, (B, C_i, H_i, W_i) each.

        Returns:
            (B, K, H, W), without gradient.
        """
        training = self.head.training
        self.head.eval()
        heatmaps = self.head(feats)
        self.head.train(training)
        self._rest()
        return heatmaps

    def predict(self, inputs: Tensor, data_samples: list[PoseDataSample]) -> list[PoseDataSample]:
        """Poses, and the describers' rows for each person.

        Args:
            inputs: (B, 3, h, w), normalised crops.
            data_samples: Their samples, as mmpose's top-down pipeline packs them.

        Returns:
            The samples with ``pred_instances`` (keypoints in image pixels, and the describers'
            rows), and ``pred_fields`` where ``test_cfg.output_heatmaps`` asks for them.
        """
        feats, mirrored = self.extract_feat(inputs, data_samples), None
        both = feats
        if self.test_cfg.get("flip_test", False):
            mirrored = self.extract_feat(inputs.flip(-1), data_samples, mirrored=True)
            both = [feats, mirrored]
        asked = self.test_cfg.get("output_heatmaps", False)
        needed = any(part.needs_heatmaps for part in self.describers)
        test_cfg = dict(self.test_cfg, output_heatmaps=asked or needed)
        found = self.head.predict(both, data_samples, test_cfg=test_cfg)
        instances, fields = found if isinstance(found, tuple) else (found, None)
        heatmaps = torch.stack([field.heatmaps for field in fields]) if needed else None
        crops = EstimatedCrops(feats, mirrored, heatmaps, instances, data_samples)
        rows = describe(self.describers, crops)
        for i, instance in enumerate(instances):
            for name, values in rows.items():
                instance.set_field(values[i : i + 1], name)
        return self.add_pred_to_datasample(instances, fields if asked else None, data_samples)
