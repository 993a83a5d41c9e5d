"""HRNet's maps, its weights, and one map more."""

import torch
from mmengine.config import Config
from mmpose.registry import MODELS

import mmpose_temporal  # noqa: F401 - registers everything


def test_first_layer_comes_before_the_maps_of_hrnet(project_root):
    path = project_root / "configs" / "_base_" / "models" / "td-hm_hrnet-tiny_128x96.py"
    config = Config.fromfile(path).estimator.backbone
    torch.manual_seed(0)
    plain = MODELS.build({**config, "type": "mmpose.HRNet"})
    ours = MODELS.build({**config, "type": "StemHRNet"})
    plain.eval()  # mmpose's answers None
    ours.eval()
    ours.load_state_dict(plain.state_dict())  # the same names and shapes
    crops = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        first, *rest = ours(crops)
        expected = plain(crops)
        by_hand = plain.relu(plain.norm1(plain.conv1(crops)))
        by_hand = plain.layer1(plain.relu(plain.norm2(plain.conv2(by_hand))))
    assert first.shape == (2, 64, 16, 16)
    torch.testing.assert_close(first, by_hand)
    assert len(rest) == len(expected) == 1
    torch.testing.assert_close(rest[0], expected[0])
    assert not ours.layer1._forward_hooks  # nothing is left behind
