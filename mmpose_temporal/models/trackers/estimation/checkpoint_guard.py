"""Refuse a checkpoint that does not fit, and read one of the estimator alone."""

from typing import Any

from torch import nn

EXAMPLES = 3
"""Names that an error lists."""


class CheckpointGuard:
    """Watches the loading of weights into a part of a model.

    mmengine loads what fits and lists the rest as a warning, so that a checkpoint of another
    architecture leaves a network of random weights that answers all the same. The guard makes
    it an error for one part, and lets that part's own checkpoint be loaded into the whole.

    Args:
        partial: Leave everything to mmengine's warning; only the renaming stays.
    """

    def __init__(self, *, partial: bool = False):
        self.partial = partial
        self._other_shapes: list[str] = []

    def attach(self, model: nn.Module, *, child: str) -> None:
        """Watch ``model.<child>`` from now on.

        Args:
            model: The whole.
            child: Name of the part.
        """

        def before(module: nn.Module, state_dict: dict, prefix: str, *_: Any) -> None:
            inside = f"{prefix}{child}."
            mine = [key for key in state_dict if key.startswith(prefix)]
            whole = {prefix + name for name in module.state_dict()}
            if not any(key.startswith(inside) or key in whole for key in mine):
                for key in mine:
                    state_dict[inside + key[len(prefix) :]] = state_dict.pop(key)
            self._other_shapes = [
                f"{name} {tuple(state_dict[inside + name].shape)} for {tuple(value.shape)}"
                for name, value in getattr(module, child).state_dict().items()
                if inside + name in state_dict and state_dict[inside + name].shape != value.shape
            ]

        def after(module: nn.Module, incompatible: Any) -> None:
            missing = [
                key
                for key in incompatible.missing_keys
                if f"{child}." in key and not key.endswith("num_batches_tracked")
            ]
            problems = []
            if missing:
                own = getattr(module, child).state_dict()
                parts = _whole_parts([key.partition(f"{child}.")[2] for key in missing], list(own))
                problems.append(
                    f"it lacks {len(missing)} of {len(own)} tensors ({_some(missing)})"
                    + (f", all of {', '.join(parts)}" if parts else "")
                )
            if self._other_shapes:
                problems.append(
                    f"{len(self._other_shapes)} have another shape ({_some(self._other_shapes)})"
                )
            if problems and not self.partial:
                raise RuntimeError(
                    f"the checkpoint is of another architecture than the model's {child}: "
                    f"{' and '.join(problems)}. Use the config it was trained with, or set "
                    "model.partial_checkpoint=True to load what fits"
                )

        model._register_load_state_dict_pre_hook(before, with_module=True)
        model.register_load_state_dict_post_hook(after)


def _whole_parts(missing: list[str], names: list[str]) -> list[str]:
    """The parts of a model, by the first word of their tensors' names, of which nothing is there.

    They tell an earlier stage's checkpoint from another architecture's.
    """
    lacking, there = set(missing), [n for n in names if not n.endswith("num_batches_tracked")]
    parts = dict.fromkeys(name.partition(".")[0] for name in there)
    found = {name.partition(".")[0] for name in there if name not in lacking}
    return [part for part in parts if part not in found]


def _some(names: list[str]) -> str:
    more = ", ..." if len(names) > EXAMPLES else ""
    return ", ".join(names[:EXAMPLES]) + more
