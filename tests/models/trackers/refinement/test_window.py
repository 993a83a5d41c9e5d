"""Paths through a hand-drawn table of matches."""

import numpy as np
import pytest

from mmpose_temporal.models.trackers import RefinementWindow
from mmpose_temporal.models.trackers.refinement.window import Neighbour
from mmpose_temporal.structures import People


def neighbour(index: int, before: list[int], after: list[int], searched: bool = True) -> Neighbour:
    poses = People.create(keypoints=np.zeros((len(before), 1, 2)))
    return Neighbour(
        index=index,
        searched=searched,
        poses=poses,
        people={},
        before=np.array(before, np.int64),
        after=np.array(after, np.int64),
        frame=None,
    )


@pytest.fixture
def window() -> RefinementWindow:
    """Frames 0 to 4; frame 1 was not searched.

    Best matches: 2 -> 0: rows 0 -> 1, 1 -> none, 2 -> 1. 2 -> 3: 0 -> 0, 1 -> 0, 2 -> none.
    3 -> 4: 0 -> 1.
    """
    found = RefinementWindow(reach=2)
    found.frames.extend(
        [
            neighbour(0, [-1, -1], [-1, 0]),
            neighbour(1, [], [], searched=False),
            neighbour(2, [1, -1, 1], [0, 0, -1]),
            neighbour(3, [1], [1]),
            neighbour(4, [-1, 0], [-1, -1]),
        ]
    )
    return found


def paths(window: RefinementWindow, position: int) -> list:
    return [
        (held.index, rows.tolist(), matches.tolist())
        for rows, matches, held in window.paths(position)
    ]


def test_paths_go_both_ways(window: RefinementWindow) -> None:
    assert paths(window, 2) == [(0, [0, 2], [1, 1]), (3, [0, 1], [0, 0]), (4, [0, 1], [1, 1])]


def test_paths_follow_the_matches_of_matches(window: RefinementWindow) -> None:
    """From frame 4 its person 1 goes to 3 (row 0), then to 2 (row 1); 0 is out of reach."""
    assert paths(window, 4) == [(3, [1], [0]), (2, [1], [1])]


def test_the_reach_is_in_frames_of_the_video(window: RefinementWindow) -> None:
    assert [held.index for held in window.walk(0, 1, 0)] == [2]
    window.reach = 1
    assert [held.index for held in window.walk(0, 1, 0)] == []
    assert paths(window, 2) == [(3, [0, 1], [0, 0])]
    window.reach = 0
    assert paths(window, 2) == []
