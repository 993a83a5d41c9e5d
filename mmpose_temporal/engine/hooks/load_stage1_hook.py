"""Begin the second stage of a training with the weights of the first."""

from collections.abc import Sequence
from pathlib import Path

from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.model import is_model_wrapper
from mmengine.registry import HOOKS
from mmengine.runner import Runner
from mmengine.runner.checkpoint import CheckpointLoader
from torch import Tensor, nn

ESTIMATOR = "estimator."
EXAMPLES = 3
"""Names that an error lists."""


@HOOKS.register_module()
class LoadStage1Hook(Hook):
    """Loads a single-frame model's weights before training, and says what is new.

    TKMR section 3.4: the second stage starts from the first. Every weight of the estimator must
    be in the checkpoint, with its shape, but those of ``new_parts``, which may be there too; what
    the checkpoint has beside is an error as well, unless it belongs to ``new_parts``. So the
    frozen parts are never random ones. (``load_from`` loads whatever fits.)

    The checkpoint may be that of a :class:`PoseTracker` or of its estimator alone. Weights that
    mmengine has loaded (``load_from``, ``--resume``) stay; the hook then says that it did
    nothing. In testing it takes no part.

    Args:
        checkpoint: File or address of the first stage's checkpoint.
        new_parts: Names of the estimator's parts that the second stage adds.

    Raises:
        FileNotFoundError: No such file (before training).
        ValueError: ``new_parts`` is no sequence of names; or the file is no checkpoint of this
            estimator (before training).
    """

    priority = "VERY_HIGH"

    def __init__(
        self,
        *,
        checkpoint: str,
        new_parts: Sequence[str] = ("matching_head", "refinement_head"),
    ):
        named = isinstance(new_parts, Sequence) and not isinstance(new_parts, str)
        if not named or not all(isinstance(part, str) and part for part in new_parts):
            raise ValueError(
                "new_parts must be a sequence of the names of parts, such as ['matching_head'], "
                f"got {new_parts!r}"
            )
        self.checkpoint = checkpoint
        self.new_parts = tuple(new_parts)
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
        state = self._read()
        new = self._check(state, estimator)
        estimator.load_state_dict(state, strict=False)
        parts = {part: sum(key.startswith(f"{part}.") for key in new) for part in self.new_parts}
        print_log(
            f"{len(state)} tensors of {self.checkpoint} loaded; new, to be trained: "
            + (", ".join(f"{part} ({n} tensors)" for part, n in parts.items() if n) or "nothing"),
            logger="current",
        )

    def _read(self) -> dict[str, Tensor]:
        """The estimator's part of the checkpoint."""
        if "://" not in self.checkpoint and not Path(self.checkpoint).is_file():
            raise FileNotFoundError(
                f"the checkpoint of the first stage, {self.checkpoint}, does not exist: train it "
                "first, or name another with --cfg-options custom_hooks.0.checkpoint=FILE"
            )
        content = CheckpointLoader.load_checkpoint(self.checkpoint, map_location="cpu")
        state = content.get("state_dict", content)
        if any(key.startswith(ESTIMATOR) for key in state):
            state = {
                key.removeprefix(ESTIMATOR): value
                for key, value in state.items()
                if key.startswith(ESTIMATOR)
            }
        return dict(state)

    def _check(self, state: dict[str, Tensor], estimator: nn.Module) -> list[str]:
        """Names of the weights that are new; takes out of ``state`` what has no place.

        Raises:
            ValueError: The checkpoint is of another estimator.
        """
        own = estimator.state_dict()
        prefixes = tuple(f"{part}." for part in self.new_parts)
        for key in [k for k in state if k not in own and k.startswith(prefixes)]:
            del state[key]
        missing = [k for k in own if k not in state]
        new = [k for k in missing if k.startswith(prefixes)]
        lacks = [k for k in missing if k not in new and not k.endswith("num_batches_tracked")]
        problems = [
            f"{what} {len(names)} ({_some(names)})"
            for what, names in (
                ("it lacks", lacks),
                ("it has, and the model has not,", [k for k in state if k not in own]),
                (
                    "of another shape are",
                    [k for k, v in state.items() if k in own and v.shape != own[k].shape],
                ),
            )
            if names
        ]
        if problems:
            raise ValueError(
                f"{self.checkpoint} is not of this estimator's first stage: of "
                f"{len(own) - len(new)} tensors {'; '.join(problems)}. Use the checkpoint of the "
                "stage-1 config of the same backbone"
            )
        return new


def _some(names: list[str]) -> str:
    more = ", ..." if len(names) > EXAMPLES else ""
    return ", ".join(names[:EXAMPLES]) + more
