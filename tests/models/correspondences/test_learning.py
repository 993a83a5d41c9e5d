"""A few seconds of training on stills recover known warps of stills that were not seen."""

import cv2
import numpy as np
import torch
from mmengine.structures import InstanceData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

from mmpose_temporal.testing import color_network_config

JOINTS, SIZE, CHANNELS = 4, 96, 16


def pair(seed):
    """A grey still of smooth noise, and its view turned by up to 30 degrees, scaled by 0.75 to
    1.25, shifted by up to 8 pixels, in another light and with noise; 16 random queries."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (SIZE // 8, SIZE // 8, 1), dtype=np.uint8).repeat(3, 2)
    image = cv2.resize(coarse, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
    turn, scale = rng.uniform(-30, 30), rng.uniform(0.75, 1.25)
    warp = cv2.getRotationMatrix2D(((SIZE - 1) / 2,) * 2, turn, scale)
    warp[:, 2] += rng.uniform(-8, 8, 2)
    queries = rng.uniform(4, SIZE - 4, (4, JOINTS, 2))
    targets = queries @ warp[:, :2].T + warp[:, 2]
    view = cv2.warpAffine(image, warp, (SIZE, SIZE))
    light, noise = rng.uniform(0.8, 1.2), rng.normal(0, 4, view.shape)
    view = np.clip(view * light + noise, 0, 255).astype(np.uint8)
    sample = PoseDataSample(metainfo=dict(input_size=(SIZE, SIZE)))
    sample.gt_instances = InstanceData(
        queries=queries.astype(np.float32),
        targets=targets.astype(np.float32),
        valid=np.ones((4, JOINTS), bool),
        visible=((targets >= 0) & (targets < SIZE)).all(-1),
    )
    return torch.from_numpy(np.stack([image, view])).permute(0, 3, 1, 2), sample


def build(phase):
    """A stem of two convolutions and two residual blocks, at stride 4."""
    torch.manual_seed(0)
    config = color_network_config(
        refinement=phase != "embedding", num_keypoints=JOINTS, phase=phase
    )
    config["backbone"] = dict(
        type="mmpose.ResNet",
        depth=18,
        num_stages=1,
        stem_channels=CHANNELS,
        base_channels=CHANNELS,
        strides=(1,),
        dilations=(1,),
        out_indices=(0,),
    )
    if phase != "embedding":
        config["refinement"]["embedding_channels"] = CHANNELS
    return MODELS.build(config)


def run(model, seeds, mode):
    pairs = [pair(seed) for seed in seeds]
    data = dict(inputs=[views for views, _ in pairs], data_samples=[s for _, s in pairs])
    return model(**model.data_preprocessor(data, model.training), mode=mode)


def train(model, steps, name):
    """The losses of the steps, four pairs each."""
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], 3e-3)
    values = []
    for step in range(steps):
        loss = run(model.train(), range(4 * step, 4 * step + 4), "loss")[name]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        values.append(loss.item())
    return values


def held_out(model):
    """Distances in cells of the visible points of twelve other stills, and all their scores."""
    samples = run(model.eval(), range(10_000, 10_012), "predict")
    apart = np.stack(
        [
            np.linalg.norm(s.pred_instances.points - s.gt_instances.targets, axis=-1)
            for s in samples
        ]
    )
    visible = np.stack([s.gt_instances.visible for s in samples])
    scores = np.stack([s.pred_instances.scores for s in samples])
    return apart[visible] / 4, scores[visible], scores[~visible]


def test_both_phases():
    first = build("embedding")
    before, *_ = held_out(first)
    losses = train(first, 30, "loss_affinity")
    after, *_ = held_out(first)
    # 576 cells: -log(1 / 576) = 6.4 by chance
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) - 0.5
    assert np.median(after) <= 0.75
    assert np.mean(after <= 1) > np.mean(before <= 1) + 0.1

    second = build("refinement")
    second.load_state_dict(first.state_dict(), strict=False)
    train(second, 10, "loss_confidence")
    refined, seen, hidden = held_out(second)
    assert np.median(refined) <= 1
    assert len(hidden)  # those that the warp takes out of the view
    assert np.median(hidden) < np.median(seen)
