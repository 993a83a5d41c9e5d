"""Scores outside 0 to 1 in files of poses: kept, and said once for each file."""

import numpy as np
import pytest
from mmengine.logging import MMLogger

from mmpose_temporal.datasets import load_videos
from mmpose_temporal.evaluation import evaluate_files
from mmpose_temporal.posetrack.scores import say_scores
from mmpose_temporal.testing import as_posetrack17, two_people_file, write_video_files


@pytest.fixture
def said(tmp_path):
    """The lines of the log about scores."""
    file = tmp_path / "log.txt"
    MMLogger.get_instance(tmp_path.name, log_file=str(file))
    return lambda: [line for line in file.read_text().splitlines() if "outside 0 to 1" in line]


def scored(value):
    content = two_people_file("v", predicted=True)
    content["annotations"][0]["scores"][:2] = [value, -0.25]
    return content


@pytest.mark.parametrize("convert", [lambda document: document, as_posetrack17])
def test_every_reader_keeps_them_and_says_it_once(tmp_path, said, convert):
    truth = write_video_files(tmp_path / "gt", {"v": convert(two_people_file("v"))})
    folder = write_video_files(tmp_path / "pred", {"v": convert(scored(80.0))})
    for _ in range(2):
        evaluate_files(truth, folder)
    (line,) = said()
    assert f"{folder / 'v.json'}: 2 of " in line
    assert "'scores' (-0.25 to 80) lie outside 0 to 1. They are used as they are" in line


def test_data_sets_keep_them(tmp_path, said):
    folder = write_video_files(tmp_path / "pred", {"v": scored(80.0), "w": scored(7.0)})
    videos = load_videos(folder)
    assert videos[0].frames[0].people[0].keypoint_scores[:2].tolist() == [80, -0.25]
    assert len(said()) == 2  # one for each file


def test_rounding_and_missing_scores_are_no_news(tmp_path, said):
    say_scores(tmp_path / "x.json", score=np.array([np.nan, 0, 1, 1 + 1e-6, -1e-7]))
    say_scores(tmp_path / "x.json", score=np.zeros(0))
    assert said() == []
    say_scores(tmp_path / "x.json", score=np.array([2.0]), scores=np.array([[0.5, -1]]))
    assert "1 of 1 'score' (2 to 2), 1 of 2 'scores' (-1 to 0.5) lie outside" in said()[0]
