"""People drawn as boxes of template joints, with the ids that an association gave them."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmpose_temporal.models.similarities import IoUSimilarity
from mmpose_temporal.models.trackers import SimilarityMerging
from mmpose_temporal.structures import People, from_plain, to_plain
from mmpose_temporal.testing import (
    make_packet,
    make_video,
    template_keypoints,
    template_tracker_config,
    track_frames,
)

IOU = dict(type="IoUSimilarity")
MOTION = dict(type="MotionOKSSimilarity")
ENTAILMENT = dict(
    type="TrackEntailment",
    checkpoint="shipped:track_entailment",
    network=dict(hidden=96, intermediate=192, num_layers=3, num_heads=4, dropout=0.0),
)
PLAIN = dict(both_directions=False, steady=False)
AWAY = {}


def build(similarity: dict | None = IOU, own: object = None, **options) -> SimilarityMerging:
    options = dict(type="SimilarityMerging", similarity=similarity, **options)
    merging = MODELS.build(options).eval()
    merging.bind(SimpleNamespace(association=SimpleNamespace(similarity=own)))
    return merging


def at(x: float, y: float = 0, *, width: float = 40, height: float = 100) -> list[float]:
    return [x, y, x + width, y + height]


def packet_of(boxes: dict[int, list[float]], tick: int, **options):
    boxes = {track: np.array(box, np.float32) for track, box in boxes.items()}
    keypoints = template_keypoints(np.array([*boxes.values()]))
    return make_packet(
        People.create(keypoints=keypoints, track_ids=np.array([*boxes], np.int64)),
        tick=tick,
        **options,
    )


def play(merging: SimilarityMerging, frames: list[dict[int, list[float]]]):
    state = merging.start_video()
    for tick, boxes in enumerate(frames):
        merging.observe(state, packet_of(boxes, tick))
    return state


def merged(merging: SimilarityMerging, frames) -> dict[int, int]:
    return merging.finish(play(merging, frames))


BACK = [{0: at(0)}, {0: at(0)}, AWAY, AWAY, {1: at(10)}, {1: at(90)}]


@pytest.mark.parametrize(("least", "joined"), [(0.6, {1: 0}), (0.61, {})])
def test_the_first_pose_is_compared_with_the_last(least, joined):
    """Boxes of 40 x 100 that are 10 apart: 30 / 50 = 0.6; later poses do not count."""
    merging = build(min_similarity=least, **PLAIN)
    state = play(merging, BACK)
    assert merging.finish(state) == joined
    if joined:
        assert state.joins[0].score == pytest.approx(0.6, abs=1e-6)


@pytest.mark.parametrize("similarity", [IOU, MOTION, ENTAILMENT])
@pytest.mark.parametrize("plain", [{}, PLAIN])
def test_no_tracks_and_single_ones(similarity, plain):
    merging = build(similarity, **plain)
    for frames in ([], [AWAY], [{3: at(0)}], [{3: at(0)}, AWAY, {3: at(0)}]):
        assert merged(merging, frames) == {}


@pytest.mark.parametrize("similarity", [IOU, MOTION])
def test_tracks_of_one_frame(similarity):
    """Three poses at one place in three frames, each a track of its own: a chain."""
    assert merged(build(similarity), [{5: at(0)}, {6: at(0)}, {7: at(0)}]) == {6: 5, 7: 5}


def test_tracks_that_share_one_frame_are_two_people():
    assert merged(build(), [{0: at(0)}, {0: at(0), 1: at(0)}, {1: at(0)}]) == {}


def test_a_track_that_was_away_is_compared_with_its_last_pose():
    """Track 0 is not seen in frame 1, moves on, and ends at 200 in frame 2."""
    frames = [{0: at(0)}, AWAY, {0: at(200)}, {0: at(200)}, AWAY, {1: at(0)}, {2: at(200)}]
    assert merged(build(**PLAIN), frames) == {2: 0}


@pytest.mark.parametrize("similarity", [IOU, MOTION, ENTAILMENT])
def test_a_cut(similarity):
    """Another scene: everybody is elsewhere, and nobody is joined."""
    before = {0: at(0), 1: at(200)}
    after = {2: at(100, 400), 3: at(700, 50)}
    state = play(build(similarity), [before] * 4 + [after] * 4)
    assert build(similarity).finish(state) == {}, state.joins


def test_a_history_tells_where_a_track_goes():
    """One who walks by 30 a frame is 120 further after 4 frames away, where 1 begins.

    Seen backwards 1 stands still, so 0 would have to be where 1 is: asked both ways, no.
    """
    walk = [{0: at(30 * t)} for t in range(4)]
    stands = [*walk, AWAY, AWAY, AWAY, {1: at(210)}, {1: at(210)}]
    goes_on = [*walk, AWAY, AWAY, AWAY, {1: at(210)}, {1: at(240)}]
    options = dict(min_similarity=0.9, steady=False, max_move=2)
    forwards = build(MOTION, both_directions=False, **options)
    both = build(MOTION, **options)
    assert merged(forwards, stands) == merged(forwards, goes_on) == {1: 0}
    assert merged(both, stands) == {}
    assert merged(both, goes_on) == {1: 0}


@pytest.mark.parametrize(("most", "joined"), [(0.5, {1: 0}), (0.49, {}), (None, {1: 0})])
def test_who_has_moved_too_far(most, joined):
    """By 25 pixels; the boxes have diagonals of 50."""
    frames = [{0: at(0, width=30, height=40)}, {1: at(25, width=30, height=40)}]
    assert merged(build(MOTION, min_similarity=1e-6, max_move=most, **PLAIN), frames) == joined


def turning(frames: int) -> list[dict[int, list[float]]]:
    """The camera moves everybody by 25 a frame; 2 is away in frames 2 to 5 and comes back as 3."""
    answer = []
    for t in range(frames):
        people = {0: at(25 * t), 1: at(300 + 25 * t)}
        if t < 2 or t > 5:
            people[2 if t < 2 else 3] = at(600 + 25 * t)
        answer.append(people)
    return answer


def test_a_steady_view_follows_the_camera():
    assert merged(build(min_similarity=0.9), turning(8)) == {3: 2}
    assert merged(build(min_similarity=0.9, steady=False), turning(8)) == {}


def test_one_joint_does_not_continue_a_person():
    """As in association: 1 of 17 joints is less than 0.15 of them."""
    for least, joined in ((0.15, {}), (0.0, {1: 0})):
        merging = build(
            dict(type="OKSSimilarity", missing_joints="ignore"), min_shared=least, **PLAIN
        )
        state = merging.start_video()
        for tick, track in enumerate((0, 1)):
            packet = packet_of({track: at(0)}, tick)
            packet.people.keypoint_scores[0, tick:1] = 1
            if track:
                packet.people.keypoint_scores[0, 1:] = 0
            merging.observe(state, packet)
        assert merging.finish(state) == joined


# ------------------------------------------------------------------------------- the matcher


def walker(track: int, first: int, last: int) -> dict[int, dict[int, list[float]]]:
    return {t: {track: at(4 * t)} for t in range(first, last)}


def test_the_shipped_matcher_joins_over_a_gap():
    """Away for 15 frames, three more than the tracker waits; another one is far away."""
    seen = {**walker(0, 0, 10), **walker(1, 25, 35)}
    frames = [{**seen.get(t, {}), 9: at(900)} for t in range(35)]
    merging = build(ENTAILMENT, min_poses=3)
    state = play(merging, frames)
    assert merging.finish(state) == {1: 0}
    (join,) = state.joins
    assert (join.earlier, join.later, join.gap) == (0, 1, 16)


# ----------------------------------------------------------------- as a part of a tracker


class CountedIoU(IoUSimilarity):
    """Counts the frames that it embeds."""

    def __init__(self):
        super().__init__()
        self.frames = []

    def embed(self, packet):
        self.frames.append(packet.index)
        return super().embed(packet)


MODELS.register_module(module=CountedIoU, name="CountedIoU")
A, B = [4, 6, 16, 38], [44, 6, 56, 38]


def tracker(similarity: dict | None = None, association: dict | None = None, **options):
    merging = dict(type="SimilarityMerging", similarity=similarity, min_similarity=0.5, **options)
    similar = dict(similarity=association or IOU, life=dict(max_age=1))
    config = template_tracker_config(
        merging=merging, association=dict(similar, type="Association")
    )
    return MODELS.build(config).eval()


def ids(samples) -> list[list[int]]:
    return [sample.pred_instances.track_ids.tolist() for sample in samples]


@pytest.mark.parametrize(("options", "times"), [(PLAIN, 1), ({}, 3)])
def test_people_are_embedded_once_where_nothing_forbids(options, times):
    """The association's own similarity; a steady view and backwards need one more each."""
    model = tracker(association=dict(type="CountedIoU"), **options)
    samples = track_frames(model, make_video("a", [A, B], [A], [A], [A, B]))
    assert ids(samples) == [[0, 1], [0], [0], [0, 1]]
    assert sorted(model.association.similarity.frames) == sorted([0, 1, 2, 3] * times)
    assert model.merging.ready and not [n for n, _ in model.merging.named_parameters()]


