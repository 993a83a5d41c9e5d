"""Start a training with the weights of an earlier one."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.model import is_model_wrapper
from mmengine.registry import HOOKS
from mmengine.runner import Runner
from mmengine.runner.checkpoint import CheckpointLoader
from torch import Tensor

from mmpose_temporal.structures import check_keypoints, keypoint_names
from mmpose_temporal.utils.checkpoints import (
    CheckpointMismatch,
    compare_state,
    named_parts,
    weights_of,
)

ESTIMATOR = "estimator."

ADVICE = (
    "Name a checkpoint of the same keypoints; or, if its names are wrong, state the right ones by "
    "the hook's option checkpoint_keypoints"
)


@HOOKS.register_module()
class LoadEstimatorHook(Hook):
    """Loads an estimator's weights before training, and logs which of its parts are new.

    For an estimator that gets more parts than it was trained with: the heads of TKMR's second
    stage, the memory of a network that was trained on single frames. Every weight of the
    estimator must be in the checkpoint, with its shape, except those of ``new_parts``, which may
    be there too; other weights in the checkpoint are an error as well, unless they belong to
    ``new_parts``. So the frozen parts are never random ones. (``load_from`` loads whatever fits.)
    The keypoints that the checkpoint names must be those of the training data, in their order; one
    without names is assumed to have the data's keypoints, which is logged.

    The checkpoint may be that of a :class:`PoseTracker` or of its estimator alone. Weights that
    mmengine has loaded (``load_from``, ``--resume``) stay; the hook then logs that it did
    nothing. In testing it does nothing.

    Args:
        checkpoint: File or address of the checkpoint to start from.
        new_parts: Names of the estimator's parts that the checkpoint may lack. Default: those
            that the estimator itself names as its ``new_parts``, if any.
        checkpoint_keypoints: What the checkpoint's keypoints are, in its order, instead of what
            it says itself. None: what it says.

    Raises:
        FileNotFoundError: No such file (before training).
        ValueError: ``new_parts`` is no sequence of names; or the file is no checkpoint (before
            training); or it was trained on other keypoints, with both lists.
        CheckpointMismatch: The file is of another estimator (before training).
    """

    priority = "VERY_HIGH"

    def __init__(
        self,
        *,
        checkpoint: str,
        new_parts: Sequence[str] | None = None,
        checkpoint_keypoints: Sequence[str] | None = None,
    ):
        self.checkpoint = checkpoint
        self.new_parts = None if new_parts is None else named_parts(new_parts)
        if checkpoint_keypoints is not None:
            checkpoint_keypoints = keypoint_names(checkpoint_keypoints)
        self.stated = checkpoint_keypoints
        self._loaded = False

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Note that mmengine loads or resumes a checkpoint of its own."""
        self._loaded = True

    def before_train(self, runner: Runner) -> None:
        """Load the weights."""
        if self._loaded:
            print_log(
                f"weights were loaded or resumed: {self.checkpoint} is not read", logger="current"
            )
            return
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        estimator = getattr(model, "estimator", model)
        new_parts = self.new_parts
        if new_parts is None:
            new_parts = named_parts(getattr(estimator, "new_parts", ()))
        own, state = estimator.state_dict(), self._read(runner.train_dataloader.dataset)
        fit = compare_state(own, state, new_parts=new_parts)
        problems = fit.problems(unexpected=True)
        if problems:
            raise CheckpointMismatch(
                f"{self.checkpoint} is of another estimator: {problems}. Use the checkpoint of a "
                "config with the same backbone and heads; parts that it may lack are named by "
                f"new_parts ({', '.join(new_parts) or 'none'})"
            )
        state = {name: value for name, value in state.items() if name in own}
        estimator.load_state_dict(state, strict=False)
        parts = ", ".join(f"{name} ({n} tensors)" for name, n in fit.new_parts().items())
        print_log(
            f"{len(state)} tensors of {self.checkpoint} loaded; new, to be trained: "
            f"{parts or 'nothing'}",
            logger="current",
        )

    def _read(self, dataset: Any) -> dict[str, Tensor]:
        """The estimator's part of the checkpoint, which is of the data's keypoints."""
        if "://" not in self.checkpoint and not Path(self.checkpoint).is_file():
            raise FileNotFoundError(
                f"the checkpoint to start from, {self.checkpoint}, does not exist: train it "
                "first, or name another with --cfg-options custom_hooks.0.checkpoint=FILE"
            )
        content = CheckpointLoader.load_checkpoint(self.checkpoint, map_location="cpu")
        said = check_keypoints(
            content,
            getattr(dataset, "metainfo", None),
            source=self.checkpoint,
            stated=self.stated,
            advice=ADVICE,
        )
        if said is not None:
            print_log(said, logger="current")
        state = weights_of(content, self.checkpoint)
        if any(key.startswith(ESTIMATOR) for key in state):
            state = {
                key.removeprefix(ESTIMATOR): value
                for key, value in state.items()
                if key.startswith(ESTIMATOR)
            }
        return dict(state)


@HOOKS.register_module()
class LoadStage1Hook(LoadEstimatorHook):
    """The former name of :class:`LoadEstimatorHook`."""

    def __init__(self, **options: Any):
        super().__init__(**options)
        print_log(
            "LoadStage1Hook is called LoadEstimatorHook now; change the type in the config",
            logger="current",
            level=logging.WARNING,
        )
