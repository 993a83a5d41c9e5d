"""CPN's head: predictions of each level of the pyramid, and RefineNet."""

from collections.abc import Sequence
from functools import partial

import torch
from mmcv.cnn import ConvModule, build_norm_layer
from mmpose.evaluation.functional import pose_pck_accuracy
from mmpose.models.backbones.resnet import Bottleneck
from mmpose.models.heads import HeatmapHead
from mmpose.registry import MODELS
from mmpose.structures import MultilevelPixelData, PoseDataSample
from mmpose.utils.tensor_utils import to_numpy
from torch import Tensor, nn
from torch.nn.functional import interpolate

GLOBAL_LOSS = dict(type="KeypointMSELoss", use_target_weight=True, loss_weight=0.5)
REFINE_LOSS = dict(type="KeypointOHKMMSELoss", use_target_weight=True, topk=8)

FIRST_SCALE = 0.05
"""Scale of the norm layers that end in heatmaps, before training.

Choice: the root mean square of a target of peak 1 is 0.04 to 0.08 in heatmaps of 96x72, whereas a
norm layer gives 1 at first, which takes a thousand steps of Adam to unlearn. In a training of the
small CPN (``configs/ptm/synthetic``) the loss of the fourth epoch was 0.01 with it, 0.6 without.
"""


