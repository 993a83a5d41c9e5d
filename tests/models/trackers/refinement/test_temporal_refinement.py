"""Refinement against Eq. 6 written from the paper."""

import copy
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS
from torch import nn

from mmpose_temporal.models.trackers import TemporalRefinement

sys.path.insert(0, str(Path(__file__).parent))

from equation_cases import (
    LEFT,
    RIGHT,
    C,
    Heads,
    K,
    N,
    Video,
    classify,
    crossing,
    equation_6,
)


def check(video: Video, tau: int, fewer: int = N, context_weight: float = 1.0) -> list[list[int]]:
    """Compares all poses of a video with Eq. 6; returns the numbers of frames of the paths."""
    lengths = []
    for t, refined in enumerate(video.refine(tau=tau, context_weight=context_weight)):
        before = video.packets[t].people
        lengths.append([])
        for i in range(len(before)):
            responses, frames = equation_6(video, t, i, tau, context_weight)
            best = responses[:, :fewer].argmax(1)
            expected = responses[np.arange(K), best]
            np.testing.assert_allclose(refined.keypoint_scores[i], expected, atol=1e-5)
            places = before.extras["candidates"][i, np.arange(K), best]
            np.testing.assert_array_equal(refined.keypoints[i], places.numpy())
            lengths[-1].append(frames)
        np.testing.assert_array_equal(refined.boxes, before.boxes)
        np.testing.assert_array_equal(refined.track_ids, before.track_ids)
    return lengths


@pytest.mark.parametrize("tau", [1, 3, 5, 7])
def test_equals_equation_6(tau: int) -> None:
    """The middle of 7 frames has all its 2 tau + 1 with tau = 3, the ends have fewer."""
    lengths = check(Video(crossing(7)), tau)
    expected = [min(t, tau) + 1 + min(6 - t, tau) for t in range(7)]
    assert [paths[:2] for paths in lengths] == [[n, n] for n in expected]
    assert [paths[2:] for paths in lengths] == [[1] if t % 2 else [] for t in range(7)]


def test_context_that_weighs_less() -> None:
    check(Video(crossing(5), seed=3), tau=2, context_weight=0.25)


def test_the_window_reaches_past_both_ends() -> None:
    assert check(Video([[LEFT], [LEFT], [LEFT]]), 5) == [[3], [3], [3]]


def test_a_track_of_one_frame_and_nobody_around() -> None:
    assert check(Video([[], [LEFT], []]), 2) == [[], [1], []]
    assert check(Video([[LEFT]]), 2) == [[1]]
    assert check(Video([[LEFT], [RIGHT], [LEFT]]), 2) == [[1], [1], [1]]  # nobody overlaps


def test_a_path_ends_where_nobody_overlaps() -> None:
    """Frames 0 1 2 3 4; in 2 the person is elsewhere, so 0-1 and 3-4 have each other."""
    assert check(Video([[LEFT], [LEFT], [RIGHT], [LEFT], [LEFT]]), 4) == [[2], [2], [1], [2], [2]]


def test_frames_that_were_not_searched_are_passed_over() -> None:
    """The window is of frames of the video: with tau = 2 frame 0 sees frame 2, not frame 4."""
    boxes = [[LEFT], None, [LEFT], None, [LEFT]]
    assert check(Video(boxes), 2) == [[2], [], [3], [], [2]]
    assert check(Video(boxes), 1) == [[1], [], [1], [], [1]]


def test_a_searched_frame_without_people_ends_a_path() -> None:
    assert check(Video([[LEFT], [], [LEFT]]), 2) == [[1], [], [1]]


def test_missing_candidates_are_never_chosen() -> None:
    check(Video(crossing(4), fewer=2), 2, fewer=2)


def test_fewer_candidates_than_the_estimator_keeps() -> None:
    video = Video(crossing(3))
    fewer, all_of_them = video.refine(tau=1, num_candidates=2), video.refine(tau=1)
    for t, (refined, others) in enumerate(zip(fewer, all_of_them, strict=True)):
        for i in range(len(refined)):
            responses = equation_6(video, t, i, 1)[0][:, :2]
            np.testing.assert_allclose(refined.keypoint_scores[i], responses.max(1), atol=1e-5)
        assert (refined.keypoint_scores <= others.keypoint_scores + 1e-6).all()
    assert (fewer[0].keypoint_scores < all_of_them[0].keypoint_scores - 1e-3).any()


