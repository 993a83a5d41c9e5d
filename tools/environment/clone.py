"""The light `.venv` of a clone."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
from pathlib import Path

from .plan import Plan
from .steps import SetupError, run, site_packages

MARKER = ".made_by_setup_env"  # in .venv from its first moment: only what we made is removed


class CloneEnvironment:
    """The light `.venv` of a clone, on top of the dependency environment."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.path = plan.project / ".venv"
        self.python = self.path / "bin/python"
        self.stamp = self.path / "complete.json"

    def state(self) -> dict[str, str]:
        """What it was made from; another state makes it stale."""
        names = ("setup.py", "mmpose_temporal/version.py", "requirements/runtime.txt")
        paths = [Path(__file__), *(self.plan.project / name for name in names)]
        files = b"".join(path.read_bytes() for path in paths)
        return {
            "project": str(self.plan.project),
            "environment": str(self.plan.environment),
            "files": hashlib.sha256(files).hexdigest(),
        }

    def is_current(self) -> bool:
        """Whether it is there, complete, and made from what is there now."""
        if not (self.stamp.is_file() and self.python.exists()):
            return False
        return json.loads(self.stamp.read_text()) == self.state()

    def make(self, log: Path) -> None:
        """Make it again, and check that the clone's own code is what it imports."""
        if self.path.exists() and not (self.path / MARKER).exists():
            raise SetupError(
                f"{self.path} was not made by this script, so it is left alone. Move it away or "
                "remove it, then run make again."
            )
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir()
        (self.path / MARKER).touch()
        run(log, sys.executable, "-m", "venv", "--without-pip", self.path)
        link = site_packages(self.path) / "dependency_environment.pth"
        # addsitedir, because a plain line would leave the .pth files there unread, among them
        # setuptools' own, without which Python 3.12 has no distutils and mmengine needs it.
        folder = str(site_packages(self.plan.environment))
        link.write_text(f"import site; site.addsitedir({folder!r})\n")
        self.copy_commands()
        options = ("--no-deps", "--no-build-isolation", "--editable")
        run(log, self.python, "-m", "pip", "install", *options, self.plan.project)
        check = (
            "import importlib.util as u, pathlib, sys; s = u.find_spec('mmpose_temporal'); "
            "assert s and pathlib.Path(s.origin).is_relative_to(sys.argv[1]), s"
        )
        run(log, self.python, "-c", check, self.plan.project, cwd=self.path)
        self.stamp.write_text(json.dumps(self.state(), indent=2) + "\n")

    def copy_commands(self) -> None:
        """Give `.venv/bin` the commands (pytest, ruff, ...), run by this environment's Python."""
        other = os.fsencode(self.plan.environment / "bin/python")
        head = f"#!/bin/sh\n'''exec' \"{self.python}\" \"$0\" \"$@\"\n' '''\n"  # for any path
        for command in sorted((self.plan.environment / "bin").iterdir()):
            target = self.path / "bin" / command.name
            name_taken = command.name.lower().startswith(("python", "activate"))
            if name_taken or target.exists() or not command.is_file():
                continue
            content = command.read_bytes()
            # pip writes `#!<python>`, or three lines like those of `head` when the path is long
            own_head = re.match(rb"#!/bin/sh\n'''exec' .*\n.*\n|#!.*\n", content)
            if own_head is None or other not in own_head[0]:
                target.symlink_to(command)  # a program of its own
                continue
            target.write_bytes(os.fsencode(head) + content[own_head.end() :])
            target.chmod(0o755)
