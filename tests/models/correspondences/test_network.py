"""The network: known warps by colours, options, phases, checkpoints and lower precision."""

import cv2
import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from torch import nn

from mmpose_temporal.structures import KEYPOINT_NAMES
from mmpose_temporal.testing import color_network_config, make_certain
from mmpose_temporal.utils.checkpoints import CheckpointMismatch

JOINTS = 4
NAMES = KEYPOINT_NAMES[:JOINTS]


def network(refinement=False, **options):
    config = color_network_config(refinement=refinement, num_keypoints=JOINTS, **options)
    return MODELS.build(config)


def certain(refinement=False, **options):
    return make_certain(network(refinement, **options))


def still(size=128, seed=0):
    """Smooth colours, no two places alike."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (size // 8, size // 8, 3), dtype=np.uint8)
    return cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)


def sample_of(queries, targets, size, valid=None, visible=None):
    """Ground truth as PackStillPair has it, of (G, J, 2) queries."""
    yes = np.ones(queries.shape[:2], bool)
    inside = ((targets >= 0) & (targets < size)).all(-1)
    sample = PoseDataSample(metainfo=dict(input_size=(size, size)))
    valid = yes if valid is None else valid
    sample.gt_instances = InstanceData(
        queries=queries.astype(np.float32),
        targets=targets.astype(np.float32),
        valid=valid,
        visible=(inside if visible is None else visible) & valid,
    )
    return sample


def warped_pair(warp, groups=3, size=128, seed=0):
    """A still, its view by a (2, 3) warp, and queries at least 24 pixels from its border."""
    image = still(size, seed)
    rng = np.random.default_rng(seed + 1)
    queries = rng.uniform(24, size - 24, (groups, JOINTS, 2))
    warp = np.asarray(warp, np.float64)
    targets = queries @ warp[:, :2].T + warp[:, 2]
    view = cv2.warpAffine(image, warp, (size, size))
    views = torch.from_numpy(np.stack([image, view])).permute(0, 3, 1, 2)
    return views, sample_of(queries, targets, size)


def run(model, pairs, mode):
    data = dict(inputs=[views for views, _ in pairs], data_samples=[s for _, s in pairs])
    return model(**model.data_preprocessor(data, model.training), mode=mode)


def rotation(degrees, scale, shift=(0, 0), size=128):
    matrix = cv2.getRotationMatrix2D(((size - 1) / 2,) * 2, degrees, scale)
    matrix[:, 2] += shift
    return matrix


# ---- known warps


@pytest.mark.parametrize("refinement", [False, True])
@pytest.mark.parametrize(
    ("warp", "within"),
    [
        ([[1, 0, 0], [0, 1, 0]], 0.6),  # half a cell, and what is between the cells
        ([[1, 0, 12], [0, 1, -8]], 0.6),  # whole cells
        ([[1, 0, 5], [0, 1, 3]], 1),
        (rotation(8, 1.0), 1),
        (rotation(-5, 1.08, (6, -4)), 1),
    ],
)
def test_a_known_warp_is_recovered(warp, within, refinement):
    """The median distance in cells of 4 pixels, and the points stay where they are visible."""
    model = certain(refinement)
    pairs = [warped_pair(warp, seed=seed) for seed in (0, 10)]
    for sample in run(model, pairs, "predict"):
        truth, found = sample.gt_instances, sample.pred_instances
        apart = np.linalg.norm(found.points - truth.targets, axis=-1) / 4
        assert np.median(apart[truth.visible]) <= within
        assert found.points.shape == (3, JOINTS, 2)
        assert found.scores.shape == found.raw_scores.shape == (3, JOINTS)
        assert sample.cell_size == 4
        assert ((found.scores >= 0) & (found.scores <= 1)).all()


def test_without_refinement_the_points_are_those_of_the_affinities():
    (sample,) = run(certain(), [warped_pair([[1, 0, 4], [0, 1, 4]])], "predict")
    found = sample.pred_instances
    np.testing.assert_array_equal(found.points, found.raw_points)
    np.testing.assert_array_equal(found.scores, found.raw_scores)


def test_a_cell_by_hand():
    """A query in the cell (8, 9), the view is 3 cells to the right and 2 up: the centre of cell
    (11, 7) is (45.5, 29.5)."""
    views, _ = warped_pair([[1, 0, 12], [0, 1, -8]])
    queries = np.tile(np.array([33.0, 37.0]), (1, JOINTS, 1))
    sample = sample_of(queries, queries + np.array([12, -8]), 128)
    (sample,) = run(certain(), [(views, sample)], "predict")
    np.testing.assert_allclose(sample.pred_instances.points[0, 0], [45.5, 29.5], atol=0.5)


def test_what_is_not_valid_has_no_score():
    views, sample = warped_pair([[1, 0, 4], [0, 1, 0]])
    sample.gt_instances.valid[0, 1] = sample.gt_instances.visible[0, 1] = False
    sample.gt_instances.queries[0, 1] = np.nan
    for refinement in (False, True):
        (answer,) = run(certain(refinement), [(views, sample)], "predict")
        found = answer.pred_instances
        assert found.scores[0, 1] == found.raw_scores[0, 1] == 0
        assert np.isfinite(found.points).all()
        assert (found.raw_scores[0, [0, 2, 3]] > 0.5).all()


def test_queries_at_the_border_of_the_first_view():
    """The corners find themselves in the same view."""
    image = torch.from_numpy(still()).permute(2, 0, 1)
    corners = np.array([[[0, 0], [127, 0], [0, 127], [127, 127]]], float)
    sample = sample_of(corners, corners, 128)
    (sample,) = run(certain(), [(torch.stack([image, image]), sample)], "predict")
    apart = np.linalg.norm(sample.pred_instances.points - corners, axis=-1)
    assert apart.max() < 4


def test_another_view_has_no_sure_correspondences():
    """The second view is of another still."""
    views, sample = warped_pair([[1, 0, 0], [0, 1, 0]])
    other, _ = warped_pair([[1, 0, 0], [0, 1, 0]], seed=50)
    (same,) = run(certain(), [(views, sample)], "predict")
    own = same.pred_instances.scores.copy()
    (answer,) = run(certain(), [(torch.stack([views[0], other[1]]), sample)], "predict")
    # still a softmax over all cells: something is highest, but it is less certain
    assert np.median(answer.pred_instances.scores) < np.median(own)


def test_the_embedding_of_frames():
    model = certain()
    one = model(torch.zeros(2, 3, 64, 32))
    pair = model(torch.zeros(2, 2, 3, 64, 32))
    assert (one.shape, pair.shape) == ((2, 3, 16, 8), (2, 2, 3, 16, 8))
    with pytest.raises(ValueError, match="mode must be"):
        model(torch.zeros(1, 3, 64, 32), mode="train")


@pytest.mark.parametrize("normalisation", ["cosine", "squared_norm"])
def test_logits_by_hand(normalisation):
    """Same cells: with cosines the mean of nine ones times the temperature; with squared norms
    the sum of nine 1 / |e|^2, of which a corner has four."""
    model = certain(normalisation=normalisation)
    embedding = torch.full((1, 3, 5, 5), 2.0)  # |e|^2 = 12
    logits = model.affinity_logits(embedding, embedding, torch.tensor([[[2, 2], [0, 0]]]))
    middle, corner = (200, 200 * 4 / 9) if normalisation == "cosine" else (9 / 12, 4 / 12)
    torch.testing.assert_close(logits[0, 0, 2, 2], torch.tensor(float(middle)))
    torch.testing.assert_close(logits[0, 1, 0, 0], torch.tensor(float(corner)))


@torch.no_grad()
def test_people_are_refined_in_parts():
    """Seven people, three at a time, as all together."""
    torch.manual_seed(0)
    model = network(refinement=True).eval()
    shared = model.refinement.shared(*torch.randn(2, 1, 3, 16, 16))
    maps = torch.rand(7, JOINTS, 16, 16).flatten(2).softmax(-1).unflatten(2, (16, 16))
    owners, valid = torch.zeros(7, dtype=torch.long), torch.rand(7, JOINTS) > 0.3
    calls = []
    model.refinement.register_forward_hook(lambda _, inputs, out: calls.append(len(out)))
    whole = model.confidences(shared, owners, maps, valid)
    model.max_people = 3
    parts = model.confidences(shared, owners, maps, valid)
    torch.testing.assert_close(parts, whole, rtol=1e-4, atol=1e-5)
    assert calls == [7, 3, 3, 1]
    assert (whole[~valid] == 0).all()
    assert (whole[valid] > 0).all()
    assert model.confidences(shared, owners[:0], maps[:0], valid[:0]).shape == (0, JOINTS, 16, 16)


# ---- losses


def test_what_the_losses_of_each_phase_are():
    pairs = [warped_pair([[1, 0, 4], [0, 1, 0]])]
    names = {}
    for phase in ("embedding", "refinement", "joint"):
        model = network(refinement=phase != "embedding", phase=phase)
        model.embedding.ready = True
        names[phase] = set(run(model.train(), pairs, "loss"))
    assert names == dict(
        embedding={"loss_affinity", "acc_affinity"},
        refinement={"loss_confidence", "acc_affinity"},
        joint={"loss_affinity", "loss_confidence", "acc_affinity"},
    )


def test_the_accuracy_is_of_the_visible_points_within_a_cell():
    """A whole cell further counts, two do not; what is hidden does not count."""
    views, sample = warped_pair([[1, 0, 0], [0, 1, 0]], groups=1)
    truth = sample.gt_instances
    truth.queries = np.full((1, JOINTS, 2), 65.5, np.float32)  # the centre of a cell
    truth.targets = truth.queries + np.float32([[[0, 0], [4, 0], [8, 0], [40, 0]]])
    truth.visible = np.array([[True, True, True, False]])
    losses = run(certain(), [(views, sample)], "loss")
    assert losses["acc_affinity"].item() == pytest.approx(2 / 3)


@pytest.mark.parametrize("phase", ["embedding", "refinement", "joint"])
def test_a_batch_in_which_nothing_is_asked_for(phase):
    model = network(refinement=phase != "embedding", phase=phase).train()
    model.embedding.ready = True
    views, sample = warped_pair([[1, 0, 0], [0, 1, 0]], groups=2)
    sample.gt_instances.valid[:] = sample.gt_instances.visible[:] = False
    losses = run(model, [(views, sample)], "loss")
    total = sum(value for name, value in losses.items() if "loss" in name)
    assert total == 0
    total.backward()
    assert losses["acc_affinity"] == 0
    trained = [p for p in model.parameters() if p.requires_grad and p.grad is not None]
    assert trained
    assert all(p.grad.abs().sum() == 0 for p in trained)


# ---- phases and checkpoints


class Conv(nn.Sequential):
    """A backbone with weights and norm statistics."""

    def __init__(self, channels=3):
        super().__init__(nn.Conv2d(3, channels, 4, 4), nn.BatchNorm2d(channels))


@pytest.fixture(autouse=True)
def _backbone():
    MODELS.register_module(module=Conv, name="FourByFour", force=True)
    yield
    MODELS.module_dict.pop("FourByFour")


def learner(phase, channels=3, checkpoint=None, joints=JOINTS, seed=0):
    """A network with a backbone that can be trained."""
    torch.manual_seed(seed)
    config = color_network_config(
        refinement=phase != "embedding",
        phase=phase,
        checkpoint=checkpoint,
        keypoint_names=KEYPOINT_NAMES[:joints],
    )
    config["backbone"] = dict(type="FourByFour", channels=channels)
    if phase != "embedding":
        config["refinement"]["embedding_channels"] = channels
    return MODELS.build(config)


def one_step(model):
    views, sample = warped_pair([[1, 0, 4], [0, 1, 0]], groups=2)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], 0.1)
    losses = run(model.train(), [(views, sample)], "loss")
    sum(value for name, value in losses.items() if "loss" in name).backward()
    optimizer.step()
    return model


def state(model, part):
    """A copy, without the mark of weights that were not trained."""
    found = getattr(model, part).state_dict()
    return {k: v.clone() for k, v in found.items() if "untrained" not in k}


def changed(before, after):
    return {name for name, value in before.items() if not torch.equal(value, after[name])}


def test_phase_1_trains_the_embedding():
    model = learner("embedding")
    before = state(model, "embedding")
    assert not model.ready
    one_step(model)
    assert model.ready
    assert {"backbone.0.weight", "log_scale", "backbone.1.running_mean"} <= changed(
        before, state(model, "embedding")
    )


def test_phase_2_leaves_the_embedding_as_it_is():
    model = learner("refinement")
    model.embedding.ready = True
    before = state(model, "embedding"), state(model, "refinement")
    one_step(model)
    assert model.training
    assert model.refinement.training
    assert not any(part.training for part in model.embedding.modules())
    assert changed(before[0], state(model, "embedding")) == set()  # norm statistics, too
    assert all(p.grad is None for p in model.embedding.parameters())
    moved = changed(before[1], state(model, "refinement"))
    assert any("running_mean" in name for name in moved)
    assert {"factor", "gain", "bias"} <= moved


def test_joint_training_changes_both():
    model = learner("joint")
    before = state(model, "embedding"), state(model, "refinement")
    one_step(model)
    assert "backbone.0.weight" in changed(before[0], state(model, "embedding"))
    assert "bias" in changed(before[1], state(model, "refinement"))
    assert model.ready


def test_phase_2_on_an_embedding_that_nobody_trained():
    with pytest.raises(ValueError, match="load_from"):
        one_step(learner("refinement"))


def saved(model, path):
    torch.save(dict(state_dict=model.state_dict(), meta={}), path)
    return str(path)


def test_phase_2_goes_on_from_phase_1(tmp_path):
    first = one_step(learner("embedding"))
    second = learner("refinement", checkpoint=saved(first, tmp_path / "1.pth"), seed=5)
    assert changed(state(first, "embedding"), state(second, "embedding")) == set()
    assert second.embedding.ready
    assert not second.refinement.ready
    assert not second.ready
    second.init_weights()  # mmengine does it before a training
    assert changed(state(first, "embedding"), state(second, "embedding")) == set()
    one_step(second)
    assert second.ready
    third = learner("joint", checkpoint=saved(second, tmp_path / "2.pth"), seed=6)
    assert third.ready
    assert changed(state(second, "refinement"), state(third, "refinement")) == set()


def test_load_from_as_mmengine_loads(tmp_path):
    """Without strictness: phase 1's has no refinement, which stays as it is."""
    from mmengine.runner import load_checkpoint

    path = saved(one_step(learner("embedding")), tmp_path / "1.pth")
    model = learner("refinement", seed=3)
    before = state(model, "refinement")
    load_checkpoint(model, path)
    assert changed(before, state(model, "refinement")) == set()
    assert model.embedding.ready
    one_step(model)


