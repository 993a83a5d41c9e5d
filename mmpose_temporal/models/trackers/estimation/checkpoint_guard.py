"""Refuse a checkpoint that does not fit, and read one of the estimator alone."""

import logging
from collections.abc import Sequence
from typing import Any

from mmengine.logging import print_log
from torch import Tensor, nn

from mmpose_temporal.utils.checkpoints import CheckpointMismatch, compare_state, named_parts
from mmpose_temporal.utils.training_mark import without_marks


class CheckpointGuard:
    """Watches the loading of weights into a part of a model.

    mmengine loads what fits and lists the rest as a warning, so that a checkpoint of another
    architecture leaves a network of random weights that still runs. The guard makes it an error
    for one part, and allows that part's own checkpoint to be loaded into the whole.

    Args:
        partial: True: leave everything to mmengine's warning; only the renaming stays. Names of
            the part's own parts, as ``['neck']``: these may be missing, in whole or in part,
            which is logged; everything else must fit.

    Raises:
        ValueError: ``partial`` is neither.
    """

    def __init__(self, *, partial: bool | Sequence[str] = False):
        self.partial = partial if isinstance(partial, bool) else False
        self.new_parts = () if isinstance(partial, bool) else named_parts(partial)
        self._read: dict[str, Tensor] = {}
        self._inside = ""

    def attach(self, model: nn.Module, *, child: str) -> None:
        """Watch ``model.<child>`` from now on.

        Args:
            model: The whole.
            child: Name of the part.
        """

        def before(module: nn.Module, state_dict: dict, prefix: str, *_: Any) -> None:
            self._inside = inside = f"{prefix}{child}."
            mine = [key for key in state_dict if key.startswith(prefix)]
            whole = {prefix + name for name in module.state_dict()}
            if not any(key.startswith(inside) or key in whole for key in mine):
                for key in mine:
                    state_dict[inside + key[len(prefix) :]] = state_dict.pop(key)
            self._read = {
                key.removeprefix(inside): value
                for key, value in state_dict.items()
                if key.startswith(inside)
            }

        def after(module: nn.Module, incompatible: Any) -> None:
            read, self._read = self._read, {}
            self._check(getattr(module, child), read, incompatible.missing_keys, child)

        model._register_load_state_dict_pre_hook(before, with_module=True)
        model.register_load_state_dict_post_hook(after)

    def _check(
        self, part: nn.Module, read: dict[str, Tensor], missing: Sequence[str], child: str
    ) -> None:
        """What torch found missing decides: a module may rename the tensors of older files."""
        own = part.state_dict()
        lacks = {key.removeprefix(self._inside) for key in missing}
        found = {name: read.get(name, value) for name, value in own.items() if name not in lacks}
        fit = compare_state(own, found, new_parts=self.new_parts)
        problems = fit.problems(prefix=f"{child}.")
        if problems and not self.partial:
            new = [] if fit.reshaped else _untrained(part, set(fit.missing))
            hint = f"{' and '.join(new)} must be trained first, on top of it. " if new else ""
            raise CheckpointMismatch(
                f"the checkpoint is of another architecture than the model's {child}: {problems}. "
                f"{hint}Use the config it was trained with, or set model.partial_checkpoint to "
                f"the names of the {child}'s parts that may be missing, or to True to load what "
                "fits"
            )
        if fit.new:
            parts = ", ".join(f"{name} ({n} tensors)" for name, n in fit.new_parts().items())
            print_log(
                f"the checkpoint lacks parts of the model's {child}, which keep their first "
                f"weights: {parts}",
                logger="current",
                level=logging.WARNING,
            )


def _untrained(part: nn.Module, missing: set[str]) -> list[str]:
    """The ``new_parts`` of a part that a checkpoint lacks, if it lacks these and nothing else."""
    names = {
        new: {name for name in without_marks(part.state_dict()) if name.startswith(f"{new}.")}
        for new in getattr(part, "new_parts", ())
    }
    lacks = [new for new, inside in names.items() if inside and inside <= missing]
    return lacks if missing == set().union(*(names[new] for new in lacks)) else []
