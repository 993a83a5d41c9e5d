"""Frames of noise with boxes at known places; see mmpose_temporal.testing."""

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmpose.datasets.transforms import GetBBoxCenterScale, PackPoseInputs, TopdownAffine
from mmpose.registry import MODELS

from mmpose_temporal.datasets import PoseTrackPersonDataset
from mmpose_temporal.models import PoseTracker
from mmpose_temporal.testing import (
    make_frame,
    template_keypoints,
    template_tracker_config,
    tiny_estimator_config,
    tiny_tracker_config,
    write_tiny_posetrack,
)

A, B, C = [4, 6, 16, 38], [24, 6, 36, 38], [44, 6, 56, 38]


def build(config: dict) -> PoseTracker:
    torch.manual_seed(0)
    return MODELS.build(config).eval()


def video(name: str, *boxes, **options) -> list:
    """A video with the given boxes in each frame; None is a frame that cannot be read."""
    return [
        make_frame(
            video_id=name,
            frame_index=index,
            num_frames=len(boxes),
            boxes=found or [],
            readable=found is not None,
            **options,
        )
        for index, found in enumerate(boxes)
    ]


def run(tracker: PoseTracker, frames: list, batch_size: int = 1) -> list:
    """The finished samples. They are those of `frames`: for a second run make new frames."""
    finished = []
    for start in range(0, len(frames), batch_size):
        batch = frames[start : start + batch_size]
        data = dict(inputs=[f for f, _ in batch], data_samples=[s for _, s in batch])
        finished += tracker(**tracker.data_preprocessor(data, False), mode="predict")
    return finished


def ids(samples) -> list[list[int]]:
    return [sample.pred_instances.track_ids.tolist() for sample in samples]


def by_frame(samples) -> dict:
    return {(s.video_id, s.frame_index): s for s in samples}


def assert_same(one, other, atol: float = 1e-3) -> None:
    one, other = by_frame(one), by_frame(other)
    assert one.keys() == other.keys()
    assert all(one[key] is not other[key] for key in one)
    for key, a in one.items():
        a, b = a.pred_instances, other[key].pred_instances
        assert a.track_ids.tolist() == b.track_ids.tolist()
        np.testing.assert_allclose(a.keypoints, b.keypoints, atol=atol)
        np.testing.assert_allclose(a.keypoint_scores, b.keypoint_scores, atol=1e-4)
        np.testing.assert_array_equal(a.bboxes, b.bboxes)


def walk(name: str, length: int, seed: int = 0) -> list:
    """Two people that walk to the right, as many frames as wanted (up to 20)."""
    boxes = [[[4 + t, 6, 16 + t, 38], [24 + t, 8, 40 + t, 40]] for t in range(length)]
    return video(name, *boxes, seed=seed)


# ---------------------------------------------------------------------- poses


def mmposes_answer(estimator, image: np.ndarray, box, flip_indices) -> tuple:
    """One person through mmpose's own test pipeline and estimator."""
    results = dict(
        img=image,
        bbox=np.array([box], np.float32),
        bbox_score=np.ones(1, np.float32),
        flip_indices=flip_indices,
    )
    codec = estimator.head.decoder
    udp = type(codec).__name__ == "UDPHeatmap"
    affine = TopdownAffine(input_size=tuple(int(n) for n in codec.input_size), use_udp=udp)
    pack = PackPoseInputs(meta_keys=("input_size", "input_center", "input_scale", "flip_indices"))
    for transform in (GetBBoxCenterScale(), affine, pack):
        results = transform(results)
    (answer,) = estimator.test_step(pseudo_collate([results]))
    found = answer.pred_instances
    return found.keypoints[0], found.keypoint_scores[0]


@pytest.mark.parametrize("flip_test", [False, True])
@pytest.mark.parametrize("codec", ["MSRAHeatmap", "UDPHeatmap"])
def test_poses_are_those_of_mmposes_pipeline(flip_test, codec):
    estimator = tiny_estimator_config(flip_test=flip_test, codec=codec)
    # One crop a call, so that both compute the same floats: UDP's refinement divides by second
    # derivatives, which are near 0 here and there on random heatmaps.
    tracker = build(tiny_tracker_config(estimator=estimator, max_crops=1))
    over_the_border = [-8.5, 20.25, 11.75, 60]
    frames = video("a", [A, over_the_border], [B, [3.3, 4.4, 50.5, 47.7]], size=(72, 50))
    finished = run(tracker, frames, batch_size=2)
    assert len(finished) == 2
    for (frame, sample), answer in zip(frames, finished, strict=True):
        for person, box in enumerate(sample.proposals.bboxes):
            keypoints, scores = mmposes_answer(
                tracker.estimator, frame.numpy(), box, sample.flip_indices
            )
            found = answer.pred_instances
            present = scores > 0
            assert present.sum() >= 5
            np.testing.assert_allclose(found.keypoints[person], keypoints, atol=1e-3)
            np.testing.assert_allclose(
                found.keypoint_scores[person][present], scores[present], atol=1e-5
            )


