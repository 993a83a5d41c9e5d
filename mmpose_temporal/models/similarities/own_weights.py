"""Weights of a network beside the estimator: from a file of its own, never only some of them."""

from pathlib import Path
from typing import Any

from torch import Tensor, nn

from mmpose_temporal.structures import stated_keypoints
from mmpose_temporal.utils.checkpoint_files import read_plain, reading_checkpoint
from mmpose_temporal.utils.checkpoints import CheckpointMismatch, compare_state, weights_of
from mmpose_temporal.utils.training_mark import mark_until_ready, take_mark, without_marks

SHIPPED = "shipped:"
"""Before the name of weights that come with the package."""

SHIPPED_FOLDER = Path(__file__).resolve().parents[2] / "weights"
"""Where they are, each with a model card."""


class OwnWeights:
    """Refuses checkpoints that do not fit a network, and reads one for it alone.

    mmengine loads what fits and lists the rest as a warning; a similarity would then score by
    random weights. From now on, loading a checkpoint into the network, or into a model that
    has it, is an error if a tensor of the network is missing or has another shape. A
    checkpoint without any of them (an estimator's) keeps those of ``checkpoint``, if given.

    The network is ``ready`` once it was trained or has weights of a checkpoint, and not its
    first ones. A checkpoint that holds random weights is marked so when it is saved (see
    :mod:`~mmpose_temporal.utils.training_mark`) and counts as one without any.

    Args:
        network: A similarity, or another network that is marked so.
        checkpoint: Of a similarity: file or URL with its weights, or with those of a model that
            has it, where their names begin with ``...similarity.``; or ``shipped:<name>``,
            weights that come with the package. Only tensors and plain types are read.
        may_lack: Loading a checkpoint without any of its tensors leaves it random, instead of
            being an error, as for a part that is trained later than the rest.

    Raises:
        CheckpointMismatch: ``checkpoint`` does not fit.
        ValueError: ``checkpoint`` holds no weights, or names other joints than the similarity's;
            its weights are random; or no weights of that name are shipped.
    """

    def __init__(
        self, network: nn.Module, checkpoint: str | None = None, *, may_lack: bool = False
    ):
        self.may_lack = may_lack
        mark_until_ready(network)
        network._register_load_state_dict_pre_hook(self._check, with_module=True)
        if checkpoint is not None:
            load_own_weights(network, checkpoint)
            require_ready(network, checkpoint)

    def _check(self, module: nn.Module, state_dict: dict, prefix: str, *_: Any) -> None:
        untrained = take_mark(state_dict, prefix)
        own = without_marks(module.state_dict())
        found = {name: state_dict[prefix + name] for name in own if prefix + name in state_dict}
        fit = compare_state(own, found)
        if module.ready and (untrained or not fit.found):
            state_dict.update({prefix + name: value for name, value in own.items()})
            return
        if self.may_lack and not fit.found:
            return
        problems = fit.problems(prefix=prefix)
        if problems:
            raise CheckpointMismatch(
                f"the checkpoint does not fit {type(module).__name__}: {problems}. Use the config "
                "it was trained with; beside a checkpoint of the estimator alone, the option "
                "checkpoint of the similarity or network names its own weights"
            )
        module.ready = not untrained


def load_own_weights(
    network: nn.Module, checkpoint: str, *, inside: str = "similarity.", strict: bool = True
) -> None:
    """Load the weights of a network with ``chosen`` joints from a file.

    Args:
        network: Is given them.
        checkpoint: See :class:`OwnWeights`.
        inside: Before the names of the network's tensors in the checkpoint of a model that has it.
        strict: As in torch.

    Raises:
        CheckpointMismatch: They do not fit.
        FileNotFoundError: No such file.
        ValueError: There are none, or they were trained with other joints.
    """
    try:
        weights, keypoints = _read(checkpoint, inside)
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{type(network).__name__}: {error}: train it first, or name another file with its "
            "option checkpoint"
        ) from error
    with reading_checkpoint(checkpoint):
        network.load_state_dict(weights, strict=strict)
    network.chosen.check_layout(keypoints, checkpoint, type(network).__name__)


def require_ready(network: nn.Module, checkpoint: str) -> None:
    """Raise a ValueError if the weights that were loaded are random."""
    if not network.ready:
        raise ValueError(
            f"{checkpoint}: its weights of {type(network).__name__} are random: they "
            "were saved by a training that does not train them"
        )


def _read(checkpoint: str, inside: str) -> tuple[dict[str, Tensor], tuple[str, ...] | None]:
    """The network's tensors, by their names in it, and the keypoints that the file names."""
    if checkpoint.startswith(SHIPPED):
        checkpoint = str(_shipped(checkpoint.removeprefix(SHIPPED)))
    content = read_plain(checkpoint)
    weights = weights_of(content, checkpoint)
    cut = {name.partition(inside)[2]: value for name, value in weights.items() if inside in name}
    return cut or weights, stated_keypoints(content)


def _shipped(name: str) -> Path:
    """The file of weights that come with the package."""
    there = sorted(path.stem for path in SHIPPED_FOLDER.glob("*.pth"))
    if name not in there:
        raise ValueError(f"no weights {name!r} are shipped, but {', '.join(there) or 'none'}")
    return SHIPPED_FOLDER / f"{name}.pth"
