"""People are boxes and similarities are IoU: A and its double D overlap by 90 of 110 pixels."""

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmpose_temporal.models import Association
from mmpose_temporal.structures import People
from mmpose_temporal.testing import make_frame, make_packet, tiny_tracker_config

A, D, B = [0, 0, 10, 10], [1, 0, 11, 10], [100, 0, 110, 10]


def people(*boxes, scores=None) -> People:
    return People.create(
        keypoints=np.zeros((len(boxes), 17, 2)),
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        box_scores=scores,
    )


def build(kind="ConfirmedLife", *, max_age=4, life=None, **options) -> Association:
    life = dict(type=kind, max_age=max_age, **(life or {}))
    similarity = dict(type="IoUSimilarity")
    return MODELS.build(dict(type="Association", similarity=similarity, life=life, **options))


def confirmed(max_age=4, **options) -> Association:
    return build(max_age=max_age, life=options)


def live(association, frames, tracks=None) -> list[list[int]]:
    tracks = association.start_video() if tracks is None else tracks
    packets = [make_packet(p, tick=t) for t, p in enumerate(frames)]
    return [association.step(tracks, packet).track_ids.tolist() for packet in packets]


# At frame 3 the person is where the double was, and found once: the double is the better match.
DOUBLED = [people(A), people(A), people(A, D), people(D)]


def test_a_double_cannot_take_the_id_of_a_confirmed_track():
    assert live(build(), DOUBLED) == [[0], [0], [0, 1], [0]]
    assert live(build("TrackLife"), DOUBLED) == [[0], [0], [0, 1], [1]]  # the other one does


def test_a_track_that_is_not_yet_confirmed_has_no_precedence():
    assert live(confirmed(confirm_length=4), DOUBLED) == [[0], [0], [0, 1], [1]]
    assert live(confirmed(confirm_length=3), DOUBLED)[-1] == [0]


def test_what_confirmed_tracks_leave_goes_to_the_others():
    frames = [*DOUBLED[:3], people(D, A), people(B, D, A)]
    # in frame 3 confirmed track 0 takes A, tentative track 1 takes D
    assert live(build(), frames) == [[0], [0], [0, 1], [1, 0], [2, 1, 0]]


def test_lengths_count_poses():
    association = build()
    tracks = association.start_video()
    association.step(tracks, make_packet(people(A, B), tick=0))
    assert tracks.lengths.tolist() == [1, 1]
    association.step(tracks, make_packet(people(B), tick=1))
    assert (tracks.ids.tolist(), tracks.lengths.tolist()) == ([1, 0], [2, 1])
    association.step(tracks, make_packet(people(), tick=2))
    assert (tracks.ids.tolist(), tracks.lengths.tolist()) == ([1, 0], [2, 1])
    association.step(tracks, make_packet(people(A, [50, 0, 60, 10], B), tick=3))
    # 0 was seen 3 frames ago with one pose, so it has ended: 2 and 3 are new
    assert (tracks.ids.tolist(), tracks.lengths.tolist()) == ([2, 3, 1], [1, 1, 3])


@pytest.mark.parametrize(("gap", "same"), [(1, True), (2, True), (3, False)])
def test_tentative_tracks_die_early(gap, same):
    """Seen again ``gap`` frames later."""
    frames = [people(A)] + [people()] * (gap - 1) + [people(A)]
    assert live(confirmed(tentative_age=2), frames)[-1] == [0 if same else 1]


@pytest.mark.parametrize(("gap", "same"), [(3, True), (4, True), (5, False)])
def test_confirmed_tracks_live_on(gap, same):
    frames = [people(A)] * 3 + [people()] * (gap - 1) + [people(A)]
    assert live(confirmed(tentative_age=2, max_age=4), frames)[-1] == [0 if same else 1]


def test_tentative_ones_end_between_confirmed_ones():
    """The order of the rows is by time of the last pose, the order of death is not."""
    association = confirmed(tentative_age=1, max_age=9)
    tracks = association.start_video()
    frames = [people(A, B)] * 3 + [people([50, 0, 60, 10])] + [people()] * 2
    live(association, frames, tracks)
    assert tracks.ids.tolist() == [0, 1]
    assert tracks.lengths.tolist() == [3, 3]
    assert len(tracks.people) == len(tracks.representation["boxes"]) == 2


