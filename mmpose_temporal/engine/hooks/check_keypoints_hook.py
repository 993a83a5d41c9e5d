"""Refuse a checkpoint that was trained on other keypoints than those of the data."""

from collections.abc import Sequence
from typing import Any

from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from mmpose_temporal.structures import (
    check_keypoints,
    keypoint_names,
    stated_keypoints,
)

ADVICE = (
    "Use the config and data of the checkpoint; or, if the checkpoint's names are wrong, state "
    "the right ones: --cfg-options "
    "default_hooks.keypoints.checkpoint_keypoints=\"['nose', ...]\""
)


@HOOKS.register_module()
class CheckKeypointsHook(Hook):
    """Compares the names of a checkpoint's keypoints with those of the data set, by order too.

    A network predicts in the order of the keypoints that it was trained on. Shapes alone do not
    show it: COCO and PoseTrack18 both have 17 keypoints, and one has eyes at the places of the
    other's neck and top of the head.

    mmengine writes the metainfo of the training data into its checkpoints. In testing, and when a
    training is resumed, other names than those of the data set are an error with both lists.
    Training that starts with ``load_from`` learns the new keypoints; the difference is logged.
    A checkpoint without names is assumed to have the data's keypoints, which is logged once.

    Args:
        checkpoint_keypoints: What the checkpoint's keypoints are, in its order, instead of what it
            says itself. None: what it says.

    Raises:
        ValueError: ``checkpoint_keypoints`` are no names; or, before testing or training, the
            checkpoint has other keypoints.
    """

    priority = "VERY_HIGH"

    def __init__(self, *, checkpoint_keypoints: Sequence[str] | None = None):
        if checkpoint_keypoints is not None:
            checkpoint_keypoints = keypoint_names(checkpoint_keypoints)
        self.stated = checkpoint_keypoints
        self._loaded: dict[str, Any] | None = None

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Keep what the checkpoint says about its keypoints, until the data set is known."""
        self._loaded = dict(meta=dict(keypoint_names=stated_keypoints(checkpoint)))

    def before_train(self, runner: Runner) -> None:
        """Compare with the training data; only a resumed training must have the same ones."""
        self._check(runner.train_dataloader.dataset, strict=runner.iter > 0)

    def before_val(self, runner: Runner) -> None:
        """Compare with the validation data, where nothing was trained before."""
        self._check(runner.val_dataloader.dataset, strict=True)

    def before_test(self, runner: Runner) -> None:
        """Compare with the test data."""
        self._check(runner.test_dataloader.dataset, strict=True)

    def _check(self, dataset: Any, *, strict: bool) -> None:
        """Once per checkpoint that was loaded."""
        if self._loaded is None:
            return
        loaded, self._loaded = self._loaded, None
        metainfo = getattr(dataset, "metainfo", None)
        try:
            said = check_keypoints(
                loaded, metainfo, source="the checkpoint", stated=self.stated, advice=ADVICE
            )
        except ValueError as error:
            if strict:
                raise
            said = f"training begins with weights for other keypoints: {error}"
        if said is not None:
            print_log(said, logger="current")