def test_flip_test_changes_the_answer():
    plain, flipped = (
        run(
            build(tiny_tracker_config(estimator=tiny_estimator_config(flip_test=flip))),
            video("a", [A, B]),
        )
        for flip in (False, True)
    )
    difference = plain[0].pred_instances.keypoints - flipped[0].pred_instances.keypoints
    assert np.abs(difference).max() > 1


def test_the_estimators_own_metainfo_counts():
    """As in mmpose: metainfo of the model overrides that of the data, here the flip indices."""
    config = tiny_estimator_config(flip_test=True)
    mirrored_only = dict(
        dataset_name="x",
        paper_info={},
        keypoint_info={
            i: dict(name=f"k{i}", id=i, color=[0, 0, 0], type="upper", swap="") for i in range(17)
        },
        skeleton_info={},
        joint_weights=[1.0] * 17,
        sigmas=[0.1] * 17,
    )
    tracker = build(tiny_tracker_config(estimator=dict(config, metainfo=mirrored_only)))
    assert list(tracker.estimator.metainfo["flip_indices"]) == list(range(17))
    with_own = run(tracker, video("a", [A, B]))[0].pred_instances.keypoints
    without = run(build(tiny_tracker_config(estimator=config)), video("a", [A, B]))[
        0
    ].pred_instances
    assert np.abs(with_own - without.keypoints).max() > 1


@pytest.mark.parametrize("max_crops", [1, 2, 3])
def test_crops_in_parts_give_the_same(max_crops):
    frames, again = (video("a", [A, B, C], [A, B], [C]) for _ in range(2))
    whole = run(build(tiny_tracker_config()), frames, batch_size=3)
    tracker = build(tiny_tracker_config(max_crops=max_crops))
    sizes = []
    predict = tracker.estimator.predict
    tracker.estimator.predict = lambda x, samples: sizes.append(len(x)) or predict(x, samples)
    assert_same(run(tracker, again, batch_size=3), whole)
    assert sizes == {1: [1] * 6, 2: [2, 2, 2], 3: [3, 3]}[max_crops]


def test_all_people_of_a_batch_go_through_together():
    tracker = build(tiny_tracker_config())
    sizes = []
    predict = tracker.estimator.predict
    tracker.estimator.predict = lambda x, samples: sizes.append(len(x)) or predict(x, samples)
    run(tracker, video("a", [A, B, C], [], [A, B]), batch_size=3)
    assert sizes == [5]


def test_the_template_is_the_ground_truth():
    (answer,) = run(build(template_tracker_config()), video("a", [A, B]))
    np.testing.assert_allclose(
        answer.pred_instances.keypoints, template_keypoints([A, B]), atol=1e-5
    )
    np.testing.assert_allclose(
        answer.pred_instances.keypoint_scores, np.full((2, 17), 0.9), rtol=1e-6
    )


def test_keypoints_that_are_no_numbers_are_absent():
    tracker = build(template_tracker_config(estimator=dict(broken=[3, 7])))
    (answer,) = run(tracker, video("a", [A]))
    found = answer.pred_instances
    assert np.isfinite(found.keypoints).all()
    assert np.flatnonzero(found.keypoint_scores[0] == 0).tolist() == [3, 7]


def test_an_estimator_of_another_layout():
    tracker = build(tiny_tracker_config(estimator=tiny_estimator_config(num_keypoints=13)))
    with pytest.raises(ValueError, match="answers 13 keypoints, but the data has 17"):
        run(tracker, video("a", [A]))


def test_an_estimator_without_input_size_needs_one():
    with pytest.raises(ValueError, match="give the cropper one"):
        build(template_tracker_config(cropper=dict(type="TopdownCropper")))


def test_another_input_size_than_the_codecs():
    with pytest.raises(ValueError, match="is not the estimator's codec's"):
        build(tiny_tracker_config(cropper=dict(type="TopdownCropper", input_size=(96, 128))))


