import pytest
import torch

from mmpose_temporal.models.heads import FeatureHead, gather_features


@pytest.mark.parametrize(("upsample", "size"), [((2, 2, 2), (32, 24)), ((1, 2), (8, 6))])
@torch.no_grad()
def test_the_size_of_a_map_that_is_not_computed(upsample: tuple, size: tuple) -> None:
    head = FeatureHead(in_channels=6, channels=8, upsample=upsample)
    feats = [torch.zeros(2, 6, 4, 3)]
    assert head.map_size(feats) == size == tuple(head(feats).shape[-2:])


@torch.no_grad()
def test_features_at_cells_of_another_feature_map() -> None:
    head = FeatureHead(in_channels=6, channels=8, upsample=(1, 2), in_index=0, num_convs=3).eval()
    feats = [torch.randn(2, 6, 4, 3), torch.zeros(2, 9, 1, 1)]
    cells = torch.tensor([[[5, 7], [0, 0]], [[1, 2], [4, 3]]])
    found = head.features_at(feats, cells)
    torch.testing.assert_close(found, gather_features(head(feats), cells))
