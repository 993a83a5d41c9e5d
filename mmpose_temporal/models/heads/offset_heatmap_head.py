"""Heatmaps that say the cell and offsets that say where in it (CorrTrack)."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.structures import InstanceData, PixelData
from mmpose.evaluation.functional import pose_pck_accuracy
from mmpose.models.heads import HeatmapHead
from mmpose.models.utils.tta import flip_heatmaps
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from mmpose.utils.tensor_utils import to_numpy
from torch import Tensor, nn

from mmpose_temporal.codecs import OffsetHeatmap

from .offset_targets import targets_around

HEATMAP_LOSS = dict(type="BCELoss", use_target_weight=True)
OFFSET_LOSS = dict(type="L1Loss", use_target_weight=True, loss_weight=0.01)

PRIOR = 0.01
"""What a heatmap says everywhere before training: almost no cell is a keypoint (choice)."""


@MODELS.register_module()
class OffsetHeatmapHead(HeatmapHead):
    """K heatmaps and 2K maps of offsets (CorrTrack, supplement, section A).

    The codec is :class:`OffsetHeatmap`. Heatmaps are trained by the binary cross entropy,
    offsets by their L1 distance at the cell of the annotated keypoint (S, section A). In testing a
    keypoint is at the highest cell plus the offset there (Eq. 1); its score is the sigmoid of the
    logit. In the flip test the heatmaps of both passes are averaged after the sigmoid, the
    offsets are those of the straight pass.

    On any backbone: the layers of mmpose's HeatmapHead on the last map, then two 1x1
    convolutions, ``final_layer`` for the heatmaps and ``offset_layer`` for the offsets. On
    :class:`MultiStageInception`, which makes the 3K maps of each stage itself,
    ``in_channels=None``: the losses are on all stages (their sum), the last one is decoded.

    Choices:

    - The loss of the heatmaps is the mean over people, keypoints and cells, that of the offsets,
      in pixels of the crop, the mean over people, keypoints and the trained cells. With a weight
      of 0.01 of the second their gradients are about as large: that of a heatmap is spread over
      its few thousand cells.
    - Offsets are also trained at the cells around the keypoint's own, within ``offset_radius``,
      since in testing the highest cell may be a neighbour.
    - Logits begin at a probability of 0.01.

    Args:
        in_channels: Of the backbone's (or neck's) last map. None: its maps are the stages.
        out_channels: K.
        loss: Config of the heatmaps' loss, on logits. None: mmpose's BCELoss.
        offset_loss: Config of the offsets' loss. None: mmpose's L1Loss with weight 0.01.
        offset_radius: In cells, 0 for the keypoint's cell alone.
        decoder: Config of the codec.
        init_cfg: As for mmengine's BaseModule. None: as mmpose's HeatmapHead, and the prior.
        **options: Of mmpose's HeatmapHead: its layers, none with ``in_channels=None``.

    Raises:
        ValueError: ``offset_radius`` is negative; there are no ``in_channels`` for a layer, or
            no ``final_layer``; the codec is another one.
    """

    def __init__(
        self,
        *,
        in_channels: int | None,
        out_channels: int,
        loss: dict | None = None,
        offset_loss: dict | None = None,
        offset_radius: int = 1,
        decoder: dict,
        init_cfg: dict | list[dict] | None = None,
        **options: Any,
    ):
        if offset_radius < 0:
            raise ValueError(f"offset_radius must be 0 or more cells, got {offset_radius}")
        if in_channels is None:
            if any(option is not None for option in options.values()):
                raise ValueError(
                    f"{', '.join(options)}: there are layers only on a map with in_channels; "
                    "in_channels=None is for a backbone that gives the 3K maps of each stage"
                )
            options = dict(deconv_out_channels=None, final_layer=None)
        super().__init__(
            in_channels=3 * out_channels if in_channels is None else in_channels,
            out_channels=out_channels,
            loss=HEATMAP_LOSS if loss is None else loss,
            decoder=decoder,
            init_cfg=init_cfg,
            **options,
        )
        if not isinstance(self.decoder, OffsetHeatmap):
            raise ValueError(
                "OffsetHeatmapHead needs the codec OffsetHeatmap as its decoder, got "
                f"{type(self.decoder).__name__}"
            )
        self.offset_loss_module = MODELS.build(OFFSET_LOSS if offset_loss is None else offset_loss)
        self.offset_radius = offset_radius
        self.offset_layer: nn.Module | None = None
        if in_channels is not None:
            if not isinstance(self.final_layer, nn.Conv2d):
                raise ValueError("final_layer must be that of the heatmaps, not None")
            final = self.final_layer
            self.offset_layer = nn.Conv2d(
                final.in_channels, 2 * out_channels, final.kernel_size, padding=final.padding
            )

    @property
    def default_init_cfg(self) -> list[dict]:
        """mmpose's, and logits that begin with the prior."""
        first, *others = super().default_init_cfg
        prior = dict(type="Normal", name="final_layer", std=0.001, bias_prob=PRIOR)
        return [dict(first, override=prior), *others]

    def stages(self, feats: Sequence[Tensor]) -> list[tuple[Tensor, Tensor]]:
        """Logits of the heatmaps, and offsets, of each stage.

        Args:
            feats: Of the backbone or neck, (B, C_i, H_i, W_i) each.

        Returns:
            (B, K, H, W) logits and (B, 2K, H, W) offsets in pixels of the crop, those of x first.

        Raises:
            ValueError: Without ``in_channels``, a map has not 3K channels.
        """
        joints = self.out_channels
        if self.offset_layer is not None:
            x = self.conv_layers(self.deconv_layers(feats[-1]))
            return [(self.final_layer(x), self.offset_layer(x))]
        wrong = [x.shape[1] for x in feats if x.shape[1] != 3 * joints]
        if wrong:
            raise ValueError(
                f"a stage has {3 * joints} maps for out_channels={joints}, the backbone gives "
                f"{wrong[0]}: state in_channels, or use MultiStageInception"
            )
        return [(x[:, :joints], x[:, joints:]) for x in feats]

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Heatmaps of the last stage.

        Args:
            feats: As for :meth:`stages`.

        Returns:
            (B, K, H, W) from 0 to 1, float32 (with fewer digits high peaks would be flat).
        """
        return self.stages(feats)[-1][0].float().sigmoid()

    def loss(
        self,
        feats: Sequence[Tensor],
        batch_data_samples: Sequence[PoseDataSample],
        train_cfg: dict | None = None,
    ) -> dict[str, Tensor]:
        """Losses of a batch.

        Args:
            feats: As for :meth:`stages`.
            batch_data_samples: B samples with the targets of :class:`OffsetHeatmap`.
            train_cfg: ``compute_acc=False`` leaves out ``acc_pose``.

        Returns:
            ``loss_heatmap`` and ``loss_offset``, with several stages one each, ending in ``_1``,
            ``_2`` and so on; ``acc_pose``, mmpose's share of keypoints that are found, of the
            last stage.

        Raises:
            ValueError: The samples have the targets of another codec, or of another size.
        """
        labels = [sample.gt_instance_labels for sample in batch_data_samples]
        if not all("keypoint_offsets" in label for label in labels):
            raise ValueError(
                "OffsetHeatmapHead needs targets of the codec OffsetHeatmap: name it in "
                "GenerateTarget too"
            )
        heatmaps = torch.stack([sample.gt_fields.heatmaps for sample in batch_data_samples])
        weights = torch.cat([label.keypoint_weights for label in labels])
        cells = torch.cat([label.keypoint_cells for label in labels])
        offsets = torch.cat([label.keypoint_offsets for label in labels])
        stages = self.stages(feats)
        if stages[-1][0].shape != heatmaps.shape:
            raise ValueError(
                f"the network gives heatmaps {tuple(stages[-1][0].shape)}, and targets are "
                f"{tuple(heatmaps.shape)}: heatmap_size of the codec must be the network's"
            )
        size = self.decoder.scale_factor
        losses = {}
        for i, (logits, maps) in enumerate(stages):
            end = f"_{i + 1}" if len(stages) > 1 else ""
            losses[f"loss_heatmap{end}"] = self.loss_module(
                logits, heatmaps, weights[..., None, None]
            )
            found = targets_around(maps, cells, offsets, weights, size, self.offset_radius)
            losses[f"loss_offset{end}"] = self.offset_loss_module(*found)
        if (train_cfg or {}).get("compute_acc", True):
            _, accuracy, _ = pose_pck_accuracy(
                output=to_numpy(stages[-1][0].float().sigmoid()),
                target=to_numpy(heatmaps),
                mask=to_numpy(weights) > 0,
            )
            losses["acc_pose"] = torch.tensor(accuracy, device=heatmaps.device)
        return losses

    def predict(
        self,
        feats: Sequence[Tensor] | list[Sequence[Tensor]],
        batch_data_samples: Sequence[PoseDataSample],
        test_cfg: dict | None = None,
    ) -> list[InstanceData] | tuple[list[InstanceData], list[PixelData]]:
        """Poses of B crops.

        Args:
            feats: As for :meth:`stages`; with ``flip_test`` a list of those of the crops and of
                the mirrored crops.
            batch_data_samples: Of the crops.
            test_cfg: ``flip_test``, ``flip_mode`` ("heatmap" alone), ``shift_heatmap`` (not
                needed, see :class:`OffsetHeatmap`) and ``output_heatmaps``, as in mmpose.

        Returns:
            ``keypoints`` (1, K, 2), pixels of the crop, and ``keypoint_scores`` (1, K) of each
            crop; with ``output_heatmaps`` also their ``heatmaps`` (K, H, W).

        Raises:
            ValueError: Another ``flip_mode``.
        """
        cfg, mirrored = test_cfg or {}, None
        if cfg.get("flip_test", False):
            feats, mirrored = feats
        logits, offsets = self.stages(feats)[-1]
        heatmaps = logits.float().sigmoid()
        if mirrored is not None:
            mode = cfg.get("flip_mode", "heatmap")
            if mode != "heatmap":
                raise ValueError(f"flip_mode must be 'heatmap' for OffsetHeatmapHead, got {mode}")
            other = flip_heatmaps(
                self(mirrored),
                flip_indices=batch_data_samples[0].metainfo["flip_indices"],
                shift_heatmap=cfg.get("shift_heatmap", False),
            )
            heatmaps = (heatmaps + other) / 2
        poses = self.decode((heatmaps, offsets))
        if cfg.get("output_heatmaps", False):
            return poses, [PixelData(heatmaps=maps) for maps in heatmaps.detach()]
        return poses
