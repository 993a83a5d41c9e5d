"""Runs changed files through every reader and converter, and counts how each run ended.

    python tests/fuzz/run.py 5000 --seed 0

Prints a table: of each case the runs that succeeded, left the file out and counted it, ended with
one line that names the file, and those that must not be: a traceback, a line without the file or
an unclear one, more than 5 s of a processor. Exit status 1 if there is any of these, with the
first of each kind.
"""

import argparse
import contextlib
import io
import logging
import shutil
import signal
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path
from random import Random
from types import FrameType

sys.path.insert(0, str(Path(__file__).parent))

from fuzz_cases import CASES, Outcome, run_case

KINDS = ("success", "skipped", "line", "traceback", "no file", "unclear", "slow")
ENDLESS = 30
"""Seconds after which a run is stopped."""


class Endless(BaseException):
    """A run took longer than :data:`ENDLESS`."""


def _stop(number: int, frame: FrameType | None) -> None:
    raise Endless


def one_run(name: str, seed: str) -> Outcome:
    """Run a case with the changes that the seed gives, silently."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz"))
    quiet = io.StringIO()
    signal.alarm(ENDLESS)
    try:
        with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
            return run_case(name, folder, Random(seed))
    except Endless:
        return Outcome("slow", f"stopped after {ENDLESS} s")
    finally:
        signal.alarm(0)
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=int, nargs="?", default=1000)
    parser.add_argument("--seed", default="0", help="any text")
    parser.add_argument("--only", default="", help="cases whose name holds this text")
    parser.add_argument("--show", type=int, default=5, help="of each kind of failure")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGALRM, _stop)
    names = [name for name in CASES if args.only in name]
    counts = {name: Counter() for name in names}
    failures: dict[str, list[str]] = {}
    for index in range(args.runs):
        name = names[index % len(names)]
        outcome = one_run(name, f"{args.seed}-{index}")
        counts[name][outcome.kind] += 1
        if not outcome.good:
            failures.setdefault(outcome.kind, []).append(f"{name}, run {index}: {outcome.text}")
    width = max(map(len, names))
    print(" " * width + "".join(f"{kind:>10}" for kind in ("runs", *KINDS)))
    for name in [*names, "all"]:
        row = sum(counts.values(), Counter()) if name == "all" else counts[name]
        cells = [row.total(), *(row[kind] for kind in KINDS)]
        print(name.ljust(width) + "".join(f"{cell:10d}" for cell in cells))
    for kind, found in failures.items():
        print(f"\n{kind}: {len(found)}")
        print("\n".join(f"  {text}" for text in found[: args.show]))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
