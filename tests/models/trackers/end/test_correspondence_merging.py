"""Merging by correspondences: what is kept of a track, Eq. 2 by hand, and tracks by colours."""

import math

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmpose_temporal.models.correspondences import CarriedPoses
from mmpose_temporal.models.trackers.end.correspondence_merging import (
    CorrespondenceMerging,
    KeptPose,
    KeptTrack,
)
from mmpose_temporal.structures import People, from_plain, to_plain
from mmpose_temporal.testing import (
    color_network_config,
    make_certain,
    make_packet,
    template_keypoints,
    textured_image,
)

A = np.array([40, 20, 63, 79])
SIZE = (320, 128)


def moved(x, y=0):
    return A + np.array([x, y, x, y])


# ---- what is kept of a track


def kept(count):
    """A track of ``count`` poses in the frames 10, 11, ..."""
    poses = [KeptPose(10 + i, np.zeros((17, 2)), np.ones(17), 1.0) for i in range(count)]
    track = KeptTrack(poses[0], poses[0])
    for pose in poses[1:]:
        track.add(pose)
    return track


def test_a_track_of_one_frame_is_three_times_that_pose():
    assert [pose.tick for pose in kept(1).three()] == [10, 10, 10]


@pytest.mark.parametrize(
    ("count", "ticks"),
    [
        (2, [10, 10, 11]),
        (3, [10, 11, 12]),
        (4, [10, 11, 13]),
        (5, [10, 12, 14]),
        (8, [10, 14, 17]),
        (9, [10, 14, 18]),
        (101, [10, 74, 110]),  # of 32 and 64 poses after the first the latter is nearer to 50
    ],
)
def test_the_three_poses_of_a_track(count, ticks):
    assert [pose.tick for pose in kept(count).three()] == ticks


def test_the_centre_is_near_and_at_most_four_poses_are_kept():
    """The pose near the centre is at most a quarter of the track's length away from it."""
    track = kept(1)
    for count in range(2, 400):
        track.add(KeptPose(9 + count, np.zeros((17, 2)), np.ones(17), 1.0))
        first, centre, last = (pose.tick for pose in track.three())
        assert (first, last) == (10, 9 + count)
        assert abs(centre - (first + last) / 2) <= (last - first) / 4 + 0.5
        assert len(track.ticks()) <= 4
        assert {first, centre, last} <= track.ticks()


# ---- Eq. 2


NAMES = ("left_ear", "nose", "left_hip", "right_hip")


class Tracker(torch.nn.Module):
    def __init__(self, refinement=False, **network):
        super().__init__()
        network = color_network_config(refinement=refinement, **network)
        self.frame_encoder = make_certain(
            MODELS.build(dict(type="CorrespondenceEncoder", network=network, long_side=320))
        )


def merging(refinement=False, network=None, **options):
    made = CorrespondenceMerging(**options)
    tracker = Tracker(refinement, **(network or {}))
    made.bind(tracker)
    return made, tracker.frame_encoder


def test_eq_2_by_hand():
    """k = 1 and an area of 200: OKS exp(-d^2 / 400). The first pose of the earlier track is found
    exactly, of the centre one one joint is 20 pixels away, of the last one only the nose is
    found. The ear does not count, so a pose has three joints."""
    part, encoder = merging(network=dict(keypoint_names=NAMES), sigmas=[0.5] * 4)
    encoder.network.chosen.num_keypoints = 4
    body = np.array([[90, 90], [10, 10], [10, 30], [30, 30]], np.float32)
    poses = [KeptPose(t, np.full((4, 2), t, np.float32), np.ones(4), 1.0) for t in (1, 2, 3)]
    earlier = KeptTrack(poses[0], poses[2], {1: poses[1]}, 1, 2)
    later = KeptPose(9, body, np.ones(4, np.float32), 200.0)
    centre = body + np.array([[0, 0], [20, 0], [0, 0], [0, 0]], np.float32)
    found = {
        1: (body, [1, 1, 0.5, 0.3]),
        2: (centre, [1, 1, 1, 1]),
        3: (body, [1, 1, 0.29, 0]),
    }

    def carry(frame, keypoints, valid):
        assert (keypoints == frame).all()
        assert valid.all()
        points, scores = found[frame]
        return CarriedPoses(None, np.array([scores], np.float32), points[None])

    frames = {tick: tick for tick in found}
    (score,) = part._matches([earlier], [later], frames, carry)[0]
    parts = [1, (2 + math.exp(-1)) / 3, 1 / 3]
    assert score == pytest.approx(sum(parts) / 3)


# ---- tracks by colours


def play(part, encoder, *frames, size=SIZE, state=None, start=0):
    """The state after frames of people by id: {id: (name of the texture, box)}."""
    state = part.start_video() if state is None else state
    for tick, people in enumerate(frames, start):
        boxes = [box for _, box in people.values()]
        image = textured_image(dict(people.values()), size)
        found = People.create(
            keypoints=template_keypoints(boxes),
            boxes=np.array(boxes, np.float32).reshape(-1, 4),
            track_ids=list(people),
        )
        packet = make_packet(found, tick=tick, image=image)
        (packet.features,) = encoder.encode([packet])
        part.observe(state, packet)
    return state


GAP = [{}, {}]


