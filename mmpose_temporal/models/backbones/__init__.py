"""Backbones; they build on mmpose's networks, so they need mmdet."""

from mmpose_temporal.compat import mmpose_networks_available

__all__ = []

if mmpose_networks_available():
    from .bn_inception import BNInception, InceptionBody
    from .branch_hrnet import BranchHRNet
    from .multi_stage_inception import MultiStageInception
    from .stem_hrnet import StemHRNet

    __all__ += ["BNInception", "BranchHRNet", "InceptionBody", "MultiStageInception", "StemHRNet"]