def test_phase_1s_config_takes_the_embedding_of_phase_2(tmp_path):
    second = one_step(learner("joint"))
    model = learner("embedding", checkpoint=saved(second, tmp_path / "2.pth"), seed=4)
    assert model.ready
    assert changed(state(second, "embedding"), state(model, "embedding")) == set()


def test_checkpoints_of_other_models_are_refused(tmp_path):
    other = saved(nn.Linear(2, 2), tmp_path / "other.pth")
    with pytest.raises(CheckpointMismatch, match="EmbeddingNetwork"):
        learner("embedding", checkpoint=other)
    wide = saved(one_step(learner("embedding", channels=5)), tmp_path / "wide.pth")
    with pytest.raises(CheckpointMismatch, match="EmbeddingNetwork"):
        learner("embedding", checkpoint=wide)
    more = learner("joint", joints=5)
    more.embedding.ready = more.refinement.ready = True
    with pytest.raises(ValueError, match="trained with the joints"):
        learner("joint", checkpoint=saved(more, tmp_path / "more.pth"))


def test_random_weights_are_no_checkpoint(tmp_path):
    path = saved(learner("embedding"), tmp_path / "random.pth")
    with pytest.raises(ValueError, match="random"):
        learner("embedding", checkpoint=path)


def test_half_of_a_refinement_is_refused(tmp_path):
    content = one_step(learner("joint")).state_dict()
    del content["refinement.gain"]
    torch.save(dict(state_dict=content, meta={}), tmp_path / "half.pth")
    with pytest.raises(CheckpointMismatch, match="gain"):
        learner("joint", checkpoint=str(tmp_path / "half.pth"))


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (dict(phase="all"), "phase must be one of"),
        (dict(phase="refinement"), "'embedding' trains a network without refinement"),
        (dict(refinement=True, phase="embedding"), "'embedding' trains a network without"),
        (dict(normalisation="l2"), "normalisation must be"),
        (dict(patch=2), "patch must be odd"),
        (dict(patch=-1), "patch must be odd"),
        (dict(stride=0), "stride and max_people"),
        (dict(max_people=0), "stride and max_people"),
    ],
)
def test_options_out_of_their_range(options, word):
    with pytest.raises(ValueError, match=word):
        network(**options)


