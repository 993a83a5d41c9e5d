"""Whose memory a person reads, and into whose its features are written: tables by hand."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

from mmpose_temporal.models.similarities import IoUSimilarity
from mmpose_temporal.models.trackers import PersonMemory
from mmpose_temporal.models.trackers.estimation import PersonMemories
from mmpose_temporal.models.trackers.propagation import PersonCandidates
from mmpose_temporal.structures import CallbackObserver
from mmpose_temporal.testing import (
    make_packet,
    make_video,
    random_poses,
    tiny_ptm_config,
    track_frames,
)

sys.path.insert(0, str(Path(__file__).parent))

from memory_cases import A, B, build, reads, state_of, watch

EACH = pytest.mark.parametrize("follow", ["boxes", "tracks"])


def moved(box, x: int) -> list[int]:
    return [box[0] + x, box[1], box[2] + x, box[3]]


@EACH
def test_order_and_eviction(follow):
    """Capacity 3."""
    tracker = build(neck=dict(capacity=3), memory=dict(follow=follow))
    expected = [[], [0], [0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 4]]
    assert reads(tracker, *[[A]] * 6) == [{0: frames} for frames in expected]


def test_capacity_1():
    tracker = build(neck=dict(capacity=1))
    assert reads(tracker, *[[A, B]] * 3) == [{0: [], 1: []}, {0: [0], 1: [0]}, {0: [1], 1: [1]}]


def test_a_video_of_one_frame_and_one_without_people():
    tracker = build()
    assert reads(tracker, [A]) == [{0: []}]
    assert reads(tracker, []) == [{}]
    assert reads(tracker, [], [A], [A]) == [{}, {0: []}, {0: [1]}]


@EACH
def test_frames_without_people_and_unreadable_ones(follow):
    tracker = build(memory=dict(follow=follow))
    found = reads(tracker, [A], [], [A], None, None, None, [A])
    assert found == [{0: []}, {}, {0: [0]}, {}, {}, {}, {0: [0, 2]}]


@EACH
@pytest.mark.parametrize(("absent", "known"), [(1, True), (2, False), (3, False)])
def test_a_person_who_comes_back(follow, absent, known):
    """B stays, A is absent for some frames; max_age is 2, of the memory and of the track: seen in
    frame 1, a person is known up to frame 3.
    """
    tracker = build(memory=dict(follow=follow, max_age=2))
    found = reads(tracker, [A, B], [A, B], *[[B]] * absent, [A, B], [A, B])
    back = 2 + absent
    name = 0 if known else 2
    assert found[back][name] == ([0, 1] if known else [])
    assert found[back + 1][name] == ([0, 1, back] if known else [back])
    assert found[back + 1][1] == list(range(back + 1))


def test_a_memory_outlives_the_track():
    """By boxes the memory goes on under the new id; by tracks it is read once more."""
    story = [A], [], [], [A], [A]
    by_boxes = reads(build(memory=dict(max_age=3)), *story)
    assert by_boxes == [{0: []}, {}, {}, {1: [0]}, {1: [0, 3]}]
    by_tracks = reads(build(memory=dict(max_age=3, follow="tracks")), *story)
    assert by_tracks == [{0: []}, {}, {}, {1: [0]}, {1: [3]}]


@MODELS.register_module(force=True)
class SwappedIds(IoUSimilarity):
    """IoU, but in its second frame the two people are taken for each other."""

    calls = 0

    def pairwise(self, current, previous, pairs=None, scene=None):
        self.calls += 1
        if self.calls == 2:
            current = {name: rows[::-1] for name, rows in current.items()}
        return super().pairwise(current, previous, pairs)


SWAP = [A, B], [A], [A, B], [A, B], [A, B]


def swapping(follow):
    similarity = dict(similarity=dict(type="SwappedIds"))
    return build(memory=dict(follow=follow), association=similarity)


def test_ids_that_are_swapped_do_not_matter_by_boxes():
    """In frame 2 the ids of A and B are swapped."""
    assert reads(swapping("boxes"), *SWAP) == [
        {0: [], 1: []},
        {0: [0]},
        {1: [0, 1], 0: [0]},
        {1: [0, 1, 2], 0: [0, 2]},
        {1: [0, 1, 2, 3], 0: [0, 2, 3]},
    ]


def test_ids_that_are_swapped_mix_two_people_by_tracks():
    """A reads its own in frame 2, is written into B's memory, and reads that one from then on."""
    assert reads(swapping("tracks"), *SWAP) == [
        {0: [], 1: []},
        {0: [0]},
        {1: [0, 1], 0: [0]},
        {1: [0, 2], 0: [0, 1, 2]},
        {1: [0, 2, 3], 0: [0, 1, 2, 3]},
    ]


def test_new_ids_in_every_frame():
    """No pair is ever similar enough."""
    story = [[moved(A, t)] for t in range(4)]
    lost = dict(min_similarity=1.0)
    found = reads(build(association=lost), *story)
    assert found == [{0: []}, {1: [0]}, {2: [0, 1]}, {3: [0, 1, 2]}]
    found = reads(build(association=lost, memory=dict(follow="tracks")), *story)
    assert found == [{0: []}, {1: [0]}, {2: [1]}, {3: [2]}]


