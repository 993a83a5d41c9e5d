import copy
import tracemalloc

import cv2
import numpy as np
import pytest
import torch
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from scipy.ndimage import gaussian_filter

from mmpose_temporal.models import FlowSimilarity, OKSSimilarity
from mmpose_temporal.models.similarities.flow import moved
from mmpose_temporal.structures import FramePacket, People
from mmpose_temporal.testing import make_frame, make_packet, random_poses, template_tracker_config

SIZE = (320, 240)


def texture(*, seed: int = 0, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Smooth noise with strong contrast, (H, W, 3)."""
    noise = np.random.default_rng(seed).normal(size=(size[1], size[0])).astype(np.float32)
    smooth = gaussian_filter(noise, 4, mode="wrap")
    grey = cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=-1)


def shifted(image: np.ndarray, x: int, y: int = 0) -> np.ndarray:
    return np.roll(image, (y, x), axis=(0, 1))


def person(x: float, y: float = 120) -> People:
    """17 joints in a circle of radius 25 round (x, y)."""
    angles = np.arange(17) * 2 * np.pi / 17
    joints = np.stack([x + 25 * np.cos(angles), y + 25 * np.sin(angles)], axis=-1)
    return People.create(keypoints=joints[None])


def frame(image: np.ndarray, tick: int = 0, poses: People | None = None) -> FramePacket:
    """A frame of these people, by default of nobody."""
    return make_packet(People.empty(17) if poses is None else poses, tick=tick, image=image)


def test_moved_by_hand():
    """A frame of 8 x 6 reduced to 4 x 3, where every pixel goes 1 to the right and x down.

    The joint at (3, 2) lies at (3.5 / 2 - 0.5, 2.5 / 2 - 0.5) = (1.25, 0.75) of the reduced
    frame, where the step is (1, 1.25): (2, 2.5) in the frame. One outside to the right has the
    step of the last column, (1, 3).
    """
    flow = np.ones((3, 4, 2), np.float32)
    flow[..., 1] = np.arange(4)
    result = moved(np.array([[[3, 2], [99, 2]]], np.float32), flow, np.array([0.5, 0.5]))
    np.testing.assert_allclose(result, [[[5, 4.5], [101, 8]]], rtol=1e-6)
    assert result.dtype == np.float32


def test_moved_nobody():
    nobody = np.zeros((0, 17, 2), np.float32)
    assert moved(nobody, np.zeros((4, 4, 2), np.float32), np.ones(2)).shape == (0, 17, 2)


@pytest.mark.parametrize("preset", ["ultrafast", "fast", "medium"])
@pytest.mark.parametrize("long_edge", [320, 160])
def test_poses_go_along_with_the_image(preset, long_edge):
    """Everything moves by (8, -6); without the flow the poses are too far apart."""
    similarity = FlowSimilarity(preset=preset, long_edge=long_edge)
    scene, first = {}, texture()
    assert similarity.advance(None, frame(first), scene) is None
    rows = similarity.embed(frame(first, poses=person(150)))
    rows = similarity.advance(rows, frame(shifted(first, 8, -6)), scene)
    np.testing.assert_allclose(rows["keypoints"], person(158, 114).keypoints, atol=1)
    now = similarity.embed(frame(first, poses=person(158, 114)))
    plain = OKSSimilarity()
    still = plain.pairwise(now, plain.embed(make_packet(person(150)))).total[0, 0]
    assert similarity.pairwise(now, rows).total[0, 0] > 0.97 > 0.75 > still


def test_flows_are_chained_for_people_not_seen():
    """Away for two frames, while the picture goes 6 px in each of three steps: 18 px."""
    association = MODELS.build(
        dict(
            type="Association",
            similarity=dict(type="FlowSimilarity"),
            min_similarity=0.8,
            life=dict(max_age=3),
        )
    )
    tracks, first = association.start_video(), texture()
    nobody = person(0)[:0]
    for tick, poses in enumerate((person(120), nobody, nobody)):
        association.step(tracks, frame(shifted(first, 6 * tick), tick, poses))
    assert tracks.representation["keypoints"].mean() == pytest.approx(
        person(132).keypoints.mean(), abs=0.5
    )
    last = association.step(tracks, frame(shifted(first, 18), 3, person(138)))
    assert last.track_ids.tolist() == [0]
    assert association.step(tracks, frame(first, 4, person(190))).track_ids.tolist() == [1]


def test_of_a_video_one_small_image_is_kept():
    similarity, scene = FlowSimilarity(long_edge=64), {}
    rows = similarity.embed(frame(texture(), poses=person(100)))
    for step in range(3):
        rows = similarity.advance(rows, frame(shifted(texture(), step)), scene)
        assert set(scene) == {"grey", "size"}
        assert scene["grey"].shape == (48, 64)  # 320 x 240 reduced by 5
        assert scene["grey"].dtype == np.uint8
        assert scene["grey"].base is None


def test_no_flow_is_computed_for_nobody(monkeypatch):
    def never(_):
        raise AssertionError("a flow was asked for")

    monkeypatch.setattr(cv2, "DISOpticalFlow_create", never)
    similarity, scene = FlowSimilarity(), {}
    nobody = similarity.embed(make_packet(person(0)[:0]))
    for _ in range(2):
        assert similarity.advance(nobody, frame(texture()), scene) is nobody


@pytest.mark.parametrize("size", [(4, 4), (1, 1), (11, 40), (40, 11)])
def test_small_frames(size):
    image = np.zeros((size[1], size[0], 3), np.uint8)
    similarity, scene = FlowSimilarity(), {}
    rows = similarity.embed(make_packet(random_poses(2, seed=0, size=size)))
    for _ in range(2):
        rows = similarity.advance(rows, frame(image), scene)
    np.testing.assert_allclose(rows["keypoints"], random_poses(2, seed=0, size=size).keypoints)


def test_frames_of_two_sizes():
    similarity, scene = FlowSimilarity(), {}
    similarity.advance(None, frame(texture()), scene)
    with pytest.raises(ValueError, match="frame of 64x48 pixels follows one of 320x240"):
        similarity.advance(None, frame(texture(size=(64, 48))), scene)


def test_poses_without_images():
    tracker = MODELS.build(
        dict(
            type="PoseOnlyTracker",
            association=dict(type="Association", similarity=dict(type="FlowSimilarity")),
        )
    )
    sample = PoseDataSample(metainfo=dict(video_id="v", frame_index=0, num_frames=1))
    with pytest.raises(ValueError, match="needs the frames: .* put LoadVideoFrame before"):
        tracker.track(sample, person(50))


def test_known_poses_and_their_frames():
    """A person and the picture leap 20 px to the right; without the flow it is another one."""
    first = texture()
    for similarity, expected in (("FlowSimilarity", [[0], [0]]), ("OKSSimilarity", [[0], [1]])):
        tracker = MODELS.build(
            dict(
                type="PoseOnlyTracker",
                association=dict(
                    type="Association", similarity=dict(type=similarity), min_similarity=0.5
                ),
            )
        )
        samples = [
            PoseDataSample(metainfo=dict(video_id="v", frame_index=i, num_frames=2))
            for i in range(2)
        ]
        for i, sample in enumerate(samples):
            sample.pred_instances = person(100 + 20 * i).to_instances()
        frames = [torch.from_numpy(image) for image in (first, shifted(first, 20))]
        tracked = tracker(frames, samples)
        assert [s.pred_instances.track_ids.tolist() for s in tracked] == expected


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (dict(preset="best"), "preset must be one of ultrafast, fast, medium, got 'best'"),
        (dict(long_edge=15), "long_edge must be 16 or more"),
        (dict(sigmas=[0.0]), "sigmas must be K positive numbers"),
    ],
)
def test_options_out_of_range(options, text):
    with pytest.raises(ValueError, match=text):
        FlowSimilarity(**options)


def test_a_model_with_it_can_be_copied():
    similarity = copy.deepcopy(FlowSimilarity())
    rows = similarity.embed(make_packet(person(100)))
    assert similarity.advance(rows, frame(texture()), {}) is rows


def flow_tracker(**association):
    config = template_tracker_config()
    config["association"] = dict(
        type="Association", similarity=dict(type="FlowSimilarity"), **association
    )
    return MODELS.build(config).eval()


def test_in_a_tracker_videos_do_not_see_each_other():
    """Interleaved or in turn: the same ids; a frame of another size would be refused."""

    def frames(video, seed, size=(64, 48)):
        return [
            make_frame(
                video_id=video,
                frame_index=i,
                num_frames=3,
                boxes=[(4 + 8 * i, 4, 20 + 8 * i, 40), (40, 4, 60, 44)],
                seed=seed,
                size=size,
            )
            for i in range(3)
        ]

    def answers(batches):
        tracker, found = flow_tracker(min_similarity=0.05, life=dict(max_age=2)), {}
        for batch in batches:
            inputs, samples = zip(*batch, strict=True)
            for sample in tracker.predict(inputs, samples):
                key = (sample.video_id, sample.frame_index)
                found[key] = sample.pred_instances.track_ids.tolist()
        assert not tracker.pipeline.open_videos()
        return found

    apart = answers([[one] for one in frames("a", 1) + frames("b", 2, (80, 60))])
    together = answers(list(zip(frames("a", 1), frames("b", 2, (80, 60)), strict=True)))
    assert apart == together
    assert len(apart) == 6


def test_memory_does_not_grow():
    """20 frames of 640 x 480 leave no more behind than 5."""
    tracker = flow_tracker(min_similarity=0.05)
    left = []
    tracemalloc.start()
    for index in range(20):
        image, sample = make_frame(
            video_id="v",
            frame_index=index,
            num_frames=21,
            boxes=[(40, 40, 200, 400)],
            size=(640, 480),
        )
        tracker.predict([image], [sample])
        del image, sample
        left.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert left[-1] - left[4] < 640 * 480  # less than one grey frame
