"""Metrics files: figures, and a record of what they are figures of.

A file is a JSON object. The figures stand at its top under the names that the metrics give them
(``posetrack/AP``; null: not defined), so that a program which only wants figures need not know the
rest. Everything else is below ``record``::

    schema        version of this layout, 1
    date, command, software, checkpoint, config, boxes, data      (origin.run_origin)
    evaluations   a list: metric, prefix, protocol, counts, joints, videos, statistics ...
                  (evaluation.posetrack_evaluation, evaluation.match_accuracy_evaluation)

``videos`` at the top has the figures of each video where they were asked for.
"""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmpose_temporal.posetrack.fields import INT64, load_json
from mmpose_temporal.utils import write_json
from mmpose_temporal.utils.text import shown

SCHEMA = 1
"""Version of the layout. A change that older readers would misunderstand counts it up."""

RECORD, VIDEOS = "record", "videos"


@dataclass(frozen=True, eq=False)
class Results:
    """Figures with their record.

    Attributes:
        figures: Name -> value; NaN: not defined.
        record: See the module; empty for a file that has none.
        path: The file they were read from.
    """

    figures: Mapping[str, float]
    record: Mapping[str, Any] = field(default_factory=dict)
    path: Path | None = None

    @property
    def evaluations(self) -> Sequence[Mapping[str, Any]]:
        """The records of the evaluations."""
        return self.record.get("evaluations", ())


def write_results(
    path: str | os.PathLike,
    figures: Mapping[str, Any],
    *,
    run: Mapping[str, Any],
    evaluations: Sequence[Mapping[str, Any]] = (),
    videos: Mapping[str, Mapping[str, float]] | None = None,
) -> None:
    """Write a metrics file.

    Args:
        path: The file.
        figures: Name -> value; one that is not finite becomes null.
        run: From :func:`~.origin.run_origin`.
        evaluations: A record for each metric.
        videos: Name of the video -> its figures.

    Raises:
        ValueError: A figure has the name of another part of the file.
    """
    for name in (RECORD, VIDEOS):
        if name in figures:
            raise ValueError(f"a figure cannot be named {name!r}: that is another part of {path}")
    content = {name: _plain(value) for name, value in figures.items()}
    if videos is not None:
        content[VIDEOS] = {
            name: {key: _plain(value) for key, value in one.items()}
            for name, one in videos.items()
        }
    content[RECORD] = dict(schema=SCHEMA, **run, evaluations=list(evaluations))
    write_json(path, content)


def read_results(path: str | os.PathLike) -> Results:
    """Read a metrics file.

    Raises:
        FileNotFoundError: No such file.
        ValueError: It is not JSON, no metrics file, or of a newer layout.
    """
    path = Path(path)
    content = load_json(path)
    if not isinstance(content, dict):
        raise ValueError(f"{path}: a metrics file is a JSON object, not {_kind(content)}")
    record = content.get(RECORD, {})
    if not isinstance(record, dict):
        raise ValueError(f"{path}: 'record' must be an object, got {_kind(record)}")
    schema = record.get("schema", 0)
    if record and (type(schema) is not int or schema < 1):
        raise ValueError(f"{path}: 'record.schema' must be {SCHEMA}, got {shown(schema)}")
    if schema > SCHEMA:
        raise ValueError(
            f"{path}: 'record.schema' is {shown(schema)}, this version of mmpose_temporal reads "
            f"{SCHEMA}: install a newer one"
        )
    evaluations = record.get("evaluations", [])
    if not isinstance(evaluations, list) or not all(isinstance(e, dict) for e in evaluations):
        raise ValueError(f"{path}: 'record.evaluations' must be a list of objects")
    figures = {}
    for name, value in content.items():
        if name in (RECORD, VIDEOS):
            continue
        if value is not None and type(value) not in (int, float):
            raise ValueError(
                f"{path} is no metrics file (as of evaluate_posetrack.py --out or test.py --out): "
                f"figure {shown(name)} must be a number, got {_kind(value)}"
            )
        if type(value) is int and abs(value) > INT64.max:
            raise ValueError(f"{path}: figure {shown(name)} is {shown(value)}, which is too large")
        figures[name] = math.nan if value is None else float(value)
    if not figures:
        raise ValueError(f"{path}: there are no figures; a metrics file has names and numbers")
    return Results(figures, record, path)


def _plain(value: Any) -> Any:
    """A number as JSON has it; what is no number as it is."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):  # of numpy or torch
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _kind(value: Any) -> str:
    return "null" if value is None else type(value).__name__