def test_everyone_is_confirmed_with_a_length_of_one():
    frames = [people(A, B), people(B, A), people(), people(A), people(B)]
    assert live(confirmed(confirm_length=1), frames) == live(build("TrackLife"), frames)


def test_empty_videos_and_one_person():
    assert live(build(), [people()] * 3) == [[], [], []]
    assert live(build(), [people(), people(A), people()]) == [[], [0], []]


def test_a_pose_too_weak_to_start_a_track_is_not_counted():
    association = build(births=[dict(type="ScoreBirths", new_track_thr=0.5)])
    tracks = association.start_video()
    weak = people(A, B, scores=np.array([0.9, 0.1], np.float32))
    weak = weak.replace(keypoint_scores=np.ones((2, 17), np.float32))
    assert association.step(tracks, make_packet(weak, tick=0)).track_ids.tolist() == [0, -1]
    assert tracks.lengths.tolist() == [1]
    assert association.step(tracks, make_packet(weak[::-1], tick=1)).track_ids.tolist() == [-1, 0]
    assert tracks.lengths.tolist() == [2]


def test_gates_hold_in_both_rounds():
    gate = dict(type="IoUGate", min_iou=0.95)
    frames = [people(A), people(D), people(D), people(D), people(A)]
    assert live(build(gates=[gate]), frames) == [[0], [1], [1], [1], [2]]


