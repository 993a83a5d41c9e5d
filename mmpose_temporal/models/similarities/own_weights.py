"""Weights of a similarity that learns: from a file of its own, and never half of them."""

from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from urllib.parse import urlparse

import torch
from torch import Tensor, nn

from mmpose_temporal.structures import stated_keypoints

EXAMPLES = 3
"""Names that an error lists."""

SHIPPED = "shipped:"
"""Before the name of weights that come with the package."""

SHIPPED_FOLDER = Path(__file__).resolve().parents[2] / "weights"
"""Where they are, each with a model card."""


class OwnWeights:
    """Refuses checkpoints that do not fit a similarity, and reads one for it alone.

    mmengine loads what fits and lists the rest as a warning; a similarity would then score by
    random weights. From now on, loading a checkpoint into the similarity, or into a model that
    has it, is an error where a tensor of the similarity is missing or has another shape. A
    checkpoint without any of them (an estimator's) keeps those of ``checkpoint``, where given.

    It stays with the similarity as its ``own_weights``.

    Attributes:
        loaded: Whether the similarity has weights of a checkpoint, and not its first ones.

    Args:
        similarity: The network.
        checkpoint: File or URL: weights of the similarity, or of a model that has it, where
            their names begin with ``...similarity.``; or ``shipped:<name>``, weights that come
            with the package. Only tensors and plain types are read.

    Raises:
        RuntimeError: ``checkpoint`` does not fit.
        ValueError: ``checkpoint`` holds no weights, or names other joints than the similarity's;
            or no weights of that name are shipped.
    """

    def __init__(self, similarity: nn.Module, checkpoint: str | None = None):
        self.loaded = False
        self.name = type(similarity).__name__
        similarity.own_weights = self
        similarity._register_load_state_dict_pre_hook(self._check, with_module=True)
        if checkpoint is not None:
            weights, keypoints = _read(checkpoint)
            similarity.load_state_dict(weights)
            similarity.chosen.check_layout(keypoints, checkpoint, self.name)
            self.loaded = True

    def _check(self, module: nn.Module, state_dict: dict, prefix: str, *_: Any) -> None:
        wanted = module.state_dict()
        found = {name for name in wanted if prefix + name in state_dict}
        if not found and self.loaded:
            state_dict.update({prefix + name: value for name, value in wanted.items()})
            return
        problems = [f"no {prefix}{name}" for name in wanted if name not in found]
        problems += [
            f"{prefix}{name} is {tuple(state_dict[prefix + name].shape)} for {tuple(value.shape)}"
            for name, value in wanted.items()
            if name in found and state_dict[prefix + name].shape != value.shape
        ]
        if problems:
            more = ", ..." if len(problems) > EXAMPLES else ""
            raise RuntimeError(
                f"the checkpoint does not fit {self.name}: {', '.join(problems[:EXAMPLES])}{more} "
                f"({len(problems)} of {len(wanted)} tensors). Use the config it was trained with; "
                "for a checkpoint of the estimator alone, set the similarity's option checkpoint"
            )
        self.loaded = True


def _read(checkpoint: str) -> tuple[dict[str, Tensor], tuple[str, ...] | None]:
    """The similarity's tensors, by their names in it, and the keypoints that the file names."""
    if checkpoint.startswith(SHIPPED):
        checkpoint = str(_shipped(checkpoint.removeprefix(SHIPPED)))
    if urlparse(checkpoint).scheme in ("http", "https"):
        content = torch.hub.load_state_dict_from_url(
            checkpoint, map_location="cpu", weights_only=True
        )
    else:
        try:
            content = torch.load(checkpoint, map_location="cpu", weights_only=True)
        except (UnpicklingError, EOFError) as error:
            raise ValueError(f"{checkpoint} is no file of tensors alone: {error}") from error
    weights = content.get("state_dict", content) if isinstance(content, dict) else None
    if not weights or not all(isinstance(value, Tensor) for value in weights.values()):
        raise ValueError(f"{checkpoint} holds no weights (a dict of tensors, or state_dict: one)")
    inside = "similarity."
    cut = {name.partition(inside)[2]: value for name, value in weights.items() if inside in name}
    return cut or weights, stated_keypoints(content)


def _shipped(name: str) -> Path:
    """The file of weights that come with the package."""
    there = sorted(path.stem for path in SHIPPED_FOLDER.glob("*.pth"))
    if name not in there:
        raise ValueError(f"no weights {name!r} are shipped, but {', '.join(there) or 'none'}")
    return SHIPPED_FOLDER / f"{name}.pth"