@pytest.mark.parametrize("refinement", [False, True])
def test_a_person_who_was_away(refinement):
    """Three frames, two without, and again elsewhere: all three poses are found there."""
    part, encoder = merging(refinement)
    before = [{0: ("a", moved(4 * t))} for t in range(3)]
    state = play(part, encoder, *before, *GAP, {1: ("a", moved(100, 16))})
    assert part.finish(state) == {1: 0}
    (join,) = part.record(state)
    assert (join.earlier, join.later, join.ended, join.began) == (0, 1, 2, 5)
    assert join.score > 0.8  # half a cell is much for a person of 60 pixels


def test_somebody_else_is_not_joined():
    """Other colours at the same place."""
    part, encoder = merging()
    state = play(part, encoder, {0: ("a", A)}, {0: ("a", A)}, *GAP, {1: ("b", A)})
    assert part.finish(state) == {}
    assert part.record(state) == ()


def test_tracks_of_one_frame():
    part, encoder = merging(refinement=True)
    calls = []
    encoder.network.refinement.register_forward_hook(lambda _, inputs, out: calls.append(len(out)))
    state = play(part, encoder, {0: ("a", A)}, {}, {1: ("a", moved(40))})
    assert part.finish(state) == {1: 0}
    assert calls == [1]  # its three poses are one


def test_tracks_that_share_a_frame_are_never_joined():
    """The same colours twice in frame 1 alone."""
    part, encoder = merging()
    a, twin = ("a", A), ("a", moved(100))
    state = play(part, encoder, {0: a}, {0: a, 1: twin}, {1: twin})
    assert part.finish(state) == {}
    state = play(part, encoder, {0: a}, {1: twin}, {1: twin})
    assert part.finish(state) == {1: 0}


def test_the_right_one_of_two_and_a_chain():
    """a and b are away at the same time, and a once more."""
    part, encoder = merging()
    first = {0: ("a", A), 1: ("b", moved(100))}
    second = {2: ("b", moved(40)), 3: ("a", moved(180))}
    third = {4: ("a", moved(80))}
    state = play(part, encoder, first, {}, second, {}, third)
    assert part.finish(state) == {2: 1, 3: 0, 4: 0}


def test_frames_of_another_size():
    """The camera is switched to a frame with less of the ground."""
    part, encoder = merging(refinement=True)
    state = play(part, encoder, {0: ("a", A)}, {0: ("a", moved(4))})
    play(part, encoder, {1: ("a", moved(80))}, size=(320, 96), state=state, start=4)
    assert part.finish(state) == {1: 0}


@pytest.mark.parametrize("screen", [0, 0.3])
def test_the_screen_saves_refinements(screen):
    """Three tracks end, one of them goes on: the other two are refined without the screen only."""
    part, encoder = merging(refinement=True, screen=screen)
    calls = []
    encoder.network.refinement.register_forward_hook(lambda _, inputs, out: calls.append(len(out)))
    people = {i: (name, moved(80 * i)) for i, name in enumerate("abc")}
    state = play(part, encoder, people, people, {}, {3: ("b", moved(200))})
    assert part.finish(state) == {3: 1}
    assert sum(calls) == (2 if screen else 6)


def test_the_screen_may_leave_nobody():
    part, encoder = merging(refinement=True, screen=0.3)
    state = play(part, encoder, {0: ("a", A)}, {}, {1: ("b", moved(80))})
    assert part.finish(state) == {}


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_memory_is_bounded_by_tracks(dtype):
    """At most four frames per track, in the type that is asked for, each with its own memory."""
    part, encoder = merging(dtype=dtype)
    state, sizes = None, []
    for tick in range(40):
        people = {0: ("a", A)} if tick % 10 else {}
        state = play(part, encoder, people, state=state, start=tick)
        sizes.append(len(state.kept.frames))
    assert max(sizes) <= 4
    for frame in state.kept.frames.values():
        assert frame.maps.dtype == getattr(torch, dtype)
        assert frame.maps.untyped_storage().nbytes() == frame.maps.nbytes
    two = play(part, encoder, *[{0: ("a", A), 1: ("b", moved(100))}] * 20)
    assert len(two.kept.frames) <= 4  # the same frames


def test_state_is_plain_and_goes_on(tmp_path):
    part, encoder = merging()
    state = play(part, encoder, *[{0: ("a", moved(4 * t))} for t in range(3)])
    torch.save(to_plain(state), tmp_path / "state.pth")
    copy = from_plain(torch.load(tmp_path / "state.pth", weights_only=True))
    for each in (state, copy):
        play(part, encoder, {}, {1: ("a", moved(80))}, state=each, start=3)
        assert part.finish(each) == {1: 0}
    assert state.joins == copy.joins


def test_nobody_at_all():
    part, encoder = merging()
    assert part.finish(part.start_video()) == {}
    assert part.finish(play(part, encoder, {}, {})) == {}


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (dict(min_similarity=0), "min_similarity"),
        (dict(corr_thr=0), "corr_thr"),
        (dict(corr_thr=1.0), "corr_thr"),
        (dict(joint_thr=2), "joint_thr"),
        (dict(screen=0.4), "screen must be in"),
        (dict(screen=-0.1), "screen must be in"),
        (dict(dtype="int8"), "dtype must be one of"),
        (dict(max_gap=0), "max_gap"),
    ],
)
def test_options_out_of_their_range(options, word):
    with pytest.raises(ValueError, match=word):
        CorrespondenceMerging(**options)
