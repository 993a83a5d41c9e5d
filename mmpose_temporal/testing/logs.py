"""What a training has written."""

import json
from pathlib import Path


def logged(work_dir: Path, key: str) -> list[float]:
    """Values of a key in mmengine's log of the one run in a work folder."""
    (file,) = work_dir.glob("*/vis_data/scalars.json")
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [line[key] for line in lines if key in line]