def test_two_people_who_read_one_memory():
    """The one that overlaps more goes on with it, the other starts anew."""
    near, far = moved(A, 2), moved(A, 5)  # IoU 10 / 14 and 7 / 17
    found = reads(build(), [A], [far, near], [far, near])
    assert found[1] == {0: [0], 1: [0]}
    assert found[2] == {0: [0, 1], 1: [1]}


def test_the_lowest_iou():
    """A's box moves by 6 of 12 pixels: 6 / 18."""
    story = [A], [moved(A, 6)]
    association = dict(min_similarity=0.1)
    assert reads(build(association=association, memory=dict(min_iou=0.33)), *story)[1] == {0: [0]}
    assert reads(build(association=association, memory=dict(min_iou=0.34)), *story)[1] == {0: []}


@pytest.mark.parametrize("max_crops", [7, 128])
def test_sixty_people(max_crops):
    boxes = [[20 * x, 40 * y, 20 * x + 12, 40 * y + 32] for y in range(6) for x in range(10)]
    found = reads(build(max_crops=max_crops), *[boxes] * 3, size=(200, 240))
    assert found == [dict.fromkeys(range(60), frames) for frames in ([], [0], [0, 1])]


def test_propagated_boxes_name_their_person():
    """Boxes of nobody's place, of the persons 7 and 3; and a detection of the place of 3."""
    memory, state = build().memory, PersonMemories()
    packet = make_packet(random_poses(1, seed=0), tick=5)
    state.track_ids, state.ticks = np.array([3, 7, 3]), np.array([1, 4, 4])
    state.boxes = np.array([B, A, moved(A, 30)], np.float32)
    boxes = np.array([[0, 0, 1, 1], [0, 0, 1, 1], moved(A, 30), [0, 0, 2, 2]], np.float32)
    candidates = PersonCandidates(
        boxes, np.ones(4, np.float32), np.array([1, 0, -1, 2]), np.zeros(4, np.int64)
    )
    crops = [PoseDataSample(gt_instances=InstanceData()) for _ in range(4)]
    memory.attach(state, packet, candidates, np.array([7, 3, -1, 9]), crops)
    assert [crop.person_memory.row for crop in crops] == [1, 2, 2, -1]  # 3 was seen last in row 2
    assert state.frame.iou[:3].tolist() == [1, 1, 1]
    assert [crop.person_memory.crop for crop in crops] == [0, 1, 2, 3]


def test_a_propagated_person_goes_on_with_the_memory():
    """The boxes of everybody are pasted; nobody is detected after frame 0."""
    propagation = dict(type="TemporalOKS", alpha=1.0, min_confidence=0.0, max_propagated=4)
    tracker = build(propagation=propagation, association=dict(min_similarity=1e-6))
    seen = watch(tracker)
    track_frames(tracker, make_video("v", [A, B], [], []))
    assert seen[0] == {0: [], 1: []}
    assert seen[1] and seen[2]
    for frame in (1, 2):
        for track, frames in seen[frame].items():
            assert frames == list(range(frame)), (frame, track)


def test_frames_that_are_missing_by_their_numbers_end_a_memory():
    """The track lives on, and the memory is 8 frames old at most, in both ways."""
    for step, expected in ((8, [0]), (9, [])):
        for follow in ("boxes", "tracks"):
            life = dict(max_age=30)
            tracker = build(memory=dict(follow=follow), association=dict(life=life))
            seen, frames = watch(tracker), make_video("v", [A], [A], [A])
            for (_, sample), number in zip(frames, (0, step, step + 1), strict=True):
                sample.set_metainfo(dict(frame_number=number))
            track_frames(tracker, frames)
            assert seen == [{0: []}, {0: expected}, {0: [*expected, 1]}], (step, follow)


def test_crowded_videos():
    """More than two people per frame in the frames before; what the sample says counts."""
    people = [A, B, moved(A, 20)]
    tracker = build(neck=dict(crowd_size=2))
    kinds = []
    original = tracker.estimator.neck.read
    tracker.estimator.neck.read = lambda x, entries: (
        kinds.append(set(entries.crowded.tolist())),
        original(x, entries),
    )[1]
    track_frames(tracker, make_video("v", [A], people, people, people, people))
    assert kinds == [{False}, {False}, {True}, {True}]  # means 1, 2, 7 / 3, 10 / 4
    for crowded in (True, False):
        kinds.clear()
        frames = make_video("v", people, people)
        for _, sample in frames:
            sample.set_metainfo(dict(crowded=crowded))
        track_frames(tracker, frames)
        assert kinds == [{crowded}]


# ---- what decides about storing


def test_all_keypoints_low():
    """17 times 0.55 is less than the default threshold: nothing is stored, poses stay as is."""
    tracker, plain = build(neck=dict(heatmap_thr=14)), build()
    for one in (tracker, plain):
        with torch.no_grad():
            one.estimator.head.final_layer.weight.zero_()
            one.estimator.head.final_layer.bias.fill_(0.05)
    assert reads(tracker, *[[A]] * 3) == [{0: []}] * 3
    assert reads(plain, *[[A]] * 3) == [{0: []}, {0: [0]}, {0: [0, 1]}]


