"""What the benchmarks share: repeats, medians, one JSON object per line and nothing else."""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO

_rows: IO[str] | None = None


def arguments(description: str) -> argparse.ArgumentParser:
    """A parser with the flags that every benchmark has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="fewer repeats, under 45 s")
    return parser


def start(main: Callable[[], None]) -> None:
    """Run a benchmark; Ctrl-C ends it as it ends the tools, with one line and the status 130."""
    try:
        main()
    except KeyboardInterrupt:
        print(f"{os.path.basename(sys.argv[0])}: interrupted", file=sys.stderr)
        sys.exit(130)


@contextmanager
def only_rows() -> Iterator[None]:
    """Keep stdout for the rows of :func:`emit`; what libraries print there goes to stderr.

    The file descriptors are exchanged, so that libraries in C and other processes are caught too.
    """
    global _rows
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with os.fdopen(os.dup(kept), "w", encoding="utf-8") as _rows:
            yield
    finally:
        _rows = None
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def paired(
    first: Callable[[], object],
    second: Callable[[], object],
    repeats: int,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[list[float], list[float]]:
    """Seconds of two functions, run in turn so that a slow spell hits both; a warm-up first."""
    first()
    second()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        for function, kept in zip((first, second), times, strict=True):
            start = clock()
            function()
            kept.append(clock() - start)
    return times


def emit(
    name: str,
    values: Sequence[float],
    *,
    unit: str,
    target: str | None,
    reference: str,
    data: str,
    digits: int = 2,
) -> None:
    """Print one row, inside :func:`only_rows`.

    Args:
        name: Of the row.
        values: Of the repeats: the row has their median, and as spread the least and the largest.
        unit: Of the values.
        target: What the value should be; None: it is for information.
        reference: What is compared with, and how.
        data: What was measured on: ``'real: ...'`` or ``'generated: ...'``.
        digits: After the point.
    """
    row = dict(
        name=name,
        value=round(statistics.median(values), digits),
        unit=unit,
        target=target,
        reference=reference,
        data=data,
        spread=[round(min(values), digits), round(max(values), digits)],
    )
    print(json.dumps(row), file=_rows, flush=True)
