"""Figures as text and as JSON."""

import json

import numpy as np
import pytest

from mmpose_temporal.evaluation import as_json, format_table, format_videos
from mmpose_temporal.evaluation.functional import (
    GroundTruthFrame,
    PredictionFrame,
    ScoredJoints,
    VideoInput,
    evaluate_video,
    evaluate_videos,
    summarize,
)
from mmpose_temporal.structures import Skeleton


def _figures(found=2, **options):
    """Two people with head size 10 in three frames; ``found`` of them; no nose annotated."""
    points = np.full((2, 15, 2), 10.0) + 200 * np.arange(2)[:, None, None]
    visible = np.ones((2, 15), bool)
    visible[:, 0] = False
    truth = GroundTruthFrame(points, visible, np.full(2, 10.0), np.arange(2))
    part = slice(0, found)
    predicted = PredictionFrame(
        points[part], visible[part], np.ones((found, 15)), np.arange(found)
    )
    return evaluate_videos([VideoInput("v", [truth] * 3, [predicted] * 3)], **options)


def test_table():
    lines = [line.split() for line in format_table(_figures(found=1)).splitlines()]
    assert lines[0] == ["Head", "Shou", "Elb", "Wri", "Hip", "Knee", "Ankl", "Total"]
    rows = {line[0]: line[1:] for line in lines[1:]}
    # AP of the nose is 0 under poseval: Head 50 * 2 / 3, total 50 * 14 / 15
    assert rows["AP"] == ["33.3", *["50.0"] * 6, "46.7"]
    assert rows["MOTA"] == ["nan", *["50.0"] * 7]
    assert rows["IDF1"] == ["66.7"] * 8  # 2 x 3 / (6 + 3)
    assert rows["IDSW"] == ["0", "(0.00", "%)"]
    assert rows["Frag"] == ["0"]
    assert lines[-2][:4] == ["IDP", "100.0,", "IDR", "50.0,"]
    assert lines[-1][:4] == ["note:", "never", "annotated:", "nose."]


def test_table_of_some_metrics():
    text = format_table(_figures(metrics=("AP",)))
    assert [line.split()[0] for line in text.splitlines()] == ["Head", "AP", "note:"]


def notes(**options) -> list[str]:
    lines = format_table(_figures(**options)).splitlines()
    return [line.removeprefix("note: ") for line in lines if line.startswith("note: ")]


def test_a_note_says_why_perfect_poses_are_not_100():
    (note,) = notes()
    assert _figures().totals["AP"] == pytest.approx(100 * 14 / 15)
    assert "perfect poses have AP 93.3" in note and "--joints annotated" in note
    assert notes(joints="annotated") == notes(protocol="strict") == []
    assert _figures(joints="annotated").totals["AP"] == 100


def test_a_note_says_that_scores_are_below_the_threshold():
    # 2 people with 14 joints in 3 frames, each of which scores 1
    (note,) = notes(mota_score_thr=1.5, joints="annotated")
    assert note.startswith(
        "84 of 84 predicted joints score below mota_score_thr=1.5 (the highest score is 1), and "
        "all other figures count none of them: lower it (--mota-thr, or "
    )
    (note,) = notes(ap_score_thr=1.5, joints="annotated")
    assert "below ap_score_thr=1.5" in note and "AP counts none of them" in note
    assert "lower it (--ap-thr" in note
    assert notes(mota_score_thr=1.0, joints="annotated") == []


def test_a_note_says_that_nothing_is_predicted():
    assert notes(found=0, joints="annotated") == ["no joint is predicted in any frame"]


def _people(size, found, people=1):
    """A video of one frame with people of this head size; ``found`` of them are predicted."""
    points = np.full((people, 15, 2), 10.0) + 200 * np.arange(people)[:, None, None]
    there = np.ones((people, 15), bool)
    truth = GroundTruthFrame(points, there, np.full(people, size), np.arange(people))
    part = slice(0, found)
    predicted = PredictionFrame(
        points[part], there[part], np.ones((found, 15)), np.arange(people)[part]
    )
    return [truth], [predicted]


def _notes_of(*videos, protocol="strict") -> tuple[str, ...]:
    inputs = [VideoInput(str(number), *video) for number, video in enumerate(videos)]
    return evaluate_videos(inputs, protocol=protocol).notes


def test_a_note_says_that_nobody_can_match():
    (note,) = _notes_of(_people(0.0, 2, people=2), _people(10.0, 1))
    assert note.startswith("2 of 3 annotated people have a head box (or a box, if that is the ")
    assert "of size 0" in note and "--norm-item bbox" in note
    assert _notes_of(_people(10.0, 1)) == ()


def test_a_note_says_that_a_video_has_no_predictions():
    (note,) = _notes_of(_people(10.0, 1), _people(10.0, 0), _people(10.0, 0, people=0))
    assert note.startswith("no joint is predicted in 1 of 3 videos, in which people are annotated")


def test_a_note_says_that_nobody_is_annotated():
    assert _notes_of(_people(10.0, 0, people=0)) == (
        "no joint is predicted in any frame",
        "no joint is annotated in any frame that is scored",
    )


def test_a_note_says_that_no_frame_counts_for_mota():
    """Videos of one frame, which PoseTrack's program leaves out as the last one."""
    video = _people(10.0, 1)
    (note,) = _notes_of(video, video, protocol="poseval")
    assert note.startswith("no joint is annotated in a frame that MOTA counts")
    assert "--protocol strict" in note
    two_frames = tuple(side * 2 for side in video)
    assert _notes_of(video, two_frames, protocol="poseval") == ()


def test_videos():
    lines = format_videos({"short": _figures(), "a longer name": _figures(found=1)}).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[0].split()[:3] == ["video", "AP", "MOTA"]
    assert lines[0].split()[-2:] == ["IDSW", "Frag"]
    assert lines[2].startswith("a longer name  46.7   50.0")


def test_json():
    document = as_json(_figures())
    assert document["posetrack/MOTA_Head"] is None
    assert document["posetrack/MOTA"] == 100
    assert document["posetrack/HOTA_Ankl"] == pytest.approx(100)
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert set(as_json(_figures(metrics=("AP",)), "x")) >= {"x/AP", "x/AP_Head"}


def test_columns_have_the_names_of_the_joints():
    joints = ScoredJoints.of(Skeleton(keypoint_names=("left_shoulder", "right_shoulder", "a")))
    lines = format_table(summarize(_counts(joints))).splitlines()
    assert lines[0] == " " * 10 + "  shoulder      a  Total"
    assert lines[1] == "AP" + " " * 8 + "     100.0  100.0  100.0"


def test_many_groups_are_rows():
    joints = ScoredJoints.of(Skeleton(keypoint_names=tuple(f"point{i}" for i in range(13))))
    lines = format_table(summarize(_counts(joints))).splitlines()
    assert lines[0].split() == ["AP"]
    assert lines[1].split() == ["point0", "100.0"]
    assert lines[14].split() == ["Total", "100.0"]


def _counts(joints):
    count = len(joints)
    there, points = np.ones((1, count), bool), np.zeros((1, count, 2))
    truth = GroundTruthFrame(points, there, np.ones(1), np.zeros(1, int))
    found = PredictionFrame(points, there, np.ones((1, count)), np.zeros(1, int))
    return evaluate_video(VideoInput("a", [truth], [found], joints), metrics=("AP",))
