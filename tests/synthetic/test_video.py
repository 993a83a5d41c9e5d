"""Rendered frames and their truth."""

from dataclasses import replace

import numpy as np
import pytest

from mmpose_temporal.synthetic import (
    SCENES,
    SyntheticVideoConfig,
    VideoRenderer,
    render_video,
)
from mmpose_temporal.synthetic.background import PLACES, Canvas, Painter
from mmpose_temporal.synthetic.camera import sample_camera
from mmpose_temporal.synthetic.occluders import Occluder
from mmpose_temporal.synthetic.places import PAINTERS

SMALL = SyntheticVideoConfig(width=160, height=120, num_frames=3, min_people=2, max_people=2)
CALM = replace(SMALL, scene="calm")
EARS = [3, 4]
PRESETS = [
    *("calm", "actions", "crowded", "crossing", "actions", "crossing", "actions", "crossing"),
]


def _wall(depth):
    """An object that covers the whole frame at a depth."""
    return Occluder(
        position=(0.0, depth),
        size=(40.0, 20.0),
        colour=np.full((400, 800, 3), 90, np.float32),
        cover=np.ones((400, 800), np.float32),
    )


def test_frames_and_truth_have_the_promised_shapes():
    frames = list(render_video(SMALL, seed=0))
    assert len(frames) == 3
    for picture, truth in frames:
        assert picture.shape == (120, 160, 3) and picture.dtype == np.uint8
        assert truth.keypoints.shape == (2, 17, 2)
        assert truth.visible.shape == (2, 17) and truth.visible.dtype == bool
        assert truth.head_boxes.shape == (2, 4)
        assert truth.track_ids.tolist() == [0, 1]
        assert not truth.visible[:, EARS].any()


def test_the_same_seed_gives_the_same_pixels_and_another_does_not():
    first, again = (VideoRenderer(config=SMALL, seed=1, index=4).frame(2)[0] for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, VideoRenderer(config=SMALL, seed=2, index=4).frame(2)[0])
    assert not np.array_equal(first, VideoRenderer(config=SMALL, seed=1, index=5).frame(2)[0])


def test_frames_do_not_depend_on_the_order_of_drawing():
    forward = [picture for picture, _ in render_video(SMALL, seed=3)]
    renderer = VideoRenderer(config=SMALL, seed=3, index=1)
    backward = [renderer.frame(number)[0] for number in (2, 1, 0)][::-1]
    assert all(np.array_equal(a, b) for a, b in zip(forward, backward, strict=True))


def test_people_are_drawn_where_the_joints_are():
    renderer = VideoRenderer(config=CALM, seed=0, index=1)
    people = renderer.scene.people
    picture, truth = renderer.frame(0)
    renderer.scene = replace(renderer.scene, people=())
    renderer._shapes = []
    bare, nothing = renderer.frame(0)
    assert len(people) == 2 and nothing.keypoints.shape == (0, 17, 2)
    changed = np.abs(picture.astype(int) - bare).max(axis=-1) > 12
    torso = truth.keypoints[:, 5:].reshape(-1, 2)[truth.visible[:, 5:].ravel()]
    x, y = np.rint(torso).astype(int).T
    assert len(x) >= 10
    near = np.array(
        [
            changed[max(b - 1, 0) : b + 2, max(a - 1, 0) : a + 2].any()
            for a, b in zip(x, y, strict=True)
        ]
    )
    assert near.mean() > 0.95


def test_a_wall_in_front_hides_everybody_and_one_behind_nobody():
    renderer = VideoRenderer(config=CALM, seed=0, index=1)
    truth = renderer.frame(0)[1]
    free = truth.visible
    inside = free | truth.hidden
    assert free.sum() >= 15 and not (free & truth.hidden).any()
    renderer.scene = replace(renderer.scene, occluders=(_wall(2.0),))
    walled = renderer.frame(0)[1]
    assert not walled.visible.any() and np.array_equal(walled.hidden, inside)
    assert not walled.hidden[:, EARS].any()
    renderer.scene = replace(renderer.scene, occluders=(_wall(30.0),))
    assert np.array_equal(renderer.frame(0)[1].visible, free)
    assert np.array_equal(renderer.frame(0)[1].hidden, truth.hidden)


