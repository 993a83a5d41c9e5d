#!/usr/bin/env python3
"""Make the environment that `make demo` and `make test` run in. Standard library only.

Two environments, so that several clones share the large one and each imports its own code:

* the *dependency environment*, `<cache>/env-<key>`: torch, mmcv with its operators, mmpose and
  the rest of requirements/lock.txt. The key stands for the lock file, the Python that builds it
  and the torch versions, so another choice makes another environment. A stamp written last says
  that it is complete; one without a stamp is built again.
* `.venv` in the clone: an empty environment whose site-packages names the other one's, with this
  clone installed in it as editable.

The operators of mmcv take a minute or two to compile (environment/operators.py; ten and more with
GPU operators), so the wheel is kept in `<cache>/wheels`, by torch, Python and platform (pip's own
cache would hand out one built for another torch).

Environment variables: MMPOSE_TEMPORAL_CACHE (the cache folder; else mmpose_temporal in
XDG_CACHE_HOME or ~/.cache), TORCH and TORCHVISION (versions to use instead of the pinned pair),
FORCE_CUDA (1 or 0: compile mmcv's GPU operators or not; else where a GPU and nvcc are found),
MAX_JOBS (compiler processes). The Python that runs this script builds the environment.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import sys
from pathlib import Path

from environment.clone import CloneEnvironment
from environment.dependencies import Builder
from environment.plan import Plan
from environment.steps import SetupError, Step, clean_environ, exclusive, run_steps

PROJECT = Path(__file__).resolve().parents[1]


def use_base_python() -> None:
    """Start again with the Python that an active environment was made from, if one is active.

    The active one may be the very `.venv` that is about to be remade.
    """
    base = getattr(sys, "_base_executable", sys.executable)
    if sys.prefix != sys.base_prefix and base and base != sys.executable:
        os.execve(base, [base, *sys.argv], clean_environ())


def set_up(plan: Plan) -> None:
    """Bring both environments up to date; does nothing when they are.

    Raises:
        SetupError: If a step fails.
    """
    clone = CloneEnvironment(plan)
    if plan.is_complete() and clone.is_current():
        return
    logs = plan.cache / "logs" / plan.key
    if not plan.is_complete():
        with exclusive(plan.cache / f"env-{plan.key}.lock"):
            if not plan.is_complete():  # another set-up may have built it while this one waited
                print(f"Building {plan.environment} (logs: {logs})", flush=True)
                seconds = run_steps(Builder(plan).steps(), logs)
                done = {"pins": dict(plan.pins), "seconds": seconds}
                plan.stamp.write_text(json.dumps(done, indent=2) + "\n")
    with exclusive(plan.project / ".venv.lock"):
        if not clone.is_current():
            logs = plan.cache / "logs" / hashlib.sha256(bytes(plan.project)).hexdigest()[:12]
            run_steps([Step(".venv of this clone", clone.make)], logs)


def clean_cache(cache: Path) -> None:
    """Remove the dependency environments, wheels and logs, and say how much that was."""
    parts = [
        path for pattern in ("env-*", "wheels", "logs", "mmcv-*") for path in cache.glob(pattern)
    ]
    size = 0
    for path in parts:
        for folder, _, files in os.walk(path):
            size += sum(os.lstat(os.path.join(folder, name)).st_size for name in files)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    print(f"Removed {size / 1e9:.1f} GB from {cache}; the next make builds everything again.")


def main() -> int:
    """Read the command line and set up."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument(
        "--clean-cache", action="store_true", help="remove the shared cache instead, with its size"
    )
    arguments = parser.parse_args()
    use_base_python()
    try:
        if not (3, 10) <= sys.version_info[:2] <= (3, 12):
            raise SetupError(
                f"Python 3.10, 3.11 or 3.12 is needed and {sys.executable} is "
                f"{platform.python_version()}. Name another: make PYTHON=/path/to/python3.11 ..."
            )
        plan = Plan.from_environment(PROJECT, os.environ)
        if arguments.clean_cache:
            clean_cache(plan.cache)
        else:
            set_up(plan)
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The next make builds what is incomplete again.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