# ---------------------------------------------------------------------- order of frames


@pytest.mark.parametrize("min_length", [1, 3])
@pytest.mark.parametrize("batch_size", [2, 3, 7])
def test_batches_of_frames_give_the_same_as_single_ones(batch_size, min_length):
    config = tiny_tracker_config(min_length=min_length)
    one = run(build(config), walk("a", 7))
    many = run(build(config), walk("a", 7), batch_size=batch_size)
    assert [s.frame_index for s in many] == list(range(7))
    assert_same(many, one)


@pytest.mark.parametrize("batch_size", [1, 2])
def test_streams_give_the_same_as_one_video_after_the_other(batch_size):
    config = tiny_tracker_config()
    apart = run(build(config), walk("a", 5, seed=1) + walk("b", 3, seed=2))
    first, second = walk("a", 5, seed=1), walk("b", 3, seed=2)
    mixed = [f for pair in zip(first, second, strict=False) for f in pair] + first[3:]
    assert_same(run(build(config), mixed, batch_size=batch_size), apart)
    assert by_frame(apart)["b", 0].pred_instances.track_ids.tolist() == [0, 1]


def test_frames_of_different_sizes_in_a_batch():
    def frames():
        return video("a", [A, B], size=(64, 48)) + video("b", [C], size=(80, 60))

    config = tiny_tracker_config()
    assert_same(run(build(config), frames(), 2), run(build(config), frames()))


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ([0, 2], r"video a: frame 2 came where frame 1 of 3 was due"),
        ([0, 0], r"video a: frame 0 came where frame 1 of 3 was due"),
        ([1], r"video a: frame 1 came where frame 0 of 3 was due"),
    ],
)
@pytest.mark.parametrize("together", [False, True])
def test_a_frame_out_of_order(order, message, together):
    tracker = build(template_tracker_config())
    frames = video("a", [A], [A], [A])
    with pytest.raises(ValueError, match=message):
        run(tracker, [frames[i] for i in order], batch_size=len(order) if together else 1)
    # and nothing of the video stays: it can begin again
    assert ids(run(tracker, video("a", [A], [A], [A]))) == [[0]] * 3


def test_the_state_ends_with_the_video():
    tracker = build(template_tracker_config())
    assert ids(run(tracker, video("a", [A, B], [A, B]))) == [[0, 1]] * 2
    assert tracker._videos == {}
    assert ids(run(tracker, video("a", [B], [B, A]))) == [[0], [0, 1]]  # not what it was before
    assert tracker._videos == {}


def test_reset_forgets_an_interrupted_video():
    tracker = build(template_tracker_config())
    run(tracker, video("a", [A, B], [A, B])[:1])
    assert list(tracker._videos) == ["a"]
    tracker.reset()
    assert ids(run(tracker, video("a", [B], [B]))) == [[0]] * 2


def test_a_video_is_started_once():
    tracker = build(template_tracker_config())
    tracker.start_video("a", 3)
    with pytest.raises(ValueError, match="video a is open already"):
        tracker.start_video("a", 3)


def test_memory_is_bounded():
    """At each frame the people are elsewhere: 2 new tracks a frame, each looked for 2 frames."""
    tracker = build(template_tracker_config(min_length=3, association=dict(max_age=2)))
    num_frames = 120
    state = tracker.start_video("a", num_frames)
    places = [[x, y, x + 8, y + 8] for y in (0, 10, 20, 30) for x in (0, 10, 20, 30, 40, 50)]
    returned = 0
    for index in range(num_frames):
        boxes = [places[(2 * index + i) % len(places)] for i in range(2)]
        frame = make_frame(video_id="a", frame_index=index, num_frames=num_frames, boxes=boxes)
        returned += len(run(tracker, [frame]))
        assert len(tracker._videos) <= 1
        assert len(state.memory) <= 2 * 3
        if index < num_frames - 1:
            assert index + 1 - returned <= 3 * 3  # min_length * (max_age + 1)
            assert len(state.finished._lengths) <= 2 * (3 * 3 + 3)
    assert returned == num_frames
    assert state.memory.next_id == 2 * num_frames
    assert tracker._videos == {}


# ---------------------------------------------------------------------- people and none


def test_a_frame_without_people():
    answers = run(build(template_tracker_config()), video("a", [A], [], [A]))
    assert ids(answers) == [[0], [], [0]]
    empty = answers[1].pred_instances
    assert empty.keypoints.shape == (0, 17, 2)
    assert empty.keypoint_scores.shape == (0, 17)
    assert empty.bboxes.shape == (0, 4)
    assert answers[1].dropped == {}