def test_ids_are_unique_and_the_tracks_are_bounded():
    rng = np.random.default_rng(0)
    association = build(max_age=5)
    tracks = association.start_video()
    for t in range(60):
        low = rng.uniform(0, 60, (rng.integers(0, 25), 2))
        ids = association.step(
            tracks, make_packet(people(*np.hstack([low, low + 10])), tick=t)
        ).track_ids
        assert len(set(ids.tolist())) == len(ids)
        assert len(tracks) == len(tracks.lengths) == len(tracks.people) <= 24 * 6
        assert len(set(tracks.ids.tolist())) == len(tracks)
        assert (tracks.lengths >= 1).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(confirm_length=0), "confirm_length"),
        (dict(tentative_age=0), "tentative_age"),
        (dict(tentative_age=5), r"tentative_age.*\(4\)"),
        (dict(max_age=0), "max_age"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        confirmed(**options)


def test_a_confirmed_track_needs_an_age():
    with pytest.raises(ValueError, match="ConfirmedLife needs a max_age, 1 frame or more, or"):
        MODELS.build(
            dict(
                type="Association",
                similarity=dict(type="IoUSimilarity"),
                life=dict(type="ConfirmedLife"),
            )
        )


# --------------------------------------------------------------------------- in trackers

TINY = [[4, 6, 16, 38], [24, 6, 36, 38]]
FALSE = [46, 6, 58, 38]


def tracker(**options):
    torch.manual_seed(0)
    association = dict(
        type="Association",
        similarity=dict(type="IoUSimilarity"),
        life=dict(type="ConfirmedLife", max_age=4),
    )
    config = {**tiny_tracker_config(), "association": association, "min_length": 3, **options}
    return MODELS.build(config).eval()


def frames_of(video: str, boxes: list) -> list:
    return [
        make_frame(video_id=video, frame_index=t, num_frames=len(boxes), boxes=people_)
        for t, people_ in enumerate(boxes)
    ]


def track(model, batches: list) -> dict[str, list]:
    """Answers by video; each batch is a list of frames."""
    answers: dict[str, list] = {}
    for batch in batches:
        images, samples = zip(*batch, strict=True)
        for answer in model.predict(list(images), list(samples)):
            answers.setdefault(answer.video_id, []).append(answer)
    return answers


def test_poses_of_tracks_that_were_never_confirmed_are_not_reported():
    frames = frames_of("a", [TINY, [*TINY, FALSE], TINY, TINY, [TINY[1]], TINY])
    answers = track(tracker(), [frames[:2], frames[2:]])["a"]
    assert [a.frame_index for a in answers] == list(range(6))
    found = [sorted(a.pred_instances.track_ids.tolist()) for a in answers]
    assert found == [[0, 1], [0, 1], [0, 1], [0, 1], [1], [0, 1]]
    assert [a.dropped.get("short_track", 0) for a in answers] == [0, 1, 0, 0, 0, 0]


def test_videos_in_streams_have_the_ids_of_single_ones():
    videos = {"a": [TINY, [*TINY, FALSE], TINY, TINY], "b": [TINY[:1], [], TINY, TINY]}
    alone = {
        name: track(tracker(), [[frame] for frame in frames_of(name, boxes)])[name]
        for name, boxes in videos.items()
    }
    both = [frames_of(name, boxes) for name, boxes in videos.items()]
    together = track(tracker(), zip(*both, strict=True))
    for name, answers in alone.items():
        assert len(answers) == 4
        for one, other in zip(answers, together[name], strict=True):
            assert one.pred_instances.track_ids.tolist() == (
                other.pred_instances.track_ids.tolist()
            )
            np.testing.assert_allclose(one.pred_instances.bboxes, other.pred_instances.bboxes)


def test_with_propagation_a_missed_person_is_kept():
    frames = frames_of("a", [TINY, TINY, TINY, TINY[:1], TINY, TINY])
    kind = dict(type="BoxPropagation", alpha=1.0, min_confidence=0.0)
    answers = track(tracker(propagation=kind), [[frame] for frame in frames])["a"]
    assert len(answers) == 6
    for answer in answers:
        ids = answer.pred_instances.track_ids.tolist()
        assert len(set(ids)) == len(ids)
    assert sorted(answers[3].pred_instances.track_ids.tolist()) == [0, 1]


def timed(life: dict, *times: float | None) -> list[list[int]]:
    """Ids of one person seen at these seconds."""
    association = MODELS.build(
        dict(type="Association", similarity=dict(type="IoUSimilarity"), life=life)
    )
    tracks = association.start_video()
    packets = [make_packet(people(A), tick=t, time=time) for t, time in enumerate(times)]
    return [association.step(tracks, packet).track_ids.tolist() for packet in packets]


def test_a_life_in_seconds():
    """Binary fractions, so that the age at the limit is exact."""
    life = dict(max_age_seconds=0.5)
    assert timed(life, 0, 0.5, 0.75, 1.25, 1.8125) == [[0], [0], [0], [0], [1]]


def test_confirmed_tracks_live_longer_in_seconds_too():
    life = dict(type="ConfirmedLife", confirm_length=2, tentative_age_seconds=0.25)
    life["max_age_seconds"] = 1.0
    assert timed(life, 0, 0.5, 0.75, 1.75, 2.8125) == [[0], [1], [1], [1], [2]]


def test_a_life_in_seconds_needs_times():
    with pytest.raises(ValueError, match="video v: the life of tracks is given in seconds, but "):
        timed(dict(max_age_seconds=0.5), None)


@pytest.mark.parametrize(
    ("life", "text"),
    [
        (dict(max_age=2, max_age_seconds=1.0), "give max_age or max_age_seconds, not both"),
        (dict(max_age_seconds=0.0), "max_age_seconds must be positive, got 0.0"),
        (dict(max_age_seconds=float("nan")), "max_age_seconds must be positive, got nan"),
        (dict(type="ConfirmedLife", max_age_seconds=1.0), "give tentative_age_seconds"),
        (
            dict(type="ConfirmedLife", max_age_seconds=1.0, tentative_age=1),
            "give tentative_age_seconds",
        ),
        (
            dict(type="ConfirmedLife", max_age_seconds=1.0, tentative_age_seconds=2.0),
            "tentative_age_seconds must be above 0 and at most",
        ),
        (
            dict(type="ConfirmedLife", max_age=3, tentative_age_seconds=2.0),
            "tentative_age_seconds goes with max_age_seconds",
        ),
    ],
)
def test_ages_in_seconds_out_of_range(life, text):
    with pytest.raises(ValueError, match=text):
        timed(life)


def test_seconds_do_not_go_with_a_similarity_that_knows_frames():
    with pytest.raises(ValueError, match="PoseEntailment scores poses at most 4 frames apart: "):
        MODELS.build(
            dict(
                type="Association",
                similarity=dict(type="PoseEntailment"),
                life=dict(max_age_seconds=0.5),
            )
        )
