"""Runs side by side: differences, intervals, and what is refused."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest

from mmpose_temporal.evaluation.functional import (
    GroundTruthFrame,
    MatchAccuracy,
    PredictionFrame,
    VideoInput,
    add_counts,
    count_videos,
    summarize,
)
from mmpose_temporal.evaluation.results import (
    Results,
    Row,
    RunComparison,
    compare_results,
    format_comparison,
    match_accuracy_evaluation,
    posetrack_evaluation,
    read_results,
    run_origin,
    write_results,
)
from mmpose_temporal.evaluation.tables import as_json

OPTIONS = dict(protocol="strict", ap_score_thr=0.0, mota_score_thr=0.0, metrics=("AP", "MOTA"))


def make_run(path, found, *, people=4, boxes="gt", **changes):
    """A metrics file of videos a, b, ...; in each, ``found[i]`` of 4 people, one frame."""
    videos = []
    for name, number in zip("abcdefgh", found, strict=False):
        points = np.full((people, 15, 2), 10.0) + 200 * np.arange(people)[:, None, None]
        there = np.ones((people, 15), bool)
        truth = GroundTruthFrame(points, there, np.full(people, 10.0), np.arange(people))
        part = slice(0, number)
        predicted = PredictionFrame(
            points[part], there[part], np.ones((number, 15)), np.arange(number)
        )
        videos.append(VideoInput(name, [truth], [predicted]))
    options = OPTIONS | changes
    counts = count_videos(videos, **options)
    figures = summarize(add_counts([*counts.values()]), protocol=options["protocol"])
    record = posetrack_evaluation(
        counts, figures, joints="all", norm_item="head", bbox_share=0.1, skeleton=["a"], **options
    )
    run = run_origin(command=["x"], boxes=dict(source=boxes))
    write_results(path, as_json(figures), run=run, evaluations=[record])
    return read_results(path)


def row_of(comparison, name):
    return next(row for row in comparison.rows if row.name == f"posetrack/{name}")


def test_figures_and_differences(tmp_path):
    """MOTA of frames without errors but misses: found / people: 8 / 16 and 12 / 16."""
    first = make_run(tmp_path / "a.json", (2, 2, 2, 2))
    second = make_run(tmp_path / "b.json", (3, 3, 3, 3))
    comparison = compare_results([first, second], resamples=50)
    assert comparison.labels == ("a", "b")
    row = row_of(comparison, "MOTA")
    assert row.values == (50, 75) and row.differences == (25,)
    assert row.intervals == ((25, 25),)  # all videos differ alike
    assert row_of(comparison, "IDSW").count and row_of(comparison, "IDSW").values == (0, 0)
    assert [row.name for row in comparison.rows][:2] == ["posetrack/AP", "posetrack/MOTA"]
    assert comparison.notes == (
        "intervals: 95 % of a paired bootstrap over 4 videos, 50 draws, seed 0",
    )


def test_the_interval_is_that_of_paired_videos(tmp_path):
    """Two videos, of which one is better by 50: of draws aa, ab, ba, bb by 50, 25, 25, 0."""
    first = make_run(tmp_path / "a.json", (1, 4))
    second = make_run(tmp_path / "b.json", (3, 4))
    comparison = compare_results([first, second], names=["MOTA"], resamples=500)
    (row,) = comparison.rows
    assert row.differences == (25,) and row.intervals == ((0, 50),)
    (narrow,) = compare_results(
        [first, second], names=["MOTA"], resamples=500, confidence=0.4
    ).rows
    assert narrow.intervals == ((25, 25),)
    again = compare_results([first, second], names=["MOTA"], resamples=500)
    assert again == comparison  # the same seed


def test_the_order_of_the_videos_does_not_matter(tmp_path):
    first = make_run(tmp_path / "a.json", (1, 4, 2))
    second = make_run(tmp_path / "b.json", (3, 4, 2))
    expected = compare_results([first, second], names=["MOTA"], resamples=100)
    evaluation = second.record["evaluations"][0]
    statistics = evaluation["statistics"]
    statistics["videos"].reverse()
    for table in statistics["counts"].values():
        table.reverse()
    assert compare_results([first, second], names=["MOTA"], resamples=100) == expected


def test_groups_and_joints(tmp_path):
    runs = [make_run(tmp_path / f"{n}.json", (n, n)) for n in (1, 2, 4)]
    names = ["posetrack/MOTA_Wri", "Recall_left_wrist"]
    comparison = compare_results(runs, names=names, resamples=20)
    assert [row.name for row in comparison.rows] == [names[0], "posetrack/Recall_left_wrist"]
    for row in comparison.rows:
        assert row.values == (25, 50, 100) and row.differences == (25, 75)
        assert row.intervals == ((25, 25), (75, 75))
    with pytest.raises(ValueError, match=r"1\.json has no figure 'MOTA_left_wing'; .*MOTA, "):
        compare_results(runs, names=["MOTA_left_wing"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(mota_score_thr=0.5), r"protocol\.mota_score_thr 0\.0 against 0\.5"),
        (dict(protocol="poseval"), r"protocol\.name strict against poseval"),
        (dict(boxes="detector"), r"boxes\.source gt against detector"),
        (dict(people=5), r"different annotations of 3 videos \(a, b, c\)"),
        (dict(found=(2, 2)), r"1 videos are in only one of them \(c\)"),
    ],
)
def test_runs_that_cannot_be_compared(tmp_path, changes, message):
    found = changes.pop("found", (2, 2, 2))
    first = make_run(tmp_path / "a.json", (1, 1, 1))
    second = make_run(tmp_path / "b.json", found, **changes)
    with pytest.raises(ValueError, match=message) as caught:
        compare_results([first, second])
    assert str(caught.value).startswith(f"{tmp_path / 'b.json'} cannot be compared with ")
    comparison = compare_results([first, second], anyway=True, resamples=10)
    assert any(np.isfinite(row.differences[0]) for row in comparison.rows)
    assert comparison.notes[0].startswith(f"{tmp_path / 'b.json'} against {tmp_path / 'a.json'}: ")


def test_other_metrics_are_no_difference(tmp_path):
    first = make_run(tmp_path / "a.json", (1, 2), metrics=("MOTA",))
    second = make_run(tmp_path / "b.json", (2, 2))
    names = {row.name for row in compare_results([first, second], resamples=0).rows}
    assert "posetrack/MOTA" in names and "posetrack/AP" not in names


def test_boxes_that_only_one_records(tmp_path):
    first = make_run(tmp_path / "a.json", (1, 2))
    second = make_run(tmp_path / "b.json", (2, 2), boxes=None)
    notes = compare_results([first, second], resamples=0).notes
    assert notes == (f"the source of the boxes is not recorded in {tmp_path / 'b.json'}",)


def test_without_intervals(tmp_path):
    first, second = (make_run(tmp_path / f"{n}.json", (n,)) for n in (1, 2))
    comparison = compare_results([first, second])
    assert comparison.notes == ("no intervals: there is one video only",)
    assert {row.intervals for row in comparison.rows} == {(None,)}
    assert compare_results([first, second], resamples=0).notes == ()


def test_files_without_a_record(tmp_path):
    runs = [Results({"coco/AP": 1.0 * n}, path=Path(f"{n}.json")) for n in (1, 2)]
    with pytest.raises(ValueError, match=r"1\.json does not record its protocol"):
        compare_results(runs)
    (row,) = compare_results(runs, anyway=True).rows
    assert row == Row("coco/AP", (1.0, 2.0), (1.0,), (None,))


def test_match_accuracy(tmp_path):
    """Videos of 4 people each: 2 and 4 right, then 3 and 4."""
    runs = []
    for name, right in (("a", 2), ("b", 3)):
        videos = dict(v=MatchAccuracy(right, 4), w=MatchAccuracy(4, 4))
        record = match_accuracy_evaluation(videos, frames=3)
        run = run_origin(command=["x"])
        figures = {"posetrack/match_accuracy": 100 * (right + 4) / 8}
        write_results(tmp_path / name, figures, run=run, evaluations=[record])
        runs.append(read_results(tmp_path / name))
    (row,) = compare_results(runs, resamples=300).rows
    assert row.values == (75, 87.5)
    assert row.intervals == ((0, 25),)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda e: e["statistics"].pop("videos"), "'videos' is missing"),
        (lambda e: e["statistics"].update(counts=[]), "are damaged"),
        (lambda e: e.update(joints=None), "are damaged"),
        (lambda e: e["statistics"]["counts"].update({"mot.misses": "many"}), "are damaged"),
    ],
)
def test_damaged_counts(tmp_path, damage, message):
    runs = [make_run(tmp_path / f"{n}.json", (n, 2)) for n in (1, 2)]
    damage(runs[1].record["evaluations"][0])
    with pytest.raises(ValueError, match=message) as caught:
        compare_results(runs, names=["posetrack/MOTA"])
    assert "2.json" in str(caught.value)


def test_options(tmp_path):
    runs = [make_run(tmp_path / f"{n}.json", (n, 2)) for n in (1, 2)]
    for options, message in (
        (dict(resamples=-1), "resamples"),
        (dict(confidence=1.0), "confidence"),
    ):
        with pytest.raises(ValueError, match=message):
            compare_results(runs, **options)
    with pytest.raises(ValueError, match="two or more"):
        compare_results(runs[:1])


COMPARISON = RunComparison(
    ("oks", "iou"),
    (
        Row("posetrack/MOTA", (50.0, 47.5), (-2.5,), ((-4.0, 0.5),)),
        Row("posetrack/IDSW", (3.0, 7.0), (4.0,), (None,), count=True),
        Row("posetrack/AP", (float("nan"), 1.0), (float("nan"),), (None,)),
    ),
    ("a note",),
)


def test_table():
    lines = format_comparison(COMPARISON).splitlines()
    assert lines[0].split() == ["oks", "iou", "difference", "interval"]
    assert lines[1].split() == [
        "posetrack/MOTA",
        "50.00",
        "47.50",
        "-2.50",
        *["-4.00", "to", "+0.50"],
    ]
    assert lines[2].split() == ["posetrack/IDSW", "3", "7", "+4", "-"]
    assert lines[3].split() == ["posetrack/AP", "-", "1.00", "-", "-"]
    assert lines[4] == "a note"


def test_markdown():
    lines = format_comparison(COMPARISON, "markdown").splitlines()
    assert len({line.count("|") for line in lines[:5]}) == 1
    assert set(lines[1]) == set("| -:")
    assert [cell.strip() for cell in lines[2].split("|")] == [
        *("", "posetrack/MOTA", "50.00", "47.50", "-2.50", "-4.00 to +0.50", "")
    ]
    assert lines[-1] == "a note"


def test_csv():
    rows = list(csv.DictReader(io.StringIO(format_comparison(COMPARISON, "csv"))))
    assert len(rows) == 6
    assert rows[1] == dict(
        figure="posetrack/MOTA", run="iou", value="47.5", difference="-2.5", low="-4.0", high="0.5"
    )
    assert rows[4]["value"] == ""
    with pytest.raises(ValueError, match="format must be one of"):
        format_comparison(COMPARISON, "html")
