"""What the benchmarks share: repeats, medians, one JSON object per line."""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence


def arguments(description: str) -> argparse.ArgumentParser:
    """A parser with the flags that every benchmark has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="fewer repeats, under 45 s")
    return parser


def paired(
    first: Callable[[], object], second: Callable[[], object], repeats: int
) -> tuple[list[float], list[float]]:
    """Seconds of two functions, run in turn so that a slow spell hits both; a warm-up first."""
    first()
    second()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        for function, kept in zip((first, second), times, strict=True):
            start = time.perf_counter()
            function()
            kept.append(time.perf_counter() - start)
    return times


def emit(
    name: str,
    values: Sequence[float],
    *,
    unit: str,
    target: str | None,
    reference: str,
    digits: int = 2,
) -> None:
    """Print one row: the median of the repeats, and their smallest and largest as spread."""
    row = dict(
        name=name,
        value=round(statistics.median(values), digits),
        unit=unit,
        target=target,
        reference=reference,
        spread=[round(min(values), digits), round(max(values), digits)],
    )
    print(json.dumps(row), flush=True)
