"""What a config says of the run: the config itself, the data, the boxes, the thresholds."""

import hashlib
from typing import Any

from mmengine.config import Config

THRESHOLDS = ("box_score_thr", "keypoint_score_thr", "output_keypoint_thr")
"""Settings of a tracker below which it leaves boxes or joints out."""


def config_origin(config: Config, path: str) -> dict[str, Any]:
    """The config and what its model leaves out.

    Returns:
        ``path``, ``sha256`` of the config as it is with all bases and options, ``model`` (its
        type), and ``thresholds``: those of :data:`THRESHOLDS` that it sets.
    """
    model = config.get("model") or {}
    return dict(
        path=str(path),
        sha256=hashlib.sha256(config.pretty_text.encode()).hexdigest(),
        model=_name(model.get("type")),
        thresholds={name: model[name] for name in THRESHOLDS if name in model},
    )


def data_origin(config: Config) -> dict[str, Any]:
    """The data that a config is tested on, as far as it states them.

    Returns:
        ``dataset`` (its type), and of ``root``, ``annotations``, ``release``, ``videos``,
        ``frames`` and ``frame_step`` those that are set.
    """
    dataset = _dataset(config)
    found = {"dataset": _name(dataset.get("type"))}
    names = {"root": "data_root", "annotations": "ann_file"}
    names |= {name: name for name in ("release", "videos", "frames", "frame_step")}
    found |= {name: dataset[key] for name, key in names.items() if dataset.get(key) is not None}
    return found


def box_origin(config: Config) -> dict[str, Any]:
    """Where the people's boxes come from.

    Returns:
        ``source``: ``'gt'``, ``'file'`` (with ``file``), ``'detector'`` (with ``config`` and
        ``checkpoint``), or the type of another source; where known poses are tracked,
        ``'annotated poses'`` or ``'poses of a file'`` (with ``file``).
    """
    model, dataset = config.get("model") or {}, _dataset(config)
    source = model.get("box_source") or {}
    kind = _name(source.get("type")) if isinstance(source, dict) else _name(source)
    if kind == "DetectorBoxes":
        details = {key: source[key] for key in ("config", "checkpoint") if key in source}
        return dict(source="detector", **details)
    if kind not in (None, "DatasetBoxes"):
        return dict(source=kind)
    if _name(model.get("type")) == "PoseOnlyTracker":
        poses = dataset.get("poses")
        if poses is None:
            return dict(source="annotated poses")
        return dict(source="poses of a file", file=poses)
    found = dict(source=dataset.get("box_source", "gt"))
    if dataset.get("bbox_file") is not None:
        found["file"] = dataset["bbox_file"]
    return found


def _dataset(config: Config) -> Any:
    return (config.get("test_dataloader") or {}).get("dataset") or {}


def _name(kind: Any) -> str | None:
    """A type by its name, whether the config has the name or the class."""
    return kind if kind is None or isinstance(kind, str) else getattr(kind, "__name__", str(kind))
