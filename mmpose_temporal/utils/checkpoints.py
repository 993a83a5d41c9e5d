"""Whether the weights of a checkpoint fit a network."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike

import torch
from torch import Tensor

from .training_mark import without_marks

EXAMPLES = 3
"""Names that an error lists."""

COUNTER = "num_batches_tracked"
"""Of batch normalisation; older checkpoints lack it, and nothing of ours reads it."""


class CheckpointMismatch(RuntimeError):
    """A checkpoint is of another network than the one it is loaded into."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How the tensors of a checkpoint fit those of a network.

    Attributes:
        expected: Number of the network's tensors that the checkpoint should have.
        found: Number of the network's tensors that it has, whatever their shape.
        missing: Names of those that it lacks.
        unexpected: Names in the checkpoint that the network has not, where they count.
        reshaped: Name -> shape in the checkpoint and in the network, if they differ.
        new: Names that it lacks and may lack, since they belong to new parts.
        absent_parts: Parts of the network (first words of the names) of which it has nothing and
            should have.
        parts: Names of the new parts.
    """

    expected: int
    found: int
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    reshaped: dict[str, tuple[tuple[int, ...], tuple[int, ...]]]
    new: tuple[str, ...]
    absent_parts: tuple[str, ...]
    parts: tuple[str, ...] = ()

    def problems(self, *, unexpected: bool = False, prefix: str = "") -> str:
        """What does not fit, in words; empty where everything does.

        Args:
            unexpected: Tensors that the network has not are a problem, too.
            prefix: Put in front of the names.
        """
        found = []
        if self.missing:
            parts = f", all of {', '.join(self.absent_parts)}" if self.absent_parts else ""
            found.append(
                f"it lacks {len(self.missing)} of {self.expected} tensors "
                f"({some(self.missing, prefix)}){parts}"
            )
        if unexpected and self.unexpected:
            found.append(
                f"it has {len(self.unexpected)} that the model has not "
                f"({some(self.unexpected, prefix)})"
            )
        if self.reshaped:
            shapes = [f"{name} {a} for {b}" for name, (a, b) in self.reshaped.items()]
            found.append(f"{len(shapes)} have another shape ({some(shapes, prefix)})")
        return " and ".join(found)

    def new_parts(self) -> dict[str, int]:
        """Part -> number of its tensors that are new; of a part in another the outer one."""
        parts: dict[str, int] = {}
        for name in self.new:
            part = min((part for part in self.parts if name.startswith(f"{part}.")), key=len)
            parts[part] = parts.get(part, 0) + 1
        return parts


def compare_state(
    own: Mapping[str, Tensor], found: Mapping[str, Tensor], *, new_parts: Sequence[str] = ()
) -> Fit:
    """Compare the tensors of a network with those of a checkpoint, by name and shape.

    Args:
        own: ``network.state_dict()``.
        found: The checkpoint's tensors, by their names in the network.
        new_parts: Parts of the network, or parts of parts such as ``'neck.memory'``, that the
            checkpoint may lack as a whole or in part, or have although the network has not, such
            as the memory of a network that starts from a single-frame one.
    """
    own, found = without_marks(own), without_marks(found)
    inside = tuple(f"{part}." for part in new_parts)

    def may_be_new(name: str) -> bool:
        return name.startswith(inside)

    lacks = [name for name in own if name not in found]
    new = tuple(name for name in lacks if may_be_new(name))
    missing = tuple(n for n in lacks if not may_be_new(n) and not n.endswith(COUNTER))
    counted = [n for n in own if not n.endswith(COUNTER)]
    there = {name.partition(".")[0] for name in counted if name in found}
    parts = dict.fromkeys(name.partition(".")[0] for name in missing)
    return Fit(
        expected=len(own) - len(new),
        found=len(own) - len(lacks),
        missing=missing,
        unexpected=tuple(n for n in found if n not in own and not may_be_new(n)),
        reshaped={
            name: (tuple(found[name].shape), tuple(value.shape))
            for name, value in own.items()
            if name in found and found[name].shape != value.shape
        },
        new=new,
        absent_parts=tuple(part for part in parts if part not in there),
        parts=tuple(new_parts),
    )


def some(names: Sequence[str], prefix: str = "") -> str:
    """The first few of some names."""
    more = ", ..." if len(names) > EXAMPLES else ""
    return ", ".join(prefix + name for name in names[:EXAMPLES]) + more


def named_parts(new_parts: Sequence[str]) -> tuple[str, ...]:
    """Check the names of parts.

    Raises:
        ValueError: They are no sequence of names.
    """
    named = isinstance(new_parts, Sequence) and not isinstance(new_parts, str)
    if not named or not all(isinstance(part, str) and part for part in new_parts):
        raise ValueError(
            "new_parts must be a sequence of the names of parts, such as ['matching_head'], "
            f"got {new_parts!r}"
        )
    return tuple(new_parts)


def check_weights(content: object, source: str | PathLike) -> None:
    """Refuse a checkpoint that would leave a network as it is, or break it.

    Args:
        content: Of the file.
        source: The file, for the error.

    Raises:
        ValueError: There are no tensors by name, at the top or in ``state_dict``; or some hold NaN
            or infinity (minus infinity is allowed: masks hold it).
    """
    if not isinstance(content, Mapping):
        raise ValueError(
            f"{source} holds no weights but a {type(content).__name__}: name a file with tensors "
            "by name, at the top or in state_dict"
        )
    weights = content.get("state_dict", content)
    values = weights if _named(weights) else {}
    tensors = {name: value for name, value in values.items() if isinstance(value, Tensor)}
    if not tensors:
        there = some([str(key) for key in content]) or "nothing"
        raise ValueError(
            f"{source} holds no weights (tensors by name, at the top or in state_dict) but "
            f"{there}: name a file that was saved with the model's weights"
        )
    broken = [name for name, value in tensors.items() if _is_broken(value)]
    if broken:
        raise ValueError(
            f"{source} holds NaN or infinity in {len(broken)} of {len(tensors)} tensors "
            f"({some(broken)}), as after a training that diverged: use an earlier checkpoint"
        )


def _named(weights: object) -> bool:
    return isinstance(weights, Mapping) and all(isinstance(name, str) for name in weights)


def _is_broken(value: Tensor) -> bool:
    if not (value.is_floating_point() or value.is_complex()) or value.layout != torch.strided:
        return False
    if value.is_quantized or value.is_complex() or value.is_meta:
        return False
    value = value.detach().float()
    return bool((torch.isnan(value) | torch.isposinf(value)).any())


def weights_of(content: object, checkpoint: str | PathLike) -> Mapping[str, Tensor]:
    """The tensors of a checkpoint, by name.

    Args:
        content: Of the file: tensors by name, or these as its ``state_dict``.
        checkpoint: The file, for the error.

    Raises:
        ValueError: There are none, some are no tensors, or hold NaN, see :func:`check_weights`.
    """
    check_weights(content, checkpoint)
    weights = content.get("state_dict", content)
    others = [name for name, value in weights.items() if not isinstance(value, Tensor)]
    if others:
        raise ValueError(
            f"{checkpoint} holds {len(others)} values among its weights that are no tensors "
            f"({some(others)}): name a file of weights alone, or with these as its state_dict"
        )
    wrapped = "module."  # of a model that was trained by several processes
    if all(name.startswith(wrapped) for name in weights):
        return {name.removeprefix(wrapped): value for name, value in weights.items()}
    return weights  # itself: torch keeps the modules' versions with it


def reason(error: Exception) -> str:
    """What torch says about a file, in one line and without its advice to turn the check off."""
    text = str(error)
    named = re.search(r"GLOBAL (\S+)", text)
    if named:
        return f"it names {named[1]}; what is no tensor or plain type may run code when it is read"
    found = re.search(r"WeightsUnpickler error:\s*(.+?)(?=\.\s|\n|$)", text)
    said = " ".join((found[1] if found else text.split(". ")[0]).split())
    if "weights_only" in said:
        said = "torch's safe loader refuses it"
    return said or "it ends too early"
