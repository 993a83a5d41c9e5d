"""State as plain tensors, numbers and text: what torch's safe loader reads.

A state is a tree of the classes that are registered here, lists, dicts, arrays and numbers. It is
written as dicts, lists, tensors, numbers and text alone, so that ``torch.save`` and
``torch.load(weights_only=True)`` carry it to another process, and read back by the names of the
registered classes: a file can name no other class, and runs no code.
"""

from collections import Counter, defaultdict, deque
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from mmengine.structures import BaseDataElement, InstanceData
from mmpose.structures import PoseDataSample
from torch import Tensor

from .frame_packet import FramePacket
from .people import People
from .skeleton import Skeleton

KIND, VALUE = "__kind__", "value"
TRANSIENT = "transient"
"""Key of a field's metadata: the field is left out of a saved state."""

PLAIN = (bool, int, float, str, type(None))
ELEMENTS = {"PoseDataSample": PoseDataSample, "InstanceData": InstanceData}
_CLASSES: dict[str, type] = {}

T = TypeVar("T", bound=type)


def plain_state(kind: T) -> T:
    """Register a dataclass whose objects are part of a tracker's state.

    Its fields are saved by name, and given to its constructor by name when it is restored.

    Raises:
        TypeError: It is no dataclass, or another one has its name.
    """
    if not is_dataclass(kind):
        raise TypeError(f"{kind.__name__} is no dataclass")
    known = _CLASSES.setdefault(kind.__name__, kind)
    if (known.__module__, known.__qualname__) != (kind.__module__, kind.__qualname__):
        raise TypeError(f"a state class {kind.__name__} is registered already: {known}")
    _CLASSES[kind.__name__] = kind
    return kind


plain_state(People)
plain_state(FramePacket)
plain_state(Skeleton)


def to_plain(value: Any, where: str = "state") -> Any:
    """A tree of state as dicts with text keys, lists, tensors on the CPU, numbers and text.

    Args:
        value: The tree.
        where: Its name, for the error.

    Raises:
        TypeError: Something in it is of a class that is not registered; the text says where.
    """
    if type(value) in PLAIN:
        return value
    if isinstance(value, Tensor):
        device = "cpu" if value.device.type == "cpu" else "model"
        return {KIND: "tensor", VALUE: value.detach().cpu().clone(), "device": device}
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biuf":
            raise TypeError(f"{where}: arrays of {value.dtype} cannot be saved as a tensor")
        return {KIND: "array", VALUE: torch.from_numpy(np.array(value, order="C"))}
    if isinstance(value, np.generic):
        return {KIND: "scalar", VALUE: torch.from_numpy(np.array(value))}
    return _branch_to_plain(value, where)


def _branch_to_plain(value: Any, where: str) -> dict[str, Any]:
    kind = type(value).__name__
    if type(value) in _SEQUENCES.values():
        items = [to_plain(item, f"{where}[{i}]") for i, item in enumerate(value)]
        longest = {"maxlen": value.maxlen} if isinstance(value, deque) else {}
        return {KIND: kind, VALUE: items, **longest}
    if isinstance(value, dict) and not isinstance(value, defaultdict):
        pairs = [[to_plain(k, where), to_plain(v, f"{where}[{k!r}]")] for k, v in value.items()]
        return {KIND: "Counter" if isinstance(value, Counter) else "dict", VALUE: pairs}
    if type(value) in ELEMENTS.values():
        meta = to_plain(dict(value.metainfo_items()), f"{where}.metainfo")
        data = {name: to_plain(field, f"{where}.{name}") for name, field in value.items()}
        return {KIND: kind, "metainfo": meta, VALUE: data}
    if _CLASSES.get(kind) is type(value):
        inside = {
            f.name: to_plain(getattr(value, f.name), f"{where}.{f.name}")
            for f in fields(value)
            if not f.metadata.get(TRANSIENT)
        }
        return {KIND: kind, VALUE: inside}
    raise TypeError(f"{where}: a {kind} is no part of a tracker's state; see plain_state")


def from_plain(value: Any, device: torch.device | str = "cpu") -> Any:
    """The tree that :func:`to_plain` wrote.

    Args:
        value: What it returned.
        device: Where tensors go that were not on the CPU.

    Raises:
        ValueError: It names a class that is not registered, or is no such tree.
    """
    try:
        return _restore(value, device)
    except (TypeError, KeyError, AttributeError, RuntimeError, RecursionError) as error:
        raise ValueError(f"a saved state is damaged: {type(error).__name__}: {error}") from error


def _restore(value: Any, device: torch.device | str) -> Any:
    if type(value) in PLAIN:
        return value
    if not isinstance(value, dict) or KIND not in value:
        raise ValueError(f"a saved state cannot hold a bare {type(value).__name__}")
    kind, inside = value[KIND], value.get(VALUE)
    if kind in ("tensor", "array", "scalar"):
        if not isinstance(inside, Tensor):
            raise ValueError(f"a saved {kind} must be a tensor, not a {type(inside).__name__}")
        if kind == "tensor":
            return inside.clone().to(device if value.get("device") == "model" else "cpu")
        return inside.clone().numpy() if kind == "array" else inside.numpy()[()]
    if kind == "deque":
        return deque((_restore(item, device) for item in inside), value.get("maxlen"))
    if kind in _SEQUENCES:
        return _SEQUENCES[kind](_restore(item, device) for item in inside)
    if kind in ("dict", "Counter"):
        pairs = {_restore(k, device): _restore(v, device) for k, v in inside}
        return Counter(pairs) if kind == "Counter" else pairs
    if kind in ELEMENTS:
        element: BaseDataElement = ELEMENTS[kind](metainfo=_restore(value["metainfo"], device))
        for name, field in inside.items():
            if not str(name).isidentifier() or name.startswith("_"):
                raise ValueError(f"a saved state names the field {name!r}")
            setattr(element, name, _restore(field, device))
        return element
    if kind not in _CLASSES:
        raise ValueError(f"a saved state names the unknown class {kind!r}")
    return _CLASSES[kind](**{name: _restore(field, device) for name, field in inside.items()})


_SEQUENCES = {"list": list, "tuple": tuple, "deque": deque}