def test_a_video_without_people():
    assert ids(run(build(tiny_tracker_config()), video("a", [], [], []), 2)) == [[], [], []]


@pytest.mark.parametrize("batch_size", [1, 3, 4])
def test_unreadable_frames_have_no_people_and_tracks_do_not_age_in_them(batch_size):
    frames = video("a", [A, B], None, None, [B, A])
    answers = run(build(template_tracker_config(association=dict(max_age=1))), frames, batch_size)
    assert ids(answers) == [[0, 1], [], [], [1, 0]]
    # two readable frames without people: 3 frames pass, more than the 2 that a track waits
    frames = video("a", [A, B], [], None, [], [B, A])
    answers = run(build(template_tracker_config(association=dict(max_age=2))), frames, batch_size)
    assert ids(answers) == [[0, 1], [], [], [], [2, 3]]


def test_tracks_do_not_age_in_frames_without_labels():
    """PoseTrack labels every fourth frame of most of a video; people are the same all along."""
    frames = video("a", [A], [], [], [], [A], [], [], [], [A])
    for position, (_, sample) in enumerate(frames):
        sample.set_metainfo(dict(searched=position % 4 == 0))
    answers = run(build(template_tracker_config(association=dict(max_age=1))), frames)
    assert ids(answers) == [[0], [], [], [], [0], [], [], [], [0]]


def test_thresholds_and_what_they_drop():
    tracker = build(
        template_tracker_config(
            estimator=dict(score=0.5),
            box_score_thr=0.3,
            suppression=[dict(type="BoxNMS", iou_thr=0.5)],
            association=dict(new_track_thr=0.25),
        )
    )
    inverted, flat, nan = [9, 9, 3, 30], [5, 5, 5, 9], [np.nan] * 4
    near_a = [4, 6, 16, 36]
    boxes = [A, near_a, B, C, [0, 40, 4, 44], inverted, flat, nan]
    # A stays, near_a is A again; B is exactly at the box threshold, C below it; the small one
    # too weak to start a track: 0.5 * 0.45 < 0.25, B's 0.5 * 0.3 as well
    scores = [0.9, 0.8, 0.3, 0.29, 0.45, 0.1, 0.9, 0.9]
    frame = make_frame(video_id="a", frame_index=0, num_frames=1, boxes=boxes, scores=scores)
    (answer,) = run(tracker, [frame])
    assert answer.pred_instances.bboxes.tolist() == [A]
    assert answer.dropped == dict(empty_box=3, box_score_thr=1, suppression=1, new_track_thr=2)
    assert 1 + sum(answer.dropped.values()) == len(boxes)


@pytest.mark.parametrize(("limit", "kept"), [(0.9, True), (0.91, False)])
def test_joints_below_the_threshold_are_absent(limit, kept):
    tracker = build(template_tracker_config(keypoint_score_thr=limit))
    (answer,) = run(tracker, video("a", [A]))
    if kept:  # exactly at the threshold
        assert len(answer.pred_instances) == 1
        np.testing.assert_allclose(answer.pred_instances.keypoint_scores, 0.9, rtol=1e-6)
    else:
        assert len(answer.pred_instances) == 0
        assert answer.dropped == dict(no_keypoints=1)


def test_absent_joints_stay_absent():
    tracker = build(template_tracker_config(estimator=dict(absent=[3, 4])))
    (answer,) = run(tracker, video("a", [A]))
    assert (answer.pred_instances.keypoint_scores[0] > 0).sum() == 15


def test_short_tracks_delay_the_answer():
    """B is seen once, A in all frames: A has 3 poses in frame 2, B has ended in frame 3."""
    tracker = build(template_tracker_config(min_length=3, association=dict(max_age=1)))
    frames = video("a", [A, B], [A], [A], [A], [A])
    returned = [[s.frame_index for s in run(tracker, [frame])] for frame in frames]
    assert returned == [[], [], [0, 1, 2], [3], [4]]
    answers = run(tracker, video("a", [A, B], [A], [A], [A], [A]), batch_size=5)
    assert ids(answers) == [[0]] * 5
    assert [s.dropped for s in answers] == [dict(short_track=1), {}, {}, {}, {}]