def test_the_nearer_person_hides_the_farther():
    renderer = VideoRenderer(config=replace(CALM, min_people=1, max_people=1), seed=2, index=1)
    person = renderer.scene.people[0]
    # The same person twice, the copy scaled by 1.05 about the camera: it covers the same pixels
    # from farther away.
    eye = np.array([0.0, renderer.scene.camera.height, 0.0])
    copy = replace(person, joints=(person.joints - eye) * 1.05 + eye)
    renderer.scene = replace(renderer.scene, people=(person, copy))
    renderer._shapes = renderer._shapes * 2
    truth = renderer.frame(0)[1]
    np.testing.assert_allclose(truth.keypoints[0], truth.keypoints[1])
    assert truth.visible[0].sum() >= 8
    assert truth.visible[1].sum() <= 2


def test_ears_on_request():
    config = replace(CALM, annotate_ears=True, min_people=3, max_people=3)
    _, truth = next(iter(render_video(config, seed=0)))
    assert truth.visible[:, EARS].any()


@pytest.mark.parametrize("scene", SCENES)
def test_every_scene_shows_people(scene):
    config = replace(SMALL, scene=scene, num_frames=2, min_people=4, max_people=4)
    seen = [truth.visible.any(axis=1).sum() for _, truth in render_video(config, seed=5)]
    assert max(seen) >= 1


def test_mixed_draws_what_it_always_drew():
    mixed = replace(SMALL, num_frames=1)
    presets = [VideoRenderer(config=mixed, seed=0, index=i).scene.preset for i in range(1, 9)]
    assert presets == PRESETS


def test_occluded_hides_joints_for_a_few_frames():
    config = replace(SMALL, scene="occluded", num_frames=30, min_people=4, max_people=4)
    renderer = VideoRenderer(config=config, seed=4, index=1)
    assert renderer.scene.subframes == 5 and len(renderer.scene.occluders) in (2, 3)
    truths = [truth for _, truth in renderer]
    hidden = np.array([truth.hidden for truth in truths])
    visible = np.array([truth.visible for truth in truths])
    annotated = hidden | visible
    assert annotated.sum() > 0.9 * 30 * 4 * 15  # people stay in the frame
    assert 0.05 < hidden.sum() / annotated.sum() < 0.4
    # Joints that are hidden from frame t on and seen again at most 8 frames later.
    begins = visible[:-9] & hidden[1:-8]
    again = np.array([visible[t + 2 : t + 10].any(0) for t in range(len(begins))])
    assert begins.sum() >= 20 and (again & begins).sum() > 0.7 * begins.sum()


def test_occluded_with_many_people_has_a_wider_view_and_fewer_objects():
    config = replace(SMALL, scene="occluded", num_frames=1)
    few = VideoRenderer(config=config, seed=0, index=1).scene
    many = VideoRenderer(config=replace(config, min_people=9, max_people=9), seed=0, index=1).scene
    np.testing.assert_allclose(many.camera.focal, 0.75 * few.camera.focal)
    assert len(many.people) == 9 and len(many.occluders) in (1, 2)


def test_an_empty_scene():
    config = replace(SMALL, min_people=0, max_people=0)
    for picture, truth in render_video(config, seed=0):
        assert truth.visible.shape == (0, 17)
        assert picture.std() > 3  # there still is a place


@pytest.mark.parametrize("place", PLACES)
def test_places_have_structure(place):
    rng = np.random.default_rng(0)
    camera = sample_camera(rng, width=160, height=120, seconds=np.array([0.0, 0.1]), still=False)
    canvas = Canvas(camera)
    depth = PAINTERS[place](Painter(canvas, rng))
    canvas.freeze()
    assert depth > 8.6  # the ground reaches behind the farthest person
    frame = canvas.warp(1)
    assert frame.shape == (120, 160, 3) and frame.std() > 5


def test_the_crowd_is_ignored():
    found = 0
    for index in range(1, 25):
        renderer = VideoRenderer(config=replace(SMALL, scene="crossing"), seed=1, index=index)
        if renderer.scene.crowd:
            found += 1
            assert len(renderer.frame(0)[1].ignore_regions) == 1
        else:
            assert renderer.frame(0)[1].ignore_regions == ()
        if found == 2:
            break
    assert found == 2