@MODELS.register_module()
class CPNHead(HeatmapHead):
    """RefineNet and the predictions of GlobalNet (CPN, Chen et al., CVPR 2018, section 3.2).

    - Each level of the pyramid predicts heatmaps: 1x1 convolution, BN, ReLU, 3x3 convolution, BN,
      resized to the finest map. They are computed in training only.
    - RefineNet: level i, counted from the finest, goes through i bottlenecks and is resized to
      the finest map. All are concatenated; one bottleneck, a 3x3 convolution and BN give the
      heatmaps of the head. A bottleneck has half of the channels inside.

    Losses as in the authors' published code: ``loss_global``, half of the mean over levels of the
    squared error; and ``loss_refine``, the mean of the squared errors of the ``topk`` = 8 hardest
    of a person's 17 keypoints (online hard keypoint mining). A keypoint without annotation has an
    error of 0. Choice: in ``loss_global`` that code gives hidden keypoints and those without
    annotation an empty target; here hidden ones count as others do, since mmpose's weights do not
    tell them apart, and those without annotation add nothing.

    Targets: with ``GenerateTarget(multilevel=True)``, one for each level, finest first. The
    refined heatmaps have that of the finest level. With one target it is that of all levels.

    Choices: the bilinear resizing aligns corners, as in mmpose's MSPN; heatmaps have the size of
    the finest map (stride 4).

    Args:
        in_channels: Of each map of the pyramid, even.
        out_channels: K.
        num_levels: Maps of the pyramid.
        loss: Config of the loss of the refined heatmaps; of mmpose's KeypointOHKMMSELoss by
            default, whose ``topk`` is at most K.
        global_loss: Config of the loss of each level's heatmaps; the mean over levels is taken.
        decoder: Config of the codec, as for mmpose's HeatmapHead.
        norm_cfg: Of the norm layers.
        init_cfg: As for mmengine's BaseModule. None: convolutions by Kaiming.

    Raises:
        ValueError: A number is not positive, or ``in_channels`` odd.
    """

    def __init__(
        self,
        *,
        in_channels: int = 256,
        out_channels: int,
        num_levels: int = 4,
        loss: dict | None = None,
        global_loss: dict | None = None,
        decoder: dict | None = None,
        norm_cfg: dict | None = None,
        init_cfg: dict | list[dict] | None = None,
    ):
        if min(in_channels, out_channels, num_levels) < 1 or in_channels % 2:
            raise ValueError(
                "in_channels, out_channels and num_levels must be positive and in_channels even, "
                f"got {in_channels}, {out_channels} and {num_levels}"
            )
        super().__init__(
            in_channels=in_channels,
            out_channels=out_channels,
            deconv_out_channels=None,
            final_layer=None,
            loss=REFINE_LOSS if loss is None else loss,
            decoder=decoder,
            init_cfg=dict(type="Kaiming", layer="Conv2d") if init_cfg is None else init_cfg,
        )
        self.global_loss_module = MODELS.build(GLOBAL_LOSS if global_loss is None else global_loss)
        norm = dict(type="BN") if norm_cfg is None else norm_cfg
        block = partial(Bottleneck, expansion=2, norm_cfg=norm)
        self.predictors = nn.ModuleList(
            nn.Sequential(
                ConvModule(in_channels, in_channels, 1, norm_cfg=norm),
                *_prediction(in_channels, out_channels, norm),
            )
            for _ in range(num_levels)
        )
        self.refiners = nn.ModuleList(
            nn.Sequential(*(block(in_channels, in_channels) for _ in range(level)))
            for level in range(num_levels)
        )
        shortcut = ConvModule(
            num_levels * in_channels, in_channels, 1, norm_cfg=norm, act_cfg=None
        )
        self.refined = nn.Sequential(
            block(num_levels * in_channels, in_channels, downsample=shortcut),
            *_prediction(in_channels, out_channels, norm),
        )

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """The refined heatmaps.

        Args:
            feats: The pyramid, finest first, (B, in_channels, H_i, W_i) each.

        Returns:
            (B, K, H_0, W_0).

        Raises:
            ValueError: Another number of maps than ``num_levels``.
        """
        self._check_levels(feats, "the neck gives {} maps: use GlobalNet")
        maps = [refine(feat) for refine, feat in zip(self.refiners, feats, strict=True)]
        return self.refined(torch.cat(_as_finest(maps), dim=1))

    def global_heatmaps(self, feats: Sequence[Tensor]) -> list[Tensor]:
        """Heatmaps of each level.

        Args:
            feats: As for :meth:`forward`.

        Returns:
            (B, K, H_0, W_0) each, that of the finest level first.
        """
        self._check_levels(feats, "the neck gives {} maps: use GlobalNet")
        return _as_finest(
            [predict(feat) for predict, feat in zip(self.predictors, feats, strict=True)]
        )

    def loss(
        self,
        feats: Sequence[Tensor],
        batch_data_samples: Sequence[PoseDataSample],
        train_cfg: dict | None = None,
    ) -> dict[str, Tensor]:
        """Losses of a batch.

        Args:
            feats: As for :meth:`forward`.
            batch_data_samples: B samples with targets as mmpose's GenerateTarget packs them.
            train_cfg: ``compute_acc=False``: no ``acc_pose``.

        Returns:
            ``loss_global``, ``loss_refine``, and ``acc_pose``: the share of keypoints whose
            refined heatmap has its maximum near that of the target, as in mmpose.

        Raises:
            ValueError: Targets of another number of levels.
        """
        targets, weights = self._targets(batch_data_samples)
        levels = zip(self.global_heatmaps(feats), targets, weights.unbind(1), strict=True)
        errors = [self.global_loss_module(*level) for level in levels]
        heatmaps, target, weight = self.forward(feats), targets[0], weights[:, 0]
        losses = dict(
            loss_global=sum(errors) / len(errors),
            loss_refine=self.loss_module(heatmaps, target, weight),
        )
        if (train_cfg or {}).get("compute_acc", True):
            output, wanted, mask = (to_numpy(x) for x in (heatmaps, target, weight))
            _, accuracy, _ = pose_pck_accuracy(output=output, target=wanted, mask=mask > 0)
            losses["acc_pose"] = torch.tensor(accuracy, device=heatmaps.device)
        return losses

    def _targets(self, samples: Sequence[PoseDataSample]) -> tuple[list[Tensor], Tensor]:
        """(B, K, H, W) of each level, and the keypoints' weights, (B, levels, K)."""
        number, fields = len(self.predictors), [sample.gt_fields for sample in samples]
        weights = [sample.gt_instance_labels.keypoint_weights for sample in samples]
        if not isinstance(fields[0], MultilevelPixelData):
            target = torch.stack([field.heatmaps for field in fields])
            return [target] * number, torch.cat(weights)[:, None].expand(-1, number, -1)
        self._check_levels(fields[0].heatmaps, "GenerateTarget gives {} targets")
        maps = zip(*(field.heatmaps for field in fields), strict=True)
        return [torch.stack(level) for level in maps], torch.cat(weights, dim=1).transpose(0, 1)

    def _check_levels(self, levels: Sequence[Tensor], what: str) -> None:
        if len(levels) != len(self.predictors):
            raise ValueError(
                f"CPNHead has num_levels={len(self.predictors)}, but {what.format(len(levels))}"
            )


def _prediction(channels: int, num_keypoints: int, norm_cfg: dict) -> list[nn.Module]:
    """3x3 convolution to heatmaps, and a norm layer that begins with small ones."""
    conv = nn.Conv2d(channels, num_keypoints, 3, padding=1, bias=False)
    _, norm = build_norm_layer(norm_cfg, num_keypoints)
    nn.init.constant_(norm.weight, FIRST_SCALE)
    return [conv, norm]


def _as_finest(maps: Sequence[Tensor]) -> list[Tensor]:
    """The maps, all in the size of the first."""
    size = maps[0].shape[-2:]
    return [interpolate(x, size=size, mode="bilinear", align_corners=True) for x in maps]
