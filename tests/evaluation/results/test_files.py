"""Metrics files: what is written, what is read, what is refused."""

import json
import math

import pytest

from mmpose_temporal.evaluation import read_results, write_results

RUN = dict(date="2026-01-01", command="a", software={})


def test_figures_at_the_top_and_the_rest_in_the_record(tmp_path):
    path = tmp_path / "a.json"
    evaluation = dict(metric="PoseTrackMetric", prefix="posetrack")
    write_results(
        path,
        {"posetrack/AP": 50.0, "posetrack/MOTA": float("nan"), "posetrack/IDSW": 3},
        run=RUN,
        evaluations=[evaluation],
        videos={"v": {"posetrack/AP": float("inf")}},
    )
    content = json.loads(path.read_text())
    assert content["posetrack/AP"] == 50 and content["posetrack/MOTA"] is None
    assert content["videos"] == {"v": {"posetrack/AP": None}}
    assert content["record"] == {"schema": 1, **RUN, "evaluations": [evaluation]}
    results = read_results(path)
    assert results.figures["posetrack/IDSW"] == 3
    assert math.isnan(results.figures["posetrack/MOTA"])
    assert results.evaluations == [evaluation]
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_that_is_taken(tmp_path):
    with pytest.raises(ValueError, match="cannot be named 'record'"):
        write_results(tmp_path / "a.json", {"record": 1}, run=RUN)
    assert not list(tmp_path.iterdir())


def test_figures_alone_are_read(tmp_path):
    """As files of other programs are; they have no record."""
    path = tmp_path / "a.json"
    path.write_text('{"coco/AP": 0.5}')
    assert read_results(path).figures == {"coco/AP": 0.5}
    assert read_results(path).evaluations == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "a metrics file is a JSON object, not list"),
        ("{", "valid JSON|not JSON|JSON"),
        ("{}", "there are no figures"),
        ('{"a/AP": "high"}', "figure 'a/AP' must be a number, got str"),
        ('{"a/AP": true}', "figure 'a/AP' must be a number, got bool"),
        ('{"a/AP": 1, "record": 3}', "'record' must be an object, got int"),
        ('{"a/AP": 1, "record": {"date": 1}}', "'record.schema' must be 1, got 0"),
        ('{"a/AP": 1, "record": {"schema": "1"}}', "'record.schema' must be 1, got '1'"),
        ('{"a/AP": 1, "record": {"schema": 2}}', "install a newer one"),
        ('{"a/AP": 1, "record": {"schema": 1, "evaluations": [2]}}', "a list of objects"),
    ],
)
def test_what_is_no_metrics_file(tmp_path, text, message):
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=message) as caught:
        read_results(path)
    assert "a.json" in str(caught.value) and "\n" not in str(caught.value)
