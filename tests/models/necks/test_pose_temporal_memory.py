"""Training on clips, and the checkpoints of a network with a memory."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.registry import HOOKS
from mmpose.registry import MODELS

from mmpose_temporal.models.necks import (
    Entries,
    SavedKeypoints,
    find_memory,
    pose_temporal_memory,
)
from mmpose_temporal.models.pose_estimators import temporal_pose_estimator
from mmpose_temporal.models.trackers import tracker_model
from mmpose_temporal.testing import (
    make_video,
    tiny_crops,
    tiny_ptm_config,
    tiny_temporal_estimator_config,
    track_frames,
)
from mmpose_temporal.utils.checkpoints import CheckpointMismatch
from mmpose_temporal.utils.training_mark import MARK

CLIP = [(0, 5, 0), (0, 5, 1), (0, 5, 2), (0, 5, 4)]


def build(*, frozen=("backbone",), **neck):
    """A tiny estimator; its backbone stays in eval mode, so that crops do not mix in BN."""
    torch.manual_seed(0)
    config = tiny_ptm_config(neck=neck, estimator=dict(frozen=frozen))["estimator"]
    model = MODELS.build(config).train()
    with torch.no_grad():
        model.neck.alpha.fill_(0.4)
        for layer in (model.neck.to_key, model.neck.to_query):
            layer.weight *= 3
    return model


def clips(crops=CLIP, **metainfo):
    images, samples = tiny_crops(len(crops))
    for sample, (clip, track, frame) in zip(samples, crops, strict=True):
        sample.set_metainfo(dict(clip_index=clip, track_id=track, frame_offset=frame, **metainfo))
    return images, samples


def rows_of(images, samples, rows):
    return images[list(rows)], [samples[row] for row in rows]


def features(model, images, samples):
    return model.extract_feat(images, samples)[0]


def numbers(samples) -> list[int]:
    return [sample.num_entries for sample in samples]


# ---- what a clip reads


@pytest.mark.parametrize("attention", ["vanilla", "coda"])
def test_a_clip_is_read_and_written_in_order(attention):
    """By the pure part, step by step."""
    model = build(attention=attention)
    neck, (images, samples) = model.neck, clips()
    found = features(model, images, samples)
    assert numbers(samples) == [0, 1, 2, 3]
    x = model.backbone(images)[0]
    stored, saved = [], None
    for row in range(4):
        y = x[row : row + 1]
        if stored:
            keys, values = (torch.cat([one[i] for one in stored], 1) for i in (0, 1))
            crowded = torch.tensor([False])
            y = neck.read(y, Entries(keys, values, torch.tensor([len(stored)]), crowded))
            assert (y - x[row]).abs().max() > 0.01
        torch.testing.assert_close(found[row], y[0])
        maps = neck.pool(y.detach())[:, None]
        saved = saved or SavedKeypoints.nothing(1, 17, maps)
        written = neck.write(maps, *neck.judge(model.heatmaps((y,))), saved)
        saved = written.saved
        stored.append((written.keys, written.values))


def test_the_order_is_that_of_the_frames():
    model, (images, samples) = build(), clips()
    straight = features(model, images, samples)
    order = [2, 0, 3, 1]
    mixed, others = rows_of(images, samples, order)
    torch.testing.assert_close(features(model, mixed, others), straight[order])
    assert numbers(others) == [2, 0, 3, 1]


def test_a_watcher_sees_each_step():
    """Two people, one of them in two frames only: what they read, and the maps before that."""
    model = build()
    images, samples = clips([(0, 5, 0), (0, 6, 0), (0, 5, 1), (0, 6, 1), (0, 5, 2)])
    seen = []
    model.neck.watcher = seen.append
    enhanced = features(model, images, samples)
    assert [step.crops.tolist() for step in seen] == [[0, 1], [2, 3], [4]]
    assert seen[0].entries is None and all(step.stored.all() for step in seen)
    assert [step.entries.counts.tolist() for step in seen[1:]] == [[1, 1], [2]]
    plain = model.backbone(images)[0]
    torch.testing.assert_close(seen[1].x, plain[[2, 3]])
    assert not torch.allclose(enhanced[[2, 3]], plain[[2, 3]])


def test_clips_and_people_do_not_mix():
    """Two people of one clip, and a person of the same number in another one."""
    crops = [(0, 5, 0), (0, 6, 0), (1, 5, 0), (1, 5, 1), (0, 6, 1), (0, 5, 1), (0, 5, 2)]
    model, (images, samples) = build(), clips(crops)
    together = features(model, images, samples)
    assert numbers(samples) == [0, 0, 0, 1, 1, 1, 2]
    for rows in ([0, 5, 6], [1, 4], [2, 3]):
        alone = features(model, *rows_of(images, samples, rows))
        torch.testing.assert_close(together[rows], alone)


def test_capacity():
    model, (images, samples) = build(capacity=2), clips()
    found = features(model, images, samples)
    assert numbers(samples) == [0, 1, 2, 2]
    whole = features(build(), images, samples)
    torch.testing.assert_close(found[:3], whole[:3])
    assert (found[3] - whole[3]).abs().max() > 1e-4


def test_crowded_clips_are_read_by_coda():
    images, samples = clips(people_per_frame=9.0)
    torch.testing.assert_close(
        features(build(), images, samples), features(build(attention="coda"), images, samples)
    )
    vanilla = features(build(attention="vanilla"), images, samples)
    assert (vanilla - features(build(), images, samples))[1:].abs().amax((1, 2, 3)).min() > 1e-3


def test_clips_that_do_not_say_how_crowded_they_are(monkeypatch):
    said = []
    monkeypatch.setattr(pose_temporal_memory, "warn_once", said.append)
    features(build(attention="coda"), *clips())
    features(build(), *clips(people_per_frame=3.0))
    assert not said
    features(build(), *clips())
    (text,) = said
    assert "(people_per_frame): they are read as those of videos that are not" in text


def test_samples_of_no_clips():
    with pytest.raises(ValueError, match=r"no clip_index, track_id, frame_offset: use PersonClip"):
        build().loss(*tiny_crops(2))


def test_another_number_of_channels():
    model, (images, samples) = build(in_channels=4), clips()
    text = "PoseTemporalMemory: feature map -1 has 8 channels, in_channels is 4"
    with pytest.raises(ValueError, match=text):
        model.loss(images, samples)


@pytest.mark.parametrize(("threshold", "warns"), [(25.4, False), (25.5, True)])
def test_a_threshold_that_the_qualities_cannot_exceed(monkeypatch, threshold, warns):
    """17 keypoints of 1.5 at most."""
    said = []
    monkeypatch.setattr(pose_temporal_memory, "warn_once", said.append)
    build(heatmap_thr=threshold)
    assert bool(said) == warns and all("of 17 keypoints add up to 25.5" in x for x in said)


# ---- what the losses teach


@pytest.mark.parametrize("attention", ["vanilla", "coda"])
@pytest.mark.parametrize("frozen", [(), ("backbone",)])
def test_gradients_reach_every_weight(attention, frozen):
    model = build(attention=attention, frozen=frozen)
    model.loss(*clips())["loss_kpt"].backward()
    for name, weight in model.named_parameters():
        if name.startswith("backbone") and frozen:
            assert weight.grad is None, name
        else:
            assert weight.grad.isfinite().all() and weight.grad.abs().max() > 0, name
    assert model.neck.ready


@pytest.mark.parametrize("detach", [True, False])
def test_gradients_go_through_written_features_only_if_asked(detach):
    """The loss is on the second crop; the first one is only written."""
    model, (images, samples) = build(detach=detach), clips(CLIP[:2])
    images.requires_grad_()
    model.loss(images, samples)["loss_kpt"].backward()
    assert images.grad[1].abs().max() > 0
    assert (images.grad[0].abs().max() > 0) == (not detach)
    assert all(p.grad.abs().max() > 0 for p in model.neck.parameters())


def test_the_loss_is_on_the_crops_that_read_something():
    crops = [*CLIP, (1, 5, 0), (2, 6, 3), (2, 6, 9)]
    model, (images, samples) = build(), clips(crops)
    loss = model.loss(images, samples)["loss_kpt"]
    taught = model.neck.taught(samples)
    assert taught == [1, 2, 3, 6]
    feats, rows = features(model, images, samples)[taught], [samples[row] for row in taught]
    expected = model.head.loss((feats,), rows, train_cfg=model.train_cfg)["loss_kpt"]
    torch.testing.assert_close(loss, expected)
    everyone = model.head.loss((features(model, images, samples),), samples)["loss_kpt"]
    assert abs(everyone - loss) > 1e-4


def test_a_batch_in_which_nothing_is_read_teaches_nothing(monkeypatch):
    """But every weight has a gradient, for which distributed training waits."""
    said = []
    monkeypatch.setattr(temporal_pose_estimator, "warn_once", said.append)
    model = build(heatmap_thr=100)
    images, samples = clips()
    losses = model.loss(images, samples)
    assert numbers(samples) == [0, 0, 0, 0] and not model.neck.ready
    assert losses["loss_kpt"].item() == 0
    losses["loss_kpt"].backward()
    trained = [p for p in model.parameters() if p.requires_grad]
    assert all(p.grad is not None and not p.grad.any() for p in trained)
    (text,) = said
    assert "no crop of a batch read anything" in text and "heatmap_thr" in text
    with torch.no_grad():
        torch.testing.assert_close(features(model, images, samples), model.backbone(images)[0])


def test_a_frozen_memory_is_read_in_training():
    """And random weights stay marked as such."""
    model, (images, samples) = build(frozen=("backbone", "neck")), clips()
    assert not model.neck.training
    expected = features(build(), images, samples)
    torch.testing.assert_close(features(model, images, samples), expected)
    model.loss(images, samples)["loss_kpt"].backward()
    assert all(p.grad is None for p in model.neck.parameters())
    assert all(p.grad is not None for p in model.head.parameters())
    assert not model.neck.ready


@pytest.mark.parametrize("attention", ["vanilla", "coda"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_training_in_half_precision(attention, dtype):
    """Automatic mixed precision: close to single precision, and every weight has a gradient."""
    model, (images, samples) = build(attention=attention, frozen=()), clips()
    with torch.no_grad():
        exact = features(model, images, samples)
    with torch.autocast("cpu", dtype):
        found = features(model, images, samples)
        if dtype == torch.float16:
            loss = model.loss(images, samples)["loss_kpt"]
        else:  # of which mmpose's heads compute no accuracy
            loss = model.head((found,)).square().mean()
    assert found.dtype == dtype
    torch.testing.assert_close(found.float(), exact, atol=0.1, rtol=0.1)
    loss.backward()
    for name, weight in model.named_parameters():
        assert weight.grad.isfinite().all() and weight.grad.abs().max() > 0, name


def test_without_samples_nothing_is_remembered():
    """As when FLOPs are counted."""
    model = build()
    images, _ = clips()
    torch.testing.assert_close(model.extract_feat(images)[0], model.backbone(images)[0])
    plain = model.eval().extract_feat(images, tiny_crops(4)[1])
    torch.testing.assert_close(plain[0], model.backbone(images)[0])


def test_an_estimator_that_does_not_say_whose_crops_it_sees():
    """mmpose's has the plain poses, and cannot train the memory."""
    config = tiny_ptm_config()["estimator"]
    config.pop("describers")
    model = MODELS.build(dict(config, type="TopdownPoseEstimator"))
    images, samples = clips()
    with torch.no_grad():
        torch.testing.assert_close(model.eval().extract_feat(images)[0], model.backbone(images)[0])
    with pytest.raises(ValueError, match="trained in a TemporalPoseEstimator"):
        model.train().loss(images, samples)


