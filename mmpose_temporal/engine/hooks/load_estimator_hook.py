"""Begin a training with the weights of an earlier one."""

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

from mmpose_temporal.utils.checkpoints import (
    CheckpointMismatch,
    compare_state,
    named_parts,
    reading_checkpoint,
    weights_of,
)

ESTIMATOR = "estimator."


@HOOKS.register_module()
class LoadEstimatorHook(Hook):
    """Loads an estimator's weights before training, and says which of its parts are new.

    For an estimator that gets more parts than it was trained with: the heads of TKMR's second
    stage, the memory of a network that was trained on single frames. Every weight of the
    estimator must be in the checkpoint, with its shape, but those of ``new_parts``, which may be
    there too; what the checkpoint has beside is an error as well, unless it belongs to
    ``new_parts``. So the frozen parts are never random ones. (``load_from`` loads whatever fits.)

    The checkpoint may be that of a :class:`PoseTracker` or of its estimator alone. Weights that
    mmengine has loaded (``load_from``, ``--resume``) stay; the hook then says that it did
    nothing. In testing it takes no part.

    Args:
        checkpoint: File or address of the checkpoint to start from.
        new_parts: Names of the estimator's parts that the checkpoint may lack. Default: those
            that the estimator itself names as its ``new_parts``, if any.

    Raises:
        FileNotFoundError: No such file (before training).
        ValueError: ``new_parts`` is no sequence of names; or the file is no checkpoint (before
            training).
        CheckpointMismatch: The file is of another estimator (before training).
    """

    priority = "VERY_HIGH"

    def __init__(self, *, checkpoint: str, new_parts: Sequence[str] | None = None):
        self.checkpoint = checkpoint
        self.new_parts = None if new_parts is None else named_parts(new_parts)
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
        own, state = estimator.state_dict(), self._read()
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

    def _read(self) -> dict[str, Tensor]:
        """The estimator's part of the checkpoint."""
        if "://" not in self.checkpoint and not Path(self.checkpoint).is_file():
            raise FileNotFoundError(
                f"the checkpoint to start from, {self.checkpoint}, does not exist: train it "
                "first, or name another with --cfg-options custom_hooks.0.checkpoint=FILE"
            )
        with reading_checkpoint(self.checkpoint):
            content = CheckpointLoader.load_checkpoint(self.checkpoint, map_location="cpu")
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
