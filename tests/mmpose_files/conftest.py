import json
from pathlib import Path

import pytest


@pytest.fixture
def write(tmp_path):
    """Write JSON, or text as it is, to a file of this name below ``tmp_path``."""

    def write(name: str, content) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write
