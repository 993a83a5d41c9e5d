"""Checks of the settings, and ids of videos."""

import numpy as np
import pytest

from mmpose_temporal.synthetic.config import (
    MIXED_SCENES,
    SCENES,
    SyntheticVideoConfig,
    spawn_generators,
    video_index,
    video_name,
)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"width": 63}, "at least 64"),
        ({"height": 10}, "at least 64"),
        ({"num_frames": 0}, "num_frames"),
        ({"num_frames": 10_000}, "num_frames"),
        ({"min_people": 3, "max_people": 2}, "0 <= min <= max"),
        ({"min_people": -1}, "0 <= min <= max"),
        ({"max_people": 61}, "0 <= min <= max"),
        ({"scene": "space"}, "unknown scene 'space'"),
        ({"fps": 0.0}, "fps"),
    ],
)
def test_bad_values_are_refused(changes, text):
    with pytest.raises(ValueError, match=text):
        SyntheticVideoConfig(**changes)


def test_mixed_draws_scenes_that_exist():
    assert set(MIXED_SCENES) <= set(SCENES) - {"mixed"}
    np.testing.assert_allclose(sum(MIXED_SCENES.values()), 1)


def test_splits_share_no_video():
    assert video_index("train", 0) == 1
    assert video_index("val", 0) == 100_001
    assert video_index("test", 4) == 200_005
    assert video_index("train", 99_998) < video_index("val", 0)
    assert video_name(7) == "000007"
    with pytest.raises(ValueError, match="unknown split"):
        video_index("dev", 0)
    with pytest.raises(ValueError, match="position"):
        video_index("val", -1)


def test_generators_follow_seed_and_index():
    first = [rng.random() for rng in spawn_generators(3, 5, 2)]
    assert first == [rng.random() for rng in spawn_generators(3, 5, 2)]
    others = [spawn_generators(3, 6, 1)[0].random(), spawn_generators(4, 5, 1)[0].random()]
    assert len(np.unique([*first, *others])) == 4
    with pytest.raises(ValueError, match="negative"):
        spawn_generators(-1, 0, 1)