def test_videos_may_be_interleaved():
    def videos():
        yield make_video("a", [A, B], [A], [A], [A, B])
        yield make_video("b", [B], [A], [], [B])

    together = [frame for pair in zip(*videos(), strict=True) for frame in pair]
    found = track_frames(tracker(), together, batch_size=2)
    alone = [sample for video in videos() for sample in track_frames(tracker(), video)]
    assert ids(alone) == [[0, 1], [0], [0], [0, 1], [0], [1], [], [0]]
    assert {(s.video_id, s.frame_index): ids([s]) for s in found} == {
        (s.video_id, s.frame_index): ids([s]) for s in alone
    }


@pytest.mark.parametrize("similarity", [IOU, MOTION, ENTAILMENT])
def test_a_saved_state_goes_on(similarity):
    merging = build(similarity)
    frames = turning(8)
    state = play(merging, frames[:4])
    copy = from_plain(to_plain(state), torch.device("cpu"))
    for each in (state, copy):
        for tick in range(4, 8):
            merging.observe(each, packet_of(frames[tick], tick))
    assert merging.finish(copy) == merging.finish(state)
    assert copy.joins == state.joins


def numbers(value) -> int:
    """How many numbers there are in a plain tree."""
    if isinstance(value, torch.Tensor):
        return value.numel()
    if isinstance(value, dict):
        return sum(map(numbers, value.values()))
    return sum(map(numbers, value)) if isinstance(value, list) else 1


