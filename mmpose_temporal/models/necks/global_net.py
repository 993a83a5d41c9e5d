"""CPN's feature pyramid, with a place for a memory on its coarsest map."""

from collections.abc import Sequence

import numpy as np
import torch
from mmcv.cnn import ConvModule
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from torch import Tensor, nn
from torch.nn.functional import interpolate

from mmpose_temporal.models.parts import Shared

from .pose_temporal_memory import PoseTemporalMemory
from .sample_neck import SampleNeck


@MODELS.register_module()
class GlobalNet(SampleNeck):
    """Feature pyramid of CPN (Chen et al., CVPR 2018, section 3.2), here without predictions.

    Each map of the backbone goes through a lateral 1x1 convolution with BN and ReLU. From the
    coarsest to the finest, the map above is brought to the size of the lateral one bilinearly,
    goes through a 1x1 convolution with BN, and is added to it. The predictions of the levels are
    made by :class:`CPNHead`, which trains them.

    Choices: BN in the 1x1 convolutions of the top-down path (the authors' published code has a
    bias there), and corners are aligned when a map is resized, as in mmpose's MSPN.

    A ``memory`` sees the coarsest map after its lateral convolution, before the top-down path:
    stride 32 and 256 channels, (12, 9, 256) for crops of 384x288, as in PTM (section 3.3). Its
    weights are ``memory.*``, so a checkpoint without a memory lacks these and no others. In
    mmpose's TopdownPoseEstimator, which does not say whose crops it sees, nothing is remembered,
    and PTM's memory cannot be trained; :class:`TemporalPoseEstimator` does.

    Args:
        in_channels: Of the backbone's maps, finest first: (256, 512, 1024, 2048) for ResNet-101
            with ``out_indices=(0, 1, 2, 3)``.
        out_channels: Of each map of the pyramid.
        memory: Config of a :class:`SampleNeck` that takes one map and returns one map of the same
            shape, as :class:`PoseTemporalMemory`. None: no memory.
        norm_cfg: Of the norm layers.
        init_cfg: As for mmengine's BaseModule. None: convolutions by Kaiming, the memory as it
            initialises itself.

    Raises:
        ValueError: ``in_channels`` is empty, or a number of channels is not positive.
        TypeError: ``memory`` is no :class:`SampleNeck`.
    """

    def __init__(
        self,
        *,
        in_channels: Sequence[int],
        out_channels: int = 256,
        memory: dict | None = None,
        norm_cfg: dict | None = None,
        init_cfg: dict | list[dict] | None = None,
    ):
        super().__init__(init_cfg=init_cfg)
        if not in_channels or min(*in_channels, out_channels) < 1:
            raise ValueError(
                "in_channels must be one positive number for each map of the backbone, and "
                f"out_channels positive, got {in_channels} and {out_channels}"
            )
        norm = dict(type="BN") if norm_cfg is None else norm_cfg
        self.out_channels = out_channels
        self.laterals = nn.ModuleList(
            ConvModule(channels, out_channels, 1, norm_cfg=norm) for channels in in_channels
        )
        self.merges = nn.ModuleList(
            ConvModule(out_channels, out_channels, 1, norm_cfg=norm, act_cfg=None)
            for _ in in_channels[1:]
        )
        self.memory = None if memory is None else MODELS.build(memory)
        if self.memory is not None and not isinstance(self.memory, SampleNeck):
            raise TypeError(f"memory must be a SampleNeck, got {type(self.memory).__name__}")
        if isinstance(self.memory, PoseTemporalMemory) and self.memory.in_channels != out_channels:
            raise ValueError(
                f"GlobalNet hands its memory maps of out_channels={out_channels}, and the "
                f"memory's in_channels is {self.memory.in_channels}"
            )
        self._estimator: Shared[nn.Module] = Shared()

    def bind(self, estimator: nn.Module) -> None:
        """Let the memory take what it needs of the estimator's other parts."""
        self._estimator.module = estimator
        if self.memory is not None:
            self.memory.bind(estimator)

    def taught(self, samples: Sequence[PoseDataSample]) -> list[int]:
        """See :class:`SampleNeck`: the memory says it, if there is one."""
        return (super() if self.memory is None else self.memory).taught(samples)

    def forward(
        self,
        feats: Sequence[Tensor],
        *,
        samples: Sequence[PoseDataSample] | None = None,
        mirrored: bool = False,
    ) -> tuple[Tensor, ...]:
        """Build the pyramid.

        Args:
            feats: The backbone's maps, finest first, (B, C_i, H_i, W_i) each, C2 to C5 of a
                ResNet with strides 4 to 32. Sizes need not be halves of each other.
            samples: Of the B crops, for the memory. None: nobody is remembered.
            mirrored: The crops are mirrored, for the flip test; for the memory.

        Returns:
            (B, out_channels, H_i, W_i) each, finest first, as mmpose's necks.

        Raises:
            ValueError: Another number of maps than ``in_channels``.
        """
        if len(feats) != len(self.laterals):
            raise ValueError(
                f"GlobalNet has {len(self.laterals)} in_channels, the backbone gives {len(feats)} "
                "maps: out_indices of the backbone must name as many stages"
            )
        maps = [lateral(feat) for lateral, feat in zip(self.laterals, feats, strict=True)]
        if self.memory is not None:
            (maps[-1],) = self._remember(maps, samples, mirrored)
        return self._top_down(maps)

    def _remember(
        self, maps: list[Tensor], samples: Sequence[PoseDataSample] | None, mirrored: bool
    ) -> tuple[Tensor, ...]:
        """What the memory makes of the coarsest map.

        In training PTM's memory asks which heatmaps come of it, by which it stores frames.
        """

        def heatmaps_of(y: Tensor, rows: np.ndarray) -> Tensor:
            return self._heatmaps([*(x[torch.from_numpy(rows).to(x.device)] for x in finer), y])

        *finer, coarsest = maps
        options = {}
        if isinstance(self.memory, PoseTemporalMemory):
            options["heatmaps_of"] = heatmaps_of
        return self.memory((coarsest,), samples=samples, mirrored=mirrored, **options)

    @torch.no_grad()
    def _heatmaps(self, maps: list[Tensor]) -> Tensor:
        """(B, K, H, W) of these maps as in testing, by the BN statistics so far, not changed."""
        modes = {module: module.training for module in self.merges.modules()}
        self.merges.eval()
        pyramid = self._top_down(maps)
        for module, training in modes.items():
            module.training = training
        return self._estimator.module.heatmaps(pyramid)

    def _top_down(self, maps: list[Tensor]) -> tuple[Tensor, ...]:
        """The pyramid of these lateral maps, finest first."""
        maps = list(maps)
        for i in reversed(range(len(self.merges))):
            above = interpolate(
                maps[i + 1], size=maps[i].shape[-2:], mode="bilinear", align_corners=True
            )
            maps[i] = maps[i] + self.merges[i](above)
        return tuple(maps)
