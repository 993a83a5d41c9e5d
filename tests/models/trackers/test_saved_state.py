"""State that is saved in mid-video and restored in a fresh process: it goes on identically."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))

from saved_state_cases import CASES, SEEN, answers, build_case, videos

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def restored(tmp_path_factory) -> dict[str, tuple[dict, dict]]:
    """For each case the last answers of an uninterrupted tracker and of a restored one."""
    folder = tmp_path_factory.mktemp("saved")
    saved, expected = {}, {}
    for name, case in CASES.items():
        torch.manual_seed(0)
        tracker, frames = build_case(case), videos()
        answers(tracker, frames[:SEEN])
        state = tracker.video_state_dict()
        saved[name] = dict(weights=tracker.state_dict(), videos=state, seen=SEEN)
        expected[name] = answers(tracker, frames[SEEN:])
    torch.save(saved, folder / "saved.pth")
    command = [sys.executable, HERE / "saved_state_run.py"]
    subprocess.run([*command, folder / "saved.pth", folder / "answers.pth"], check=True)
    found = torch.load(folder / "answers.pth", weights_only=True)
    return {name: (expected[name], found[name]) for name in CASES}


def flat(value, where=""):
    """The leaves of a plain tree, by where they are."""
    if isinstance(value, dict):
        for key, inside in value.items():
            yield from flat(inside, f"{where}.{key}")
    elif isinstance(value, list):
        for i, inside in enumerate(value):
            yield from flat(inside, f"{where}[{i}]")
    else:
        yield where, value


@pytest.mark.parametrize("name", CASES)
def test_goes_on_identically(restored, name):
    expected, found = (dict(flat(tree)) for tree in restored[name])
    assert expected.keys() == found.keys()
    people = 0
    for where, value in expected.items():
        if isinstance(value, torch.Tensor):
            assert torch.equal(value, found[where]), where
            people += value.numel() > 0
        else:
            assert value == found[where], where
    assert people  # there is somebody to compare
    frames = [len(tree["value"]) for tree in restored[name]]
    assert frames[0] == frames[1] >= 2 * 10 - SEEN


def test_another_tracker_refuses_it():
    names = iter(CASES)
    first = build_case(CASES[next(names)])
    answers(first, videos()[:2])
    state = first.video_state_dict()
    other = next(
        case for name, case in CASES.items() if case.get("propagation") not in (None, "none")
    )
    with pytest.raises(ValueError, match="parts"):
        build_case(other).load_video_state_dict(state)
    with pytest.raises(ValueError, match="version"):
        first.load_video_state_dict({"videos": {}})
