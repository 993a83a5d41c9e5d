"""What every test has: quiet single-threaded workers, fixed seeds and a clean mmengine.

Unit tests need no network, no GPU and no data. A test that measures on real samples asks for
the fixture `real_data` and is skipped where they are not there.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

# Two workers with two threads each would fight for the cores, and torch reads this on import.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")

import cv2
import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger
from mmengine.utils import ManagerMixin

PROJECT_ROOT = Path(__file__).resolve().parents[1]

if "PYTEST_XDIST_WORKER" in os.environ:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that use real data, so that `-m "not real_data"` leaves them out."""
    for item in items:
        if "real_data" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.real_data)


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The folder that holds setup.py, configs/ and tools/."""
    return PROJECT_ROOT


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with the real samples: MMPOSE_TEMPORAL_TEST_DATA, else ../shared/data."""
    named = os.environ.get("MMPOSE_TEMPORAL_TEST_DATA")
    folder = Path(named) if named else PROJECT_ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real sample data at {folder} (MMPOSE_TEMPORAL_TEST_DATA names another)")
    return folder


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """Start every test from the same random state, whatever ran before it in this process."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - mmpose's transforms draw from the global generator
    torch.manual_seed(0)


def _managers(cls: type = ManagerMixin) -> Iterator[type]:
    """Every class with named global instances: loggers, scopes, message hubs, visualizers."""
    for child in cls.__subclasses__():
        yield child
        yield from _managers(child)


@pytest.fixture(autouse=True)
def _clean_mmengine() -> Iterator[None]:
    """Forget mmengine's named instances after a test, so that none sees another's scope or log.

    A Runner leaves a default scope, a message hub, a visualizer and a logger with an open file
    behind, and the next one with the same name would get them back.
    """
    yield
    for logger in MMLogger._instance_dict.values():
        for handler in logger.handlers:
            handler.close()
    for manager in _managers():
        manager._instance_dict.clear()
