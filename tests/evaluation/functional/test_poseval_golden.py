"""The figures equal those that poseval gave for the same data (tests/data/poseval_golden)."""

import json
from pathlib import Path

import numpy as np
import pytest

from mmpose_temporal.evaluation.functional import (
    FIGURES,
    JOINT_NAMES,
    GroundTruthFrame,
    PredictionFrame,
    VideoCounts,
    evaluate_video,
    evaluate_videos,
    head_sizes,
    pair_videos,
)
from mmpose_temporal.structures import SCORED_KEYPOINTS

FILES = sorted((Path(__file__).parents[2] / "data" / "poseval_golden").glob("*.json"))


def _frames(document):
    people = {image["id"]: [] for image in document["images"]}
    for annotation in document["annotations"]:
        people[annotation["image_id"]].append(annotation)
    for image in document["images"]:
        found = people[image["id"]]
        points = np.array([p["keypoints"] for p in found], float).reshape(-1, 17, 3)
        ids = np.array([p["track_id"] for p in found], int)
        yield image, found, points[:, SCORED_KEYPOINTS], ids


def _truth(document):
    for image, found, points, ids in _frames(document):
        boxes = np.array([p["bbox_head"] for p in found], float).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        regions = zip(image["ignore_regions_x"], image["ignore_regions_y"], strict=True)
        yield GroundTruthFrame(
            keypoints=points[..., :2],
            visible=points[..., 2] > 0,
            head_sizes=head_sizes(boxes),
            track_ids=ids,
            ignore_regions=[np.array(corners).T for corners in regions],
            labeled=image["is_labeled"],
        )


def _predictions(document):
    for _, found, points, ids in _frames(document):
        scores = np.array([p["scores"] for p in found], float).reshape(-1, 17)
        yield PredictionFrame(
            keypoints=points[..., :2],
            present=points[..., 2] > 0,
            scores=scores[:, SCORED_KEYPOINTS],
            track_ids=ids,
        )


def _load(path):
    golden = json.loads(path.read_text())
    truth = {name: list(_truth(doc)) for name, doc in golden["ground_truth"].items()}
    predictions = {name: list(_predictions(doc)) for name, doc in golden["predictions"].items()}
    return pair_videos(truth, predictions), golden["poseval"]


def _numbers(values):
    return np.array([np.nan if value is None else value for value in values], float)


def test_there_are_golden_files():
    assert len(FILES) == 6


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_figures_equal_poseval(path):
    videos, reference = _load(path)
    figures = evaluate_videos(videos)
    order = [reference["joints"].index(name) for name in JOINT_NAMES]
    for name in FIGURES:
        expected = _numbers(reference[name])
        np.testing.assert_allclose(figures.per_joint[name], expected[order], rtol=0, atol=1e-6)
        np.testing.assert_allclose(figures.totals[name], expected[-1], rtol=0, atol=1e-6)
        groups = _numbers(reference[f"{name}_groups"])
        np.testing.assert_allclose(list(figures.groups[name].values()), groups, rtol=0, atol=1e-6)
    assert figures.idsw == sum(reference["switches"])
    expected = 100 * sum(reference["switches"]) / sum(reference["objects"])
    assert figures.idsw_pct == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_counts_equal_poseval(path):
    videos, reference = _load(path)
    counts = sum((evaluate_video(video) for video in videos), VideoCounts()).mot
    order = [reference["joints"].index(name) for name in JOINT_NAMES]
    for name in ("objects", "misses", "false_positives", "switches", "detections"):
        assert getattr(counts, name).tolist() == _numbers(reference[name])[order].tolist(), name
    expected = _numbers(reference["distance"])[order]
    np.testing.assert_allclose(counts.distance, expected, rtol=0, atol=1e-9)
