"""Trackers with trained weights, and what is refused."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmpose.registry import MODELS

from mmpose_temporal.apis import build_pose_tracker, load_test_video
from mmpose_temporal.models import PoseTracker
from mmpose_temporal.structures import KEYPOINT_NAMES
from mmpose_temporal.testing import (
    tiny_test_config,
    tiny_tkmr_config,
    tiny_tracker_config,
    write_tiny_posetrack,
)
from mmpose_temporal.utils.training_mark import mark_as_trained


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """Weights of the tiny tracker with matching and refinement."""
    tracker = MODELS.build(tiny_tkmr_config())
    mark_as_trained(tracker)
    torch.save(tracker.state_dict(), tmp_path / "weights.pth")
    return tmp_path / "weights.pth"


def config(model: dict | None = None) -> Config:
    return Config(dict(model=model or tiny_tkmr_config(), default_scope="mmpose"))


def test_the_weights_are_those_of_the_checkpoint(checkpoint: Path) -> None:
    weights = torch.load(checkpoint, weights_only=True)
    tracker = build_pose_tracker(config(), checkpoint, device="cpu")
    assert isinstance(tracker, PoseTracker) and not tracker.training
    assert all(torch.equal(value, weights[name]) for name, value in tracker.state_dict().items())
    # What a smaller model does not have is not missed.
    smaller = tiny_tkmr_config(estimator=dict(refinement=False))
    tracker = build_pose_tracker(config(smaller), checkpoint, device="cpu")
    assert len(tracker.state_dict()) < len(weights)


def test_random_weights_are_refused(tmp_path: Path) -> None:
    """Of a training whose estimator has no temporal_loss."""
    model = tiny_tkmr_config(refinement=dict(type="TemporalRefinement", tau=1))
    torch.save(MODELS.build(model).state_dict(), tmp_path / "weights.pth")
    with pytest.raises(ValueError, match=r"weights\.pth: the weights of .* are random") as error:
        build_pose_tracker(config(model), tmp_path / "weights.pth", device="cpu")
    for part in ("association.similarity (KeypointMatchingSimilarity)", "refinement (Temporal"):
        assert part in str(error.value)


def test_a_checkpoint_that_does_not_fit(checkpoint: Path, tmp_path: Path) -> None:
    wider = tiny_tkmr_config(estimator=dict(channels=4))
    with pytest.raises(RuntimeError, match="another architecture"):
        build_pose_tracker(config(wider), checkpoint, device="cpu")
    weights = torch.load(checkpoint, weights_only=True)
    stage1 = {name: value for name, value in weights.items() if "_head." not in name}
    torch.save(stage1, tmp_path / "stage1.pth")
    with pytest.raises(RuntimeError, match="all of matching_head, refinement_head"):
        build_pose_tracker(config(), tmp_path / "stage1.pth", device="cpu")


def test_what_is_no_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "text.pth").write_text("no tensors")
    with pytest.raises(ValueError, match=r"text\.pth is no checkpoint"):
        build_pose_tracker(config(), tmp_path / "text.pth", device="cpu")
    torch.save(dict(state_dict={}, code=Path), tmp_path / "code.pth")
    with pytest.raises(ValueError, match=r"code\.pth is no checkpoint"):
        build_pose_tracker(config(), tmp_path / "code.pth", device="cpu")
    with pytest.raises(FileNotFoundError, match=r"none\.pth"):
        build_pose_tracker(config(), tmp_path / "none.pth", device="cpu")


def test_other_keypoints_than_the_config(checkpoint: Path, tmp_path: Path) -> None:
    """The data set of the test is PoseTrack's; the metainfo of a model comes before it."""
    weights = torch.load(checkpoint, weights_only=True)
    names = ("left_eye", *KEYPOINT_NAMES[1:])
    described = dict(dataset_name="eyes", keypoint_id2name=dict(enumerate(names)))
    saved = dict(state_dict=weights, meta=dict(dataset_meta=described))
    torch.save(saved, tmp_path / "eyes.pth")
    test = tiny_test_config(tmp_path, tmp_path)["test_dataloader"]
    model = tiny_tkmr_config()
    tested = Config(dict(model=model, test_dataloader=test, default_scope="mmpose"))
    with pytest.raises(ValueError, match=r"(?s)missing: nose.*17: nose.*eyes\.pth, 17: left_eye"):
        build_pose_tracker(tested, tmp_path / "eyes.pth", device="cpu")
    build_pose_tracker(config(model), tmp_path / "eyes.pth", device="cpu")  # nothing is stated
    MMLogger.get_instance("names", log_file=str(tmp_path / "log.txt"))
    build_pose_tracker(tested, checkpoint, device="cpu")
    assert "does not say which keypoints" in (tmp_path / "log.txt").read_text()
    tested.model = dict(model, metainfo=described)
    build_pose_tracker(tested, tmp_path / "eyes.pth", device="cpu")


def test_another_model(checkpoint: Path) -> None:
    poses = dict(tiny_tracker_config(), type="PoseOnlyTracker")
    with pytest.raises(ValueError, match="the config's model is PoseOnlyTracker"):
        build_pose_tracker(config(poses), checkpoint)
    with pytest.raises(ValueError, match="the config's model is None"):
        build_pose_tracker(Config(dict(data=1)), checkpoint)


def test_one_video(tmp_path: Path) -> None:
    write_tiny_posetrack(tmp_path)
    settings = Config(tiny_test_config(tmp_path, tmp_path))
    dataset = load_test_video(settings, "v2")
    assert [dataset[i]["data_samples"].video_id for i in range(len(dataset))] == ["v2"] * 3
    with pytest.raises(ValueError, match="has no video v3"):
        load_test_video(settings, "v3")
    settings.test_dataloader.dataset.type = "PoseTrackPersonDataset"
    with pytest.raises(ValueError, match="the config's is PoseTrackPersonDataset"):
        load_test_video(settings, "v2")
    with pytest.raises(ValueError, match="the config's is None"):
        load_test_video(Config(dict(test_dataloader=None)), "v2")
