"""mmengine's runner, with errors of checkpoints that name the file."""

from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import CheckpointLoader, Runner
from torch import nn

from mmpose_temporal.utils.checkpoint_files import reading_checkpoint
from mmpose_temporal.utils.checkpoints import (
    CheckpointMismatch,
    compare_state,
    some,
    weights_of,
)

STATE = ("meta", "epoch", "iter", "message_hub")
"""What the checkpoint of a training has beyond weights."""


class CheckedRunner(Runner):
    """Loads and resumes as mmengine's runner does, and runs no code of a checkpoint.

    mmengine executes the text of the config that a training checkpoint holds when the training is
    resumed, to compare the numbers of GPUs. A checkpoint may come from a stranger, so here this
    text is left aside (choice).
    """

    def train(self) -> nn.Module:
        """As mmengine's.

        Raises:
            CheckpointMismatch: Weights of an ``init_cfg`` are of another network.
        """
        self.register_hook(CheckPretrained())
        return super().train()

    def load_checkpoint(self, filename: str, *args: Any, **kwargs: Any) -> dict:
        """As mmengine's.

        Raises:
            CheckpointMismatch: It does not fit the model; the text names the file.
        """
        with reading_checkpoint(filename):
            content = super().load_checkpoint(filename, *args, **kwargs)
        if isinstance(content.get("meta"), dict):
            content["meta"].pop("config", None)
        return content

    def resume(self, filename: str, *args: Any, **kwargs: Any) -> None:
        """As mmengine's.

        Raises:
            ValueError: The file is no state of this training: it holds weights only, or another
                optimizer.
        """
        try:
            super().resume(filename, *args, **kwargs)
        except KeyError as error:
            if error.args[0] not in STATE:
                raise
            raise ValueError(
                f"{filename} cannot be resumed: it has no {error}, so it is no state of a "
                "training but weights; to start from these, set load_from and leave out --resume"
            ) from error
        except (ValueError, TypeError) as error:
            if str(filename) in str(error):
                raise
            raise ValueError(
                f"{filename} cannot be resumed, since its training was another one: {error}"
            ) from error


class CheckPretrained(Hook):
    """Refuses weights of an ``init_cfg`` of which nothing fits; mmengine only logs the names."""

    def before_run(self, runner: Runner) -> None:
        """Look at each part with ``init_cfg=dict(type='Pretrained')``, before it is initialised.

        Raises:
            CheckpointMismatch: No tensor of the file fits the part.
            ValueError: The file is no checkpoint.
        """
        for name, part in runner.model.named_modules():
            settings = getattr(part, "init_cfg", None) or ()
            for setting in settings if isinstance(settings, list | tuple) else (settings,):
                if setting.get("type") == "Pretrained":
                    _check_pretrained(part, name or "the model", **setting)


def _check_pretrained(
    part: nn.Module, name: str, *, checkpoint: str, prefix: str | None = None, **_: Any
) -> None:
    content = CheckpointLoader.load_checkpoint(checkpoint, "cpu", logger=None)
    state = weights_of(content, checkpoint)
    if prefix is not None:
        inside = prefix if prefix.endswith(".") else f"{prefix}."
        state = {k.removeprefix(inside): v for k, v in state.items() if k.startswith(inside)}
        if not state:
            raise CheckpointMismatch(
                f"{checkpoint} has no tensor under {inside!r}, which the init_cfg of {name} names"
            )
    fit = compare_state(part.state_dict(), state)
    if fit.found == len(fit.reshaped):
        raise CheckpointMismatch(
            f"{checkpoint} fits no tensor of {name}, whose init_cfg names it: it has "
            f"{some(list(state))}. Name weights of the same network, or the right prefix"
        )
