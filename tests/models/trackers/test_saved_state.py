"""State that is saved in mid-video and restored in a fresh process: it goes on identically."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))

from saved_state_cases import SEEN, answers, build_case, cases, videos

HERE = Path(__file__).parent


def restored(folder: Path) -> dict[str, tuple[dict, dict]]:
    """For each case the last answers of an uninterrupted tracker and of a restored one."""
    saved, expected = {}, {}
    for name, case in cases().items():
        torch.manual_seed(0)
        tracker, frames = build_case(case), videos()
        answers(tracker, frames[:SEEN])
        state = tracker.video_state_dict()
        saved[name] = dict(case=case, weights=tracker.state_dict(), videos=state, seen=SEEN)
        expected[name] = answers(tracker, frames[SEEN:])
    torch.save(saved, folder / "saved.pth")
    command = [sys.executable, HERE / "saved_state_run.py"]
    subprocess.run([*command, folder / "saved.pth", folder / "answers.pth"], check=True)
    found = torch.load(folder / "answers.pth", weights_only=True)
    return {name: (expected[name], found[name]) for name in cases()}


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


def test_goes_on_identically(tmp_path):
    """For every tracker of the configs, and every fourth of the covering combinations."""
    pairs = restored(tmp_path)
    assert len(pairs) > 20
    for name, trees in pairs.items():
        expected, found = (dict(flat(tree)) for tree in trees)
        assert expected.keys() == found.keys(), name
        people = 0
        for where, value in expected.items():
            if isinstance(value, torch.Tensor):
                assert torch.equal(value, found[where]), (name, where)
                people += value.numel() > 0
            else:
                assert value == found[where], (name, where)
        assert people, f"{name}: nobody to compare"
        assert len(trees[0]["value"]) == len(trees[1]["value"]) >= 2 * 10 - SEEN


def test_another_tracker_refuses_it():
    first = build_case(next(iter(cases().values())))
    answers(first, videos()[:2])
    state = first.video_state_dict()
    other = next(
        case for case in cases().values() if case.get("propagation") not in (None, "none")
    )
    with pytest.raises(ValueError, match="parts"):
        build_case(other).load_video_state_dict(state)
    with pytest.raises(ValueError, match="version"):
        first.load_video_state_dict({"videos": {}})