def test_all_keypoints_high():
    """Everything is stored and saved, nothing is replaced."""
    tracker = build(neck=dict(heatmap_thr=25))  # of 17 times 1.5
    with torch.no_grad():
        tracker.estimator.head.final_layer.bias.fill_(50)
    records = watch_records(tracker)
    frames = make_video("v", *[[A]] * 3, [])
    track_frames(tracker, frames[:3])
    assert [record.stored.tolist() for record in records] == [[True]] * 3
    assert not any(record.replaced.any() for record in records)
    np.testing.assert_allclose(records[0].quality, 1.5, atol=1e-5)
    assert state_of(tracker).store.there.all()
    assert state_of(tracker).store.vectors.abs().sum() > 0


def watch_records(tracker) -> list:
    records = []
    tracker.observers.append(
        CallbackObserver(finished=lambda packet: records.append(packet.records["memory"]))
    )
    return records


def test_records_of_a_watched_frame():
    """What was read is what the neck reads; the low keypoints of frame 1 are replaced."""
    tracker = build(neck=dict(high_thr=0.6, low_thr=0.6))
    head = tracker.estimator.head.final_layer
    with torch.no_grad():
        head.weight.zero_()
        head.bias.fill_(1)
    records, frames = watch_records(tracker), make_video("v", [A, B], [A, B])
    track_frames(tracker, frames[:1])
    with torch.no_grad():
        head.bias.fill_(0.05)
    track_frames(tracker, frames[1:])
    first, second = records
    assert first.entries is None and first.entry_frames.shape == (2, 0)
    assert not first.replaced.any() and second.replaced.all()
    assert second.inputs.shape == (2, 8, 16, 12) and second.entries.counts.tolist() == [1, 1]
    assert second.crops.tolist() == [0, 1] and second.track_ids.tolist() == [0, 1]
    neck = tracker.estimator.neck
    keys = neck.to_key(neck.pool(first.inputs)).flatten(2).transpose(1, 2)
    torch.testing.assert_close(second.entries.keys[:, 0], keys)


def test_what_is_written_is_the_enhanced_map():
    tracker = build(neck=dict(replacement=False))
    records, neck = watch_records(tracker), tracker.estimator.neck
    track_frames(tracker, make_video("v", [A], [A], [A]))
    _, second, third = records
    with torch.no_grad():
        enhanced = neck.read(second.inputs, second.entries)
        keys, values = (
            layer(neck.pool(enhanced)).flatten(2).transpose(1, 2)
            for layer in (neck.to_key, neck.to_value)
        )
    torch.testing.assert_close(third.entries.keys[:, 1], keys)
    torch.testing.assert_close(third.entries.values[:, 1], values)
    assert (enhanced - second.inputs).abs().max() > 0.01


def test_the_mirrored_crop_has_entries_of_its_own():
    """With the flip test: keys and values of both crops, as they went through the network."""
    tracker = build(neck=dict(replacement=False), estimator=dict(flip_test=True))
    seen, neck = [], tracker.estimator.neck
    tracker.estimator.backbone.register_forward_hook(lambda _, __, out: seen.append(out[-1]))
    track_frames(tracker, make_video("v", [A], [A])[:1])
    store = state_of(tracker).store
    assert len(seen) == 2 and not torch.equal(seen[0], seen[1])
    for side, maps in enumerate(seen):
        for layer, pool in ((neck.to_key, store.keys), (neck.to_value, store.values)):
            expected = layer(neck.pool(maps)).flatten(2).transpose(1, 2)[0]
            torch.testing.assert_close(pool[store.places[0, 0], side], expected)


# ---- options, and what the tracker must have


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (dict(follow="ids"), "follow must be 'boxes' or 'tracks', got 'ids'"),
        (dict(min_iou=0), r"min_iou must be in \(0, 1\], got 0"),
        (dict(min_iou=1.1), r"min_iou must be in \(0, 1\], got 1.1"),
        (dict(max_age=0), "max_age must be 1 frame or more, got 0"),
        (dict(dtype="int8"), "dtype must be one of float32, float16, bfloat16, got 'int8'"),
    ],
)
def test_options_out_of_range(options, text):
    with pytest.raises(ValueError, match=text):
        PersonMemory(**options)


def test_what_the_estimator_must_have():
    config = tiny_ptm_config()
    with pytest.raises(ValueError, match="add describers="):
        MODELS.build(dict(config, estimator=dict(config["estimator"], describers=[])))
    without = {k: v for k, v in config["estimator"].items() if k not in ("neck", "describers")}
    with pytest.raises(ValueError, match="add neck="):
        MODELS.build(dict(config, estimator=without))
    with pytest.raises(ValueError, match="capacity must be 1 or more, got 0"):
        MODELS.build(tiny_ptm_config(neck=dict(capacity=0)))
