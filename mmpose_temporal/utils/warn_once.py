"""What a run says once in its log."""

import logging
from functools import cache

from mmengine.logging import print_log


@cache
def warn_once(text: str) -> None:
    """Warn in mmengine's current logger, once per process for the same text."""
    print_log(text, logger="current", level=logging.WARNING)


@cache
def log_once(text: str) -> None:
    """Say it in mmengine's current logger, once per process for the same text."""
    print_log(text, logger="current")
