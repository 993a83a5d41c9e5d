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
    with pytest.raises(ValueError, match="another tracker"):
        build_case(other).load_video_state_dict(state)
    with pytest.raises(ValueError, match="version"):
        first.load_video_state_dict({"videos": {}})


def other_similarity(case: dict) -> dict:
    """The same combination with another similarity."""
    return {**case, "similarity": "iou" if case["similarity"] != "iou" else "oks"}


@pytest.mark.parametrize("change", [other_similarity, lambda c: {**c, "depth": "nearest"}])
def test_a_tracker_of_other_parts_inside_refuses_it(change):
    case = dict(next(iter(cases().values())), depth="last")
    first = build_case(case)
    answers(first, videos()[:2])
    with pytest.raises(ValueError, match="another tracker"):
        build_case(change(case)).load_video_state_dict(first.video_state_dict())


def damaged(state: dict):
    """The same state with something wrong in it, many times."""
    yield {"version": state["version"]}
    yield {**state, "videos": 5}
    yield {**state, "videos": {"__kind__": "dict", "value": [["v", 3]]}}
    yield {**state, "videos": {"__kind__": [1], "value": []}}
    yield {**state, "videos": {"__kind__": "list"}}
    yield {**state, "videos": {"__kind__": "VideoState", "value": {"nothing": 1}}}
    element = {"__kind__": "InstanceData", "value": {"__class__": 1}}
    yield {**state, "videos": element}
    yield {**state, "videos": {**element, "metainfo": {"__kind__": "dict", "value": []}}}
    deep = 1
    for _ in range(5000):
        deep = {"__kind__": "list", "value": [deep]}
    yield {**state, "videos": deep}


def test_damaged_states_are_refused():
    tracker = build_case(next(iter(cases().values())))
    answers(tracker, videos()[:2])
    for broken in damaged(tracker.video_state_dict()):
        with pytest.raises(ValueError, match=r"damaged|saved state|version"):
            tracker.load_video_state_dict(broken)


def test_a_saved_state_shares_nothing():
    """Neither with the tracker that goes on, nor with two trackers that load it."""
    case = next(iter(cases().values()))
    first = build_case(case)
    answers(first, videos()[:2])
    saved = first.video_state_dict()
    before = dict(flat(saved))
    copies = {where: v.clone() for where, v in before.items() if isinstance(v, torch.Tensor)}
    second = build_case(case)
    second.load_video_state_dict(saved)
    for tracker in (first, second):
        for state in tracker.pipeline.videos.values():
            for array in (state.parts["association"].ids, state.parts["association"].last_seen):
                array += 100
    assert copies
    now = dict(flat(saved))
    for where, value in copies.items():
        torch.testing.assert_close(now[where], value, rtol=0, atol=0, equal_nan=True)