def test_self_refinement() -> None:
    """Eq. 6 without neighbours: the responses of the pose's own features, and no delay."""
    video = Video(crossing(3))
    for t, refined in enumerate(video.refine(context=False)):
        for i in range(len(refined)):
            responses, frames = equation_6(video, t, i, tau=0)
            assert frames == 1
            np.testing.assert_allclose(refined.keypoint_scores[i], responses.max(1), atol=1e-5)
    part, window = video.started(context=False)
    for packet in video.packets:
        packet = copy.copy(packet)
        assert part.push(window, packet) == [packet]
        assert not window.frames


def test_tau_0_changes_nothing() -> None:
    video = Video(crossing(3))
    for refined, packet in zip(video.refine(tau=0), video.packets, strict=True):
        assert refined is packet.people


def test_a_wrong_maximum_is_corrected_by_its_neighbours() -> None:
    """Fig. 5: one candidate matches the neighbours' keypoints (W = 1), the other does not (0).

    Evidence of the candidates in frame 1: 0.5 for the wrong one, 0.3 for the right one; the
    neighbours have 0.9. Without bias: wrong 0.5 / 3, right (0.3 + 0.9 + 0.9) / 3 = 0.7.
    """
    video = Video([[LEFT]] * 3, fewer=2)
    for k in range(K):
        video.heads.refinement_head.final_layer.bias.data[k] = 0
    for t, packet in enumerate(video.packets):
        known = packet.people.extras
        known["candidate_evidence"][:] = torch.tensor([0.9, 0, 0, 0])
        known["candidate_features"][:] = 1
        known["keypoint_features"][:] = 1
        if t == 1:
            known["candidate_evidence"][:] = torch.tensor([0.5, 0.3, 0, 0])
            known["candidate_features"][:, :, 0] = -1
    c = video.heads.matching_head.classifiers
    for weight in c.parameters():
        torch.nn.init.zeros_(weight)
    # channel 0 of a pair adds up to 2 for the same person and to 0 for the other candidate
    c.weight1.data[:, [0, C], 0] = 1
    c.weight2.data[:, 0, 0] = 1
    c.weight3.data[:, 0, 1] = 100
    c.bias3.data[:, 0] = 100
    refined = video.refine(tau=1)[1]
    np.testing.assert_allclose(refined.keypoint_scores, 0.7, atol=1e-5)
    places = video.packets[1].people.extras["candidates"][:, :, 1]
    np.testing.assert_array_equal(refined.keypoints, places.numpy())


def test_equal_candidates_leave_the_keypoint_where_it_is() -> None:
    video = Video([[LEFT]] * 3)
    for packet in video.packets:
        known = packet.people.extras
        known["candidate_evidence"][:] = 0.4
        known["candidate_features"][:] = 1
    for refined, packet in zip(video.refine(tau=1), video.packets, strict=True):
        np.testing.assert_array_equal(refined.keypoints, packet.people.keypoints)


def test_an_absent_joint_stays_absent() -> None:
    video = Video([[LEFT]] * 3)
    for packet in video.packets:
        packet.people.keypoint_scores[:, 1] = 0
    for refined, packet in zip(video.refine(tau=1), video.packets, strict=True):
        assert refined.keypoint_scores[0, 1] == 0
        np.testing.assert_array_equal(refined.keypoints[0, 1], packet.people.keypoints[0, 1])
        assert refined.keypoint_scores[0, 0] != packet.people.keypoint_scores[0, 0]


def test_a_person_without_keypoints_stays_so() -> None:
    video = Video([[LEFT, RIGHT]] * 3)
    for packet in video.packets:
        packet.people.keypoint_scores[1] = 0
    for refined in video.refine(tau=1):
        assert refined.keypoint_scores[1].tolist() == [0] * K
        assert len(refined) == 2


@pytest.mark.parametrize("tau", [1, 3])
def test_memory_is_bounded_by_the_window(tau: int) -> None:
    """Neighbours keep neither the frame nor the large extras of their people."""
    video = Video([[LEFT]] * 20)
    part, window = video.started(tau=tau)
    for t, packet in enumerate(video.packets):
        packet = copy.copy(packet)
        finished = part.push(window, packet)
        assert len(finished) == (t >= tau)  # tau frames late
        assert packet.people.extras == {} and packet.comparison is None
        assert len(window.frames) == min(t + 1, 2 * tau)  # the next frame makes 2 tau + 1
        waiting = [n for n in window.frames if n.frame is not None]
        assert len(waiting) == min(t + 1, tau)
        assert all(("candidate_features" in n.people) == (n in waiting) for n in window.frames)
    assert len(part.flush(window)) == tau