@pytest.mark.parametrize("similarity", [IOU, MOTION, ENTAILMENT])
def test_state_grows_with_tracks_not_with_frames(similarity):
    merging = build(similarity)
    frames = [{0: at(0), 1: at(100)}] * 60
    sizes = [numbers(to_plain(play(merging, frames[:count]))) for count in (8, 60)]
    assert sizes[0] == sizes[1]
    many = [{t // 8: at(0)} for t in range(60)]  # eight tracks
    assert numbers(to_plain(play(merging, many))) < 5 * sizes[1]


def test_a_signature_tells_similarities_and_views_apart():
    given = [build(), build(MOTION), build(steady=False), build(both_directions=False)]
    assert len({merging.signature() for merging in given}) == 4


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (dict(similarity=dict(type="FlowSimilarity")), r"moves poses .*MotionOKSSimilarity"),
        (
            dict(similarity=dict(type="PoseEntailment", max_distance=4), max_gap=5),
            "at most 4 frames",
        ),
        (dict(min_shared=2), "min_shared"),
        (dict(max_gap=0), "max_gap"),
        (dict(max_move=0), "max_move"),
    ],
)
def test_what_it_refuses(options, word):
    with pytest.raises(ValueError, match=word):
        build(**options)


def test_pixels_are_not_there_in_a_steady_view():
    network = dict(source="visual", resolution=(24, 18), channels=4, hidden=8)
    model = tracker(dict(type="ConvEntailment", **network))
    with pytest.raises(ValueError, match="set steady=False"):
        track_frames(model, make_video("a", [A]))
    model = tracker(dict(type="ConvEntailment", **network), steady=False)
    assert len(track_frames(model, make_video("a", [A], [B], [A]))) == 3


def test_pairs_beyond_the_similaritys_distance_are_not_compared():
    near = [{0: at(0)}, {0: at(0)}, {1: at(0)}, {1: at(0)}]
    far = [*near[:2], *[AWAY] * 6, *near[2:]]
    similarity = dict(
        type="PoseEntailment",
        max_distance=4,
        frame_size=(1000, 500),
        network=dict(num_layers=1, hidden=16, intermediate=16, num_heads=2),
    )
    merging = build(similarity, min_similarity=1e-9, steady=False)
    assert merged(merging, near) == {1: 0}
    assert merged(merging, far) == {}


def test_random_weights_are_named():
    model = tracker(dict(ENTAILMENT, checkpoint=None))
    assert model.random_parts() == ["merging (SimilarityMerging)"]
    assert tracker(ENTAILMENT).random_parts() == []
