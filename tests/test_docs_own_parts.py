"""The example of docs/own_parts.md runs in a folder of its own, outside the repository."""

import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "own_parts.md"
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


def test_example(tmp_path):
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    files = {}
    for language, text in blocks:
        if language == "python":
            name = re.match(r"# (\w+\.py)\n", text)[1]
            files[name] = (tmp_path / name).write_text(text)
    assert list(files) == ["my_parts.py", "my_tracker.py", "try_it.py"]
    (expected,) = (text for language, text in blocks if language == "text")
    command = [sys.executable, "-W", "ignore", "try_it.py"]
    run = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": "."},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    printed = [line for line in run.stdout.splitlines() if re.fullmatch(r"\d+ \[.*\]", line)]
    assert printed == expected.splitlines()
