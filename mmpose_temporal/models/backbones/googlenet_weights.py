"""torchvision's GoogLeNet weights in networks of another structure."""

import logging
from collections.abc import Sequence

from mmengine.logging import print_log
from torch import Tensor, nn

CLASSIFIERS = ("fc.", "aux1.", "aux2.")
"""What of torchvision's GoogLeNet no backbone has."""


def take_googlenet(
    module: nn.Module, state: dict[str, Tensor], prefix: str, parts: Sequence[str] = ("",)
) -> None:
    """Give the weights of a state dict of torchvision's GoogLeNet the names of this network.

    To be called where the module loads its own weights (``_load_from_state_dict``). A state dict
    with the classifier ``fc`` under ``prefix`` is taken for one of torchvision's GoogLeNet, any
    other is left alone. Its classifiers are dropped. A tensor goes to each of the ``parts`` that
    has one of its name and shape; those whose name or shape differs are left out, so that these
    weights stay as they were initialised. The log has a line with the counts.

    Args:
        module: That loads.
        state: All weights that are loaded; changed in place.
        prefix: Of the module's weights in it.
        parts: Prefixes within the module of parts with torchvision's names, such as ``body.``.
    """
    if f"{prefix}fc.weight" not in state:
        return
    own = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    given = {name[len(prefix) :]: name for name in list(state) if name.startswith(prefix)}
    weights = {name: state.pop(full) for name, full in given.items()}
    taken = other_shape = other_name = 0
    for name, weight in weights.items():
        if name.startswith(CLASSIFIERS):
            continue
        targets = [part + name for part in parts if part + name in own]
        other_name += not targets
        for target in targets:
            fits = own[target].shape == weight.shape
            taken += fits
            other_shape += not fits
            if fits:
                state[prefix + target] = weight
    print_log(
        f"{type(module).__name__} takes {taken} of its {len(own)} tensors from GoogLeNet's "
        f"weights; {other_shape} have another shape and {other_name} of GoogLeNet's another name "
        "and are left out",
        logger="current",
        level=logging.WARNING if other_shape or other_name else logging.INFO,
    )
