import torch
from torch.nn import functional

from mmpose_temporal.models.heads import KeypointRefinementHead


def test_sizes_of_the_paper() -> None:
    head = KeypointRefinementHead(in_channels=2048)
    deconvs = [m for m in head.blocks.modules() if isinstance(m, torch.nn.ConvTranspose2d)]
    assert [deconv.out_channels for deconv in deconvs] == [256] * 3
    assert head.final_layer.weight.shape == (17, 256, 1, 1)


def test_responses_are_row_k_of_the_convolution() -> None:
    """At any feature vector the answer is that of the 1x1 convolution's k-th channel."""
    head = KeypointRefinementHead(
        in_channels=6, num_keypoints=4, channels=8, upsample=(1, 1, 1), init_cfg=[]
    )
    features = torch.randn(2, 4, 3, 8)  # people, keypoints, candidates, channels
    images = features.permute(0, 3, 1, 2)  # as maps of 4 x 3 cells
    heatmaps = functional.conv2d(images, head.final_layer.weight, head.final_layer.bias)
    expected = torch.stack([heatmaps[:, k, k] for k in range(4)], dim=1)
    torch.testing.assert_close(head.responses(features), expected, atol=1e-6, rtol=0)
    # features of a mirrored crop: place 0 is meant for keypoint 1 and so on
    mirrored = torch.stack([heatmaps[:, row, k] for k, row in enumerate([1, 0, 3, 2])], dim=1)
    torch.testing.assert_close(head.responses(features, [1, 0, 3, 2]), mirrored)


def test_features_have_the_size_of_the_heatmaps() -> None:
    head = KeypointRefinementHead(in_channels=6, channels=8, upsample=(2, 2, 1))
    assert head([torch.zeros(2, 6, 4, 3)]).shape == (2, 8, 16, 12)