def test_a_network_without_joints():
    with pytest.raises(ValueError, match="joints must be different"):
        MODELS.build(color_network_config(num_keypoints=0))


# ---- lower precision


@pytest.mark.parametrize("refinement", [False, True])
def test_bfloat16_finds_the_same_cells(refinement):
    """The whole way in mixed precision on the CPU, within half a cell of full precision."""
    model = certain(refinement)
    warp = rotation(5, 1.0, (4, 2))
    (full,) = run(model, [warped_pair(warp)], "predict")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        (mixed,) = run(model, [warped_pair(warp)], "predict")
    apart = np.linalg.norm(mixed.pred_instances.points - full.pred_instances.points, axis=-1)
    assert np.median(apart) <= 2
    assert mixed.pred_instances.scores.dtype == np.float32


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_affinities_of_embeddings_in_half_precision(dtype):
    """As merging keeps them: the logits are computed in single precision, within the rounding."""
    model = certain()
    maps = torch.randn(1, 3, 12, 12)
    cells = torch.tensor([[[3, 4], [0, 11]]])
    full, half = (model.affinity_logits(m, m, cells) for m in (maps, maps.to(dtype)))
    assert half.dtype == torch.float32
    assert (half - full).abs().max() < 200 * 3 * torch.finfo(dtype).eps


@pytest.mark.parametrize(("stride", "size"), [(8, 64), (2, 64), (4, 62)])
def test_a_stride_that_is_not_the_embeddings(stride, size):
    """Cells of 4 pixels: points would silently be somewhere else."""
    model = certain(stride=stride)
    cells = f"{size} x {size} pixels .* {size // 4} x {size // 4} cells.*not stride={stride}"
    for images in (torch.zeros(1, 3, size, size), torch.zeros(1, 2, 3, size, size)):
        with pytest.raises(ValueError, match=cells):
            model(images)


def test_images_of_one_view_pass_the_preprocessor():
    model = certain()
    images = [torch.full((3, 8, 8), 255, dtype=torch.uint8)] * 2
    data = model.data_preprocessor(dict(inputs=images), False)
    assert data["inputs"].shape == (2, 3, 8, 8)
    torch.testing.assert_close(data["inputs"].unique().item(), 1.0)
    assert data["data_samples"] is None