# ---- checkpoints


def single_frame():
    """The same network without a memory."""
    config = tiny_temporal_estimator_config(matching=None, refinement=False)
    torch.manual_seed(5)
    return MODELS.build(config)


def save(model, folder) -> str:
    torch.save(dict(state_dict=model.state_dict(), meta={}), folder / "single.pth")
    return str(folder / "single.pth")


def test_a_single_frame_checkpoint_starts_a_training(tmp_path):
    single, model = single_frame(), build()
    dataset = SimpleNamespace(metainfo={})
    runner = SimpleNamespace(model=model, train_dataloader=SimpleNamespace(dataset=dataset))
    path = save(single, tmp_path)
    HOOKS.build(dict(type="LoadEstimatorHook", checkpoint=path)).before_train(runner)
    found = model.state_dict()
    assert all(torch.equal(found[name], value) for name, value in single.state_dict().items())
    assert not model.neck.ready and f"neck.{MARK}" in found
    assert model.new_parts == ("matching_head", "refinement_head", "neck")


def test_a_trained_memory_says_so_in_its_checkpoint():
    model, other = build(), build()
    random = {name: value.clone() for name, value in model.state_dict().items()}
    model.loss(*clips())
    trained = model.state_dict()
    assert f"neck.{MARK}" in random and f"neck.{MARK}" not in trained
    other.load_state_dict(trained)
    assert other.neck.ready
    other.load_state_dict(random)
    assert not other.neck.ready
    other.neck.ready = True
    other.load_state_dict(single_frame().state_dict(), strict=False)
    assert other.neck.ready  # nothing of the memory was read


