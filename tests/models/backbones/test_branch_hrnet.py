"""HRNet's maps, its weights, and the maps of its branches."""

import torch
from mmengine.config import Config
from mmpose.registry import MODELS

import mmpose_temporal  # noqa: F401 - registers everything


def test_branches_come_before_the_maps_of_hrnet(project_root):
    path = project_root / "configs" / "_base_" / "models" / "td-hm_hrnet-tiny_128x96.py"
    config = Config.fromfile(path).estimator.backbone
    torch.manual_seed(0)
    plain = MODELS.build({**config, "type": "mmpose.HRNet"})
    ours = MODELS.build({**config, "type": "BranchHRNet"})
    plain.eval()  # mmpose's answers None
    ours.eval()
    ours.load_state_dict(plain.state_dict())  # the same names and shapes
    crops = torch.randn(2, 3, 64, 32)
    channels = config.extra.stage4.num_channels
    with torch.no_grad():
        *branches, last = ours(crops)
        (expected,) = plain(crops)
        module = plain.stage4[-1]
        # the map of stride 4 is the sum of the branches, brought to its size, and a ReLU
        fused = module.relu(
            branches[0] + sum(module.fuse_layers[0][i](branches[i]) for i in (1, 2, 3))
        )
    shapes = [tuple(branch.shape) for branch in branches]
    assert shapes == [(2, c, 16 >> i, 8 >> i) for i, c in enumerate(channels)]
    torch.testing.assert_close(last, expected)
    torch.testing.assert_close(fused, expected)
    hooks = [branch._forward_hooks for branch in ours.stage4[-1].branches]
    assert not any(hooks)  # nothing is left behind