def test_the_end_of_the_video_flushes():
    tracker = build(template_tracker_config(min_length=5))
    frames = video("a", [A], [A, B], [], [], [A])
    returned = [run(tracker, [frame]) for frame in frames]
    assert [len(r) for r in returned] == [0, 0, 0, 0, 5]
    assert ids(returned[4]) == [[]] * 5  # nobody was seen 5 times
    assert [s.dropped.get("short_track", 0) for s in returned[4]] == [1, 2, 0, 0, 1]


def test_a_data_set_without_boxes():
    frame, sample = make_frame(video_id="a", frame_index=0, num_frames=1)
    del sample.proposals
    with pytest.raises(ValueError, match="proposes no boxes"):
        run(build(template_tracker_config()), [(frame, sample)])


@pytest.mark.parametrize("option", [dict(min_length=0), dict(max_crops=0)])
def test_options_out_of_range(option):
    with pytest.raises(ValueError, match="must be 1 or more"):
        build(tiny_tracker_config(**option))


# ---------------------------------------------------------------------- training, checkpoints


@pytest.fixture
def training_batch(tmp_path):
    init_default_scope("mmpose")
    codec = tiny_estimator_config()["head"]["decoder"]
    dataset = PoseTrackPersonDataset(
        data_root=str(write_tiny_posetrack(tmp_path, videos={"v": 2})),
        ann_file="annotations/val",
        serialize_data=False,
        pipeline=[
            dict(type="LoadImage"),
            dict(type="GetBBoxCenterScale"),
            dict(type="TopdownAffine", input_size=codec["input_size"]),
            dict(type="GenerateTarget", encoder=codec),
            dict(type="PackPoseInputs"),
        ],
    )
    return pseudo_collate([dataset[i] for i in range(4)])


def test_the_loss_is_the_estimators(training_batch):
    tracker = build(tiny_tracker_config()).train()
    data = tracker.data_preprocessor(training_batch, True)
    assert data["inputs"].shape == (4, 3, 64, 48)
    losses = tracker(**data, mode="loss")
    estimator = build(tiny_estimator_config()).train()
    expected = estimator(**estimator.data_preprocessor(training_batch, True), mode="loss")
    assert losses.keys() == expected.keys()
    torch.testing.assert_close(losses["loss_kpt"], expected["loss_kpt"])
    losses["loss_kpt"].backward()
    for name, parameter in tracker.estimator.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
    assert tracker.estimator.head.final_layer.weight.grad.abs().max() > 0
    assert tracker.estimator.backbone.conv1.weight.grad.abs().max() > 0


def test_raw_output():
    tracker = build(tiny_tracker_config())
    assert tracker(torch.zeros(2, 3, 64, 48), mode="tensor").shape == (2, 17, 16, 12)


def test_checkpoint_of_the_estimator_alone():
    torch.manual_seed(5)
    estimator = MODELS.build(tiny_estimator_config())
    tracker = build(tiny_tracker_config())
    tracker.load_state_dict(estimator.state_dict())
    for name, value in estimator.state_dict().items():
        torch.testing.assert_close(tracker.estimator.state_dict()[name], value)


def test_checkpoint_of_another_architecture():
    other = MODELS.build(tiny_estimator_config(num_keypoints=13)).state_dict()
    partial = {k: v for k, v in other.items() if not k.startswith("head.")}
    with pytest.raises(RuntimeError, match=r"lacks 2 of \d+ tensors .*final_layer"):
        build(tiny_tracker_config()).load_state_dict(partial, strict=False)
    tracker = build(tiny_tracker_config(partial_checkpoint=True))
    tracker.load_state_dict(partial, strict=False)
    torch.testing.assert_close(
        tracker.estimator.backbone.conv1.weight, other["backbone.conv1.weight"]
    )


def test_a_tracker_has_the_weights_of_its_estimator_only_once():
    tracker = build(tiny_tracker_config())
    assert all(name.startswith("estimator.") for name in tracker.state_dict())


# ---------------------------------------------------------------------- mmengine's loops


def test_a_step_that_finishes_nothing_answers_an_empty_loss():
    """Mmengine's loops look at the last output, and take an element with a loss away again."""
    tracker = build(template_tracker_config(min_length=3))
    for index, (frame, sample) in enumerate(video("a", [A], [A])):
        step = (tracker.test_step, tracker.val_step)[index]
        answer = step(dict(inputs=[frame], data_samples=[sample]))
        if index == 0:
            (element,) = answer
            assert element.keys() == ["loss"]
            assert element.loss == {}
        else:
            assert [s.frame_index for s in answer] == [0, 1]
