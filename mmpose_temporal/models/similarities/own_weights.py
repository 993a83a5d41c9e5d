"""Weights of a similarity that learns: from a file of its own, and never only some of them."""

from pathlib import Path
from typing import Any

from torch import Tensor, nn

from mmpose_temporal.structures import stated_keypoints
from mmpose_temporal.utils.checkpoint_files import read_plain
from mmpose_temporal.utils.checkpoints import CheckpointMismatch, compare_state, weights_of
from mmpose_temporal.utils.training_mark import mark_until_ready, take_mark, without_marks

SHIPPED = "shipped:"
"""Before the name of weights that come with the package."""

SHIPPED_FOLDER = Path(__file__).resolve().parents[2] / "weights"
"""Where they are, each with a model card."""


class OwnWeights:
    """Refuses checkpoints that do not fit a similarity, and reads one for it alone.

    mmengine loads what fits and lists the rest as a warning; a similarity would then score by
    random weights. From now on, loading a checkpoint into the similarity, or into a model that
    has it, is an error if a tensor of the similarity is missing or has another shape. A
    checkpoint without any of them (an estimator's) keeps those of ``checkpoint``, if given.

    The similarity is ``ready`` once it was trained or has weights of a checkpoint, and not its
    first ones. A checkpoint that holds random weights is marked so when it is saved (see
    :mod:`~mmpose_temporal.utils.training_mark`) and counts as one without any.

    Args:
        similarity: The network.
        checkpoint: File or URL: weights of the similarity, or of a model that has it, where
            their names begin with ``...similarity.``; or ``shipped:<name>``, weights that come
            with the package. Only tensors and plain types are read.

    Raises:
        CheckpointMismatch: ``checkpoint`` does not fit.
        ValueError: ``checkpoint`` holds no weights, or names other joints than the similarity's;
            its weights are random; or no weights of that name are shipped.
    """

    def __init__(self, similarity: nn.Module, checkpoint: str | None = None):
        mark_until_ready(similarity)
        similarity._register_load_state_dict_pre_hook(self._check, with_module=True)
        if checkpoint is not None:
            weights, keypoints = _read(checkpoint)
            similarity.load_state_dict(weights)
            similarity.chosen.check_layout(keypoints, checkpoint, type(similarity).__name__)
            if not similarity.ready:
                raise ValueError(
                    f"{checkpoint}: its weights of {type(similarity).__name__} are random: they "
                    "were saved by a training that does not train them"
                )

    @staticmethod
    def _check(module: nn.Module, state_dict: dict, prefix: str, *_: Any) -> None:
        untrained = take_mark(state_dict, prefix)
        own = without_marks(module.state_dict())
        found = {name: state_dict[prefix + name] for name in own if prefix + name in state_dict}
        fit = compare_state(own, found)
        if module.ready and (untrained or not fit.found):
            state_dict.update({prefix + name: value for name, value in own.items()})
            return
        problems = fit.problems(prefix=prefix)
        if problems:
            raise CheckpointMismatch(
                f"the checkpoint does not fit {type(module).__name__}: {problems}. Use the config "
                "it was trained with; for a checkpoint of the estimator alone, set the "
                "similarity's option checkpoint"
            )
        module.ready = not untrained


def _read(checkpoint: str) -> tuple[dict[str, Tensor], tuple[str, ...] | None]:
    """The similarity's tensors, by their names in it, and the keypoints that the file names."""
    if checkpoint.startswith(SHIPPED):
        checkpoint = str(_shipped(checkpoint.removeprefix(SHIPPED)))
    content = read_plain(checkpoint)
    weights = weights_of(content, checkpoint)
    inside = "similarity."
    cut = {name.partition(inside)[2]: value for name, value in weights.items() if inside in name}
    return cut or weights, stated_keypoints(content)


def _shipped(name: str) -> Path:
    """The file of weights that come with the package."""
    there = sorted(path.stem for path in SHIPPED_FOLDER.glob("*.pth"))
    if name not in there:
        raise ValueError(f"no weights {name!r} are shipped, but {', '.join(there) or 'none'}")
    return SHIPPED_FOLDER / f"{name}.pth"
