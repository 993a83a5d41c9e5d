"""Which people in which frames make a clip."""

from collections import Counter

import numpy as np
import pytest
from mmpose.registry import TASK_UTILS

from mmpose_temporal.datasets import OrderedDraw, WindowDraw
from mmpose_temporal.datasets.clip_table import ClipTable
from mmpose_temporal.posetrack import (
    FrameAnnotation,
    PersonAnnotation,
    VideoAnnotation,
)


def person(track_id: int, x: float = 0.0, *, joints: int = 17, side: float = 10.0, **options):
    keypoints = np.zeros((17, 3), np.float32)
    keypoints[:joints, 2] = 1
    return PersonAnnotation(
        annotation_id=track_id,
        track_id=track_id,
        keypoints=keypoints,
        box=np.array([x, 0, x + side, 10], np.float32),
        head_box=np.full(4, np.nan, np.float32),
        **options,
    )


def table(*frames: list[PersonAnnotation]) -> ClipTable:
    video = VideoAnnotation(
        video_id="v",
        frames=[
            FrameAnnotation(
                image_id=i,
                frame_id=i,
                file_name=f"images/v/{i}.jpg",
                size=None,
                is_labeled=True,
                ignore_regions=[],
                people=people,
            )
            for i, people in enumerate(frames)
        ],
    )
    return ClipTable.create(video, Counter())


def draw(clips: ClipTable, row: int = 0, *, seed: int = 0, **options) -> np.ndarray:
    return WindowDraw(**options).draw(clips, row, np.random.default_rng(seed))


def test_anchors_are_seen_twice_in_a_window():
    # id 0 in frames 0 and 2, id 1 in 1 alone, id 2 in 0 and 3
    clips = table([person(0), person(2)], [person(1)], [person(0)], [person(2)])
    assert clips.track_ids.tolist() == [0, 2, 1, 0, 2]
    assert WindowDraw(tau=1).anchors(clips).tolist() == []
    assert WindowDraw(tau=2).anchors(clips).tolist() == [0, 3]
    assert WindowDraw(tau=3).anchors(clips).tolist() == [0, 1, 3, 4]


def test_same_id_comes_from_the_window_only():
    clips = table(*[[person(0)] for _ in range(12)])
    drawn = {row for seed in range(60) for row in draw(clips, 4, tau=3, num_same=1, seed=seed)[1:]}
    assert drawn == {1, 2, 3, 5, 6, 7}
    # the ends of the video cut the window: 3 frames are left of 6
    assert sorted(draw(clips, 0, tau=3, num_same=9)) == [0, 1, 2, 3]


def test_others_come_from_the_frames_of_the_clip():
    frames = [[person(0), person(10 + t, 20), person(30 + t, 40)] for t in range(4)]
    clips = table(*frames)
    for seed in range(10):
        rows = draw(clips, 0, num_same=1, num_other=9, seed=seed)
        assert clips.track_ids[rows[:2]].tolist() == [0, 0]
        used = set(clips.frame_index[rows[:2]].tolist())
        assert len(rows) == 2 + 4  # two others in each of the two frames
        assert set(clips.frame_index[rows[2:]].tolist()) == used


def test_the_nearer_of_two_others_is_likelier():
    """Diagonal of a 10x10 box 14.14: exp(-14.14/14.14) to exp(-42.43/14.14) is e^2 = 7.4 : 1."""
    clips = table([person(0), person(1, 14.142), person(2, 42.426)], [person(0)])
    drawn = [clips.track_ids[draw(clips, num_other=1, seed=s)[-1]] for s in range(400)]
    assert drawn.count(1) / drawn.count(2) == pytest.approx(7.4, rel=0.4)


def test_far_away_is_possible():
    clips = table([person(0), person(1, 1e6), person(2, 1e6)], [person(0)])
    assert sorted(clips.track_ids[draw(clips, num_other=2)].tolist()) == [0, 0, 1, 2]


def test_no_others_wanted_or_there():
    clips = table([person(0), person(1)], [person(0)])
    assert draw(clips, num_other=0).tolist() == [0, 2]
    clips = table([person(0)], [person(0)])
    assert draw(clips).tolist() == [0, 1]


def test_a_clip_of_the_same_seed_is_the_one_of_before():
    """Rows drawn by this seed before draws were parts of their own."""
    frames = [[person(0), person(1, 20), person(2, 40)] for _ in range(9)]
    assert draw(table(*frames), 12, tau=3, seed=7).tolist() == [12, 21, 9, 10, 11, 22]


def test_window_tells_the_size_of_the_window():
    """Frames 0 to 5, tau = 2: frame 0 has 1 and 2 beside it, frame 3 has 1, 2, 4 and 5."""
    clips = table(*[[person(0)] for _ in range(6)])
    found = [WindowDraw(tau=2).metainfo(clips, row) for row in (0, 3)]
    assert found == [dict(num_neighbours=2), dict(num_neighbours=4)]


# ------------------------------------------------------------------------------ ordered clips


def ordered(clips: ClipTable, row: int = 0, *, seed: int = 0, **options) -> list[tuple[int, int]]:
    """Frame and id of each crop."""
    rows = OrderedDraw(**options).draw(clips, row, np.random.default_rng(seed))
    assert rows[0] == row
    return list(zip(clips.frame_index[rows].tolist(), clips.track_ids[rows].tolist(), strict=True))


