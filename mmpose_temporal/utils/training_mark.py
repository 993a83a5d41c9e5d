"""Networks whose weights are random say so, in their checkpoints too.

A tracker's checkpoint holds the weights of all its networks, those that the training did not
train included, and nothing in a file shows that a tensor is random. So a network that is not
ready adds one more tensor to its `state_dict`, and one that reads it is not ready either.
Checkpoints of trained networks are as they always were.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

MARK = "untrained"
"""Name of the tensor, below the name of the network."""


def mark_until_ready(network: nn.Module) -> None:
    """Give a network of random weights the attribute ``ready``, which is False.

    Who trains it, or loads trained weights into it, sets it to True; until then `state_dict` has
    the mark. Reading the mark is the network's job, see :func:`take_mark`.
    """
    network.ready = False
    network._register_state_dict_hook(_write)


def mark_as_trained(model: nn.Module) -> None:
    """Say that all networks of a model have weights that were trained, as by code of your own."""
    for network in model.modules():
        if "ready" in vars(network):
            network.ready = True


def take_mark(state_dict: dict[str, Tensor], prefix: str) -> bool:
    """Remove the mark of a network from what it is about to load.

    Args:
        state_dict: Changed in place.
        prefix: Of the network's names.

    Returns:
        Whether it was there: the weights are random.
    """
    return state_dict.pop(prefix + MARK, None) is not None


def without_marks(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights alone."""
    return {name: value for name, value in state_dict.items() if name.split(".")[-1] != MARK}


def _write(network: nn.Module, state_dict: dict[str, Tensor], prefix: str, *_: Any) -> None:
    if not network.ready:
        state_dict[prefix + MARK] = torch.ones(())
