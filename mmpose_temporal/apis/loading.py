"""A tracker with the weights of a checkpoint, and one video of the data it is tested on."""

from collections.abc import Mapping
from pathlib import Path

from mmengine.config import Config
from mmengine.device import get_device
from mmengine.model import BaseModel
from mmengine.registry import init_default_scope
from mmengine.runner import CheckpointLoader, load_state_dict
from mmpose.registry import DATASETS, MODELS
from torch import Tensor

from mmpose_temporal.datasets import PoseTrackVideoDataset
from mmpose_temporal.datasets.posetrack_base import PoseTrackBase
from mmpose_temporal.models.trackers import PoseTracker
from mmpose_temporal.models.trackers.tracker_model import random_weights
from mmpose_temporal.structures import POSETRACK18, Skeleton, check_keypoints, read_skeleton
from mmpose_temporal.utils import log_once
from mmpose_temporal.utils.checkpoint_files import reading_checkpoint
from mmpose_temporal.utils.checkpoints import CheckpointMismatch, compare_state, weights_of
from mmpose_temporal.utils.config_errors import building, other_model, read_config


def load_weights(
    model: BaseModel,
    checkpoint: str | Path,
    *,
    strict: bool,
    keypoints: Skeleton | None = None,
) -> None:
    """Load a checkpoint with torch's safe loader.

    Args:
        model: What is filled.
        checkpoint: A file or an address.
        strict: Refuse missing and unexpected tensors.
        keypoints: Those that it must have been trained on; a checkpoint that names none is
            assumed to be, which is logged. None: they are ignored.

    Raises:
        ValueError: The file is no checkpoint, or holds what the safe loader refuses; or it was
            trained on other keypoints, with both lists.
        FileNotFoundError: No such file.
        CheckpointMismatch: It does not fit.
    """
    content = CheckpointLoader.load_checkpoint(str(checkpoint), "cpu", logger=None)
    state = weights_of(content, checkpoint)
    said = check_keypoints(content, keypoints, source=str(checkpoint))
    if said is not None:
        log_once(said)
    problems = compare_state(model.state_dict(), state).problems(unexpected=True)
    if strict and problems:
        raise CheckpointMismatch(
            f"{checkpoint} does not fit the model: {problems}{_of_a_part(model, state)}"
        )
    with reading_checkpoint(checkpoint):
        load_state_dict(model, state, strict=False)


def _of_a_part(model: BaseModel, state: Mapping[str, Tensor]) -> str:
    """A hint where the checkpoint is that of the model's similarity alone."""
    similarity = model.association.similarity
    if compare_state(similarity.state_dict(), state).problems(unexpected=True):
        return ""
    return (
        f". It is a checkpoint of the similarity alone ({type(similarity).__name__}): set "
        "model.association.similarity.checkpoint to this file instead (--cfg-options)"
    )


def build_pose_tracker(
    config: str | Path | Config, checkpoint: str | Path, *, device: str | None = None
) -> PoseTracker:
    """Build the tracker of a config, with trained weights.

    Args:
        config: Its model is a :class:`PoseTracker`.
        checkpoint: Of the tracker or of its estimator, see there. What it has beyond the model,
            as the weights of a refinement that the config leaves out, is ignored.
        device: Where it runs. Default: the accelerator that mmengine finds, or the CPU.

    Raises:
        ValueError: The config's model is another one; ``checkpoint`` cannot be read safely, or
            leaves parts of the tracker with random weights, or was trained on other keypoints
            than those of the config (of its model's ``metainfo``, or of the data that it is
            tested on).
        FileNotFoundError: No such file.
        CheckpointMismatch: ``checkpoint`` does not fill the estimator.
    """
    cfg = config if isinstance(config, Config) else read_config(config)
    init_default_scope(cfg.get("default_scope", "mmpose"))
    settings = cfg.get("model", {})
    kind = settings.get("type")
    known = MODELS.get(kind) if isinstance(kind, str) else kind
    if not (isinstance(known, type) and issubclass(known, PoseTracker)):
        raise ValueError(other_model(cfg, "a PoseTracker is needed"))
    with building(cfg):
        tracker = MODELS.build(settings)
    load_weights(tracker, checkpoint, strict=False, keypoints=config_skeleton(cfg))
    random = tracker.random_parts()
    if random:
        raise ValueError(f"{checkpoint}: {random_weights(random)}")
    return tracker.to(device or get_device()).eval()


def config_skeleton(cfg: Config) -> Skeleton | None:
    """The keypoints that a config works on: its model's ``metainfo``, or those of its test data.

    Returns:
        None if it states neither.
    """
    dataset = (cfg.get("test_dataloader") or {}).get("dataset") or {}
    metainfo = cfg.get("model", {}).get("metainfo") or dataset.get("metainfo")
    if metainfo is not None:
        return read_skeleton(metainfo)
    kind = dataset.get("type")
    known = DATASETS.get(kind) if isinstance(kind, str) else kind
    return POSETRACK18 if isinstance(known, type) and issubclass(known, PoseTrackBase) else None


def load_test_video(config: str | Path | Config, video: str) -> PoseTrackVideoDataset:
    """One video of the data that a config is tested on.

    Args:
        config: Has ``test_dataloader.dataset``, a :class:`PoseTrackVideoDataset`.
        video: Its name.

    Raises:
        ValueError: No such video, or another data set.
        FileNotFoundError: The data are not where the config says.
    """
    cfg = config if isinstance(config, Config) else read_config(config)
    init_default_scope(cfg.get("default_scope", "mmpose"))
    settings = (cfg.get("test_dataloader") or {}).get("dataset") or {}
    kind = settings.get("type")
    known = DATASETS.get(kind) if isinstance(kind, str) else kind
    if not (isinstance(known, type) and issubclass(known, PoseTrackVideoDataset)):
        raise ValueError(
            "test_dataloader.dataset must be a PoseTrackVideoDataset, whole frames of videos; "
            f"the config's is {kind}"
        )
    # Serialising is for sharing many videos among workers.
    with building(cfg):
        return DATASETS.build({**settings, "videos": [video], "serialize_data": False})