def test_frames_follow_each_other():
    clips = table(*[[person(0), person(1)] for _ in range(9)])
    assert ordered(clips, 4, num_frames=3) == [(2, 0), (3, 0), (4, 0)]
    # the video ends
    assert ordered(clips, 15, num_frames=5) == [(7, 1), (8, 1)]


def test_a_person_who_is_away_for_a_frame_is_a_gap():
    clips = table([person(0)], [person(1)], [person(0)], [person(0)])
    assert ordered(clips, num_frames=3) == [(0, 0), (2, 0)]


def test_one_step_for_the_whole_clip():
    clips = table(*[[person(0)] for _ in range(12)])
    found = {
        tuple(frame for frame, _ in ordered(clips, num_frames=4, max_step=3, seed=seed))
        for seed in range(40)
    }
    assert found == {(0, 1, 2, 3), (0, 2, 4, 6), (0, 3, 6, 9)}


def test_steps_by_which_nobody_is_met_are_not_drawn():
    """The id is seen in frames 0 and 3: of two frames by a step of 3 alone."""
    clips = table([person(0)], [], [], [person(0)])
    for seed in range(20):
        assert ordered(clips, num_frames=2, max_step=4, seed=seed) == [(0, 0), (3, 0)]


def test_anchors_begin_a_clip_that_goes_on():
    # id 0 in frames 0, 2 and 5; id 1 in 1 alone
    clips = table([person(0)], [person(1)], [person(0)], [], [], [person(0)])
    anchors = {
        (frames, step): OrderedDraw(num_frames=frames, max_step=step).anchors(clips).tolist()
        for frames, step in ((2, 1), (3, 1), (2, 2), (4, 1), (2, 5))
    }
    # 2 - 0 = 2 is one step of 2 or two of 1; 5 - 2 = 3 is one of 3 or three of 1; no clip
    # begins with the last frame
    assert anchors == {(2, 1): [], (3, 1): [0], (2, 2): [0], (4, 1): [0, 2], (2, 5): [0, 2]}


def test_clips_begin_in_some_frames_only():
    """Of 7 frames with one person, all but the last begin a clip; every third: 0 and 3."""
    clips = table(*[[person(0)] for _ in range(7)])
    draws = {step: OrderedDraw(num_frames=2, anchor_step=step) for step in (1, 3)}
    assert draws[1].anchors(clips).tolist() == [0, 1, 2, 3, 4, 5]
    assert draws[3].anchors(clips).tolist() == [0, 3]
    assert "in every 3. frame is seen again within 1 steps" in draws[3].needs


def test_every_anchor_has_a_clip():
    rng = np.random.default_rng(0)
    clips = table(*[[person(i) for i in range(4) if rng.random() < 0.4] for _ in range(30)])
    options = dict(num_frames=4, max_step=3, drop_prob=0.8)
    anchors = OrderedDraw(**options).anchors(clips)
    assert len(anchors) > 20
    for seed, row in enumerate(anchors.tolist()):
        frames = [frame for frame, _ in ordered(clips, row, seed=seed, **options)]
        assert frames == sorted(set(frames)) and len(frames) > 1


def test_crops_are_left_out_but_not_all():
    """Of 4 crops after the anchor, each stays with 0.5: 2 on average, and never none."""
    clips = table(*[[person(0)] for _ in range(5)])
    lengths = [len(ordered(clips, drop_prob=0.5, seed=seed)) for seed in range(400)]
    assert set(lengths) == {2, 3, 4, 5}
    # one is put back where all are gone: 1 in 16
    assert np.mean(lengths) == pytest.approx(1 + 4 * 0.5 + 1 / 16, abs=0.15)


def test_several_people():
    """Id 3 is in one frame of the clip only, so that it has nothing to remember."""
    frames = [[person(0), person(1), person(2)] for _ in range(3)]
    frames[1].append(person(3))
    clips = table(*frames)
    assert ordered(clips, num_frames=3, num_people=1) == [(0, 0), (1, 0), (2, 0)]
    found = set()
    for seed in range(20):
        crops = ordered(clips, 1, num_frames=3, num_people=2, seed=seed)
        other = crops[1][1]
        assert crops == [(0, 1), (0, other), (1, 1), (1, other), (2, 1), (2, other)]
        found.add(other)
    assert found == {0, 2}
    assert len(ordered(clips, num_frames=3, num_people=9)) == 9


def test_a_seed_repeats_a_clip():
    clips = table(*[[person(0), person(1)] for _ in range(12)])
    options = dict(num_frames=5, max_step=2, drop_prob=0.3, num_people=2)
    assert ordered(clips, seed=3, **options) == ordered(clips, seed=3, **options)
    assert ordered(clips, seed=3, **options) != ordered(clips, seed=4, **options)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (dict(type="WindowDraw", tau=0), "tau must be 1 or more"),
        (dict(type="WindowDraw", num_same=0), "num_same must be 1 or more"),
        (dict(type="WindowDraw", num_other=-1), "num_other must be 0 or more"),
        (dict(type="OrderedDraw", num_frames=1), "num_frames must be 2 or more"),
        (dict(type="OrderedDraw", max_step=0), "max_step must be 1 or more, got 0"),
        (dict(type="OrderedDraw", num_people=0), "num_people must be 1 or more, got 0"),
        (dict(type="OrderedDraw", anchor_step=0), "anchor_step must be 1 or more, got 0"),
        (dict(type="OrderedDraw", drop_prob=1), "drop_prob must be in"),
    ],
)
def test_wrong_options(options, text):
    with pytest.raises(ValueError, match=text):
        TASK_UTILS.build(options)
