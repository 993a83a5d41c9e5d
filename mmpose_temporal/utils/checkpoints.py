"""Whether the weights of a checkpoint fit a network."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pickle import UnpicklingError

from torch import Tensor

from .training_mark import without_marks

EXAMPLES = 3
"""Names that an error lists."""

COUNTER = "num_batches_tracked"
"""Of batch normalisation; older checkpoints lack it, and nothing of ours reads it."""


BROKEN_ARCHIVE = "PytorchStreamReader"
"""What torch's error of a file that was cut off begins with."""


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
    """

    expected: int
    found: int
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    reshaped: dict[str, tuple[tuple[int, ...], tuple[int, ...]]]
    new: tuple[str, ...]
    absent_parts: tuple[str, ...]

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
        """Part -> number of its tensors that are new."""
        parts: dict[str, int] = {}
        for name in self.new:
            part = name.partition(".")[0]
            parts[part] = parts.get(part, 0) + 1
        return parts


def compare_state(
    own: Mapping[str, Tensor], found: Mapping[str, Tensor], *, new_parts: Sequence[str] = ()
) -> Fit:
    """Compare the tensors of a network with those of a checkpoint, by name and shape.

    Args:
        own: ``network.state_dict()``.
        found: The checkpoint's tensors, by their names in the network.
        new_parts: Parts of the network, by the first word of their tensors' names, that the
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


def weights_of(content: object, checkpoint: str | PathLike) -> Mapping[str, Tensor]:
    """The tensors of a checkpoint, by name.

    Args:
        content: Of the file: tensors by name, or these as its ``state_dict``.
        checkpoint: The file, for the error.

    Raises:
        ValueError: There are none.
    """
    weights = content.get("state_dict", content) if isinstance(content, Mapping) else None
    named = isinstance(weights, Mapping) and len(weights) > 0
    if not named or not all(isinstance(value, Tensor) for value in weights.values()):
        raise ValueError(f"{checkpoint} holds no weights (a dict of tensors, or state_dict: one)")
    wrapped = "module."  # of a model that was trained by several processes
    if all(name.startswith(wrapped) for name in weights):
        return {name.removeprefix(wrapped): value for name, value in weights.items()}
    return weights  # itself: torch keeps the modules' versions with it


@contextmanager
def reading_checkpoint(checkpoint: str | PathLike) -> Iterator[None]:
    """Say which file it was that torch's safe loader did not read.

    Raises:
        ValueError: The file is no checkpoint, or holds more than tensors and plain types.
    """
    try:
        yield
    except (UnpicklingError, EOFError) as error:
        raise ValueError(f"{checkpoint} is no checkpoint of tensors: {reason(error)}") from error
    except RuntimeError as error:
        if BROKEN_ARCHIVE not in str(error):
            raise
        raise ValueError(f"{checkpoint} is no whole checkpoint: {reason(error)}") from error


def reason(error: Exception) -> str:
    """What torch's safe loader says about a file, without its advice to turn the check off."""
    text = str(error)
    found = re.search(r"WeightsUnpickler error:\s*(.+?)(?=\.\s|\n|$)", text)
    return (found[1] if found else text.split(". ")[0].strip()) or "it ends too early"