def test_frames_that_are_not_searched_do_not_pile_up() -> None:
    video = Video([[LEFT], *[None] * 30])
    part, window = video.started(tau=2)
    for packet in video.packets:
        part.push(window, copy.copy(packet))
        assert len(window.frames) <= 4


def test_paths_by_some_joints() -> None:
    """Two people overlap with one in the frame before; who is more like him depends."""
    torch.manual_seed(1)
    video = Video([[LEFT], [LEFT, [1, 0, 11, 10]]])
    earlier, later = (packet.people.extras["keypoint_features"] for packet in video.packets)
    best = []
    for joints in (None, [0], [1], [2]):
        part, window = video.started(tau=1, joints=joints)
        for packet in video.packets:
            part.push(window, copy.copy(packet))
        scores = [
            sum(
                classify(video.heads.matching_head, k, later[i, k], earlier[0, k])
                for k in joints or range(K)
            )
            for i in range(2)
        ]
        best.append(int(np.argmax(scores)))
        assert window.frames[0].after.tolist() == best[-1:]
    assert set(best) == {0, 1}
    with pytest.raises(ValueError, match=r"joints .*\[0, 2\]"):
        TemporalRefinement(num_candidates=N, joints=[3]).bind(video.heads)


def test_the_record_has_the_matches_of_each_person() -> None:
    """The two people stand in another order in the second frame."""
    video = Video([[LEFT, RIGHT], [RIGHT, LEFT]])
    finished = video.finish(tau=1, watched=True)
    for here, there in ((0, 1), (1, 0)):
        (step,) = finished[here].records["refinement"].steps
        others = video.packets[there].people
        assert (step.frame_index, step.rows.tolist()) == (there, [0, 1])
        np.testing.assert_array_equal(step.keypoints, others.keypoints[[1, 0]])
        np.testing.assert_array_equal(step.boxes, others.boxes[[1, 0]])


def test_nothing_is_recorded_of_nobody_and_where_nobody_watches() -> None:
    video = Video([[LEFT], []])
    assert video.finish(tau=1, watched=True)[1].records == {"refinement": None}
    assert [packet.records for packet in video.finish(tau=1)] == [None, None]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(tau=-1), "tau must be 0 or more and num_candidates 1 or more, got -1 and 16"),
        (dict(num_candidates=0), "num_candidates 1 or more, got 5 and 0"),
        (dict(tau=0, context=False), "leave tau out, or context"),
        (dict(min_iou=0), "min_iou must be in"),
        (dict(joints=[0, 0]), "joints must name keypoints, each once"),
        (dict(joints=[0], context=False), "joints and min_iou are those by which paths"),
        (dict(min_iou=0.2, context=False), "context=False searches none"),
        (dict(context_weight=0), "context_weight must be positive"),
        (dict(context_weight=0.5, context=False), "context=False has none"),
    ],
)
def test_wrong_options(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TemporalRefinement(**options)


def test_what_is_missing_is_said() -> None:
    video = Video([[LEFT]])
    (packet,) = video.packets
    part = TemporalRefinement(num_candidates=N)
    with pytest.raises(ValueError, match="missing: the estimator"):
        part.push(part.start_video(), copy.copy(packet))
    part.bind(video.heads)
    packet.people = packet.people.only_extras()
    with pytest.raises(ValueError, match="missing: candidates, candidate_scores"):
        part.push(part.start_video(), packet)
    with pytest.raises(ValueError, match="num_candidates is 5.* keeps 4"):
        TemporalRefinement(num_candidates=5).bind(video.heads)
    video.heads.matching_head = None
    with pytest.raises(ValueError, match="matching_head"):
        TemporalRefinement(num_candidates=N).bind(video.heads)
    TemporalRefinement(num_candidates=N, context=False).bind(video.heads)
    without = SimpleNamespace(estimator=nn.Module())
    with pytest.raises(ValueError, match="refinement_head"):
        TemporalRefinement(context=False).bind(without)
    TemporalRefinement(tau=0).bind(without)
    TemporalRefinement().bind(SimpleNamespace(estimator=None))  # a tracker of known poses


def test_a_loss_with_other_options_is_told(capfd: pytest.CaptureFixture) -> None:
    heads = Heads()
    heads.temporal_loss = MODELS.build(dict(type="TemporalKeypointLoss", context_weight=0.1))
    TemporalRefinement(num_candidates=N, context_weight=0.1).bind(heads)
    assert "the loss that trains it" not in "".join(capfd.readouterr())
    TemporalRefinement(num_candidates=N).bind(heads)
    assert "has context_weight=1.0, the loss that trains it has 0.1" in "".join(capfd.readouterr())
