"""Whether a config's data are there and go together, before anything is built or downloaded."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmpose.registry import DATASETS

from mmpose_temporal.datasets import PersonClipDataset

FILES = ("ann_file", "bbox_file", "poses")
"""Options of data sets that name a file or folder, relative to ``data_root``."""


def require_data(config: Config, *loaders: str) -> None:
    """Check the files that data loaders read first; their images are not looked for.

    Args:
        config: Of a training or a test.
        loaders: Names of its data loaders, such as ``test_dataloader``; absent ones are passed
            over.

    Raises:
        FileNotFoundError: A file or folder is not there; the text names it and the option that
            names another.
    """
    for loader in loaders:
        dataset = (config.get(loader) or {}).get("dataset")
        for option, settings in _datasets(dataset, f"{loader}.dataset"):
            _require(option, settings)


def require_weights(config: Config) -> None:
    """Check that the file of ``load_from`` is there.

    Args:
        config: Of a training.

    Raises:
        FileNotFoundError: It is not.
    """
    source = config.get("load_from")
    if source and "://" not in source and not Path(source).expanduser().exists():
        raise FileNotFoundError(
            f"checkpoint {source} does not exist, with which load_from begins the training: train "
            "it first, or name another with --cfg-options load_from=FILE"
        )


def require_collated_clips(config: Config, *loaders: str) -> None:
    """Clips have any number of crops, and mmengine's ways to make a batch need equal ones.

    Args:
        config: Of a training or a test.
        loaders: Names of its data loaders; absent ones are passed over.

    Raises:
        ValueError: A loader of clips leaves batches to mmengine.
    """
    for loader in loaders:
        settings = config.get(loader) or {}
        collate = settings.get("collate_fn") or dict(type="pseudo_collate")
        if collate.get("type") not in ("pseudo_collate", "default_collate"):
            continue
        for option, dataset in _datasets(settings.get("dataset"), f"{loader}.dataset"):
            kind = dataset.get("type")
            kind = DATASETS.get(kind) if isinstance(kind, str) else kind
            if isinstance(kind, type) and issubclass(kind, PersonClipDataset):
                raise ValueError(
                    f"{option} is a {kind.__name__}, whose clips have any number of crops: set "
                    f"{loader}.collate_fn=dict(type='collate_clips')"
                )


def refuse_outputs_over_data(config: Config, *parts: str) -> None:
    """Predictions are not written over the annotations or poses that are read.

    Args:
        config: Of a training or a test.
        parts: ``val`` or ``test``, for their data loader and evaluator; absent ones are passed
            over.

    Raises:
        ValueError: The folder of ``outfile_prefix`` is one that the data set reads, or is a file
            of it.
    """
    for part in parts:
        evaluators = config.get(f"{part}_evaluator") or ()
        evaluators = [evaluators] if isinstance(evaluators, Mapping) else evaluators
        folders = [e.get("outfile_prefix") for e in evaluators if isinstance(e, Mapping)]
        dataset = (config.get(f"{part}_dataloader") or {}).get("dataset")
        for option, settings in _datasets(dataset, f"{part}_dataloader.dataset"):
            for name, path in _files(settings):
                if any(f and os.path.realpath(f) == os.path.realpath(path) for f in folders):
                    raise ValueError(
                        f"{part}_evaluator writes predictions to outfile_prefix={str(path)!r}, "
                        f"which {option}.{name} reads: name another folder"
                    )


def _files(settings: Mapping[str, Any]) -> Iterator[tuple[str, Path]]:
    """The option and the path of each file or folder that a data set reads."""
    for name in FILES:
        value = settings.get(name)
        for file in value if isinstance(value, list | tuple) else [value]:
            if isinstance(file, str) and file:
                yield name, Path(settings.get("data_root") or "", file)


def _datasets(dataset: Any, option: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """A data set and those that it wraps, with their places in the config."""
    if not isinstance(dataset, Mapping):
        return
    yield option, dataset
    yield from _datasets(dataset.get("dataset"), f"{option}.dataset")
    for index, part in enumerate(dataset.get("datasets") or ()):
        yield from _datasets(part, f"{option}.datasets.{index}")


def _require(option: str, settings: Mapping[str, Any]) -> None:
    root = settings.get("data_root") or ""
    for name in FILES:
        value = settings.get(name)
        for file in value if isinstance(value, list | tuple) else [value]:
            if not isinstance(file, str) or not file or "://" in f"{root}{file}":
                continue
            path = Path(root, file)
            if path.exists() or (name == "bbox_file" and Path(file).exists()):
                continue
            root_is_there = not root or Path(root).is_dir()
            absent = path if root_is_there else Path(root)
            wanted = f"{name}={file!r}" if root_is_there else f"data_root={root!r}"
            raise FileNotFoundError(
                f"the data of the config are not there: {absent} does not exist ({option} has "
                f"{wanted}). docs/data.md says where to get and how to convert data; data in "
                f"another folder: --cfg-options {option}.data_root=FOLDER"
            )
