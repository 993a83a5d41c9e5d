"""A neck is told whose crops it sees, wherever the estimator calls it."""

import torch
from mmpose.registry import MODELS

from mmpose_temporal.models.necks import SampleNeck
from mmpose_temporal.testing import tiny_crops, tiny_temporal_estimator_config

K = 17


@MODELS.register_module(force=True)
class MarkNeck(SampleNeck):
    """Adds the mark of each sample to the features of its crop, and keeps what it is told."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def bind(self, estimator) -> None:
        self.heads = [estimator.head]

    def forward(self, feats, *, samples, mirrored):
        self.seen.append((None if samples is None else [s.mark for s in samples], mirrored))
        if samples is None:
            return feats
        marks = feats[0].new_tensor([s.mark for s in samples])[:, None, None, None]
        return tuple(feat + marks for feat in feats)


def build(**options):
    config = tiny_temporal_estimator_config(**options)
    return MODELS.build(dict(config, neck=dict(type="MarkNeck"))).eval()


def marked(number: int):
    crops, samples = tiny_crops(number)
    for mark, one in enumerate(samples):
        one.set_metainfo(dict(mark=mark))
    return crops, samples


def test_a_neck_knows_whose_crops_it_sees() -> None:
    """In testing, in the second pass of the flip test, and in training."""
    model = build(flip_test=True)
    assert model.neck.heads == [model.head]
    crops, samples = marked(3)
    model(crops, samples, mode="predict")
    model.train()(crops, samples, mode="loss")
    assert model.neck.seen == [([0, 1, 2], False), ([0, 1, 2], True), ([0, 1, 2], False)]
    plain = MODELS.build(tiny_temporal_estimator_config()).eval()
    plain.load_state_dict(model.state_dict())
    before, after = plain.extract_feat(crops)[0], model.eval().extract_feat(crops, samples)[0]
    torch.testing.assert_close(after, before + torch.arange(3.0)[:, None, None, None])


def test_a_neck_with_samples_is_counted_without_them() -> None:
    model = build()
    assert model(tiny_crops(1)[0], None, mode="tensor").shape == (1, K, 16, 12)
    assert model.neck.seen == [(None, False)]