def test_a_memory_without_places_is_no_single_frame_network():
    state = MODELS.build(tiny_ptm_config()["estimator"]).state_dict()
    tracker = MODELS.build(tiny_ptm_config(neck=dict(position=True)))
    with pytest.raises(CheckpointMismatch, match=r"lacks 2 of .*_place\..*\)\. Use the config"):
        tracker.load_state_dict(state, strict=False)


def test_a_tracker_takes_a_single_frame_checkpoint_if_asked(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(tracker_model, "warn_once", said.append)
    state = single_frame().state_dict()
    text = r"lacks 4 of .* tensors \(estimator\.neck.*\. neck must be trained first, on top"
    with pytest.raises(CheckpointMismatch, match=text):
        MODELS.build(tiny_ptm_config()).load_state_dict(dict(state), strict=False)
    tracker = MODELS.build(tiny_ptm_config(partial_checkpoint=["neck"])).eval()
    tracker.load_state_dict(dict(state), strict=False)
    assert torch.equal(tracker.estimator.head.final_layer.weight, state["head.final_layer.weight"])
    track_frames(tracker, make_video("v", [[4, 6, 16, 38]]))
    assert len(said) == 1 and "memory (PersonMemory) are random. A memory is trained" in said[0]
    tracker.estimator.neck.ready = True
    track_frames(tracker, make_video("v", [[4, 6, 16, 38]]))
    assert len(said) == 1


def test_the_memory_is_found_wherever_it_is():
    model = build()
    assert find_memory(model) == ("neck", model.neck)
    assert find_memory(single_frame()) is None


def test_a_head_without_heatmaps_is_refused():
    config = tiny_ptm_config()["estimator"]
    config["test_cfg"] = dict(flip_test=True, flip_mode="udp_combined")
    with pytest.raises(ValueError, match="flip_mode is 'udp_combined', but PoseTemporalMemory"):
        MODELS.build(config)


def test_a_codec_whose_peaks_are_no_1():
    config = tiny_ptm_config()["estimator"]
    sizes = {key: config["head"]["decoder"][key] for key in ("input_size", "heatmap_size")}
    config["head"]["decoder"] = dict(type="MegviiHeatmap", kernel_size=3, **sizes)
    with pytest.raises(ValueError, match="MegviiHeatmap's targets have peaks of 255"):
        MODELS.build(config)


def test_the_blur_is_the_codecs():
    assert build().neck.blur_kernel == 11
    assert build(blur_kernel=5).neck.blur_kernel == 5
